//! Numbers as servers spell them: whole ones, and moments.
//!
//! Pure text work; a value that isn't what its field says stays as it is spelled.

use std::borrow::Cow;

use chrono::DateTime;

use super::info::Kind;

/// Numbers above this are not told apart by those who write them in floating point.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A whole number of any spelling, such as `7`, `7.0` or `6.4579816E7`; none for other text.
pub(super) fn whole(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let looks = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let number: f64 = text.parse().ok().filter(|_| looks && !text.is_empty())?;
    #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

/// A number of a field of this kind as text: whole ones in plain digits, moments as ISO 8601 in UTC, or without a
/// zone where it `is_local`.
pub(super) fn spelled(raw: &str, kind: Kind, is_local: bool) -> Cow<'_, str> {
    if kind == Kind::Other {
        return Cow::Borrowed(raw);
    }
    let Some(number) = whole(raw) else { return Cow::Borrowed(raw) };
    match (kind, DateTime::from_timestamp_millis(number)) {
        (Kind::Date, Some(moment)) => {
            let zone = if is_local { "" } else { "Z" };
            let fraction = if number % 1000 == 0 { "" } else { "%.3f" };
            Cow::Owned(moment.format(&format!("%Y-%m-%dT%H:%M:%S{fraction}{zone}")).to_string())
        }
        (Kind::Day, Some(moment)) => Cow::Owned(moment.format("%Y-%m-%d").to_string()),
        // Beyond the calendar: a slip, which whoever reads dates will flag.
        (Kind::Date | Kind::Day, None) => Cow::Borrowed(raw),
        _ => Cow::Owned(number.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_whole_however_spelled() {
        for (text, number) in [("7", 7), ("-7.0", -7), ("6.4579816E7", 64_579_816), ("0e5", 0)] {
            assert_eq!(whole(text), Some(number), "{text}");
        }
        for text in ["", "1.5", "1e400", "NaN", "inf", "0x1", "9007199254740993.0e3", "A", "1 "] {
            assert_eq!(whole(text), None, "{text}");
        }
        assert_eq!(spelled("9223372036854775807", Kind::Integer, false), "9223372036854775807");
        assert_eq!(spelled("92233720368547758079", Kind::Integer, false), "92233720368547758079");
        assert_eq!(spelled("6.4579816E7", Kind::Integer, false), "64579816");
        assert_eq!(spelled("1e400", Kind::Other, false), "1e400");
        assert_eq!(spelled("43.0", Kind::Other, false), "43.0");
    }

    #[test]
    fn epoch_milliseconds_are_moments_in_utc() {
        for (raw, text) in [
            ("0", "1970-01-01T00:00:00Z"),
            ("1234396800000", "2009-02-12T00:00:00Z"),
            ("-86400000", "1969-12-31T00:00:00Z"),
            ("-1", "1969-12-31T23:59:59.999Z"),
            ("1.2343968E12", "2009-02-12T00:00:00Z"),
            ("-2209161600000", "1899-12-30T00:00:00Z"),
            ("1234396800000.5", "1234396800000.5"),
            ("99999999999999999", "99999999999999999"),
        ] {
            assert_eq!(spelled(raw, Kind::Date, false), text);
        }
        assert_eq!(spelled("1234396800000", Kind::Date, true), "2009-02-12T00:00:00");
        assert_eq!(spelled("1234396800000", Kind::Day, false), "2009-02-12");
    }
}
