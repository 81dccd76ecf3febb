//! `scorecard/history.parquet`: tonight's cells in the releases before, as their own scorecards have them.
//!
//! Reads those, one after the other; a release without one is told with nothing in it.

use std::collections::HashMap;
use std::path::Path;

use arrow_array::{Array, Float64Array, RecordBatch, StringArray, UInt64Array};

use super::cells::{Shares, key_columns};
use super::tables::{CELLS, HISTORY};
use super::totals::{Place, Totals};
use crate::derive::column::{count_column, share_column, text_column};
use crate::derive::product::Sink;
use crate::derive::{DeriveError, Release, Table};
use crate::feature::release::product_names;
use crate::feature::{ColumnError, RunReport, typed_column};
use crate::geoparquet::{self, GeoparquetError};

/// Columns that are read of an earlier scorecard.
const COLUMNS: [&str; 9] = [
    "kind",
    "code",
    "sector_code",
    "lifeline",
    "facilities",
    "completeness",
    "currency",
    "accuracy",
    "reason",
];

/// Why a cell is empty.
const NO_SCORECARD: &str = "the release has no scorecard";
const NO_CELL: &str = "the release had no such cell";

/// A cell of an earlier release: kind, code, sector, lifeline.
type Key = (String, String, String, String);

/// What an earlier release says of a cell.
#[derive(Debug, Clone, Default, PartialEq)]
struct Before {
    facilities: Option<u64>,
    shares: Shares,
    /// Why it says nothing.
    reason: Option<String>,
}

struct Row<'a> {
    place: &'a Place,
    release: &'a str,
    before: Option<&'a Before>,
    reason: Option<&'a str>,
}

/// The schema of the table, which its pieces have.
///
/// # Errors
/// When columns don't fit together, which would be a mistake of this program.
pub(super) fn empty_table() -> Result<Table, DeriveError> {
    table_of(&[])
}

/// Hands the table on, a release at a time, oldest first. Memory holds one scorecard of before beside tonight's.
///
/// # Errors
/// When `emit` fails.
pub(super) fn write_history(
    release: &Release<'_>,
    totals: &Totals,
    emit: &mut Sink<'_>,
) -> Result<(), GeoparquetError> {
    let kept = release.history.iter().zip(release.history_folders);
    // A store may have served another pipeline; its numbers are no past of this one's.
    for (report, folder) in kept.filter(|(report, _)| report.pipeline == release.plan.id) {
        let cells = cells_before(report, folder);
        let rows: Vec<Row<'_>> = totals
            .keys()
            .map(|place| row_of(place, report.release.as_str(), cells.as_ref()))
            .collect();
        let table = table_of(&rows).map_err(|source| GeoparquetError::Rows {
            what: HISTORY.path.to_owned(),
            source: Box::new(source),
        })?;
        emit(&table.rows)?;
    }
    Ok(())
}

fn row_of<'a>(place: &'a Place, release: &'a str, cells: Option<&'a HashMap<Key, Before>>) -> Row<'a> {
    let before = cells.and_then(|cells| cells.get(&key_of(place)));
    let reason = match (cells, before) {
        (None, _) => Some(NO_SCORECARD),
        (Some(_), None) => Some(NO_CELL),
        (Some(_), Some(before)) => before.reason.as_deref(),
    };
    Row {
        place,
        release,
        before,
        reason,
    }
}

fn key_of(place: &Place) -> Key {
    let kind = place.kind.word().to_owned();
    (
        kind,
        place.code.clone(),
        place.sector.clone(),
        place.lifeline.clone(),
    )
}

/// The cells of an earlier release; none where it has no scorecard, or none that can be read: what is gone of the past ends no
/// night.
fn cells_before(report: &RunReport, folder: &Path) -> Option<HashMap<Key, Before>> {
    report.product(product_names::SCORECARD)?;
    let rows = geoparquet::read(&folder.join(CELLS.path), Some(&COLUMNS)).ok()?;
    read_cells(&rows).ok()
}

fn read_cells(rows: &RecordBatch) -> Result<HashMap<Key, Before>, ColumnError> {
    let kinds: &StringArray = typed_column(rows, "kind")?;
    let codes: &StringArray = typed_column(rows, "code")?;
    let sectors: &StringArray = typed_column(rows, "sector_code")?;
    let lifelines: &StringArray = typed_column(rows, "lifeline")?;
    let facilities: &UInt64Array = typed_column(rows, "facilities")?;
    let completeness: &Float64Array = typed_column(rows, "completeness")?;
    let currency: &Float64Array = typed_column(rows, "currency")?;
    let accuracy: &Float64Array = typed_column(rows, "accuracy")?;
    let reasons: &StringArray = typed_column(rows, "reason")?;
    let cells = (0..rows.num_rows()).map(|row| {
        let key = (
            text_at(kinds, row),
            text_at(codes, row),
            text_at(sectors, row),
            text_at(lifelines, row),
        );
        let before = Before {
            facilities: facilities.is_valid(row).then(|| facilities.value(row)),
            shares: Shares {
                completeness: share_at(completeness, row),
                currency: share_at(currency, row),
                accuracy: share_at(accuracy, row),
            },
            reason: reasons.is_valid(row).then(|| reasons.value(row).to_owned()),
        };
        (key, before)
    });
    Ok(cells.collect())
}

/// The text of a row; empty for null, as in a [`Place`].
fn text_at(texts: &StringArray, row: usize) -> String {
    let text = if texts.is_valid(row) { texts.value(row) } else { "" };
    text.to_owned()
}

fn share_at(shares: &Float64Array, row: usize) -> Option<f64> {
    shares.is_valid(row).then(|| shares.value(row))
}

fn table_of(rows: &[Row<'_>]) -> Result<Table, DeriveError> {
    let mut columns = key_columns(rows, |row| row.place);
    columns.extend([
        ("release", text_column(rows, |row| Some(row.release))),
        ("facilities", count_column(rows, |row| row.before?.facilities)),
        (
            "completeness",
            share_column(rows, |row| row.before?.shares.completeness),
        ),
        ("currency", share_column(rows, |row| row.before?.shares.currency)),
        ("accuracy", share_column(rows, |row| row.before?.shares.accuracy)),
        ("reason", text_column(rows, |row| row.reason)),
    ]);
    Table::new(HISTORY.path, columns)
}
