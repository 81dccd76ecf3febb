//! The day on which a run began.
//!
//! Pure.

use chrono::{DateTime, Datelike, NaiveDate};

use super::DeriveError;

/// 1970-01-01, counted from the first day of the calendar.
pub(super) const EPOCH: i32 = 719_163;

/// Days since 1970.
pub(super) fn days_since_1970(date: NaiveDate) -> i32 {
    date.num_days_from_ce() - EPOCH
}

/// The day of an RFC 3339 time, in UTC, as days since 1970.
///
/// # Errors
/// When it is no such time.
pub(super) fn day_of_start(started: &str) -> Result<i32, DeriveError> {
    match DateTime::parse_from_rfc3339(started) {
        Ok(time) => Ok(days_since_1970(time.to_utc().date_naive())),
        Err(source) => Err(DeriveError::Started {
            started: started.to_owned(),
            source,
        }),
    }
}
