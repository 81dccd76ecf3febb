//! Values of a source's columns as text: one spelling, whoever asks for it.
//!
//! LEAF, pure. A column of a `RawBatch` is text, or typed where its source has types: booleans, `Int64`, `Float32`,
//! `Float64`, `Date32`, timestamps (in UTC, or in no zone), or *mixed*: text of which some values are dates by the
//! source's own word. Integers are spelled in digits, floats in the fewest digits that give them
//! back, booleans `true` and `false`, dates and instants in ISO 8601 (`Z` where the zone is known). What lies outside the
//! calendar is spelled as its number with the unit: the row keeps it, and no pattern takes it for another date.

use std::fmt::{Display, Write};
use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::temporal_conversions as calendar;
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int64Type, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow_array::{Array, ArrayRef, Date32Array, StringArray, StructArray};
use arrow_schema::{DataType, Field, Fields, TimeUnit};
use chrono::{NaiveDate, NaiveDateTime};

/// Bytes that a value is likely to be spelled in.
const TYPICAL: usize = 12;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Days from 1970-01-01 that the calendar has.
const CALENDAR: RangeInclusive<i64> =
    NaiveDate::MIN.to_epoch_days() as i64..=NaiveDate::MAX.to_epoch_days() as i64;

/// The column as text; nulls stay. Text is shared, not copied.
pub fn spell_column(column: &ArrayRef) -> StringArray {
    // A clone of an Arrow array is a clone of its pointers.
    if let Some(texts) = as_text(column) {
        return texts.clone();
    }
    let mut texts = StringBuilder::with_capacity(column.len(), column.len() * TYPICAL);
    for row in 0..column.len() {
        if column.is_null(row) {
            texts.append_null();
        } else {
            // What was written to the builder belongs to the value that is appended next, so that no text is made on
            // the way.
            write_value(column, row, &mut texts);
            texts.append_value("");
        }
    }
    texts.finish()
}

/// One value as text; none for null.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::{ArrayRef, Date32Array, Float64Array};
/// use cikr::feature::spelling::spell_value;
///
/// let sizes: ArrayRef = Arc::new(Float64Array::from(vec![Some(12.0), None]));
/// assert_eq!(spell_value(&sizes, 0).as_deref(), Some("12"));
/// assert_eq!(spell_value(&sizes, 1), None);
/// let days: ArrayRef = Arc::new(Date32Array::from(vec![18_321]));
/// assert_eq!(spell_value(&days, 0).as_deref(), Some("2020-02-29"));
/// ```
pub fn spell_value(column: &ArrayRef, row: usize) -> Option<String> {
    column.is_valid(row).then(|| {
        let mut text = String::new();
        write_value(column, row, &mut text);
        text
    })
}

/// The values as text where no spelling is needed: of a text column, and of a mixed one.
pub fn as_text(column: &ArrayRef) -> Option<&StringArray> {
    column
        .as_string_opt::<i32>()
        .or_else(|| column.as_struct_opt()?.column(0).as_string_opt())
}

/// A mixed column: the text of every value, and the day of those that are dates by the source's own word.
///
/// # Panics
/// If there are not as many texts as days.
pub fn mixed_column(texts: StringArray, days: Date32Array) -> ArrayRef {
    let parts = Fields::from(vec![
        Field::new("text", DataType::Utf8, true),
        Field::new("day", DataType::Date32, true),
    ]);
    let nulls = texts.nulls().cloned();
    Arc::new(StructArray::new(
        parts,
        vec![Arc::new(texts), Arc::new(days)],
        nulls,
    ))
}

/// The day of every value that is a date by the source's own word and in the calendar; none where a column of this
/// type has no dates.
pub fn date_column(column: &ArrayRef) -> Option<Date32Array> {
    // A macro, since each unit of time is a type of its own to Arrow. `div_euclid` rounds down before 1970, too: one
    // second before that midnight is the day before.
    macro_rules! of_moments {
        ($kind:ty, $day:expr) => {
            column
                .as_primitive::<$kind>()
                .unary_opt(|moment| in_calendar(moment.div_euclid($day)))
        };
    }
    match column.data_type() {
        DataType::Date32 => Some(
            column
                .as_primitive::<Date32Type>()
                .unary_opt(|day| in_calendar(day.into())),
        ),
        DataType::Timestamp(unit, _) => Some(match unit {
            TimeUnit::Second => of_moments!(TimestampSecondType, DAY),
            TimeUnit::Millisecond => of_moments!(TimestampMillisecondType, DAY * 1_000),
            TimeUnit::Microsecond => of_moments!(TimestampMicrosecondType, DAY * 1_000_000),
            TimeUnit::Nanosecond => of_moments!(TimestampNanosecondType, DAY * 1_000_000_000),
        }),
        _ => column
            .as_struct_opt()?
            .column(1)
            .as_primitive_opt::<Date32Type>()
            .cloned(),
    }
}

fn in_calendar(day: i64) -> Option<i32> {
    CALENDAR.contains(&day).then(|| i32::try_from(day).ok()).flatten()
}

/// Appends one value that is not null; nothing where no column of a `RawBatch` is of such a type.
pub fn write_value(column: &dyn Array, row: usize, out: &mut impl Write) {
    // Writing to a string can't fail.
    macro_rules! written {
        ($value:expr) => {{
            let _ = write!(out, "{}", $value);
        }};
    }
    match column.data_type() {
        DataType::Boolean => written!(column.as_boolean().value(row)),
        DataType::Int64 => written!(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float32 => written!(column.as_primitive::<Float32Type>().value(row)),
        DataType::Float64 => written!(column.as_primitive::<Float64Type>().value(row)),
        DataType::Utf8 => written!(column.as_string::<i32>().value(row)),
        DataType::Struct(_) => write_value(column.as_struct().column(0), row, out),
        DataType::Date32 => {
            let day = column.as_primitive::<Date32Type>().value(row);
            write_date(calendar::date32_to_datetime(day), (day, "d"), out);
        }
        DataType::Timestamp(unit, zone) => put_moment(column, row, *unit, zone.is_some(), out),
        _ => {}
    }
}

/// Appends an instant, or its number with the unit; `Z` says that the instant is in UTC.
fn put_moment(column: &dyn Array, row: usize, unit: TimeUnit, is_utc: bool, out: &mut impl Write) {
    macro_rules! moment {
        ($kind:ty, $found:ident) => {{
            let moment = column.as_primitive::<$kind>().value(row);
            (calendar::$found(moment), moment)
        }};
    }
    let (found, number) = match unit {
        TimeUnit::Second => moment!(TimestampSecondType, timestamp_s_to_datetime),
        TimeUnit::Millisecond => moment!(TimestampMillisecondType, timestamp_ms_to_datetime),
        TimeUnit::Microsecond => moment!(TimestampMicrosecondType, timestamp_us_to_datetime),
        TimeUnit::Nanosecond => moment!(TimestampNanosecondType, timestamp_ns_to_datetime),
    };
    write_or_number(
        found.map(|found| found.format("%Y-%m-%dT%H:%M:%S%.f")),
        (number, unit_suffix(unit)),
        out,
    );
    if is_utc && found.is_some() {
        let _ = out.write_str("Z");
    }
}

fn unit_suffix(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "us",
        TimeUnit::Nanosecond => "ns",
    }
}

/// Appends a date, or its number with the unit.
pub fn write_date(date: Option<NaiveDateTime>, number: (impl Display, &str), out: &mut impl Write) {
    write_or_number(date.map(|date| date.format("%Y-%m-%d")), number, out);
}

/// Appends what the calendar has, or the number with its unit.
pub fn write_or_number(
    found: Option<impl Display>,
    (number, unit): (impl Display, &str),
    out: &mut impl Write,
) {
    let _ = match found {
        Some(found) => write!(out, "{found}"),
        None => write!(out, "{number} {unit}"),
    };
}

#[cfg(test)]
mod tests {
    use arrow_array::{
        BooleanArray, Float32Array, Float64Array, Int64Array, TimestampMicrosecondArray,
        TimestampMillisecondArray,
    };

    use super::*;

    #[track_caller]
    fn check(column: impl Array + 'static, expected: &[Option<&str>]) {
        let column: ArrayRef = Arc::new(column);
        assert_eq!(spell_column(&column).iter().collect::<Vec<_>>(), expected);
        for (row, expected) in expected.iter().enumerate() {
            assert_eq!(spell_value(&column, row).as_deref(), *expected);
        }
    }

    #[test]
    fn values_are_spelled_as_text_formats_do() {
        check(Int64Array::from(vec![Some(-7), None]), &[Some("-7"), None]);
        let floats = [12.0, 0.1, -0.5e-3, -0.0, 1e21, f64::NAN, f64::NEG_INFINITY];
        let expected = [
            "12",
            "0.1",
            "-0.0005",
            "-0",
            "1000000000000000000000",
            "NaN",
            "-inf",
        ];
        check(Float64Array::from(floats.to_vec()), &expected.map(Some));
        check(
            Float32Array::from(vec![0.1, 16_777_216.0]),
            &["0.1", "16777216"].map(Some),
        );
        check(
            BooleanArray::from(vec![true, false]),
            &["true", "false"].map(Some),
        );
        check(
            StringArray::from(vec![Some("007"), Some(""), None]),
            &[Some("007"), Some(""), None],
        );
    }

    #[test]
    fn dates_are_iso_and_what_is_outside_the_calendar_is_its_number() {
        check(
            Date32Array::from(vec![0, 18_321, -25_509, i32::MAX]),
            &["1970-01-01", "2020-02-29", "1900-02-28", "2147483647 d"].map(Some),
        );
        let far = 90_000_000_000_000_000;
        let plain = TimestampMillisecondArray::from(vec![1_454_590_800_000, -1, far]);
        let expected = [
            "2016-02-04T13:00:00",
            "1969-12-31T23:59:59.999",
            "90000000000000000 ms",
        ];
        check(plain.clone(), &expected.map(Some));
        let expected = [
            "2016-02-04T13:00:00Z",
            "1969-12-31T23:59:59.999Z",
            "90000000000000000 ms",
        ];
        check(plain.with_timezone("UTC"), &expected.map(Some));
        check(
            TimestampMicrosecondArray::from(vec![1_454_590_800_000_001]),
            &[Some("2016-02-04T13:00:00.000001")],
        );
    }

    #[test]
    fn days_are_those_of_the_spelling() {
        let edges = [*CALENDAR.start(), *CALENDAR.end()];
        let days_in = [edges[0] - 1, edges[0], -1, 0, 16_835, edges[1], edges[1] + 1];
        let dates = Date32Array::from_iter_values(days_in.map(|day| i32::try_from(day).unwrap()));
        let ends = days_in.map(|day| day * DAY * 1000 + DAY * 1000 - 1);
        let moments = TimestampMillisecondArray::from(ends.to_vec());
        let fine = TimestampMicrosecondArray::from(ends.map(|end| end * 1000 + 999).to_vec());
        let columns: [ArrayRef; 3] = [Arc::new(dates), Arc::new(moments), Arc::new(fine)];
        for column in columns {
            let days = date_column(&column).unwrap();
            for (row, day) in days_in.into_iter().enumerate() {
                let spelled = spell_value(&column, row).unwrap();
                assert_eq!(days.is_valid(row), !spelled.contains(' '), "{spelled}");
                if let Some(date) = days
                    .is_valid(row)
                    .then(|| NaiveDate::from_epoch_days(days.value(row)))
                {
                    assert!(
                        spelled.starts_with(&date.unwrap().format("%Y-%m-%d").to_string()),
                        "{spelled}"
                    );
                    assert_eq!(i64::from(days.value(row)), day);
                }
            }
        }
        assert!(date_column(&(Arc::new(Int64Array::from(vec![1])) as ArrayRef)).is_none());
    }

    #[test]
    fn a_mixed_column_reads_as_text_and_knows_its_days() {
        let texts = StringArray::from(vec![Some("2020-02-29"), Some("soon"), None]);
        let column = mixed_column(texts.clone(), Date32Array::from(vec![Some(18_321), None, None]));
        assert_eq!(spell_column(&column), texts);
        assert_eq!(spell_value(&column, 1).as_deref(), Some("soon"));
        assert_eq!(
            date_column(&column).unwrap().iter().collect::<Vec<_>>(),
            [Some(18_321), None, None]
        );
        assert_eq!(column.null_count(), 1);
    }
}
