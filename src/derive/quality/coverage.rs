//! `quality/coverage.parquet`: rows per layer, state and sector, and how they were located.
//!
//! Pure.

use super::column::{count, part, share, text};
use super::scan::Cell;
use super::{Assessed, DeriveError, Table};

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
pub(super) fn table(assessed: &[Assessed<'_>]) -> Result<Table, DeriveError> {
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
    let located = |method: usize| count(&rows, |row| Some(row.cell.methods[method]));
    let share_of = |method: usize| share(&rows, |row| part(row.cell.methods[method], row.cell.rows));
    let cell = |value: fn(&Cell) -> u64| count(&rows, |row| Some(value(row.cell)));
    Table::new(
        "quality/coverage.parquet",
        vec![
            ("layer", text(&rows, |row| Some(row.layer))),
            ("state_code", text(&rows, |row| Some(row.state))),
            ("sector_code", text(&rows, |row| row.sector)),
            ("rows", cell(|cell| cell.rows)),
            ("within", located(0)),
            ("nearest", located(1)),
            ("representative_point", located(2)),
            ("none", located(3)),
            ("share_within", share_of(0)),
            ("share_nearest", share_of(1)),
            ("share_representative_point", share_of(2)),
            ("share_none", share_of(3)),
            ("claimed", cell(|cell| cell.claimed)),
            ("agreeing", cell(|cell| cell.agreeing)),
            ("dated", cell(|cell| cell.dated)),
            ("current", cell(|cell| cell.current)),
        ],
    )
}
