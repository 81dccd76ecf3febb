//! Delimited text with a header line, and its geometry from two columns or one of WKT.
//!
//! Every column comes out as text, which is all that the file says of it, the coordinates' too; an empty field is
//! null. Bytes that are no UTF-8 are read as Windows-1252, field by field: that is what agencies' exports hold. Rows
//! with such fields are counted. `header` names the columns, `records` says where a record ends.

mod cells;
mod form;
mod likely;
mod lines;
mod records;

use std::borrow::Cow;
use std::path::Path;
use std::str;
use std::sync::Arc;

use crate::feature::RejectReason;
use crate::plan::{CsvGeometry, Dialect};

use super::Records;
use super::batch::{BatchBuilder, MAX_COLUMNS};
use super::error::SourceError;
use super::geometry_columns::GeometryColumns;
use super::header;
use super::sniff::{count_byte, decode_text};
use form::RecordForm;
use records::{NextRecord, TextRecords};

pub(super) use likely::likely_dialect;

/// Reads the records of one delimited text file.
pub(super) struct CsvRecords {
    shown: Arc<str>,
    limit: usize,
    header: Vec<String>,
    geometry: GeometryColumns,
    records: TextRecords,
    wkb: Vec<u8>,
}

impl CsvRecords {
    /// Opens the file at `path` and reads its header.
    pub(super) fn open(
        path: &Path,
        shown: &Arc<str>,
        dialect: Dialect,
        geometry: &CsvGeometry,
        limit: usize,
    ) -> Result<Self, SourceError> {
        let mut csv = Self::open_header(path, shown, dialect, limit)?;
        csv.geometry = GeometryColumns::find(geometry, |column| csv.find_column(column))?;
        let written = csv.records.cells();
        // Header lines that end with delimiters name columns that no row need have.
        let named = written
            .iter()
            .rposition(|name| !name.trim_ascii().is_empty())
            .map_or(0, |last| last + 1);
        // A row that ends before its geometry is a broken one.
        let least = named.max(csv.geometry.least_width());
        csv.records.expect_form(RecordForm {
            least,
            most: csv.header.len(),
            may_trail: None,
            geometry: csv.geometry.clone(),
        });
        Ok(csv)
    }

    /// Opens the file for its header alone; the geometry is taken from the first column.
    pub(super) fn open_header(
        path: &Path,
        shown: &Arc<str>,
        dialect: Dialect,
        limit: usize,
    ) -> Result<Self, SourceError> {
        let mut records = TextRecords::open(path, shown, dialect, limit)?;
        match records.read_next()? {
            NextRecord::Whole { .. } => {}
            NextRecord::Malformed { row, .. } => {
                return Err(SourceError::UnclosedQuote {
                    shown: shown.to_string(),
                    row,
                });
            }
            NextRecord::TooLong { row } => {
                return Err(SourceError::RecordTooLong {
                    shown: shown.to_string(),
                    row,
                    limit,
                });
            }
            NextRecord::End => {
                return Err(SourceError::Empty {
                    shown: shown.to_string(),
                });
            }
        }
        let cells = records.cells();
        let written: Vec<Cow<'_, str>> = (0..cells.len()).map(|cell| cells.text_of(cell)).collect();
        if written.len() > MAX_COLUMNS {
            return Err(SourceError::TooManyColumns {
                shown: shown.to_string(),
                row: 1,
                limit: MAX_COLUMNS,
            });
        }
        let header = header::unique_names(written.iter().map(AsRef::as_ref));
        if let Some(columns) = header::describe_renamed(written.iter().map(AsRef::as_ref), &header) {
            tracing::warn!(source = %shown, columns, "names stand in the header more than once");
        }
        Ok(Self {
            shown: Arc::clone(shown),
            limit,
            header,
            geometry: GeometryColumns::Wkt(0),
            records,
            wkb: Vec::new(),
        })
    }

    /// Column names, in file order.
    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// A column by its name, while the current record is still the header.
    fn find_column(&self, column: &str) -> Result<usize, SourceError> {
        header::find_column(column, &self.header, &self.shown).map_err(|mut error| {
            if let SourceError::MissingColumn { delimiter, .. } = &mut error {
                *delimiter = self.likely_delimiter();
            }
            error
        })
    }

    /// The separator that a header of a single column seems to have.
    fn likely_delimiter(&self) -> Option<char> {
        let cells = self.records.cells();
        let line = (cells.len() == 1).then(|| cells.get(0))?;
        b"|\t;,"
            .iter()
            .map(|delimiter| (count_byte(line, *delimiter), char::from(*delimiter)))
            .filter(|(count, _)| *count > 0)
            .max_by_key(|(count, _)| *count)
            .map(|(_, delimiter)| delimiter)
    }

    /// Puts the values of the current record into the batch.
    fn put_values(&self, batch: &mut BatchBuilder) {
        let cells = self.records.cells();
        // Checked once for all cells of a record: most are UTF-8 throughout, and their parts are then, too. Only the
        // fields of others are looked at one by one, so that one odd byte doesn't recode its whole row.
        let whole = str::from_utf8(cells.joined_bytes()).ok();
        let mut is_recoded = false;
        let mut is_unwrapped = false;
        for column in 0..self.header.len().min(cells.len()) {
            let range = cells.text_range(column);
            let is_formula = range.len() < cells.cell_range(column).len();
            is_unwrapped |= is_formula;
            let mut value = match whole.and_then(|text| text.get(range.clone())) {
                Some(text) => Cow::Borrowed(text),
                None => decode_text(&cells.joined_bytes()[range]),
            };
            is_recoded |= matches!(value, Cow::Owned(_));
            // Within a formula's text a quote is written twice, and so are those around it where the cell has none.
            if is_formula && value.contains('"') {
                let bare = value
                    .strip_prefix('"')
                    .and_then(|text| text.strip_suffix('"'))
                    .unwrap_or(&value);
                value = Cow::Owned(bare.replace("\"\"", "\""));
            }
            if !value.is_empty() {
                batch.put_text(column, &value);
            }
        }
        if is_recoded {
            batch.count_recoded();
        }
        if is_unwrapped {
            batch.count_formula_row();
        }
    }
}

impl Records for CsvRecords {
    fn next(&mut self, batch: &mut BatchBuilder) -> Result<bool, SourceError> {
        let (row, is_mended) = match self.records.read_next()? {
            NextRecord::Whole { row, is_mended } => (row, is_mended),
            NextRecord::Malformed { row, description } => {
                end_rejected_row(row, &description, RejectReason::MalformedRecord, batch);
                return Ok(true);
            }
            NextRecord::TooLong { row } => {
                let description = format!("over {} bytes", self.limit);
                end_rejected_row(row, &description, RejectReason::RecordTooLong, batch);
                return Ok(true);
            }
            NextRecord::End => return Ok(false),
        };
        self.put_values(batch);
        if is_mended {
            batch.count_requoted();
        }
        let cells = self.records.cells();
        let (column, shape) = self.geometry.read_shape(|column| cells.text_of(column));
        let value = || cells.text_of(column).into_owned();
        let found = shape.put_wkb(&self.header[column], value, batch, &mut self.wkb);
        batch.end_row(row, found.then_some(self.wkb.as_slice()));
        Ok(true)
    }
}

/// Ends a row that can't be used, and notes why.
fn end_rejected_row(row: u64, description: &str, reason: RejectReason, batch: &mut BatchBuilder) {
    batch.note_defect("record", description, reason);
    batch.end_row(row, None);
}
