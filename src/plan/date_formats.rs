//! Date patterns of a schema, and the set of them that agencies' layers come in.

use std::fmt::Write as _;

use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{DateTime, Utc};

use super::check::Check;
use crate::config::FieldConfig;

/// Date pattern for milliseconds since 1970, beside those of strftime.
pub const EPOCH_MS: &str = "epoch-ms";

/// Date pattern for a spreadsheet's day count (day 61 is 1900-03-01), beside those of strftime.
pub const EXCEL_SERIAL: &str = "excel-serial";

/// Word for all of [`USUAL_PATTERNS`] in their order.
pub(super) const USUAL: &str = "usual";

/// How dates of layers of US agencies have been seen: from services, from exports of these to text, from spreadsheets and
/// from databases. Of month and day the month comes first. A year of two digits is tried before one of four, which would
/// read it as of the first century.
pub const USUAL_PATTERNS: [&str; 16] = [
    EPOCH_MS,
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S+00",
    "%Y-%m-%d",
    "%+",
    "%Y/%m/%d",
    "%m/%d/%y %H:%M",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S%.f",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%y",
    "%m/%d/%Y",
    "%d-%b-%y",
    "%d-%b-%Y",
    "%b %d %Y %I:%M%p",
    "%m-%d-%Y",
];

/// The patterns of a field, checked; none where it has none.
pub(super) fn resolve(check: &mut Check<'_>, config: &FieldConfig) -> Vec<String> {
    let Some(formats) = &config.formats else {
        return Vec::new();
    };
    if formats.value.is_empty() {
        check.error(&formats.span, "`formats` is empty");
    }
    for format in &formats.value {
        if [EPOCH_MS, EXCEL_SERIAL, USUAL].contains(&&*format.value) {
            continue;
        }
        if StrftimeItems::new(&format.value).any(|item| item == Item::Error) {
            let message = format!("`{}` is not a date pattern of strftime", format.value);
            check.error(&format.span, message);
        } else if !gives_a_date(&format.value) {
            let message = format!("`{}` does not give year, month and day", format.value);
            check.error(&format.span, message);
        }
    }
    let patterns = formats
        .value
        .iter()
        .flat_map(|format| match format.value.as_str() {
            USUAL => USUAL_PATTERNS.to_vec(),
            pattern => vec![pattern],
        });
    patterns.map(str::to_owned).collect()
}

/// Whether a pattern that prints a moment also gives back its date.
fn gives_a_date(pattern: &str) -> bool {
    // chrono can't be asked what a pattern gives: so it prints a moment, and what it reads back tells.
    let mut printed = String::new();
    // chrono reads `%#z` and refuses to print it.
    if write!(
        printed,
        "{}",
        DateTime::<Utc>::UNIX_EPOCH.format(&pattern.replace("%#z", "%z"))
    )
    .is_err()
    {
        return false;
    }
    let mut parsed = Parsed::new();
    let is_parsed = parse(&mut parsed, &printed, StrftimeItems::new(pattern)).is_ok();
    // A moment with its offset from UTC gives a date, too.
    is_parsed && (parsed.to_naive_date().is_ok() || parsed.to_naive_datetime_with_offset(0).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_patterns_give_a_whole_date() {
        for whole in [
            "%Y-%m-%d",
            "%Y/%m/%d %H:%M:%S",
            "%m/%d/%y",
            "%Y-%m-%dT%H:%M:%S%.fZ",
            "%s",
            "%Y%j",
            "%d-%b-%Y %z",
            "%d-%b-%Y %#z",
        ] {
            assert!(gives_a_date(whole), "{whole}");
        }
        for partial in ["%Y", "%m/%d", "%H:%M", "%#z", "", "x"] {
            assert!(!gives_a_date(partial), "{partial}");
        }
    }
}
