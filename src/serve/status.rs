//! How the server is: `/health` for who watches it, `/metrics` for who counts.
//!
//! Pure but for looking whether there is a release.

use axum::http::HeaderValue;
use axum::http::StatusCode;
use serde_json::json;

use super::answer::Answer;
use super::problem::Problem;
use super::request::Request;
use super::site::Site;

/// Prometheus' text format.
const METRICS: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Whether there is a release to answer from.
pub(super) fn health(site: &Site, request: &Request) -> Result<Answer, Problem> {
    request.check_names(&[])?;
    let body = |release: Option<&str>| json!({"status": if release.is_some() { "ok" } else { "empty" }, "release": release});
    Ok(match site.releases.latest() {
        Ok(release) => Answer::json(&body(Some(release.id()))),
        Err(_none) => Answer::json(&body(None)).with_status(StatusCode::SERVICE_UNAVAILABLE),
    })
}

/// Counts since the start.
pub(super) fn metrics(site: &Site, request: &Request) -> Result<Answer, Problem> {
    request.check_names(&[])?;
    let latest = site.releases.known_latest();
    let text = site.metrics.text(latest.as_ref().map(|release| release.id()));
    Ok(Answer::bytes(text, METRICS))
}
