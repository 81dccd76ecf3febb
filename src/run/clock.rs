//! The clock: the only file that reads it. Whoever needs the time takes it from here or as an argument.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::feature::release::ReleaseId;

/// This moment.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub(super) fn utc() -> DateTime<Utc> {
    Utc::now()
}

/// This moment as records have it: RFC 3339 UTC, to the second.
pub(super) fn now() -> String {
    utc().to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Id for a release begun now.
///
/// ```
/// assert!(cikr::run::release_id().begun().is_some());
/// ```
pub fn release_id() -> ReleaseId {
    ReleaseId::begun_at(utc())
}

/// ISO 8601 day of a time in milliseconds since 1970; none beyond the calendar.
///
/// ```
/// use cikr::run::day_of_ms;
///
/// assert_eq!(day_of_ms(1_582_934_400_000).as_deref(), Some("2020-02-29"));
/// assert_eq!(day_of_ms(i64::MAX), None);
/// ```
pub fn day_of_ms(ms: i64) -> Option<String> {
    DateTime::from_timestamp_millis(ms).map(|time| time.date_naive().to_string())
}
