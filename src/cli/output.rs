//! What a command prints: results on stdout, for people or for programs.
//!
//! The only way to stdout, so that no secret gets past it.

use std::borrow::Cow;
use std::io::{self, Write};

use clap::ValueEnum;
use serde::Serialize;

use crate::error::Error;
use crate::export::RowsFormat;
use crate::feature::{Veil, visible, visible_json};

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
    // Of rows alone: `query` takes them, and its help tells of them.
    /// RFC 7946
    #[value(hide = true)]
    Geojson,
    /// A GeoJSON feature a line
    #[value(hide = true)]
    Geojsonl,
    /// RFC 4180
    #[value(hide = true)]
    Csv,
    /// GeoParquet 1.1
    #[value(hide = true)]
    Parquet,
}

impl Format {
    /// The format of rows that is meant; none for people.
    pub(super) fn of_rows(self) -> Option<RowsFormat> {
        match self {
            Self::Text => None,
            Self::Json => Some(RowsFormat::Json),
            Self::Geojson => Some(RowsFormat::Geojson),
            Self::Geojsonl => Some(RowsFormat::Geojsonl),
            Self::Csv => Some(RowsFormat::Csv),
            Self::Parquet => Some(RowsFormat::Parquet),
        }
    }

    /// Whether only rows can be printed so.
    pub(super) fn is_of_rows_alone(self) -> bool {
        !matches!(self, Self::Text | Self::Json)
    }
}

/// stdout, as text or JSON: without secrets, and with nothing in it that can't be seen.
pub(super) struct Output<'a> {
    pub(super) format: Format,
    pub(super) veil: Veil,
    pub(super) out: &'a mut dyn Write,
}

impl Output<'_> {
    /// Whether results are for programs.
    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Rows of a release, as they are: what is published of them was masked when it was made.
    pub(super) fn rows(&mut self) -> &mut dyn Write {
        self.out
    }

    /// Text for people, each of its lines.
    pub(super) fn print_text(&mut self, text: &str) -> Result<(), Error> {
        let lines: Vec<Cow<'_, str>> = text
            .split('\n')
            .map(|line| self.veil.mask_own_text(line))
            .collect();
        self.write_line(&visible(&lines.join("\n")))
    }

    /// Has whoever reads along see what was printed so far.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        self.out
            .flush()
            .map_err(|source| Error::Output { done: None, source })
    }

    fn write_line(&mut self, text: &str) -> Result<(), Error> {
        match writeln!(self.out, "{text}") {
            // A reader that has seen enough changes nothing of how the command went.
            Err(source) if source.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            done => done.map_err(|source| Error::Output { done: None, source }),
        }
    }

    /// `value` as JSON, or `text`.
    pub(super) fn print(
        &mut self,
        value: &impl Serialize,
        text: impl FnOnce() -> String,
    ) -> Result<(), Error> {
        if !self.is_json() {
            return self.print_text(text().trim_end());
        }
        let json = serde_json::to_string_pretty(value).map_err(unwritable)?;
        if self.veil.is_empty() {
            return self.write_line(&visible_json(&json));
        }
        // Member by member rather than in the text: a secret may be spelled with escapes there, and what is put
        // in its place must not break the JSON.
        let plain = serde_json::to_value(value).map_err(unwritable)?;
        let hidden = self.veil.mask_json_texts(plain.clone());
        // Only where there is something to hide is the order of members not that of the value.
        let json = if hidden == plain {
            json
        } else {
            serde_json::to_string_pretty(&hidden).map_err(unwritable)?
        };
        self.write_line(&visible_json(&json))
    }
}

/// A value that can't be put into JSON is told as one that can't be written.
fn unwritable(source: serde_json::Error) -> Error {
    Error::Output {
        done: None,
        source: source.into(),
    }
}
