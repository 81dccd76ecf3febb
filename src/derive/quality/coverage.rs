//! `quality/coverage.parquet`: rows per layer, state and sector, and how they were located.
//!
//! Pure.

use arrow_array::ArrayRef;

use super::assessed::Assessed;
use super::scan::Cell;
use crate::derive::column::{count_column, share_column, share_of, text_column};
use crate::derive::{DeriveError, Table};
use crate::feature::LocationMethod;
use crate::feature::release::paths;

struct Row<'a> {
    layer: &'a str,
    state: &'a str,
    sector: Option<&'a str>,
    cell: &'a Cell,
}

/// The table, by layer, state and sector.
///
/// # Errors
/// When its columns don't fit together.
pub(super) fn coverage_table(assessed: &[Assessed<'_>]) -> Result<Table, DeriveError> {
    let rows: Vec<Row<'_>> = assessed
        .iter()
        .flat_map(|of| {
            let layer = of.layer.plan.id.as_str();
            of.scan.cells.iter().map(move |((state, sector), cell)| Row {
                layer,
                state,
                sector: sector.as_deref(),
                cell,
            })
        })
        .collect();
    let mut columns = vec![
        ("layer", text_column(&rows, |row| Some(row.layer))),
        ("state_code", text_column(&rows, |row| Some(row.state))),
        ("sector_code", text_column(&rows, |row| row.sector)),
        ("rows", count_column(&rows, |row| Some(row.cell.rows))),
    ];
    columns.extend(LocationMethod::ALL.map(|method| (method.code(), rows_column(&rows, method))));
    columns.extend(LocationMethod::ALL.map(|method| (share_name(method), shares_column(&rows, method))));
    columns.extend([
        ("claimed", count_column(&rows, |row| Some(row.cell.claimed))),
        ("agreeing", count_column(&rows, |row| Some(row.cell.agreeing))),
        ("dated", count_column(&rows, |row| Some(row.cell.dated))),
        ("current", count_column(&rows, |row| Some(row.cell.current))),
    ]);
    Table::new(paths::QUALITY_COVERAGE, columns)
}

/// Name of the column that says which share of the rows was located in a way.
pub(super) const fn share_name(method: LocationMethod) -> &'static str {
    match method {
        LocationMethod::Within => "share_within",
        LocationMethod::Nearest => "share_nearest",
        LocationMethod::Overlap => "share_overlap",
        LocationMethod::None => "share_none",
    }
}

/// How many rows were located in a way.
fn rows_column(rows: &[Row<'_>], method: LocationMethod) -> ArrayRef {
    count_column(rows, |row| Some(row.cell.rows_located(method)))
}

/// Which share of the rows was.
fn shares_column(rows: &[Row<'_>], method: LocationMethod) -> ArrayRef {
    share_column(rows, |row| share_of(row.cell.rows_located(method), row.cell.rows))
}
