//! Values that stand for "no value".
//!
//! Pure. Known words and numbers only, as they occur in agencies' files; what may also be a
//! code is told apart, so that it is proposed and not taken.

use chrono::{Datelike, NaiveDate};

use super::dates;

/// What a value may stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sentinel {
    /// Words that can mean nothing else.
    Word,
    /// Words that mean "none of these" as often as "not known", or are somebody's code.
    DoubtfulWord,
    /// A number far below what is counted or measured.
    Number,
    /// Day zero of OLE and dBASE.
    Day,
}

const WORDS: [&str; 17] = [
    "NOT AVAILABLE",
    "NOT AVAIL",
    "NOTAVAILABLE",
    "UNKNOWN",
    "UNK",
    "N/A",
    "#N/A",
    "NULL",
    "<NULL>",
    "(NULL)",
    "NAN",
    "-",
    "--",
    "?",
    "NO DATA",
    "TBD",
    "UNDETERMINED",
];

const DOUBTFUL: [&str; 4] = ["NONE", "NA", "NOT APPLICABLE", "OTHER/UNKNOWN"];

/// What `value` may stand for; `None` for an ordinary value.
pub(super) fn sentinel_of(value: &str) -> Option<Sentinel> {
    const LONGEST: usize = 32;
    if value.len() > LONGEST {
        return None;
    }
    if let Some(number) = parse_decimal(value) {
        return is_sentinel(number).then_some(Sentinel::Number);
    }
    if value.contains("1899") || value.contains("12/30/99") {
        return dates::any_day(value)
            .filter(|day| is_day_zero(*day))
            .map(|_| Sentinel::Day);
    }
    let meanings = [
        (Sentinel::Word, &WORDS[..]),
        (Sentinel::DoubtfulWord, &DOUBTFUL[..]),
    ];
    let found = meanings
        .into_iter()
        .find(|(_, words)| words.iter().any(|word| word.eq_ignore_ascii_case(value)));
    found.map(|(sentinel, _)| sentinel)
}

/// A decimal number as agencies spell it: no `inf`, no `NaN`, no separators.
pub(super) fn parse_number(value: &str) -> Option<f64> {
    parse_decimal(value).filter(|number| number.is_finite())
}

/// The same, infinite where it is beyond a double: Esri's null, rounded in print, is.
fn parse_decimal(value: &str) -> Option<f64> {
    // Rust reads `inf`, `infinity` and `NaN` as numbers; in a file they are words.
    let is_spelled = value.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'))
        && !value.ends_with(char::is_alphabetic);
    is_spelled.then(|| value.parse().ok()).flatten()
}

/// Codes of the education surveys, -1 to -3: missing, not applicable, or a number.
pub(super) fn is_survey_code(number: f64) -> bool {
    [-1.0, -2.0, -3.0].contains(&number)
}

/// −99 and longer runs of nines; and the lowest numbers of C's types, Esri's nulls.
fn is_sentinel(number: f64) -> bool {
    const NINES: [f64; 6] = [-99.0, -999.0, -9_999.0, -99_999.0, -999_999.0, -9_999_999.0];
    // Printed with fifteen digits, the lowest double is beyond a double and parses as minus infinity: comparing
    // with it would miss it.
    NINES.contains(&number) || number < -1e30
}

fn is_day_zero(day: NaiveDate) -> bool {
    // Exports of FileGDB and Excel have it where a date is empty.
    (day.year(), day.month(), day.day()) == (1899, 12, 30)
}

/// Whether a value is a number with a comma where the program reads a point: `-97,5`.
pub(super) fn is_decimal_comma(value: &str) -> bool {
    let (whole, part) = value
        .trim()
        .trim_start_matches(['-', '+'])
        .split_once(',')
        .unwrap_or_default();
    [whole, part]
        .iter()
        .all(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values_are_told_apart() {
        for (value, sentinel) in [
            ("NOT AVAILABLE", Some(Sentinel::Word)),
            ("n/a", Some(Sentinel::Word)),
            ("NONE", Some(Sentinel::DoubtfulWord)),
            ("-999", Some(Sentinel::Number)),
            ("-9999.0", Some(Sentinel::Number)),
            ("-1.79769313486232e+308", Some(Sentinel::Number)),
            ("1899-12-30", Some(Sentinel::Day)),
            ("1899/12/30 00:00:00", Some(Sentinel::Day)),
            ("12/30/1899", Some(Sentinel::Day)),
            ("1899-12-31", None),
            ("-1", None),
            ("999", None),
            ("UNKNOWN107655", None),
            ("1899 MAIN STREET", None),
            ("", None),
        ] {
            assert_eq!(sentinel_of(value), sentinel, "{value}");
        }
    }

    #[test]
    fn a_decimal_comma_has_digits_on_both_sides() {
        assert!(is_decimal_comma("-97,5") && is_decimal_comma(" 30,25 "));
        for other in ["-97.5", "1,2,3", ",5", "5,", "a,5", ""] {
            assert!(!is_decimal_comma(other), "{other}");
        }
    }

    #[test]
    fn words_are_no_numbers() {
        for word in ["inf", "NaN", "infinity", "1e", "1,000", "12A", "0x1F", "-", "1 2"] {
            assert_eq!(parse_number(word), None, "{word}");
        }
        assert_eq!(parse_number("-12.50"), Some(-12.5));
        assert_eq!(parse_number(".5"), Some(0.5));
        assert_eq!(parse_number("1.25539E+12"), Some(1.255_39e12));
    }
}
