//! Dates, times and instants as text, in ISO 8601.
//!
//! Pure. A value outside the calendar is spelled as its number with the unit: the row keeps it, and no
//! pattern takes it for another date.

use std::fmt::{Display, Write as _};

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::temporal_conversions as calendar;
use arrow_array::types::{
    Date32Type, Date64Type, Time32MillisecondType, Time32SecondType, Time64MicrosecondType,
    Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow_schema::{DataType, TimeUnit};
use chrono::{NaiveDateTime, NaiveTime};

/// Appends a value of a column of dates, times or instants.
pub(super) fn put(column: &dyn Array, row: usize, out: &mut String) {
    use TimeUnit as U;
    use calendar as c;
    macro_rules! spelled {
        ($put:ident, $kind:ty, $found:path, $unit:literal) => {{
            let value = column.as_primitive::<$kind>().value(row);
            $put($found(value), value, $unit, out)
        }};
    }
    let is_known = match column.data_type() {
        DataType::Date32 => spelled!(put_date, Date32Type, c::date32_to_datetime, "d"),
        DataType::Date64 => spelled!(put_date, Date64Type, c::date64_to_datetime, "ms"),
        DataType::Time32(U::Second) => spelled!(put_time, Time32SecondType, c::time32s_to_time, "s"),
        DataType::Time32(_) => spelled!(put_time, Time32MillisecondType, c::time32ms_to_time, "ms"),
        DataType::Time64(U::Microsecond) => {
            spelled!(put_time, Time64MicrosecondType, c::time64us_to_time, "us")
        }
        DataType::Time64(_) => spelled!(put_time, Time64NanosecondType, c::time64ns_to_time, "ns"),
        DataType::Timestamp(U::Second, _) => {
            spelled!(put_instant, TimestampSecondType, c::timestamp_s_to_datetime, "s")
        }
        DataType::Timestamp(U::Millisecond, _) => {
            spelled!(put_instant, TimestampMillisecondType, c::timestamp_ms_to_datetime, "ms")
        }
        DataType::Timestamp(U::Microsecond, _) => {
            spelled!(put_instant, TimestampMicrosecondType, c::timestamp_us_to_datetime, "us")
        }
        DataType::Timestamp(U::Nanosecond, _) => {
            spelled!(put_instant, TimestampNanosecondType, c::timestamp_ns_to_datetime, "ns")
        }
        _ => false,
    };
    if is_known && matches!(column.data_type(), DataType::Timestamp(_, Some(_))) {
        out.push('Z');
    }
}

fn put_date(date: Option<NaiveDateTime>, number: impl Display, unit: &str, out: &mut String) -> bool {
    put_or(date.map(|date| date.format("%Y-%m-%d")), number, unit, out)
}

fn put_time(time: Option<NaiveTime>, number: impl Display, unit: &str, out: &mut String) -> bool {
    put_or(time.map(|time| time.format("%H:%M:%S%.f")), number, unit, out)
}

fn put_instant(instant: Option<NaiveDateTime>, number: impl Display, unit: &str, out: &mut String) -> bool {
    put_or(instant.map(|instant| instant.format("%Y-%m-%dT%H:%M:%S%.f")), number, unit, out)
}

/// Appends what the calendar has, or the number with its unit; whether it was the former.
fn put_or(found: Option<impl Display>, number: impl Display, unit: &str, out: &mut String) -> bool {
    let is_known = found.is_some();
    // Writing to a string can't fail.
    let _ = match found {
        Some(found) => write!(out, "{found}"),
        None => write!(out, "{number} {unit}"),
    };
    is_known
}
