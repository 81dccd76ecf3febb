//! Columns of a source by their names, their kinds, and the fields that they are read as.
//!
//! Pure.

use crate::feature::{SourceColumn, ValueKind};
use crate::plan::{Field, LayerPlan};

/// Share of the rows that must have had a value for its loss to count.
pub(super) const FILLED: f64 = 0.1;
/// Share of what was filled that must still be.
pub(super) const STILL_FILLED: f64 = 0.5;

/// The column of a name: the exact one first, as the schema reads it.
pub(super) fn column_named<'a>(columns: &'a [SourceColumn], name: &str) -> Option<&'a SourceColumn> {
    let exact = columns.iter().find(|column| column.name == name);
    exact.or_else(|| {
        columns
            .iter()
            .find(|column| column.name.eq_ignore_ascii_case(name))
    })
}

/// Columns of one list that the other doesn't have, whatever the case of their letters.
pub(super) fn columns_not_in_any_case<'a>(
    columns: &'a [SourceColumn],
    other: &[SourceColumn],
) -> Vec<&'a SourceColumn> {
    columns
        .iter()
        .filter(|column| column_named(other, &column.name).is_none())
        .collect()
}

/// Columns that a field is read from.
pub(super) fn columns_of_field<'a>(columns: &'a [SourceColumn], field: &Field) -> Vec<&'a SourceColumn> {
    field
        .from
        .iter()
        .filter_map(|alias| column_named(columns, alias))
        .collect()
}

/// Whether any field is read from a column.
pub(super) fn is_read(layer: &LayerPlan, columns: &[SourceColumn], column: &SourceColumn) -> bool {
    layer
        .schema
        .fields
        .iter()
        .any(|field| columns_of_field(columns, field).contains(&column))
}

/// Whether the values of two columns are of one kind, whole numbers among others.
pub(super) fn is_same_kind(one: &SourceColumn, other: &SourceColumn) -> bool {
    let kind = kind_of_numbers(one);
    kind.is_some() && kind == kind_of_numbers(other)
}

/// The kind of a column's values, of which whole numbers are numbers: a column of measures is whole by chance.
fn kind_of_numbers(column: &SourceColumn) -> Option<ValueKind> {
    match column.kind() {
        Some(ValueKind::Integer) => Some(ValueKind::Number),
        kind => kind,
    }
}

/// The most values that one of several columns has, as a share of the rows looked at, 0 to 1.
pub(super) fn fullest_share(columns: &[&SourceColumn], looked_at: u64) -> f64 {
    let fullest = columns.iter().map(|column| column.values()).max().unwrap_or(0);
    fullest as f64 / looked_at.max(1) as f64
}

/// Names of columns.
pub(super) fn names_of<'a>(columns: &[&'a SourceColumn]) -> Vec<&'a str> {
    columns.iter().map(|column| column.name.as_str()).collect()
}
