//! One page of a pull, a row at a time.
//!
//! Members of a page stand in any order: only the top-level `features` are rows, the page's spatial
//! reference is looked for before and after them. It streams through a buffer of one row.

use std::io::BufReader;

use super::list::{PageInput, PageList};
use super::pull_error::pull_error;
use super::reference::SpatialReference;
use crate::source::error::SourceError;
use crate::source::json::{self, Captured, ScanError, Scanner};

/// Longest member beside the features that is looked at, bytes.
const MEMBER_BYTES: usize = 1 << 20;

/// Read ahead of the parser, bytes.
const BUFFER_BYTES: usize = 64 << 10;

/// A page being read.
pub(super) struct OpenPage {
    shown: String,
    rows: u64,
    row: u64,
    limit: usize,
    scanner: Scanner<BufReader<PageInput>>,
    raw: Vec<u8>,
    head: PageHead,
}

/// What a page says of itself.
#[derive(Debug, Clone, Default)]
pub(super) struct PageHead {
    /// What its coordinates mean.
    pub(super) reference: Option<SpatialReference>,
    /// Whether they have heights; none where it doesn't say.
    pub(super) has_z: Option<bool>,
    /// Whether they have measures; none where it doesn't say.
    pub(super) has_m: Option<bool>,
}

impl OpenPage {
    /// Opens page `number` of the list, from 0 up, and steps into its features.
    pub(super) fn open(
        list: &PageList,
        number: usize,
        shown: &str,
        limit: usize,
    ) -> Result<Self, SourceError> {
        let shown = format!("{shown} (page {})", number + 1);
        let entry = &list.pages()[number];
        let input = list.open_page(entry).map_err(|source| SourceError::Open {
            shown: shown.clone(),
            source,
        })?;
        let mut page = Self {
            shown,
            rows: entry.rows,
            row: 0,
            limit,
            scanner: Scanner::new(BufReader::with_capacity(BUFFER_BYTES, input)),
            raw: Vec::new(),
            head: PageHead::default(),
        };
        page.go_to_features()?;
        Ok(page)
    }

    /// The page as origins and messages show it.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// The current row, from 1 up.
    pub(super) fn row(&self) -> u64 {
        self.row
    }

    /// Whether the list promises no row after the current one.
    pub(super) fn is_last_row(&self) -> bool {
        self.row == self.rows
    }

    /// The current row as JSON; empty where it was too long.
    pub(super) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Longest row, bytes.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// What the page has said of itself so far.
    pub(super) fn head(&self) -> &PageHead {
        &self.head
    }

    /// Takes the next row; none behind the last.
    pub(super) fn next_row(&mut self) -> Result<Option<Captured>, SourceError> {
        if self.accept(b']')? {
            return Ok(None);
        }
        if self.row > 0 {
            self.expect(b',')?;
        }
        // The pull has counted the rows of each page when it came. Another number now means other bytes, or another
        // reading of them.
        if self.is_last_row() {
            return Err(self.count_error("more"));
        }
        let captured = self.capture(self.limit)?;
        self.row += 1;
        Ok(Some(captured))
    }

    /// The page's spatial reference, wherever it stands; the page is over then.
    pub(super) fn into_reference(mut self) -> Result<Option<SpatialReference>, SourceError> {
        if self.head.reference.is_some() {
            return Ok(self.head.reference);
        }
        while self.next_row()?.is_some() {}
        self.check_end()
    }

    /// Reads what follows the rows, and checks that the page is the one that came; gives its spatial reference.
    pub(super) fn check_end(mut self) -> Result<Option<SpatialReference>, SourceError> {
        if !self.is_last_row() {
            return Err(self.count_error("fewer"));
        }
        while self.accept(b',')? {
            let key = self.read_key()?;
            if key == "features" {
                return Err(pull_error(&self.shown, "the page", "it has `features` twice"));
            }
            self.note_member(&key)?;
        }
        self.expect(b'}')?;
        if self
            .scanner
            .peek()
            .map_err(|error| self.scan_error(error))?
            .is_some()
        {
            return Err(pull_error(&self.shown, "the page", "something follows its end"));
        }
        let finished = self.scanner.into_inner().into_inner().check_end();
        finished.map_err(|reason| pull_error(&self.shown, "the page", reason))?;
        Ok(self.head.reference)
    }

    fn go_to_features(&mut self) -> Result<(), SourceError> {
        self.expect(b'{')?;
        loop {
            if self.accept(b'}')? {
                return Err(pull_error(&self.shown, "the page", "it has no `features`"));
            }
            let key = self.read_key()?;
            if key == "features" {
                return self.expect(b'[');
            }
            self.note_member(&key)?;
            self.accept(b',')?;
        }
    }

    /// The key of a member, behind its colon.
    fn read_key(&mut self) -> Result<String, SourceError> {
        self.capture(MEMBER_BYTES)?;
        let key = json::parse_string(&self.raw).map(String::from);
        self.expect(b':')?;
        key.ok_or_else(|| pull_error(&self.shown, "the page", "the name of a member is no text"))
    }

    /// Takes a member's value and notes what it says.
    fn note_member(&mut self, key: &str) -> Result<(), SourceError> {
        self.capture(MEMBER_BYTES)?;
        match key {
            "spatialReference" => self.head.reference = SpatialReference::parse(&self.raw),
            "hasZ" => self.head.has_z = parse_bool(&self.raw),
            "hasM" => self.head.has_m = parse_bool(&self.raw),
            _ => {}
        }
        Ok(())
    }

    fn accept(&mut self, byte: u8) -> Result<bool, SourceError> {
        self.scanner.accept(byte).map_err(|error| self.scan_error(error))
    }

    fn expect(&mut self, byte: u8) -> Result<(), SourceError> {
        self.scanner.expect(byte).map_err(|error| self.scan_error(error))
    }

    /// Takes the next value into `self.raw`.
    fn capture(&mut self, limit: usize) -> Result<Captured, SourceError> {
        self.scanner
            .capture_value(&mut self.raw, limit)
            .map_err(|error| self.scan_error(error))
    }

    fn count_error(&self, than: &str) -> SourceError {
        pull_error(
            &self.shown,
            "the page",
            format!("it has {than} rows than the {} that came", self.rows),
        )
    }

    fn scan_error(&self, error: ScanError) -> SourceError {
        let reason = match error {
            ScanError::Io(source) => {
                return SourceError::Read {
                    shown: self.shown.clone(),
                    row: self.row,
                    source,
                };
            }
            ScanError::End => format!("it ends after row {}", self.row),
            ScanError::Byte(byte) => {
                format!(
                    "`{}` after row {}, where JSON doesn't allow it",
                    byte.escape_ascii(),
                    self.row
                )
            }
        };
        pull_error(&self.shown, "the page", reason)
    }
}

fn parse_bool(raw: &[u8]) -> Option<bool> {
    match raw {
        b"true" => Some(true),
        b"false" => Some(false),
        _ => None,
    }
}
