//! Boxes and times as parameters have them (OGC 17-069r4, 7.15.3 and 7.15.4; STAC API takes the same).
//!
//! Pure.

use chrono::{DateTime, NaiveDate};

use super::problem::Problem;
use crate::select::Window;

/// A box of four numbers, or of six with heights, which no facility has (`/req/core/fc-bbox-definition`).
pub(super) fn window(written: &str) -> Result<Window, Problem> {
    let sides: Vec<&str> = written.split(',').collect();
    let flat = match sides[..] {
        [west, south, _, east, north, _] => [west, south, east, north].join(","),
        _ => written.to_owned(),
    };
    flat.parse()
        .map_err(|error| Problem::bad_request(format!("bbox: {error}")))
}

/// The first and the last day of a time or an interval; none where it is open.
pub(super) fn days(written: &str) -> Result<[Option<NaiveDate>; 2], Problem> {
    let expected = || {
        Problem::bad_request(
            "datetime: expected a time such as 2026-11-30T00:00:00Z, a day, or an interval such as 2026-01-01/..",
        )
    };
    let one = |text: &str| match text {
        "" | ".." => Ok(None),
        text => day(text).map(Some).ok_or_else(expected),
    };
    let Some((first, last)) = written.split_once('/') else {
        let day = day(written).ok_or_else(expected)?;
        return Ok([Some(day); 2]);
    };
    let days = [one(first)?, one(last)?];
    match days {
        [Some(first), Some(last)] if first > last => Err(Problem::bad_request(
            "datetime: expected an interval that begins before it ends",
        )),
        days => Ok(days),
    }
}

fn day(text: &str) -> Option<NaiveDate> {
    let time = DateTime::parse_from_rfc3339(text).ok();
    let of_time = time.map(|time| time.to_utc().date_naive());
    of_time.or_else(|| {
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()
            .filter(|_| text.len() == 10)
    })
}
