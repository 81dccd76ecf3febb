//! `quality/coverage.parquet`: rows per layer, state and sector, and how they were located.
//!
//! Pure.

use super::assessed::Assessed;
use super::column::{count_column, share_column, share_of, text_column};
use super::scan::Cell;
use crate::derive::{DeriveError, Table};
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
    // By the order of `scan::METHODS`.
    let [within, nearest, representative_point, none] =
        [0, 1, 2, 3].map(|method| count_column(&rows, move |row| Some(row.cell.methods[method])));
    let [
        share_within,
        share_nearest,
        share_representative_point,
        share_none,
    ] = [0, 1, 2, 3].map(|method| {
        share_column(&rows, move |row| {
            share_of(row.cell.methods[method], row.cell.rows)
        })
    });
    Table::new(
        paths::QUALITY_COVERAGE,
        vec![
            ("layer", text_column(&rows, |row| Some(row.layer))),
            ("state_code", text_column(&rows, |row| Some(row.state))),
            ("sector_code", text_column(&rows, |row| row.sector)),
            ("rows", count_column(&rows, |row| Some(row.cell.rows))),
            ("within", within),
            ("nearest", nearest),
            ("representative_point", representative_point),
            ("none", none),
            ("share_within", share_within),
            ("share_nearest", share_nearest),
            ("share_representative_point", share_representative_point),
            ("share_none", share_none),
            ("claimed", count_column(&rows, |row| Some(row.cell.claimed))),
            ("agreeing", count_column(&rows, |row| Some(row.cell.agreeing))),
            ("dated", count_column(&rows, |row| Some(row.cell.dated))),
            ("current", count_column(&rows, |row| Some(row.cell.current))),
        ],
    )
}
