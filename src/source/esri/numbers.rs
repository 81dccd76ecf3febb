//! Numbers as servers spell them: whole ones, and moments.
//!
//! Pure; a value that isn't what its field says stays as it is spelled. So do all other numbers: a server's `12.50` says
//! more than the number does, and a field of numbers reads it as well as a number.

use chrono::DateTime;

use super::field::FieldKind;
use crate::source::column::Value;
use crate::source::iso_dates::typed_date;

/// Numbers above this are not told apart by those who write them in floating point.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A whole number of any spelling, such as `7`, `7.0` or `6.4579816E7`; none for other text.
pub(super) fn parse_whole_number(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    // Rust also reads `inf` and `NaN` as numbers, which as texts are none.
    let looks = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let number: f64 = text.parse().ok().filter(|_| looks && !text.is_empty())?;
    #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

/// A number of a field of this kind: whole, or a moment, which is one without a zone where it `is_local`.
pub(super) fn typed_number(raw: &str, kind: FieldKind, is_local: bool) -> Value<'_> {
    let Some(number) = parse_whole_number(raw).filter(|_| kind != FieldKind::Other) else {
        return Value::Text(raw);
    };
    match (kind, DateTime::from_timestamp_millis(number)) {
        (FieldKind::Date, Some(_)) if is_local => Value::LocalTimestamp(number),
        (FieldKind::Date, Some(_)) => Value::UtcTimestamp(number),
        (FieldKind::DateOnly, Some(moment)) => Value::Date(moment.date_naive().to_epoch_days()),
        // Beyond the calendar: a slip, which whoever reads dates will flag.
        (FieldKind::Date | FieldKind::DateOnly, None) => Value::Text(raw),
        _ => Value::Integer(number),
    }
}

/// The text of a field of this kind: a day where it is one.
pub(super) fn typed_text(text: &str, kind: FieldKind) -> Value<'_> {
    match typed_date(text) {
        day @ Value::Date(_) if kind == FieldKind::DateOnly => day,
        _ => Value::Text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(raw: &str, kind: FieldKind, is_local: bool) -> String {
        typed_number(raw, kind, is_local).to_text()
    }

    #[test]
    fn whole_numbers_are_whole_however_spelled() {
        for (text, number) in [("7", 7), ("-7.0", -7), ("6.4579816E7", 64_579_816), ("0e5", 0)] {
            assert_eq!(parse_whole_number(text), Some(number), "{text}");
        }
        for text in [
            "",
            "1.5",
            "1e400",
            "NaN",
            "inf",
            "0x1",
            "9007199254740993.0e3",
            "A",
            "1 ",
        ] {
            assert_eq!(parse_whole_number(text), None, "{text}");
        }
        assert_eq!(
            spelled("9223372036854775807", FieldKind::Integer, false),
            "9223372036854775807"
        );
        assert_eq!(
            spelled("92233720368547758079", FieldKind::Integer, false),
            "92233720368547758079"
        );
        assert_eq!(spelled("6.4579816E7", FieldKind::Integer, false), "64579816");
        assert_eq!(spelled("1e400", FieldKind::Other, false), "1e400");
        assert_eq!(spelled("43.0", FieldKind::Other, false), "43.0");
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
            assert_eq!(spelled(raw, FieldKind::Date, false), text);
        }
        assert_eq!(
            spelled("1234396800000", FieldKind::Date, true),
            "2009-02-12T00:00:00"
        );
        assert_eq!(spelled("1234396800000", FieldKind::DateOnly, false), "2009-02-12");
        assert_eq!(typed_text("2009-02-12", FieldKind::DateOnly), Value::Date(14_287));
        assert_eq!(
            typed_text("2009-02-12", FieldKind::Other),
            Value::Text("2009-02-12")
        );
        assert_eq!(
            typed_text("2009-02-12T00:00:00", FieldKind::DateOnly),
            Value::Text("2009-02-12T00:00:00")
        );
    }
}
