//! A cell's value as text: what a person sees, in the spelling of a text format.
//!
//! Pure. A number in the fewest digits that give it back (12, not 12.0), whatever its format hides;
//! a date as `2020-02-29`, with its time where it has one, a time alone as `13:05:00`; `true` and
//! `false`; an error by its name (`#N/A`), which a schema can declare to be null.

use calamine::{DataRef, ExcelDateTime};

/// Milliseconds of a day.
const DAY_MS: f64 = 86_400_000.0;

/// The cell's text; none where it is blank.
pub(super) fn text(value: DataRef<'_>) -> Option<String> {
    let text = match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text,
        DataRef::SharedString(text) => text.to_owned(),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(date) => date_text(&date),
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn date_text(date: &ExcelDateTime) -> String {
    const END: f64 = 2_958_466.0;
    let days = date.as_f64();
    if !(0.0..END).contains(&days) {
        return days.to_string();
    }
    if date.is_duration() {
        return duration_text(days);
    }
    let (year, month, day, hour, minute, second, milli) = date.to_ymd_hms_milli();
    let fraction = if milli > 0 { format!(".{milli:03}") } else { String::new() };
    let time = format!("{hour:02}:{minute:02}:{second:02}{fraction}");
    if days < 1.0 {
        return time;
    }
    let day = format!("{year:04}-{month:02}-{day:02}");
    if time == "00:00:00" { day } else { format!("{day}T{time}") }
}

/// Hours, minutes and seconds; the hours go on beyond 24.
fn duration_text(days: f64) -> String {
    let seconds = (days * DAY_MS / 1000.0).round();
    let (hours, rest) = ((seconds / 3600.0).floor(), seconds % 3600.0);
    format!("{hours}:{:02}:{:02}", (rest / 60.0).floor(), rest % 60.0)
}

#[cfg(test)]
mod tests {
    use calamine::{CellErrorType, ExcelDateTimeType};

    use super::*;

    #[test]
    fn cells_are_spelled_as_people_see_them() {
        let date = |days| DataRef::DateTime(ExcelDateTime::new(days, ExcelDateTimeType::DateTime, false));
        let mac = |days| DataRef::DateTime(ExcelDateTime::new(days, ExcelDateTimeType::DateTime, true));
        let span = |days| DataRef::DateTime(ExcelDateTime::new(days, ExcelDateTimeType::TimeDelta, false));
        for (value, expected) in [
            (DataRef::Float(12.0), Some("12")),
            (DataRef::Float(-95.25), Some("-95.25")),
            (DataRef::Float(1_255_392_000_000.0), Some("1255392000000")),
            (DataRef::Int(7), Some("7")),
            (DataRef::String("007".into()), Some("007")),
            (DataRef::SharedString(""), None),
            (DataRef::Empty, None),
            (DataRef::Bool(true), Some("true")),
            (DataRef::Error(CellErrorType::NA), Some("#N/A")),
            (DataRef::Error(CellErrorType::Ref), Some("#REF!")),
            (date(43_890.0), Some("2020-02-29")),
            (date(43_890.5), Some("2020-02-29T12:00:00")),
            (date(61.0), Some("1900-03-01")),
            (date(0.25), Some("06:00:00")),
            (date(-1.0), Some("-1")),
            (mac(42_428.0), Some("2020-02-29")),
            (span(1.5), Some("36:00:00")),
        ] {
            assert_eq!(text(value.clone()).as_deref(), expected, "{value:?}");
        }
    }
}
