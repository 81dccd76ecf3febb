//! Delimited text with a header line, and its geometry from two columns or one of WKT.
//!
//! Every column comes out as text, which is all that the file says of it, the coordinates' too; an empty field is null. Bytes that are
//! no UTF-8 are read as Windows-1252, field by field: that is what agencies' exports hold. Rows
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
use super::header;
use super::place::Place;
use super::sniff::{count, decode};
use form::Form;
use records::{Next, TextRecords};

pub(super) use likely::dialect as likely_dialect;

/// Reads the records of one delimited text file.
pub(super) struct CsvRecords {
    shown: Arc<str>,
    limit: usize,
    header: Vec<String>,
    place: Place,
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
        csv.place = Place::find(geometry, |column| csv.position(column))?;
        let written = csv.records.cells();
        let named = written
            .iter()
            .rposition(|name| !name.trim_ascii().is_empty())
            .map_or(0, |last| last + 1);
        // A row that ends before its geometry is a broken one.
        let least = named.max(csv.place.width());
        csv.records.expect(Form {
            least,
            most: csv.header.len(),
            may_trail: None,
            place: csv.place.clone(),
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
        match records.advance()? {
            Next::Whole { .. } => {}
            Next::Malformed { row, .. } => {
                return Err(SourceError::UnclosedQuote {
                    shown: shown.to_string(),
                    row,
                });
            }
            Next::TooLong { row } => {
                return Err(SourceError::RecordTooLong {
                    shown: shown.to_string(),
                    row,
                    limit,
                });
            }
            Next::End => {
                return Err(SourceError::Empty {
                    shown: shown.to_string(),
                });
            }
        }
        let cells = records.cells();
        let written: Vec<Cow<'_, str>> = (0..cells.len())
            .map(|cell| decode(&cells.bytes()[cells.text(cell)]))
            .collect();
        if written.len() > MAX_COLUMNS {
            return Err(SourceError::TooManyColumns {
                shown: shown.to_string(),
                row: 1,
                limit: MAX_COLUMNS,
            });
        }
        let header = header::names(written.iter().map(AsRef::as_ref));
        if let Some(columns) = header::renamed(written.iter().map(AsRef::as_ref), &header) {
            tracing::warn!(source = %shown, columns, "names stand in the header more than once");
        }
        let (shown, place) = (Arc::clone(shown), Place::Wkt(0));
        Ok(Self {
            shown,
            limit,
            header,
            place,
            records,
            wkb: Vec::new(),
        })
    }

    /// Column names, in file order.
    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// A column by its name, while the current record is still the header.
    fn position(&self, column: &str) -> Result<usize, SourceError> {
        header::position(column, &self.header, &self.shown).map_err(|mut error| {
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
        let count = |delimiter: &u8| count(line, *delimiter);
        let likely = b"|\t;,"
            .iter()
            .filter(|delimiter| count(delimiter) > 0)
            .max_by_key(|delimiter| count(delimiter));
        likely.map(|delimiter| char::from(*delimiter))
    }

    /// Puts the values of the current record into the batch.
    fn fill(&self, batch: &mut BatchBuilder) {
        let cells = self.records.cells();
        let whole = str::from_utf8(cells.bytes()).ok();
        let (mut is_recoded, mut is_unwrapped) = (false, false);
        for column in 0..self.header.len().min(cells.len()) {
            let range = cells.text(column);
            let is_formula = range.len() < cells.range(column).len();
            is_unwrapped |= is_formula;
            let mut value = match whole.and_then(|text| text.get(range.clone())) {
                Some(text) => Cow::Borrowed(text),
                None => decode(&cells.bytes()[range]),
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
                batch.text(column, &value);
            }
        }
        if is_recoded {
            batch.recoded();
        }
        if is_unwrapped {
            batch.unwrapped();
        }
    }
}

impl Records for CsvRecords {
    fn next(&mut self, batch: &mut BatchBuilder) -> Result<bool, SourceError> {
        let (row, is_mended) = match self.records.advance()? {
            Next::Whole { row, is_mended } => (row, is_mended),
            Next::Malformed { row, said } => {
                reject(row, &said, RejectReason::MalformedRecord, batch);
                return Ok(true);
            }
            Next::TooLong { row } => {
                let said = format!("over {} bytes", self.limit);
                reject(row, &said, RejectReason::RecordTooLong, batch);
                return Ok(true);
            }
            Next::End => return Ok(false),
        };
        self.fill(batch);
        if is_mended {
            batch.requoted();
        }
        let cells = self.records.cells();
        let field = |column: usize| decode(&cells.bytes()[cells.text(column)]);
        let (column, shape) = self.place.shape(field);
        let value = || field(column).into_owned();
        let found = shape.encode(&self.header[column], value, batch, &mut self.wkb);
        batch.end_row(row, found.then_some(self.wkb.as_slice()));
        Ok(true)
    }
}

/// Ends a row that can't be used, of which `said` is to be told.
fn reject(row: u64, said: &str, reason: RejectReason, batch: &mut BatchBuilder) {
    batch.defect("record", said, reason);
    batch.end_row(row, None);
}
