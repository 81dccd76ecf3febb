//! Where the records of delimited text end, and which can't be right.
//!
//! A quoted cell may span lines. It doesn't where a line within it is a record by itself, of the header's width and with
//! coordinates: a quote was opened and never closed, and all up to the next quote would be one cell. Such a record is
//! malformed; it is its first line alone, and the second line is a record again.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::plan::Dialect;

use super::super::error::SourceError;
use super::super::sniff::{self, decode_text};
use super::cells::{Cells, LineSplit, Quotes, Splitter};
use super::form::{RecordForm, StandaloneLine, has_place, is_blank, is_several_records, is_swallowed};
use super::lines::{Lines, line_end};

/// Bytes that lines behind a record may be looked at in vain, beside sixteen times what has been read: quotes all over
/// a file would have all of it looked at for every line.
const VAIN: u64 = 64 << 20;

/// Control-Z, with which programs of the DOS age end a text.
const END_OF_TEXT: &[u8] = b"\x1a";

/// Reads the records of one text file.
pub(super) struct TextRecords {
    shown: Arc<str>,
    lines: Lines,
    delimiter: u8,
    limit: usize,
    form: Option<RecordForm>,
    cells: Cells,
    read: u64,
    vain: u64,
}

/// The next record.
pub(super) enum NextRecord {
    /// Its cells are there.
    Whole {
        /// Line that it begins in.
        row: u64,
        /// Whether its quotes had to be guessed at.
        is_mended: bool,
    },
    /// It can't be read.
    Malformed {
        /// Line that it begins in.
        row: u64,
        /// What is wrong, and the line as it stands in the file.
        description: String,
    },
    /// It is over the limit.
    TooLong {
        /// Line that it begins in.
        row: u64,
    },
    /// There is none any more.
    End,
}

/// What the first lines are.
enum FoundRecord {
    /// A record of so many lines.
    Record { lines: usize, is_mended: bool },
    /// Several records, each of which ends at a carriage return.
    Lines,
    /// No record: what is wrong.
    None(String),
    /// More than the limit.
    TooLong,
}

/// How the record that begins in the first line seems to end.
enum RecordEnd {
    /// Behind so many lines.
    Behind(usize),
    /// Nowhere that can be right.
    Astray,
    /// Beyond the limit.
    TooFar,
    /// Not before the file does, whose last line has no end.
    CutOff,
}

impl TextRecords {
    /// Opens the file at `path`, before the header's line.
    pub(super) fn open(
        path: &Path,
        shown: &Arc<str>,
        dialect: Dialect,
        limit: usize,
    ) -> Result<Self, SourceError> {
        let text = sniff::open_text(path, shown, "delimited text")?;
        if matches!(text.head.trim_ascii_start(), [b'{', ..]) {
            return Err(SourceError::Unexpected {
                shown: shown.to_string(),
                expected: "delimited text",
                found: "JSON",
            });
        }
        let lines = Lines::new(text.reader, line_end(&text.head), limit);
        let mut records = Self {
            shown: Arc::clone(shown),
            lines,
            delimiter: dialect.delimiter,
            limit,
            form: None,
            cells: Cells::default(),
            read: 0,
            vain: 0,
        };
        records.go_to_header(dialect.header_row)?;
        Ok(records)
    }

    /// The cells of the current record.
    pub(super) fn cells(&self) -> &Cells {
        &self.cells
    }

    /// Says what records are like from here on.
    pub(super) fn expect_form(&mut self, form: RecordForm) {
        self.form = Some(form);
    }

    /// Reads the next record that holds anything.
    pub(super) fn read_next(&mut self) -> Result<NextRecord, SourceError> {
        loop {
            let Some(line) = self.lines.look_at(0).map_err(read_error(&self.shown))? else {
                return Ok(NextRecord::End);
            };
            // Only at the very end: a cell may hold the character.
            if line.text == END_OF_TEXT && !line.is_ended {
                self.lines.consume(1);
                continue;
            }
            let row = line.number;
            self.read += line.text.len() as u64 + 1;
            if line.is_too_long {
                self.lines.consume(1);
                return Ok(NextRecord::TooLong { row });
            }
            let found = if line.text.contains(&b'"') {
                self.quoted_record()?
            } else {
                self.cells.clear();
                self.cells.split_plain(line.text, self.delimiter);
                self.plain_record()?
            };
            match found {
                FoundRecord::Record { lines, is_mended } => {
                    self.lines.consume(lines);
                    if !self.cells.iter().all(is_blank) {
                        self.learn_trailing();
                        return Ok(NextRecord::Whole { row, is_mended });
                    }
                }
                FoundRecord::Lines => self.lines.split_at_returns(),
                FoundRecord::None(what) => {
                    let description = format!("{what}: {}", decode_text(self.first_line()?));
                    self.lines.consume(1);
                    return Ok(NextRecord::Malformed { row, description });
                }
                FoundRecord::TooLong => {
                    self.lines.consume(1);
                    return Ok(NextRecord::TooLong { row });
                }
            }
        }
    }

    /// Whether records end with a delimiter is as the first has it.
    fn learn_trailing(&mut self) {
        if let Some(form) = &mut self.form {
            let trails = self.cells.len() > form.most;
            form.may_trail.get_or_insert(trails);
        }
    }

    /// The record of the first line, which has no quotes and has been split.
    fn plain_record(&mut self) -> Result<FoundRecord, SourceError> {
        if self.is_several_lines()? {
            return Ok(FoundRecord::Lines);
        }
        match &self.form {
            Some(form) if !form.allows_cells(&self.cells) && !self.cells.iter().all(is_blank) => {
                Ok(FoundRecord::None(form.describe_misfit(&self.cells)))
            }
            _ => Ok(FoundRecord::Record {
                lines: 1,
                is_mended: false,
            }),
        }
    }

    /// The record that begins in the first line, which has quotes.
    fn quoted_record(&mut self) -> Result<FoundRecord, SourceError> {
        if self.form.is_none() && self.is_several_lines()? {
            return Ok(FoundRecord::Lines);
        }
        self.cells.clear();
        let mut splitter = Splitter::new(self.delimiter, Quotes::Strict);
        let ends = self.find_end(&mut splitter)?;
        let fits = self.fits_form() || self.cells.iter().all(is_blank);
        if let RecordEnd::Behind(lines) = ends
            && fits
            && !(lines == 1 && splitter.has_blank_before_quote())
        {
            return Ok(FoundRecord::Record {
                lines,
                is_mended: false,
            });
        }
        if self.is_several_lines()? {
            return Ok(FoundRecord::Lines);
        }
        // Strict rules have failed: a name like `"Plant "Emma""` has quotes that its writer never doubled. Loose
        // rules are taken only where they give a row of the header's width with coordinates, so that a guess proves
        // itself.
        if let Some(cells) = self.split_loosely()? {
            self.cells = cells;
            return Ok(FoundRecord::Record {
                lines: 1,
                is_mended: true,
            });
        }
        // The cell that is open is none of the last, whose rest could be missing: all of the row is there.
        let is_whole = matches!(ends, RecordEnd::CutOff)
            && self
                .form
                .as_ref()
                .is_some_and(|form| self.cells.len() + 1 < form.most)
            && self.standalone_line(0)? != StandaloneLine::Nothing;
        match (ends, &self.form) {
            (RecordEnd::Behind(1), _) if fits => Ok(FoundRecord::Record {
                lines: 1,
                is_mended: false,
            }),
            (RecordEnd::Behind(1), Some(form)) => Ok(FoundRecord::None(form.describe_misfit(&self.cells))),
            (RecordEnd::TooFar, _) => Ok(FoundRecord::TooLong),
            // The rest of a file that ends here is missing, and nobody knows how many rows. A record that merely
            // forgot a quote has all of its cells, and is one reject.
            (RecordEnd::CutOff, _) if !is_whole => Err(SourceError::UnclosedQuote {
                shown: self.shown.to_string(),
                row: self.first_line_number()?,
            }),
            (RecordEnd::Behind(_) | RecordEnd::Astray | RecordEnd::CutOff, _) => {
                Ok(FoundRecord::None("a quote that ends no cell".to_owned()))
            }
        }
    }

    /// Where the record ends that begins in the first line, as its quotes say; splits it.
    fn find_end(&mut self, splitter: &mut Splitter) -> Result<RecordEnd, SourceError> {
        let mut lines = 0;
        let mut bytes = 0;
        let mut first = StandaloneLine::Nothing;
        let mut is_ended = true;
        let ends = loop {
            let Some(line) = self.lines.look_at(lines).map_err(read_error(&self.shown))? else {
                break if is_ended {
                    RecordEnd::Astray
                } else {
                    RecordEnd::CutOff
                };
            };
            is_ended = line.is_ended;
            let is_too_long = line.is_too_long;
            if lines > 0 {
                // Most quoted cells end in their line: what lines are by themselves is asked only here.
                let alone = self.standalone_line(lines)?;
                if lines == 1 {
                    first = self.standalone_line(0)?;
                }
                if is_too_long || is_swallowed(first, alone) {
                    break RecordEnd::Astray;
                }
            }
            let Some(line) = self.lines.look_at(lines).map_err(read_error(&self.shown))? else {
                break RecordEnd::Astray;
            };
            bytes += line.text.len();
            if bytes > self.limit {
                break RecordEnd::TooFar;
            }
            lines += 1;
            match splitter.split_line(line.text, &mut self.cells) {
                LineSplit::Whole => break RecordEnd::Behind(lines),
                LineSplit::Astray => break RecordEnd::Astray,
                // Else a file with an odd quote on each line would be read to its end for every one of them.
                LineSplit::Open if self.vain > VAIN + 16 * self.read => break RecordEnd::Astray,
                LineSplit::Open => {}
            }
        };
        let fits = self.fits_form();
        // What the first line says by itself must not be lost to the cell of another.
        let has_lost_place = lines > 1
            && has_place(first)
            && self
                .form
                .as_ref()
                .is_some_and(|form| !form.is_placed(&self.cells));
        let ends = if fits && has_lost_place {
            RecordEnd::Astray
        } else {
            ends
        };
        match ends {
            RecordEnd::Behind(_) if fits => self.read += bytes as u64,
            _ if lines > 1 => self.vain += bytes as u64,
            _ => {}
        }
        Ok(ends)
    }

    /// What a line is by itself, counted from the first.
    fn standalone_line(&mut self, at: usize) -> Result<StandaloneLine, SourceError> {
        let line = self.lines.look_at(at).map_err(read_error(&self.shown))?;
        Ok(match (&self.form, line) {
            (Some(form), Some(line)) => form.read_standalone(line.text, self.delimiter),
            _ => StandaloneLine::Nothing,
        })
    }

    /// The cells of the first line, if loose quotes give those of a record.
    fn split_loosely(&mut self) -> Result<Option<Cells>, SourceError> {
        let mut cells = Cells::default();
        let taken = Splitter::new(self.delimiter, Quotes::Loose).split_line(self.first_line()?, &mut cells);
        let is_record = self.form.as_ref().is_none_or(|form| form.is_placed(&cells));
        Ok((taken == LineSplit::Whole && is_record).then_some(cells))
    }

    /// Whether carriage returns within the first line end lines too: each of them is a record then, and the whole is none.
    fn is_several_lines(&mut self) -> Result<bool, SourceError> {
        let line = self.lines.look_at(0).map_err(read_error(&self.shown))?;
        let text = line.map_or(&b""[..], |line| line.text);
        Ok(text.contains(&b'\r') && is_several_records(text, self.form.as_ref(), self.delimiter))
    }

    /// Whether a record of the file may have the current cells.
    fn fits_form(&self) -> bool {
        self.form
            .as_ref()
            .is_none_or(|form| form.allows_cells(&self.cells))
    }

    /// The first line's text.
    fn first_line(&mut self) -> Result<&[u8], SourceError> {
        let line = self.lines.look_at(0).map_err(read_error(&self.shown))?;
        Ok(line.map_or(b"", |line| line.text))
    }

    /// The first line's number.
    fn first_line_number(&mut self) -> Result<u64, SourceError> {
        let line = self.lines.look_at(0).map_err(read_error(&self.shown))?;
        Ok(line.map_or(0, |line| line.number))
    }

    /// Leaves out the lines above the header, one of them what spreadsheets write of the delimiter (`sep=;`).
    fn go_to_header(&mut self, header_row: Option<u32>) -> Result<(), SourceError> {
        if let Some(delimiter) = named_delimiter(self.first_line()?) {
            self.delimiter = delimiter;
            self.lines.consume(1);
        }
        let header = u64::from(header_row.unwrap_or(1));
        while self
            .lines
            .look_at(0)
            .map_err(read_error(&self.shown))?
            .is_some_and(|line| line.number < header)
        {
            self.lines.consume(1);
        }
        Ok(())
    }
}

/// The delimiter that a line names: `sep=;`, also in quotes, and with the delimiters of a sheet's other columns
/// behind it.
fn named_delimiter(line: &[u8]) -> Option<u8> {
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter, rest @ ..] = line else {
        return None;
    };
    rest.iter()
        .all(|byte| matches!(byte, b'"' | b',' | b';') || byte == delimiter)
        .then_some(*delimiter)
}

fn read_error(shown: &Arc<str>) -> impl Fn(io::Error) -> SourceError + use<> {
    let shown = shown.to_string();
    move |source| SourceError::Read {
        shown: shown.clone(),
        row: 0,
        source,
    }
}
