//! How long a server wants to be left alone: `Retry-After` of RFC 9110, section 10.2.3. Pure.

use std::time::Duration;

use chrono::DateTime;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// How long the server wants to be left alone: in seconds, or until a date, which counts by the server's own clock.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let written = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = written.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(written).ok()?;
    // This machine's clock may be wrong, and is `run`'s alone to read.
    let now = DateTime::parse_from_rfc2822(headers.get(DATE)?.to_str().ok()?.trim()).ok()?;
    Some((until - now).to_std().unwrap_or_default())
}
