//! When a question is asked again, and after how long.

use std::time::Duration;

use chrono::DateTime;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use tracing::debug;

use super::Client;
use super::error::HttpError;
use super::gate::Gate;
use super::send::{Request, host_of};
use super::settings::ClientSettings;
use crate::plan::Credential;

/// Statuses by which a server says that it wants a new token.
const WANTS_TOKEN: [u16; 3] = [401, 498, 499];

impl Client {
    /// Tries until it succeeds or can't; tells how often it was tried again.
    pub(super) fn tried<T>(
        &self,
        request: &Request<'_>,
        mut attempt: impl FnMut() -> Result<T, HttpError>,
    ) -> Result<(T, u32), HttpError> {
        let mut is_renewed = false;
        let mut retries = 0;
        loop {
            self.in_time(request)?;
            let error = match attempt() {
                Ok(done) => return Ok((done, retries)),
                Err(error) => error,
            };
            let is_login = matches!(request.access.credential, Credential::Login { .. });
            if is_login && !is_renewed && error.status().is_some_and(|status| WANTS_TOKEN.contains(&status)) {
                is_renewed = true;
                self.renew(request.access, request.sent.get(), request.until)?;
            } else {
                self.defer(request, &error, retries)?;
            }
            retries += 1;
            debug!(retries, reason = %error, "asking again");
        }
    }

    /// Whether there is time left for the question.
    pub(super) fn in_time(&self, request: &Request<'_>) -> Result<(), HttpError> {
        if !request.until.is_over() {
            return Ok(());
        }
        let (url, allowed_s) = (
            self.mask(request.access).url(request.url),
            request.until.allowed_s(),
        );
        Err(HttpError::Late { url, allowed_s })
    }

    /// Waits before the next attempt, if there is one.
    fn defer(&self, request: &Request<'_>, error: &HttpError, retries: u32) -> Result<(), HttpError> {
        if !error.is_passing() {
            return Err(error.clone());
        }
        let settings = &self.settings;
        let is_down = self.gate.is_down(&host_of(request.url));
        if is_down && retries == 0 {
            return Err(error.clone());
        }
        if is_down || retries + 1 >= settings.attempts {
            return Err(HttpError::GaveUp {
                attempts: retries + 1,
                source: Box::new(error.clone()),
            });
        }
        let Some(asked) = error.retry_after() else {
            request.until.sleep(pause(settings, retries));
            return Ok(());
        };
        if asked > settings.longest_wait {
            return Err(HttpError::Wait {
                url: self.mask(request.access).url(request.url),
                status: error.status().unwrap_or_default(),
                asked_s: asked.as_secs(),
                allowed_s: settings.longest_wait.as_secs(),
            });
        }
        // Whoever asks this host next waits too; jitter keeps them from coming all at once.
        close(&self.gate, request, asked);
        request.until.sleep(asked + jitter(settings.pause));
        Ok(())
    }
}

fn close(gate: &Gate, request: &Request<'_>, wait: Duration) {
    gate.close(&host_of(request.url), wait);
}

/// A wait that is drawn below a bound that doubles with each attempt.
pub(super) fn pause(settings: &ClientSettings, retries: u32) -> Duration {
    let bound = settings
        .pause
        .saturating_mul(1 << retries.min(16))
        .min(settings.longest_wait);
    // At least half of the bound, or a server would be asked again at once.
    bound / 2 + jitter(bound / 2)
}

fn jitter(bound: Duration) -> Duration {
    bound.mul_f64(fastrand::f64())
}

/// How long the server wants to be left alone: in seconds, or until a date, which counts by the server's own clock.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::trim)
    };
    let written = text(RETRY_AFTER)?;
    if let Ok(seconds) = written.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = DateTime::parse_from_rfc2822(written).ok()?;
    let now = DateTime::parse_from_rfc2822(text(DATE)?).ok()?;
    Some((until - now).to_std().unwrap_or_default())
}
