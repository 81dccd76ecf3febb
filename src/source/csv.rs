//! Delimited text with a header line, and its geometry from two columns or one of WKT.
//!
//! Every column comes out as text, which is all that the file says of it, the coordinates' too; an empty field is null. Bytes that are
//! no UTF-8 are read as Windows-1252, field by field: that is what agencies' exports hold. Rows
//! with such fields are counted. `header` names the columns.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::str;
use std::sync::Arc;

use ::csv::{ByteRecord, Position, ReaderBuilder, Terminator};

use crate::feature::RejectReason;
use crate::plan::CsvGeometry;

use super::Records;
use super::batch::{BatchBuilder, MAX_COLUMNS};
use super::budget::Budget;
use super::error::SourceError;
use super::header;
use super::line_feeds::LineFeeds;
use super::place::Place;
use super::quotes::Quotes;
use super::sniff::{self, BUFFER, count, decode};

/// Reads the records of one delimited text file.
pub(super) struct CsvRecords {
    path: PathBuf,
    shown: Arc<str>,
    mark: u64,
    /// Whether carriage returns end the lines.
    recode: bool,
    delimiter: u8,
    limit: usize,
    header: Vec<String>,
    /// Columns up to the last that the header names; those behind it may be left out.
    named: usize,
    place: Place,
    reader: ::csv::Reader<Budget<LineFeeds<BufReader<File>>>>,
    record: ByteRecord,
    last: Start,
    wkb: Vec<u8>,
}

/// Where a record begins, blank lines before it counted in.
#[derive(Clone, Copy)]
struct Start {
    byte: u64,
    line: u64,
}

/// The next record, with the line it begins in.
enum Next {
    Whole(u64),
    TooLong(u64),
    End,
}

impl CsvRecords {
    /// Opens the file at `path` and reads its header.
    pub(super) fn open(
        path: &Path,
        shown: &Arc<str>,
        delimiter: u8,
        geometry: &CsvGeometry,
        limit: usize,
    ) -> Result<Self, SourceError> {
        let mut records = Self::open_header(path, shown, delimiter, limit)?;
        records.place = Place::find(geometry, |column| records.position(column))?;
        // A row that ends before its geometry is a broken one.
        records.named = records.named.max(records.place.width());
        Ok(records)
    }

    /// Opens the file for its header alone; the geometry is taken from the first column.
    pub(super) fn open_header(
        path: &Path,
        shown: &Arc<str>,
        delimiter: u8,
        limit: usize,
    ) -> Result<Self, SourceError> {
        let text = sniff::open(path, shown, "delimited text")?;
        if matches!(text.head.trim_ascii_start(), [b'{', ..]) {
            let (expected, found) = ("delimited text", "JSON");
            return Err(SourceError::Unexpected { shown: shown.to_string(), expected, found });
        }
        // Files without a line feed are of an old Macintosh.
        let recode = text.head.contains(&b'\r') && !text.head.contains(&b'\n');
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            // A record that ends at the line feed keeps line numbers right.
            .terminator(Terminator::Any(b'\n'))
            .buffer_capacity(BUFFER)
            .from_reader(Budget::new(LineFeeds::new(text.reader, recode)));
        let mut records = Self {
            path: path.to_owned(),
            shown: Arc::clone(shown),
            mark: text.mark,
            recode,
            delimiter,
            limit,
            header: Vec::new(),
            named: 0,
            place: Place::Wkt(0),
            reader,
            record: ByteRecord::new(),
            last: Start { byte: 0, line: 1 },
            wkb: Vec::new(),
        };
        match records.advance()? {
            Next::Whole(_) => {}
            Next::TooLong(row) => {
                return Err(SourceError::RecordTooLong { shown: shown.to_string(), row, limit });
            }
            Next::End => return Err(SourceError::Empty { shown: shown.to_string() }),
        }
        if records.record.len() > MAX_COLUMNS {
            return Err(SourceError::TooManyColumns { shown: shown.to_string(), row: 1, limit: MAX_COLUMNS });
        }
        records.name_columns();
        Ok(records)
    }

    /// Column names, in file order.
    pub(super) fn header(&self) -> &[String] {
        &self.header
    }

    /// Takes the current record for the header.
    fn name_columns(&mut self) {
        let written: Vec<Cow<'_, str>> = self.record.iter().map(decode).collect();
        self.header = header::names(written.iter().map(AsRef::as_ref));
        self.named = written.iter().rposition(|name| !name.trim().is_empty()).map_or(0, |last| last + 1);
        if let Some(columns) = header::renamed(written.iter().map(AsRef::as_ref), &self.header) {
            tracing::warn!(source = %self.shown, columns, "names stand in the header more than once");
        }
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
        let line = self.record.get(0).filter(|_| self.record.len() == 1)?;
        let count = |delimiter: &u8| count(line, *delimiter);
        let likely =
            b"|\t;,".iter().filter(|delimiter| count(delimiter) > 0).max_by_key(|delimiter| count(delimiter));
        likely.map(|delimiter| char::from(*delimiter))
    }

    /// Reads the next record that is not blank.
    fn advance(&mut self) -> Result<Next, SourceError> {
        loop {
            self.reader.get_mut().allow(self.limit.saturating_add(BUFFER));
            let start = Start { byte: self.reader.position().byte(), line: self.reader.position().line() };
            match self.reader.read_byte_record(&mut self.record) {
                Ok(true) => self.last = start,
                Ok(false) => return self.check_end().map(|()| Next::End),
                Err(_) if self.reader.get_ref().is_spent() => return self.skip(start).map(Next::TooLong),
                Err(error) => return Err(self.unreadable(start.line)(error.into())),
            }
            let blank = self.record.len() == 1 && matches!(&self.record[0], b"" | b"\r");
            if self.record.as_slice().len() > self.limit {
                return self.line(start).map(Next::TooLong);
            }
            if !blank {
                return self.line(start).map(Next::Whole);
            }
        }
    }

    /// The line the current record begins in, blank lines before it left out.
    fn line(&self, start: Start) -> Result<u64, SourceError> {
        let end = self.reader.position();
        if end.line() - start.line <= 1 {
            return Ok(start.line);
        }
        // Where nothing is served beyond the record, the file may have ended before it did.
        let whole = self.reader.get_ref().served() > end.byte();
        let terminated = whole || self.quotes(start, end.byte() - start.byte)?.ended();
        let within = count(self.record.as_slice(), b'\n');
        Ok((end.line() - within).saturating_sub(u64::from(terminated)).max(1))
    }

    /// Leaves out the over-long record that begins at `start`; gives the line it begins in.
    fn skip(&mut self, start: Start) -> Result<u64, SourceError> {
        let mut raw = self.reopen(start)?;
        let mut quotes = Quotes::new(self.delimiter);
        let Start { mut byte, mut line } = start;
        let mut begins = None;
        'record: loop {
            let chunk = raw.fill_buf().map_err(self.unreadable(start.line))?;
            if chunk.is_empty() {
                break;
            }
            let len = chunk.len();
            for next in chunk {
                byte += 1;
                let ends = quotes.step(*next);
                line += u64::from(*next == b'\n');
                if ends && begins.is_some() {
                    break 'record;
                }
                if !matches!(next, b'\n' | b'\r') {
                    begins.get_or_insert(line);
                }
            }
            raw.consume(len);
        }
        if quotes.are_open() {
            return Err(SourceError::UnclosedQuote { shown: self.shown.to_string(), row: start.line });
        }
        let mut position = Position::new();
        position.set_byte(byte).set_line(line);
        self.reader.get_mut().restart(byte);
        let seek = self.reader.seek_raw(SeekFrom::Start(self.mark + byte), position);
        seek.map_err(|error| self.unreadable(start.line)(error.into()))?;
        self.last = Start { byte, line };
        Ok(begins.unwrap_or(start.line))
    }

    /// At the end of the file: the last record must not end within quotes.
    fn check_end(&self) -> Result<(), SourceError> {
        if self.quotes(self.last, (self.limit + BUFFER) as u64)?.are_open() {
            return Err(SourceError::UnclosedQuote { shown: self.shown.to_string(), row: self.last.line });
        }
        Ok(())
    }

    /// The quotes after at most `bytes` from `start` on.
    fn quotes(&self, start: Start, bytes: u64) -> Result<Quotes, SourceError> {
        let mut raw = Vec::new();
        self.reopen(start)?.take(bytes).read_to_end(&mut raw).map_err(self.unreadable(start.line))?;
        let mut quotes = Quotes::new(self.delimiter);
        for byte in raw {
            quotes.step(byte);
        }
        Ok(quotes)
    }

    /// The file from the start of a record on.
    fn reopen(&self, start: Start) -> Result<BufReader<LineFeeds<File>>, SourceError> {
        let mut file = File::open(&self.path).map_err(self.unreadable(start.line))?;
        file.seek(SeekFrom::Start(self.mark + start.byte)).map_err(self.unreadable(start.line))?;
        Ok(BufReader::with_capacity(BUFFER, LineFeeds::new(file, self.recode)))
    }

    fn unreadable(&self, row: u64) -> impl Fn(io::Error) -> SourceError + use<> {
        let shown = self.shown.to_string();
        move |source| SourceError::Read { shown: shown.clone(), row: row.saturating_sub(1), source }
    }

    /// Puts the values of the current record into the batch.
    fn fill(&self, batch: &mut BatchBuilder) {
        let whole = str::from_utf8(self.record.as_slice()).ok();
        let mut recoded = false;
        for column in 0..self.header.len().min(self.record.len()) {
            let value = match whole.zip(self.record.range(column)).and_then(|(text, range)| text.get(range)) {
                Some(text) => Cow::Borrowed(text),
                None => decode(&self.record[column]),
            };
            recoded |= matches!(value, Cow::Owned(_));
            let value = if column + 1 == self.record.len() { unreturned(&value) } else { &value };
            if !value.is_empty() {
                batch.text(column, value);
            }
        }
        if recoded {
            batch.recoded();
        }
    }

    /// Whether the current record has a field for every named column, and nothing but blanks
    /// beyond the header: some writers end every line with a delimiter.
    fn fits(&self) -> bool {
        let blank = |field: &[u8]| field.trim_ascii().is_empty();
        self.record.len() >= self.named && self.record.iter().skip(self.header.len()).all(blank)
    }
}

impl Records for CsvRecords {
    fn next(&mut self, batch: &mut BatchBuilder) -> Result<bool, SourceError> {
        let row = match self.advance()? {
            Next::Whole(row) => row,
            Next::TooLong(row) => {
                batch.defect("record", &format!("over {} bytes", self.limit), RejectReason::RecordTooLong);
                batch.end_row(row, None);
                return Ok(true);
            }
            Next::End => return Ok(false),
        };
        self.fill(batch);
        if !self.fits() {
            let raw = self.record.as_slice();
            let start = decode(&raw[..raw.len().min(BUFFER)]).into_owned();
            let value = format!("{} fields instead of {}: {start}", self.record.len(), self.header.len());
            batch.defect("record", &value, RejectReason::MalformedRecord);
            batch.end_row(row, None);
            return Ok(true);
        }
        let field = |column: usize| match decode(&self.record[column]) {
            Cow::Borrowed(text) => Cow::Borrowed(unreturned(text)),
            Cow::Owned(text) => Cow::Owned(unreturned(&text).to_owned()),
        };
        let (column, shape) = self.place.shape(field);
        let value = || decode(&self.record[column]).into_owned();
        let found = shape.encode(&self.header[column], value, batch, &mut self.wkb);
        batch.end_row(row, found.then_some(self.wkb.as_slice()));
        Ok(true)
    }
}

/// Without the carriage return that a record split at line feeds keeps.
fn unreturned(text: &str) -> &str {
    text.strip_suffix('\r').unwrap_or(text)
}
