//! `quality/fields.parquet`: per layer and column, how many values are null and why.
//!
//! Pure.

use std::sync::Arc;

use arrow_array::BooleanArray;

use super::assessed::Assessed;
use super::scan::Scan;
use crate::derive::column::{count_column, share_column, share_of, text_column};
use crate::derive::{DeriveError, Table};
use crate::feature::release::paths;
use crate::feature::{CORE_COLUMNS, FieldCounts, NullShare, Score};
use crate::plan::LayerPlan;

struct Row<'a> {
    layer: &'a str,
    field: &'a str,
    role: &'static str,
    rows: u64,
    nulls: u64,
    told: FieldCounts,
    flags: u64,
    missing: bool,
}

/// The table, by layer and then in column order.
///
/// # Errors
/// When its columns don't fit together.
pub(super) fn fields_table(assessed: &[Assessed<'_>]) -> Result<Table, DeriveError> {
    let rows: Vec<Row<'_>> = assessed.iter().flat_map(layer_rows).collect();
    Table::new(
        paths::QUALITY_FIELDS,
        vec![
            ("layer", text_column(&rows, |row| Some(row.layer))),
            ("field", text_column(&rows, |row| Some(row.field))),
            ("role", text_column(&rows, |row| Some(row.role))),
            ("rows", count_column(&rows, |row| Some(row.rows))),
            ("nulls", count_column(&rows, |row| Some(row.nulls))),
            (
                "share_null",
                share_column(&rows, |row| share_of(row.nulls, row.rows)),
            ),
            ("sentinel", count_column(&rows, |row| Some(row.told.sentinel))),
            ("unparsed", count_column(&rows, |row| Some(row.told.unparsed))),
            (
                "unknown_code",
                count_column(&rows, |row| Some(row.told.unknown_code)),
            ),
            ("flags", count_column(&rows, |row| Some(row.flags))),
            (
                "is_missing",
                Arc::new(rows.iter().map(|row| Some(row.missing)).collect::<BooleanArray>()),
            ),
        ],
    )
}

fn layer_rows<'a>(of: &'a Assessed<'_>) -> impl Iterator<Item = Row<'a>> {
    let plan = of.layer.plan;
    let report = of.layer.report;
    of.scan.nulls.iter().map(move |(field, nulls)| Row {
        layer: plan.id.as_str(),
        field,
        role: column_role(plan, field),
        rows: of.scan.rows,
        nulls: *nulls,
        told: report.fields.get(field).copied().unwrap_or_default(),
        flags: report.flags.values().filter_map(|fields| fields.get(field)).sum(),
        missing: report.fields_missing.contains(field),
    })
}

fn is_core(field: &str) -> bool {
    CORE_COLUMNS.iter().any(|column| column.name == field)
}

/// Where a column comes from.
fn column_role(plan: &LayerPlan, field: &str) -> &'static str {
    let mut fields = plan.schema.fields.iter();
    if is_core(field) {
        "core"
    } else if fields.any(|own| own.name == field) {
        "attribute"
    } else if plan
        .schema
        .fields
        .iter()
        .any(|own| own.decoded.as_deref() == Some(field))
    {
        "decoded"
    } else {
        // A further polygon set, or what an earlier schema held.
        "further"
    }
}

/// Share of core values that are there.
pub(super) fn filled_score(scan: &Scan) -> Score {
    const DEFINITION: &str =
        "values of the columns that every layer has which are not null, of all such values";
    let core: Vec<u64> = scan
        .nulls
        .iter()
        .filter(|(field, _)| is_core(field))
        .map(|(_, nulls)| scan.rows - nulls)
        .collect();
    if core.is_empty() || scan.rows == 0 {
        return Score::without_evidence("the layer has no row", DEFINITION);
    }
    Score::from_counts(core.iter().sum(), scan.rows * core.len() as u64, DEFINITION)
}

/// Core fields with nulls, the emptiest first; among equals in column order.
pub(super) fn emptiest_fields(scan: &Scan) -> Vec<NullShare> {
    let mut nulls: Vec<NullShare> = scan
        .nulls
        .iter()
        .filter(|(field, nulls)| is_core(field) && *nulls > 0)
        .filter_map(|(field, nulls)| {
            Some(NullShare {
                field: field.clone(),
                nulls: *nulls,
                share: share_of(*nulls, scan.rows)?,
            })
        })
        .collect();
    // The sort is stable: equals stay in the order of the columns.
    nulls.sort_by_key(|field| std::cmp::Reverse(field.nulls));
    nulls
}
