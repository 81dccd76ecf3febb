//! Numbers as servers spell them: whole ones, and moments.
//!
//! Pure; a value that isn't what its field says stays as it is spelled. So do all other numbers: a server's `12.50` says
//! more than the number does, and a field of numbers reads it as well as a number.

use chrono::DateTime;

use super::info::Kind;
use crate::source::column::Value;
use crate::source::text::native;

/// Numbers above this are not told apart by those who write them in floating point.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A whole number of any spelling, such as `7`, `7.0` or `6.4579816E7`; none for other text.
pub(super) fn whole(text: &str) -> Option<i64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let looks = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let number: f64 = text.parse().ok().filter(|_| looks && !text.is_empty())?;
    #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

/// A number of a field of this kind: whole, or a moment, which is one without a zone where it `is_local`.
pub(super) fn number(raw: &str, kind: Kind, is_local: bool) -> Value<'_> {
    let Some(number) = whole(raw).filter(|_| kind != Kind::Other) else {
        return Value::Text(raw);
    };
    match (kind, DateTime::from_timestamp_millis(number)) {
        (Kind::Date, Some(_)) if is_local => Value::Local(number),
        (Kind::Date, Some(_)) => Value::Moment(number),
        (Kind::Day, Some(moment)) => Value::Day(moment.date_naive().to_epoch_days()),
        // Beyond the calendar: a slip, which whoever reads dates will flag.
        (Kind::Date | Kind::Day, None) => Value::Text(raw),
        _ => Value::Integer(number),
    }
}

/// The text of a field of this kind: a day where it is one.
pub(super) fn text(text: &str, kind: Kind) -> Value<'_> {
    match native(text) {
        day @ Value::Day(_) if kind == Kind::Day => day,
        _ => Value::Text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(raw: &str, kind: Kind, is_local: bool) -> String {
        number(raw, kind, is_local).text()
    }

    #[test]
    fn whole_numbers_are_whole_however_spelled() {
        for (text, number) in [("7", 7), ("-7.0", -7), ("6.4579816E7", 64_579_816), ("0e5", 0)] {
            assert_eq!(whole(text), Some(number), "{text}");
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
            assert_eq!(whole(text), None, "{text}");
        }
        assert_eq!(
            spelled("9223372036854775807", Kind::Integer, false),
            "9223372036854775807"
        );
        assert_eq!(
            spelled("92233720368547758079", Kind::Integer, false),
            "92233720368547758079"
        );
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
        assert_eq!(text("2009-02-12", Kind::Day), Value::Day(14_287));
        assert_eq!(text("2009-02-12", Kind::Other), Value::Text("2009-02-12"));
        assert_eq!(
            text("2009-02-12T00:00:00", Kind::Day),
            Value::Text("2009-02-12T00:00:00")
        );
    }
}
