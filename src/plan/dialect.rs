//! How delimited text is written: what separates its cells, and where its header is.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::check::{Bounds, Check};
use super::key::{Key, key};
use crate::config::Spanned;

/// How a text file's table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dialect {
    /// Field separator; a first line such as `sep=;` says it better than a plan.
    pub delimiter: u8,
    /// Line of the column names, 1 and up, or the next that holds anything; `None` for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header_row: Option<u32>,
}

/// Row of a table's column names, of text or of a sheet; a sheet can have so many rows.
pub(super) const HEADER_ROW: Bounds<i64> = Bounds {
    key: "header-row",
    range: 1..=1_048_576,
    default: 1,
};

/// Lines above the column names.
const SKIP: Bounds<i64> = Bounds {
    key: "skip",
    range: 0..=1_048_575,
    default: 0,
};

/// What the keys mean, for editors.
pub(super) fn keys() -> Vec<Key> {
    vec![
        key(
            "source.csv.delimiter",
            "What separates the cells: one ASCII character.",
        )
        .pattern("^[\\x01-\\x09\\x0b\\x0c\\x0e-\\x1f\\x21\\x23-\\x7f]$")
        .default_value(",")
        .example(";"),
        key(
            "source.csv.header-row",
            "Line of the column names, from 1; where not written, the first that holds anything.",
        )
        .number_range(&HEADER_ROW.range)
        .example(2),
        key(
            "source.csv.skip",
            "Lines above the column names, instead of `header-row`.",
        )
        .number_range(&SKIP.range)
        .example(1),
    ]
}

/// The dialect that a source's keys say.
pub(super) fn resolve(
    check: &mut Check<'_>,
    delimiter: Option<&Spanned<String>>,
    header_row: Option<&Spanned<i64>>,
    skip: Option<&Spanned<i64>>,
) -> Dialect {
    if let (Some(_), Some(skip)) = (header_row, skip) {
        let help = "`skip = 1` is the same as `header-row = 2`";
        check
            .error(
                &skip.span,
                "the header is found by `header-row` or by `skip`, not by both",
            )
            .help = Some(help.to_owned());
    }
    // One value for both: lines above the header are what its row counts.
    let skipped = skip.map(|_| check.in_range_or_default(skip, &SKIP) + 1);
    let row = skipped.or_else(|| self::header_row(check, header_row).map(i64::from));
    let header_row = row.filter(|row| *row > 1).and_then(|row| u32::try_from(row).ok());
    Dialect {
        delimiter: parse_delimiter(check, delimiter),
        header_row,
    }
}

/// Row of the column names, where a source says it.
pub(super) fn header_row(check: &mut Check<'_>, written: Option<&Spanned<i64>>) -> Option<u32> {
    let row = check.in_range_or_default(written, &HEADER_ROW);
    written.and_then(|_| u32::try_from(row).ok())
}

impl Dialect {
    /// Commas, and the header in the first line that holds anything.
    pub const USUAL: Self = Self {
        delimiter: b',',
        header_row: None,
    };

    /// The keys that a pipeline must have for it.
    pub(super) fn pipeline_keys(self) -> Vec<(&'static str, Value)> {
        // What is usual isn't written: a drafted pipeline says what is special about its file.
        let is_usual = self.delimiter == Self::USUAL.delimiter;
        let delimiter = (!is_usual).then(|| ("delimiter", json!(char::from(self.delimiter))));
        let header_row = self.header_row.map(|row| ("header-row", json!(row)));
        delimiter.into_iter().chain(header_row).collect()
    }
}

fn parse_delimiter(check: &mut Check<'_>, written: Option<&Spanned<String>>) -> u8 {
    let Some(written) = written else { return b',' };
    match written.value.as_bytes() {
        // Quotes and line ends mean something else in such text already (RFC 4180).
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n' | 0) => *byte,
        _ => {
            let help = "write one ASCII character, such as `,`, `;`, `|` or `\\t`";
            let message = format!("`{}` cannot be a delimiter", written.value.escape_default());
            check.error(&written.span, message).help = Some(help.to_owned());
            b','
        }
    }
}
