//! One sheet of an XLSX workbook, and its geometry from two columns or one of WKT.
//!
//! Cells come out typed or as text (`cell` says how). The header is the row the pipeline names, else the first
//! that holds anything; of merged cells the first has the value and the others are blank, so a column
//! under them is called by its position (`column_5`). Cells beside the header's columns are notes, not
//! values. Rows of blanks are passed over; hidden rows and columns count like all others. A row's
//! number is the sheet's. A workbook is a zip archive: it is measured before it is opened
//! (`workbook`), its shared texts are held in memory, its cells are streamed (`rows`).

mod cell;
mod describe;
mod gauge;
mod rows;
mod workbook;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use crate::feature::RejectReason;
use crate::plan::CsvGeometry;

use super::Records;
use super::batch::{BatchBuilder, MAX_COLUMNS};
use super::error::SourceError;
use super::geometry_columns::GeometryColumns;
use super::header;
pub(super) use describe::describe;
use rows::{Row, SheetRows};
use workbook::listed_sheets;

/// Where in a workbook the rows are.
#[derive(Debug, Clone, Copy)]
pub(super) struct SheetPlace<'a> {
    /// Name of the sheet; `None` where only one is visible.
    pub(super) sheet: Option<&'a str>,
    /// Row of the header, 1 and up; `None` for the first that holds anything.
    pub(super) header_row: Option<u32>,
}

/// Bounds on what is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct WorkbookLimits {
    /// Longest row, bytes.
    pub(super) record: usize,
    /// Largest unpacked workbook, bytes.
    pub(super) archive: u64,
}

/// Reads the rows of one sheet.
pub(super) struct XlsxRecords {
    shown: String,
    header: Vec<String>,
    geometry: GeometryColumns,
    rows: SheetRows,
    limit: usize,
    has_margin: bool,
    wkb: Vec<u8>,
}

impl XlsxRecords {
    /// Opens the workbook at `path`, shown as `shown`, and reads the sheet's header.
    pub(super) fn open(
        path: &Path,
        shown: &Arc<str>,
        place: SheetPlace<'_>,
        geometry: &CsvGeometry,
        bounds: WorkbookLimits,
    ) -> Result<Self, SourceError> {
        let mut records = Self::open_header(path, shown, place, bounds)?;
        records.geometry = GeometryColumns::find(geometry, |column| {
            header::find_column(column, &records.header, &records.shown)
        })?;
        Ok(records)
    }

    /// Opens the sheet for its header alone; the geometry is taken from the first column.
    fn open_header(
        path: &Path,
        shown: &Arc<str>,
        place: SheetPlace<'_>,
        bounds: WorkbookLimits,
    ) -> Result<Self, SourceError> {
        let book = workbook::open_workbook(path, shown, bounds.archive)?;
        let sheet = workbook::choose_sheet(&book, shown, place.sheet)?;
        let shown = format!("{shown} (sheet {sheet})");
        let mut rows = SheetRows::start(book, sheet, shown.clone(), bounds.record);
        let header = find_header(&mut rows, &shown, place.header_row)?;
        // A row need not have cells to the width of the sheet; only those that hold something tell where the table
        // ends.
        let filled = header.cells.last().map_or(0, |(column, _)| column + 1);
        // A merged cell at the end has blank ones behind it, and they have columns.
        let width = filled.max(header.width.min(MAX_COLUMNS));
        if width > MAX_COLUMNS {
            return Err(SourceError::TooManyColumns {
                shown,
                row: header.number,
                limit: MAX_COLUMNS,
            });
        }
        let mut written = vec![Cow::Borrowed(""); width];
        for (column, cell) in &header.cells {
            written[*column] = cell.to_text();
        }
        let names = header::unique_names(written.iter().map(AsRef::as_ref));
        if let Some(columns) = header::describe_renamed(written.iter().map(AsRef::as_ref), &names) {
            tracing::warn!(
                source = shown,
                columns,
                "names stand in the header more than once"
            );
        }
        Ok(Self {
            shown,
            header: names,
            geometry: GeometryColumns::Wkt(0),
            rows,
            limit: bounds.record,
            has_margin: false,
            wkb: Vec::new(),
        })
    }

    /// Column names, in sheet order.
    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// The sheet's name in origins.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// Says once that there are cells beside the table: they are no part of a row.
    fn note_margin(&mut self, row: &Row) {
        let beside = row
            .cells
            .last()
            .filter(|(column, _)| *column >= self.header.len());
        if let Some((column, _)) = beside.filter(|_| !self.has_margin) {
            self.has_margin = true;
            let first = format!("column {} of row {}", column_letters(*column), row.number);
            tracing::warn!(
                source = self.shown,
                first,
                "cells beside the table are left out: no header is above them"
            );
        }
    }

    fn put_row(&mut self, row: &Row, batch: &mut BatchBuilder) {
        for (column, cell) in row.cells.iter().filter(|(column, _)| *column < self.header.len()) {
            batch.put_value(*column, cell.to_value());
        }
        if row.is_too_long {
            batch.note_defect(
                "record",
                &format!("over {} bytes", self.limit),
                RejectReason::RecordTooLong,
            );
            batch.end_row(row.number, None);
            return;
        }
        self.note_margin(row);
        let (column, shape) = self.geometry.read_shape(|column| row.text_of(column));
        let value = || row.text_of(column).into_owned();
        let found = shape.put_wkb(&self.header[column], value, batch, &mut self.wkb);
        batch.end_row(row.number, found.then_some(self.wkb.as_slice()));
    }
}

impl Records for XlsxRecords {
    fn next(&mut self, batch: &mut BatchBuilder) -> Result<bool, SourceError> {
        while let Some(row) = self.rows.next_row()? {
            // A note beside the table is no row of it.
            if row.is_too_long
                || row
                    .cells
                    .first()
                    .is_some_and(|(column, _)| *column < self.header.len())
            {
                self.put_row(&row, batch);
                return Ok(true);
            }
            self.note_margin(&row);
        }
        Ok(false)
    }
}

/// The row of a sheet's first rows that looks like its header, where that is not the first: titles
/// above a table have fewer cells. A proposal to a person.
fn likely_header(
    path: &Path,
    shown: &str,
    sheet: &str,
    bounds: WorkbookLimits,
) -> Result<Option<u32>, SourceError> {
    const SAMPLE: usize = 20;
    let book = workbook::open_workbook(path, shown, bounds.archive)?;
    let mut rows = SheetRows::start(book, sheet.to_owned(), shown.to_owned(), bounds.record);
    let mut sizes = Vec::new();
    while let Some(row) = rows.next_row()?.filter(|_| sizes.len() < SAMPLE) {
        sizes.push((row.number, row.cells.len()));
    }
    let most = sizes.iter().map(|(_, cells)| *cells).max().unwrap_or(0);
    // Titles, notes and dates above a table fill a cell or two of its width.
    let likely = sizes.iter().position(|(_, cells)| cells * 2 > most);
    let number = likely
        .filter(|position| *position > 0)
        .and_then(|position| sizes.get(position));
    Ok(number.and_then(|(number, _)| u32::try_from(*number).ok()))
}

/// The header's row, or the first that holds anything.
fn find_header(rows: &mut SheetRows, shown: &str, wanted: Option<u32>) -> Result<Row, SourceError> {
    while let Some(row) = rows.next_row()? {
        match wanted.map(u64::from) {
            Some(wanted) if row.number < wanted => {}
            Some(wanted) if row.number > wanted => {
                let reason = format!("row {wanted}, which should hold the column names, is blank");
                return Err(SourceError::Dataset {
                    shown: shown.to_owned(),
                    reason,
                });
            }
            _ => return Ok(row),
        }
    }
    Err(SourceError::Empty {
        shown: shown.to_owned(),
    })
}

/// A column as spreadsheets call it.
fn column_letters(column: usize) -> String {
    let letter = char::from(b'A' + u8::try_from(column % 26).unwrap_or(0));
    match column / 26 {
        0 => letter.to_string(),
        more => column_letters(more - 1) + &letter.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::column_letters;

    #[test]
    fn columns_are_called_as_in_a_sheet() {
        for (column, name) in [
            (0, "A"),
            (25, "Z"),
            (26, "AA"),
            (701, "ZZ"),
            (702, "AAA"),
            (16_383, "XFD"),
        ] {
            assert_eq!(column_letters(column), name);
        }
    }
}
