//! Dates as OGR spells them: as ISO 8601, and as values.
//!
//! Pure.

use chrono::NaiveDate;

use super::column::Value;

/// OGR's `2016/02/04 13:00:00+00` as ISO 8601; a zone that OGR doesn't know is left out.
pub(super) fn iso(date: &str) -> String {
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
pub(super) fn native(iso: &str) -> Value<'_> {
    moment(iso).unwrap_or(Value::Text(iso))
}

fn moment(iso: &str) -> Option<Value<'_>> {
    let digits = |from: usize, to: usize| -> Option<u32> {
        let text = iso
            .get(from..to)
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
        text.parse().ok()
    };
    let mark = |at: usize, mark: u8| iso.as_bytes().get(at).filter(|byte| **byte == mark);
    let year = i32::try_from(digits(0, 4)?).ok()?;
    mark(4, b'-').and(mark(7, b'-'))?;
    let day = NaiveDate::from_ymd_opt(year, digits(5, 7)?, digits(8, 10)?)?;
    if iso.len() == 10 {
        return Some(Value::Day(day.to_epoch_days()));
    }
    mark(10, b'T').and(mark(13, b':')).and(mark(16, b':'))?;
    let (rest, is_utc) = match iso.get(19..)?.strip_suffix('Z') {
        Some(rest) => (rest, true),
        None => (iso.get(19..)?, false),
    };
    let milli = match rest.len() {
        0 => 0,
        // No fraction of zero is spelled.
        4 => mark(19, b'.').and(digits(20, 23)).filter(|milli| *milli > 0)?,
        _ => return None,
    };
    let moment = day.and_hms_milli_opt(digits(11, 13)?, digits(14, 16)?, digits(17, 19)?, milli)?;
    let moment = moment.and_utc().timestamp_millis();
    Some(if is_utc {
        Value::Moment(moment)
    } else {
        Value::Local(moment)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_a_value_is_spelled_as_before() {
        let is_text = |iso: &str| matches!(native(iso), Value::Text(_));
        for iso in [
            "2016-02-04",
            "0009-01-20",
            "2016-02-04T13:00:00",
            "1899-12-30T00:00:00Z",
            "2016-02-04T13:00:00.250Z",
            "2016-02-04T13:00:00.007",
        ] {
            assert!(!is_text(iso), "{iso}");
            assert_eq!(native(iso).text(), iso);
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
            assert_eq!(native(iso).text(), iso);
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
            assert_eq!(iso(ogr), text);
        }
    }
}
