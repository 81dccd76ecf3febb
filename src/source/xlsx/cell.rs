//! A cell's value, and its text: what a person sees, in the spelling of a text format.
//!
//! Pure. Numbers, dates with or without a time, `true` and `false` are values, all else is text. A number is spelled in
//! the fewest digits that give it back (12, not 12.0), whatever its format hides; a date as `2020-02-29`, with its time
//! where it has one, a time alone as `13:05:00`; `true` and `false`; an error by its name (`#N/A`), which a schema can
//! declare to be null.

use std::borrow::Cow;

use calamine::{DataRef, ExcelDateTime};

use crate::source::column::Value;
use crate::source::iso_dates::typed_date;

/// Milliseconds of a day.
const DAY_MS: f64 = 86_400_000.0;

/// A cell that isn't blank.
#[derive(Debug, PartialEq)]
pub(super) enum Cell {
    /// Text, and a date or a time as text.
    Text(String),
    /// A date as text, with or without a time.
    Date(String),
    /// A number, or a truth.
    Other(Value<'static>),
}

impl Cell {
    /// The cell; none where it is blank.
    pub(super) fn from_value(value: DataRef<'_>) -> Option<Self> {
        let cell = match value {
            DataRef::Int(number) => Self::Other(Value::Integer(number)),
            DataRef::Float(number) => Self::Other(Value::Float(number)),
            DataRef::String(text) | DataRef::DurationIso(text) => Self::Text(text),
            DataRef::DateTimeIso(text) => Self::Date(text),
            DataRef::SharedString(text) => Self::Text(text.to_owned()),
            DataRef::Bool(truth) => Self::Other(Value::Boolean(truth)),
            DataRef::DateTime(date) => Self::Date(date_text(&date)),
            DataRef::Error(error) => Self::Text(error.to_string()),
            DataRef::Empty => return None,
        };
        // A formula that gives empty text looks blank, and so it counts.
        (!cell.to_text().is_empty()).then_some(cell)
    }

    /// Its value.
    pub(super) fn to_value(&self) -> Value<'_> {
        match self {
            Self::Text(text) => Value::Text(text),
            // A time without a date, and a day that never was, are text.
            Self::Date(text) => typed_date(text),
            Self::Other(value) => *value,
        }
    }

    /// Its text.
    pub(super) fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) | Self::Date(text) => Cow::Borrowed(text),
            Self::Other(value) => Cow::Owned(value.to_text()),
        }
    }
}

fn date_text(date: &ExcelDateTime) -> String {
    // The day after 31 December 9999, the last that Excel knows. What lies outside is a number in a cell formatted as
    // a date.
    const END: f64 = 2_958_466.0;
    let days = date.as_f64();
    if !(0.0..END).contains(&days) {
        return days.to_string();
    }
    if date.is_duration() {
        return duration_text(days);
    }
    let (year, month, day, hour, minute, second, milli) = date.to_ymd_hms_milli();
    let fraction = if milli > 0 {
        format!(".{milli:03}")
    } else {
        String::new()
    };
    let time = format!("{hour:02}:{minute:02}:{second:02}{fraction}");
    // Day 0 is no day of Excel's calendar: a cell with a time alone has it.
    if days < 1.0 {
        return time;
    }
    let day = format!("{year:04}-{month:02}-{day:02}");
    if time == "00:00:00" {
        day
    } else {
        format!("{day}T{time}")
    }
}

/// Hours, minutes and seconds; the hours go on beyond 24.
fn duration_text(days: f64) -> String {
    let seconds = (days * DAY_MS / 1000.0).round();
    let hours = (seconds / 3600.0).floor();
    let rest = seconds % 3600.0;
    format!("{hours}:{:02}:{:02}", (rest / 60.0).floor(), rest % 60.0)
}

#[cfg(test)]
mod tests {
    use calamine::{CellErrorType, ExcelDateTimeType};

    use super::*;

    #[test]
    fn dates_are_values_where_the_calendar_has_them() {
        let date = |days| DataRef::DateTime(ExcelDateTime::new(days, ExcelDateTimeType::DateTime, false));
        let value = |days| Cell::from_value(date(days)).map(|cell| matches!(cell.to_value(), Value::Text(_)));
        assert!(matches!(
            Cell::from_value(date(43_890.0)).unwrap().to_value(),
            Value::Date(18_321)
        ));
        assert!(matches!(
            Cell::from_value(date(43_890.5)).unwrap().to_value(),
            Value::LocalTimestamp(_)
        ));
        // Half a day, a day before all, and a 29 February that never was.
        assert_eq!([value(0.5), value(-1.0), value(60.0)], [Some(true); 3]);
    }

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
            let cell = Cell::from_value(value.clone());
            assert_eq!(
                cell.as_ref().map(|cell| cell.to_text()).as_deref(),
                expected,
                "{value:?}"
            );
            assert_eq!(
                cell.map(|cell| cell.to_value().to_text()).as_deref(),
                expected,
                "{value:?}"
            );
        }
    }
}
