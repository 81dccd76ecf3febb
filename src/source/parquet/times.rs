//! Times, and dates in milliseconds, which no batch holds typed, as text in ISO 8601.
//!
//! Pure. A value outside the calendar is spelled as its number with the unit, as `feature::spelling` does.

use std::fmt::Display;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::temporal_conversions as calendar;
use arrow_array::types::{
    Date64Type, Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType,
};
use arrow_schema::{DataType, TimeUnit};
use chrono::NaiveTime;

use crate::feature::spelling::{write_date, write_or_number};

/// Appends a value of a column of times, or of dates in milliseconds.
pub(super) fn put_time_value(column: &dyn Array, row: usize, out: &mut String) {
    use TimeUnit as U;
    use calendar as c;
    macro_rules! value {
        ($kind:ty) => {
            column.as_primitive::<$kind>().value(row)
        };
    }
    match column.data_type() {
        DataType::Date64 => {
            let date = value!(Date64Type);
            write_date(c::date64_to_datetime(date), (date, "ms"), out);
        }
        DataType::Time32(U::Second) => {
            let time = value!(Time32SecondType);
            put_time(c::time32s_to_time(time), (time, "s"), out);
        }
        DataType::Time32(_) => {
            let time = value!(Time32MillisecondType);
            put_time(c::time32ms_to_time(time), (time, "ms"), out);
        }
        DataType::Time64(U::Microsecond) => {
            let time = value!(Time64MicrosecondType);
            put_time(c::time64us_to_time(time), (time, "us"), out);
        }
        DataType::Time64(_) => {
            let time = value!(Time64NanosecondType);
            put_time(c::time64ns_to_time(time), (time, "ns"), out);
        }
        _ => {}
    }
}

fn put_time(time: Option<NaiveTime>, number: (impl Display, &str), out: &mut String) {
    write_or_number(time.map(|time| time.format("%H:%M:%S%.f")), number, out);
}
