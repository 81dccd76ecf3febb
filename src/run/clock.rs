//! The clock: the only file that reads it. Whoever needs the time takes it from here or as an argument.

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};

/// How the id of a release tells when it was begun.
const RELEASE_ID: &str = "%Y%m%dT%H%M%S%3fZ";

/// This moment.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub(super) fn utc() -> DateTime<Utc> {
    Utc::now()
}

/// This moment as records have it: RFC 3339 UTC, to the second.
pub(super) fn now() -> String {
    utc().to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Id for a release begun now: its UTC time to the millisecond, so that ids sort by age.
///
/// ```
/// let id = cikr::run::release_id();
/// assert_eq!(id.len(), "20261130T021500123Z".len());
/// assert!(id.starts_with("20") && id.ends_with('Z'));
/// ```
pub fn release_id() -> String {
    utc().format(RELEASE_ID).to_string()
}

/// When a release was begun, as its id tells; none of an id that its caller has made up.
pub(super) fn time_of_release(id: &str) -> Option<DateTime<Utc>> {
    let time = NaiveDateTime::parse_from_str(id, RELEASE_ID).ok()?;
    Some(time.and_utc())
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
