//! Dates as OGR spells them: as ISO 8601, and as values.
//!
//! Pure.

use std::ops::Range;

use chrono::NaiveDate;

use super::column::Value;

/// OGR's `2016/02/04 13:00:00+00` as ISO 8601; a zone that OGR doesn't know is left out.
pub(super) fn iso_of_ogr(date: &str) -> String {
    let mut text = date.replacen('/', "-", 2).replacen(' ', "T", 1);
    let Some(zone) = text
        .rfind(['+', '-'])
        .filter(|at| text.find('T').is_some_and(|time| *at > time))
    else {
        return text;
    };
    match text.len() - zone {
        3 if text.ends_with("+00") => text.replace_range(zone.., "Z"),
        3 => text.push_str(":00"),
        5 => text.insert(zone + 3, ':'),
        _ => {}
    }
    text
}

/// A date or an instant in ISO 8601 as a value that is spelled just so; as text where there is none.
pub(super) fn typed_date(iso: &str) -> Value<'_> {
    parse_date(iso).unwrap_or(Value::Text(iso))
}

fn parse_date(iso: &str) -> Option<Value<'_>> {
    let year = i32::try_from(digits(iso, 0..4)?).ok()?;
    let day = NaiveDate::from_ymd_opt(year, digits(iso, 5..7)?, digits(iso, 8..10)?)?;
    if !has_marks(iso, &[(4, b'-'), (7, b'-')]) {
        return None;
    }
    if iso.len() == 10 {
        return Some(Value::Date(day.to_epoch_days()));
    }
    if !has_marks(iso, &[(10, b'T'), (13, b':'), (16, b':')]) {
        return None;
    }
    let (rest, is_utc) = match iso.get(19..)?.strip_suffix('Z') {
        Some(rest) => (rest, true),
        None => (iso.get(19..)?, false),
    };
    let milli = match rest.len() {
        0 => 0,
        // No fraction of zero is spelled.
        4 if has_marks(iso, &[(19, b'.')]) => digits(iso, 20..23).filter(|milli| *milli > 0)?,
        _ => return None,
    };
    let moment = day.and_hms_milli_opt(
        digits(iso, 11..13)?,
        digits(iso, 14..16)?,
        digits(iso, 17..19)?,
        milli,
    )?;
    let moment = moment.and_utc().timestamp_millis();
    Some(if is_utc {
        Value::UtcTimestamp(moment)
    } else {
        Value::LocalTimestamp(moment)
    })
}

/// The number that stands there, of digits alone.
fn digits(iso: &str, place: Range<usize>) -> Option<u32> {
    let text = iso.get(place)?;
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

fn has_marks(iso: &str, marks: &[(usize, u8)]) -> bool {
    marks
        .iter()
        .all(|(at, mark)| iso.as_bytes().get(*at) == Some(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_a_value_is_spelled_as_before() {
        let is_text = |iso: &str| matches!(typed_date(iso), Value::Text(_));
        for iso in [
            "2016-02-04",
            "0009-01-20",
            "2016-02-04T13:00:00",
            "1899-12-30T00:00:00Z",
            "2016-02-04T13:00:00.250Z",
            "2016-02-04T13:00:00.007",
        ] {
            assert!(!is_text(iso), "{iso}");
            assert_eq!(typed_date(iso).to_text(), iso);
        }
        for iso in [
            "",
            "2016-02-30",
            "2016-2-04",
            "-016-02-04",
            "12016-02-04",
            "2016-02-04T13:00",
            "2016-02-04T13:00:60",
            "2016-02-04T13:00:00.000",
            "2016-02-04T13:00:00.25",
            "2016-02-04T13:00:00+05:30",
            "2016-02-04 13:00:00",
            "2016-02-04T13:00:00é",
        ] {
            assert!(is_text(iso), "{iso}");
            assert_eq!(typed_date(iso).to_text(), iso);
        }
    }

    #[test]
    fn dates_are_iso() {
        for (ogr, text) in [
            ("2016/02/04", "2016-02-04"),
            ("2016/02/04 13:00:00", "2016-02-04T13:00:00"),
            ("2016/02/04 13:00:00.250+00", "2016-02-04T13:00:00.250Z"),
            ("2016/02/04 13:00:00-05", "2016-02-04T13:00:00-05:00"),
            ("2016/02/04 13:00:00+0530", "2016-02-04T13:00:00+05:30"),
        ] {
            assert_eq!(iso_of_ogr(ogr), text);
        }
    }
}
