//! `scorecard/cells.parquet` and `scorecard/capacity.parquet`.
//!
//! Pure.

use arrow_array::ArrayRef;

use super::scan::MILLIONTHS;
use super::tables::{CAPACITY, CELLS};
use super::totals::{Capacities, Capacity, Place, Total, Totals, usps_of};
use crate::derive::column::{count_column, number_column, share_column, share_of, text_column};
use crate::derive::{DeriveError, Table};
use crate::plan::{LayerPlan, State};

/// Shares of a cell, each with its evidence beside it in the table.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Shares {
    pub(super) completeness: Option<f64>,
    pub(super) currency: Option<f64>,
    pub(super) accuracy: Option<f64>,
}

impl Shares {
    /// Of a cell. Without any date there is no currency, and not one of zero: a source that dates nothing may be of today.
    pub(super) fn of_total(total: &Total) -> Self {
        let facilities = total.facilities.unwrap_or_default();
        Self {
            completeness: share_of(total.found, total.expected),
            currency: share_of(total.current, facilities).filter(|_| total.dated > 0),
            accuracy: share_of(total.agreeing, total.claimed),
        }
    }
}

/// The cells, by kind, code, sector and lifeline.
///
/// # Errors
/// When columns don't fit together, which would be a mistake of this program.
pub(super) fn cells_table(totals: &Totals, states: &[State]) -> Result<Table, DeriveError> {
    let rows: Vec<(&Place, &Total)> = totals.iter().collect();
    let mut columns = place_columns(&rows, |(place, _)| place, states);
    columns.extend([
        ("facilities", count_column(&rows, |(_, total)| total.facilities)),
        ("reason", text_column(&rows, |(_, total)| total.reason.as_deref())),
        ("found", count_column(&rows, |(_, total)| Some(total.found))),
        ("expected", count_column(&rows, |(_, total)| Some(total.expected))),
        (
            "completeness",
            share_column(&rows, |(_, total)| Shares::of_total(total).completeness),
        ),
        (
            "dated",
            count_column(&rows, |(_, total)| known_count(total, total.dated)),
        ),
        (
            "current",
            count_column(&rows, |(_, total)| known_count(total, total.current)),
        ),
        (
            "currency",
            share_column(&rows, |(_, total)| Shares::of_total(total).currency),
        ),
        (
            "claimed",
            count_column(&rows, |(_, total)| known_count(total, total.claimed)),
        ),
        (
            "agreeing",
            count_column(&rows, |(_, total)| known_count(total, total.agreeing)),
        ),
        (
            "accuracy",
            share_column(&rows, |(_, total)| Shares::of_total(total).accuracy),
        ),
    ]);
    Table::new(CELLS.path, columns)
}

/// A count of a cell of which anything is known.
fn known_count(total: &Total, count: u64) -> Option<u64> {
    total.facilities.map(|_| count)
}

struct CapacityRow<'a> {
    place: &'a Place,
    layer: &'a str,
    field: &'a str,
    unit: Option<&'a str>,
    capacity: Capacity,
}

/// The capacities, by kind, code, sector, lifeline, layer and field.
///
/// # Errors
/// As [`cells_table`].
pub(super) fn capacity_table(
    capacities: &Capacities,
    layers: &[LayerPlan],
    states: &[State],
) -> Result<Table, DeriveError> {
    let rows = capacities
        .iter()
        .map(|((place, layer, field), capacity)| CapacityRow {
            place,
            layer,
            field,
            unit: unit_of(layers, layer, field),
            capacity: *capacity,
        });
    let rows: Vec<CapacityRow<'_>> = rows.collect();
    let mut columns = place_columns(&rows, |row| row.place, states);
    columns.extend([
        ("layer", text_column(&rows, |row| Some(row.layer))),
        ("field", text_column(&rows, |row| Some(row.field))),
        ("unit", text_column(&rows, |row| row.unit)),
        (
            "sum",
            number_column(&rows, |row| {
                (row.capacity.sum.values > 0).then(|| row.capacity.sum.millionths as f64 / MILLIONTHS)
            }),
        ),
        (
            "facilities_with_value",
            count_column(&rows, |row| Some(row.capacity.sum.values)),
        ),
        (
            "facilities",
            count_column(&rows, |row| Some(row.capacity.facilities)),
        ),
    ]);
    Table::new(CAPACITY.path, columns)
}

fn unit_of<'a>(layers: &'a [LayerPlan], layer: &str, field: &str) -> Option<&'a str> {
    let layer = layers.iter().find(|known| known.id.as_str() == layer)?;
    let field = layer.schema.fields.iter().find(|known| known.name == field)?;
    field.unit.as_deref()
}

/// Kind, code, state, sector and lifeline of rows.
fn place_columns<'a, T>(
    rows: &'a [T],
    place: fn(&'a T) -> &'a Place,
    states: &'a [State],
) -> Vec<(&'static str, ArrayRef)> {
    let mut columns = key_columns(rows, place);
    columns.insert(
        2,
        ("state_code", text_column(rows, |row| usps_of(states, place(row)))),
    );
    columns
}

/// Kind, code, sector and lifeline of rows.
pub(super) fn key_columns<'a, T>(
    rows: &'a [T],
    place: fn(&'a T) -> &'a Place,
) -> Vec<(&'static str, ArrayRef)> {
    vec![
        ("kind", text_column(rows, |row| Some(place(row).kind.word()))),
        ("code", text_column(rows, |row| Some(&place(row).code))),
        (
            "sector_code",
            text_column(rows, |row| filled_text(&place(row).sector)),
        ),
        (
            "lifeline",
            text_column(rows, |row| filled_text(&place(row).lifeline)),
        ),
    ]
}

fn filled_text(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
