//! Newline-delimited GeoJSON: one feature per line, or per RFC 8142 record.
//!
//! With the record separator (0x1E) in front of the first record, records end at the next one and
//! may span lines; without, every line is a record. A bad record is a defect.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use super::feature::put_feature;
use crate::feature::RejectReason;
use crate::source::Records;
use crate::source::batch::BatchBuilder;
use crate::source::error::SourceError;
use crate::source::json::Captured;
use crate::source::sniff;

/// RFC 8142's record separator.
const SEPARATOR: u8 = 0x1E;

/// Reads the records of one file.
pub(in crate::source) struct LineRecords {
    shown: Arc<str>,
    reader: BufReader<File>,
    end: u8,
    limit: usize,
    line: u64,
    raw: Vec<u8>,
    wkb: Vec<u8>,
}

impl LineRecords {
    /// Opens the file at `path`.
    pub(in crate::source) fn open(path: &Path, shown: &Arc<str>, limit: usize) -> Result<Self, SourceError> {
        let text = sniff::open_text(path, shown, "newline-delimited GeoJSON")?;
        // Pretty-printed JSON has a bracket on each line, and every line of it would be a reject.
        if text
            .head
            .split(|byte| *byte == b'\n')
            .next()
            .is_some_and(|line| line.trim_ascii() == b"{")
        {
            let expected = "newline-delimited GeoJSON, a feature on each line";
            let found = "JSON over several lines (`source.geojson` reads a FeatureCollection)";
            return Err(SourceError::Unexpected {
                shown: shown.to_string(),
                expected,
                found,
            });
        }
        let end = if text.head.first() == Some(&SEPARATOR) {
            SEPARATOR
        } else {
            b'\n'
        };
        Ok(Self {
            shown: Arc::clone(shown),
            reader: text.reader,
            end,
            limit,
            line: 1,
            raw: Vec::new(),
            wkb: Vec::new(),
        })
    }

    /// Goes over all records and gives their number.
    pub(in crate::source) fn count_records(mut self) -> Result<u64, SourceError> {
        let mut records = 0;
        while self.capture_record()?.is_some() {
            records += 1;
        }
        Ok(records)
    }

    /// Captures the next record that is not blank; gives the line it begins in.
    fn capture_record(&mut self) -> Result<Option<(u64, Captured)>, SourceError> {
        loop {
            self.raw.clear();
            let begins = self.line;
            let Some(captured) = self.take_record()? else {
                return Ok(None);
            };
            let raw = self.raw.as_slice();
            let start = raw
                .iter()
                .position(|byte| !byte.is_ascii_whitespace() && *byte != SEPARATOR);
            let blank_lines = sniff::count_byte(&raw[..start.unwrap_or(0)], b'\n');
            match start {
                Some(start) => {
                    self.raw.drain(..start);
                    return Ok(Some((begins + blank_lines, captured)));
                }
                None if captured == Captured::TooLong => return Ok(Some((begins, captured))),
                None => {}
            }
        }
    }

    /// Takes bytes up to and with the end of a record; `None` at the end of the file.
    fn take_record(&mut self) -> Result<Option<Captured>, SourceError> {
        let mut taken = 0;
        let mut captured = Captured::Whole;
        loop {
            let chunk = self.reader.fill_buf().map_err(|source| SourceError::Read {
                shown: self.shown.to_string(),
                row: self.line - 1,
                source,
            })?;
            if chunk.is_empty() {
                return Ok((taken > 0).then_some(captured));
            }
            let end = chunk.iter().position(|byte| *byte == self.end);
            let used = end.map_or(chunk.len(), |at| at + 1);
            self.line += sniff::count_byte(&chunk[..used], b'\n');
            // What ends a line is none of the record: a line feed, and a carriage return before it.
            if self.raw.len() + used > self.limit.saturating_add(2) {
                captured = Captured::TooLong;
                self.raw.clear();
            } else if captured == Captured::Whole {
                self.raw.extend_from_slice(&chunk[..used]);
            }
            taken += used;
            self.reader.consume(used);
            if end.is_some() {
                return Ok(Some(captured));
            }
        }
    }
}

impl Records for LineRecords {
    fn next(&mut self, batch: &mut BatchBuilder) -> Result<bool, SourceError> {
        match self.capture_record()? {
            Some((row, Captured::Whole)) => {
                while self
                    .raw
                    .last()
                    .is_some_and(|byte| byte.is_ascii_whitespace() || *byte == SEPARATOR)
                {
                    self.raw.pop();
                }
                put_feature(&self.raw, row, &self.shown, batch, &mut self.wkb)?;
            }
            Some((row, Captured::TooLong)) => {
                batch.note_defect(
                    "record",
                    &format!("over {} bytes", self.limit),
                    RejectReason::RecordTooLong,
                );
                batch.end_row(row, None);
            }
            None => return Ok(false),
        }
        Ok(true)
    }
}
