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
use super::super::sniff::{self, decode};
use super::cells::{Cells, Quotes, Splitter, Taken};
use super::form::{Alone, Form, has_place, is_blank, is_swallowed};
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
    form: Option<Form>,
    cells: Cells,
    read: u64,
    vain: u64,
}

/// The next record.
pub(super) enum Next {
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
        said: String,
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
enum Found {
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
enum Ends {
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
        let text = sniff::open(path, shown, "delimited text")?;
        if matches!(text.head.trim_ascii_start(), [b'{', ..]) {
            let (expected, found) = ("delimited text", "JSON");
            return Err(SourceError::Unexpected {
                shown: shown.to_string(),
                expected,
                found,
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
    pub(super) fn expect(&mut self, form: Form) {
        self.form = Some(form);
    }

    /// Reads the next record that holds anything.
    pub(super) fn advance(&mut self) -> Result<Next, SourceError> {
        loop {
            let Some(line) = self.lines.look(0).map_err(unreadable(&self.shown))? else {
                return Ok(Next::End);
            };
            if line.text == END_OF_TEXT && !line.is_ended {
                self.lines.consume(1);
                continue;
            }
            let row = line.number;
            self.read += line.text.len() as u64 + 1;
            if line.is_too_long {
                self.lines.consume(1);
                return Ok(Next::TooLong { row });
            }
            let found = if line.text.contains(&b'"') {
                self.quoted()?
            } else {
                self.cells.clear();
                self.cells.split_plain(line.text, self.delimiter);
                self.plain()?
            };
            match found {
                Found::Record { lines, is_mended } => {
                    self.lines.consume(lines);
                    if !self.cells.iter().all(is_blank) {
                        self.learn();
                        return Ok(Next::Whole { row, is_mended });
                    }
                }
                Found::Lines => self.lines.split_at_returns(),
                Found::None(what) => {
                    let said = format!("{what}: {}", decode(self.first()?));
                    self.lines.consume(1);
                    return Ok(Next::Malformed { row, said });
                }
                Found::TooLong => {
                    self.lines.consume(1);
                    return Ok(Next::TooLong { row });
                }
            }
        }
    }

    /// Whether records end with a delimiter is as the first has it.
    fn learn(&mut self) {
        let trails = |form: &Form| self.cells.len() > form.most;
        let trails = self
            .form
            .as_ref()
            .filter(|form| form.may_trail.is_none())
            .map(trails);
        if let (Some(form), Some(trails)) = (&mut self.form, trails) {
            form.may_trail = Some(trails);
        }
    }

    /// The record of the first line, which has no quotes and has been split.
    fn plain(&mut self) -> Result<Found, SourceError> {
        if self.is_several_lines()? {
            return Ok(Found::Lines);
        }
        match &self.form {
            Some(form) if !form.fits(&self.cells) && !self.cells.iter().all(is_blank) => {
                Ok(Found::None(form.unlike(&self.cells)))
            }
            _ => Ok(Found::Record {
                lines: 1,
                is_mended: false,
            }),
        }
    }

    /// The record that begins in the first line, which has quotes.
    fn quoted(&mut self) -> Result<Found, SourceError> {
        if self.form.is_none() && self.is_several_lines()? {
            return Ok(Found::Lines);
        }
        self.cells.clear();
        let mut splitter = Splitter::new(self.delimiter, Quotes::Strict);
        let ends = self.find_end(&mut splitter)?;
        let fits =
            self.form.as_ref().is_none_or(|form| form.fits(&self.cells)) || self.cells.iter().all(is_blank);
        if let Ends::Behind(lines) = ends
            && fits
            && !(lines == 1 && splitter.has_blank_before_quote())
        {
            return Ok(Found::Record {
                lines,
                is_mended: false,
            });
        }
        if self.is_several_lines()? {
            return Ok(Found::Lines);
        }
        if let Some(cells) = self.loosely()? {
            self.cells = cells;
            return Ok(Found::Record {
                lines: 1,
                is_mended: true,
            });
        }
        // The cell that is open is none of the last, whose rest could be missing: all of the row is there.
        let is_whole = matches!(ends, Ends::CutOff)
            && self
                .form
                .as_ref()
                .is_some_and(|form| self.cells.len() + 1 < form.most)
            && self.alone(0)? != Alone::Nothing;
        match (ends, &self.form) {
            (Ends::Behind(1), _) if fits => Ok(Found::Record {
                lines: 1,
                is_mended: false,
            }),
            (Ends::Behind(1), Some(form)) => Ok(Found::None(form.unlike(&self.cells))),
            (Ends::TooFar, _) => Ok(Found::TooLong),
            (Ends::CutOff, _) if !is_whole => Err(SourceError::UnclosedQuote {
                shown: self.shown.to_string(),
                row: self.row()?,
            }),
            (Ends::Behind(_) | Ends::Astray | Ends::CutOff, _) => {
                Ok(Found::None("a quote that ends no cell".to_owned()))
            }
        }
    }

    /// Where the record ends that begins in the first line, as its quotes say; splits it.
    fn find_end(&mut self, splitter: &mut Splitter) -> Result<Ends, SourceError> {
        let mut lines = 0;
        let mut bytes = 0;
        let mut first = Alone::Nothing;
        let mut is_ended = true;
        let ends = loop {
            let Some(line) = self.lines.look(lines).map_err(unreadable(&self.shown))? else {
                break if is_ended { Ends::Astray } else { Ends::CutOff };
            };
            is_ended = line.is_ended;
            let is_too_long = line.is_too_long;
            if lines > 0 {
                // Most quoted cells end in their line: what lines are by themselves is asked only here.
                let alone = self.alone(lines)?;
                first = if lines == 1 { self.alone(0)? } else { first };
                if is_too_long || is_swallowed(first, alone) {
                    break Ends::Astray;
                }
            }
            let Some(line) = self.lines.look(lines).map_err(unreadable(&self.shown))? else {
                break Ends::Astray;
            };
            bytes += line.text.len();
            if bytes > self.limit {
                break Ends::TooFar;
            }
            lines += 1;
            match splitter.take(line.text, &mut self.cells) {
                Taken::Whole => break Ends::Behind(lines),
                Taken::Astray => break Ends::Astray,
                Taken::Open if self.vain > VAIN + 16 * self.read => break Ends::Astray,
                Taken::Open => {}
            }
        };
        let fits = self.form.as_ref().is_none_or(|form| form.fits(&self.cells));
        // What the first line says by itself must not be lost to the cell of another.
        let is_placed = |form: &Form| form.is_placed(&self.cells);
        let has_lost_place = lines > 1 && has_place(first) && !self.form.as_ref().is_none_or(is_placed);
        let ends = if fits && has_lost_place {
            Ends::Astray
        } else {
            ends
        };
        match ends {
            Ends::Behind(_) if fits => self.read += bytes as u64,
            _ if lines > 1 => self.vain += bytes as u64,
            _ => {}
        }
        Ok(ends)
    }

    /// What a line is by itself, counted from the first.
    fn alone(&mut self, at: usize) -> Result<Alone, SourceError> {
        let line = self.lines.look(at).map_err(unreadable(&self.shown))?;
        let (Some(form), Some(line)) = (&self.form, line) else {
            return Ok(Alone::Nothing);
        };
        Ok(form.alone(line.text, self.delimiter))
    }

    /// The cells of the first line, if loose quotes give those of a record.
    fn loosely(&mut self) -> Result<Option<Cells>, SourceError> {
        let mut cells = Cells::default();
        let taken = Splitter::new(self.delimiter, Quotes::Loose).take(self.first()?, &mut cells);
        let is_record = self.form.as_ref().is_none_or(|form| form.is_placed(&cells));
        Ok((taken == Taken::Whole && is_record).then_some(cells))
    }

    /// Whether carriage returns within the first line end lines too: each of them is a record then, and the whole is none.
    fn is_several_lines(&mut self) -> Result<bool, SourceError> {
        let delimiter = self.delimiter;
        let line = self
            .lines
            .look(0)
            .map_err(unreadable(&self.shown))?
            .map_or(&b""[..], |line| line.text);
        if !line.contains(&b'\r') {
            return Ok(false);
        }
        let mut parts = line.split(|byte| *byte == b'\r').filter(|part| !is_blank(part));
        match &self.form {
            // A header may have a line break within its quotes.
            None => Ok(parts.next().is_some_and(|header| {
                Splitter::new(delimiter, Quotes::Strict).take(header, &mut Cells::default()) == Taken::Whole
            })),
            // A row without a place among them, or with an inch in it, doesn't make one record of all.
            Some(form) => {
                let mut placed = 0;
                let mut others = 0;
                for part in parts {
                    match form.alone(part, delimiter) {
                        Alone::Placed | Alone::PlacedWithQuotes => placed += 1,
                        Alone::Fits | Alone::Nothing => others += 1,
                    }
                }
                Ok(placed > 0 && placed >= others)
            }
        }
    }

    /// The first line's text.
    fn first(&mut self) -> Result<&[u8], SourceError> {
        let line = self.lines.look(0).map_err(unreadable(&self.shown))?;
        Ok(line.map_or(b"", |line| line.text))
    }

    /// The first line's number.
    fn row(&mut self) -> Result<u64, SourceError> {
        let line = self.lines.look(0).map_err(unreadable(&self.shown))?;
        Ok(line.map_or(0, |line| line.number))
    }

    /// Leaves out the lines above the header, one of them what spreadsheets write of the delimiter (`sep=;`).
    fn go_to_header(&mut self, header_row: Option<u32>) -> Result<(), SourceError> {
        if let Some(delimiter) = named_delimiter(self.first()?) {
            self.delimiter = delimiter;
            self.lines.consume(1);
        }
        let header = u64::from(header_row.unwrap_or(1));
        while self
            .lines
            .look(0)
            .map_err(unreadable(&self.shown))?
            .is_some_and(|line| line.number < header)
        {
            self.lines.consume(1);
        }
        Ok(())
    }
}

/// The delimiter that a line names: `sep=;`, also in quotes, and with the delimiters of a sheet's other columns behind it.
fn named_delimiter(line: &[u8]) -> Option<u8> {
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter, rest @ ..] = line else {
        return None;
    };
    rest.iter()
        .all(|byte| matches!(byte, b'"' | b',' | b';') || byte == delimiter)
        .then_some(*delimiter)
}

fn unreadable(shown: &Arc<str>) -> impl Fn(io::Error) -> SourceError + use<> {
    let shown = shown.to_string();
    move |source| SourceError::Read {
        shown: shown.clone(),
        row: 0,
        source,
    }
}
