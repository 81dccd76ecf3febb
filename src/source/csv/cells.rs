//! The cells of a record of delimited text, taken line by line.
//!
//! Pure. A cell that begins with a quote ends at the next one, which a delimiter or the end of the line must follow;
//! a quote within it is written twice (RFC 4180). Quotes within other cells are text.

use std::borrow::Cow;
use std::ops::Range;

use super::super::sniff::decode_text;

/// Cells of one record, one behind the other.
#[derive(Default)]
pub(super) struct Cells {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// Takes the lines of one record apart.
pub(super) struct Splitter {
    delimiter: u8,
    quotes: Quotes,
    is_open: bool,
    has_stray_quote: bool,
    has_blank_before_quote: bool,
}

/// What quotes mean.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Quotes {
    /// As in RFC 4180.
    Strict,
    /// A quote is text unless a delimiter or the end of the line follows; blanks beside a quoted cell don't count. So
    /// `1, "Plant "Emma"" ,2` has the cells that its writer meant.
    Loose,
}

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum LineSplit {
    /// With the record.
    Whole,
    /// Within quotes: the record goes on in the next line.
    Open,
    /// It didn't: text stands behind the quote that ends a cell.
    Astray,
}

impl Cells {
    /// Number of cells.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// All cells, one behind the other.
    pub(super) fn joined_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where a cell lies in [`Cells::joined_bytes`]; nowhere where there is no such cell.
    pub(super) fn cell_range(&self, cell: usize) -> Range<usize> {
        let start = if cell == 0 { 0 } else { self.end_of(cell - 1) };
        start..self.end_of(cell)
    }

    fn end_of(&self, cell: usize) -> usize {
        self.ends.get(cell).copied().unwrap_or(self.bytes.len())
    }

    /// A cell; empty where there is none.
    pub(super) fn get(&self, cell: usize) -> &[u8] {
        &self.bytes[self.cell_range(cell)]
    }

    /// Where a cell's text lies in [`Cells::joined_bytes`]: of what keeps a spreadsheet from making a number of it
    /// (`="0100"`, `=T("0100")`, `'0100`), that within.
    pub(super) fn text_range(&self, cell: usize) -> Range<usize> {
        let whole = self.cell_range(cell);
        let text = self.bytes[whole.clone()].trim_ascii_start();
        let start = whole.end - text.len();
        let end = start + text.trim_ascii_end().len();
        // Agencies write zeros in front of codes so that spreadsheets keep them: as a formula, by T(), or behind an
        // apostrophe. The three are undone where nothing else could be meant; a name may begin with an apostrophe.
        match &self.bytes[start..end] {
            [b'=', b'"', .., b'"'] if end - start > 2 => start + 2..end - 1,
            [b'=', b'T' | b't', b'(', b'"', .., b'"', b')'] if end - start > 5 => start + 4..end - 2,
            [b'\'', digits @ ..] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
                start + 1..end
            }
            _ => whole,
        }
    }

    /// A cell's text, decoded.
    pub(super) fn text_of(&self, cell: usize) -> Cow<'_, str> {
        decode_text(&self.bytes[self.text_range(cell)])
    }

    /// All cells, in their order.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &[u8]> + ExactSizeIterator {
        (0..self.len()).map(|cell| self.get(cell))
    }

    /// Forgets them.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Takes the cells of a line without a quote.
    pub(super) fn split_plain(&mut self, line: &[u8], delimiter: u8) {
        for cell in line.split(|byte| *byte == delimiter) {
            self.bytes.extend_from_slice(cell);
            self.end_cell();
        }
    }

    /// Adds to the last cell what stands within quotes.
    fn push_quoted(&mut self, mut text: &[u8]) {
        // Doubled quotes stand for one. A single one is here only by loose rules, and is text.
        while let Some(quote) = text.iter().position(|byte| *byte == b'"') {
            self.bytes.extend_from_slice(&text[..=quote]);
            let is_doubled = text.get(quote + 1) == Some(&b'"');
            text = &text[quote + 1 + usize::from(is_doubled)..];
        }
        self.bytes.extend_from_slice(text);
    }

    fn end_cell(&mut self) {
        self.ends.push(self.bytes.len());
    }
}

impl Splitter {
    /// At the start of a record.
    pub(super) fn new(delimiter: u8, quotes: Quotes) -> Self {
        Self {
            delimiter,
            quotes,
            is_open: false,
            has_stray_quote: false,
            has_blank_before_quote: false,
        }
    }

    /// Whether a quote stood in a cell that doesn't begin with one.
    pub(super) fn has_stray_quote(&self) -> bool {
        self.has_stray_quote
    }

    /// Whether such a cell would begin with a quote, but for blanks.
    pub(super) fn has_blank_before_quote(&self) -> bool {
        self.has_blank_before_quote
    }

    /// Takes the next line, without what ends it.
    pub(super) fn split_line(&mut self, line: &[u8], cells: &mut Cells) -> LineSplit {
        let mut at = 0;
        loop {
            if !self.is_open {
                let text = &line[at..];
                let blanks = text.iter().take_while(|byte| self.is_blank(**byte)).count();
                // By RFC 4180 blanks are a part of the cell, and a quote behind them is text.
                let before = if self.quotes == Quotes::Loose { blanks } else { 0 };
                if text.get(before) == Some(&b'"') {
                    self.is_open = true;
                    at += before + 1;
                    continue;
                }
                self.has_blank_before_quote |= text.get(blanks) == Some(&b'"');
                let len = text.iter().position(|byte| *byte == self.delimiter);
                let cell = &text[..len.unwrap_or(text.len())];
                self.has_stray_quote |= cell.contains(&b'"');
                cells.bytes.extend_from_slice(cell);
                cells.end_cell();
                match len {
                    None => return LineSplit::Whole,
                    Some(len) => at += len + 1,
                }
                continue;
            }
            let Some(quote) = self.closing_quote(line, at) else {
                cells.push_quoted(&line[at..]);
                // Whatever ended the line in the file: a carriage return would be one character more of the same
                // cell.
                cells.bytes.push(b'\n');
                return LineSplit::Open;
            };
            cells.push_quoted(&line[at..quote]);
            cells.end_cell();
            self.is_open = false;
            match self.find_behind(line, quote) {
                None => return LineSplit::Whole,
                Some(delimiter) if line[delimiter] == self.delimiter => at = delimiter + 1,
                Some(_) => return LineSplit::Astray,
            }
        }
    }

    /// The quote that ends a cell whose text goes on at `from`.
    fn closing_quote(&self, line: &[u8], from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            let quote = at + line[at..].iter().position(|byte| *byte == b'"')?;
            let is_text = match self.quotes {
                Quotes::Strict => line.get(quote + 1) == Some(&b'"'),
                Quotes::Loose => self
                    .find_behind(line, quote)
                    .is_some_and(|behind| line[behind] != self.delimiter),
            };
            match self.quotes {
                _ if !is_text => return Some(quote),
                Quotes::Strict => at = quote + 2,
                Quotes::Loose => at = quote + 1,
            }
        }
    }

    /// What follows a quote; none at the end of the line.
    fn find_behind(&self, line: &[u8], quote: usize) -> Option<usize> {
        let rest = &line[quote + 1..];
        let blanks = match self.quotes {
            Quotes::Strict => 0,
            Quotes::Loose => rest.iter().take_while(|byte| self.is_blank(**byte)).count(),
        };
        (blanks < rest.len()).then_some(quote + 1 + blanks)
    }

    fn is_blank(&self, byte: u8) -> bool {
        matches!(byte, b' ' | b'\t' | b'\0') && byte != self.delimiter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(lines: &[&str], quotes: Quotes) -> (LineSplit, Vec<String>) {
        let mut cells = Cells::default();
        let mut splitter = Splitter::new(b',', quotes);
        let taken = lines
            .iter()
            .map(|line| splitter.split_line(line.as_bytes(), &mut cells))
            .last()
            .unwrap();
        (
            taken,
            cells
                .iter()
                .map(|cell| String::from_utf8_lossy(cell).into_owned())
                .collect(),
        )
    }

    #[test]
    fn quoted_cells_hold_delimiters_quotes_and_line_ends() {
        for (lines, cells) in [
            (&["a,b,"][..], &["a", "b", ""][..]),
            (&["\"a,\"\"b\"\"\",6\" main"], &["a,\"b\"", "6\" main"]),
            (&["1,\"a", "", "b\",\"\""], &["1", "a\n\nb", ""]),
            (&["\"\"\"\",x"], &["\"", "x"]),
        ] {
            let cells: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
            assert_eq!(
                split(lines, Quotes::Strict),
                (LineSplit::Whole, cells),
                "{lines:?}"
            );
        }
        assert_eq!(split(&["1,\"a"], Quotes::Strict).0, LineSplit::Open);
        assert_eq!(split(&["1,\"a\"b,2"], Quotes::Strict).0, LineSplit::Astray);
        assert_eq!(split(&["1,\"a\" ,2"], Quotes::Strict).0, LineSplit::Astray);
    }

    #[test]
    fn loose_quotes_are_understood_by_what_follows_them() {
        for (line, cells) in [
            ("1,\"Plant \"Emma\"\",2", ["1", "Plant \"Emma\"", "2"]),
            ("1, \"Alpha, Inc\" ,2", ["1", "Alpha, Inc", "2"]),
            ("1,\"The \"Old\" Mill\",2", ["1", "The \"Old\" Mill", "2"]),
        ] {
            let cells: Vec<String> = cells.iter().map(|cell| (*cell).to_owned()).collect();
            assert_eq!(split(&[line], Quotes::Loose), (LineSplit::Whole, cells), "{line}");
        }
        assert_eq!(
            split(&["1,\"OLD MILL,-95.1,35.1"], Quotes::Loose).0,
            LineSplit::Open
        );
    }
}
