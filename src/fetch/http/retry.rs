//! When a question is asked again, and after how long.

use tracing::debug;

use super::Client;
use super::backoff::{jitter, pause_before};
use super::error::HttpError;
use super::request::{Request, host_of};
use crate::plan::Credential;

/// Statuses by which a server says that it wants a new token.
const WANTS_TOKEN: [u16; 3] = [401, 498, 499];

impl Client {
    /// Tries until it succeeds or can't; tells how often it was tried again.
    pub(super) fn with_retries<T>(
        &self,
        request: &Request<'_>,
        mut attempt: impl FnMut() -> Result<T, HttpError>,
    ) -> Result<(T, u32), HttpError> {
        let mut is_renewed = false;
        let mut retries = 0;
        loop {
            self.check_time_left(request)?;
            let error = match attempt() {
                Ok(done) => return Ok((done, retries)),
                Err(error) => error,
            };
            let is_login = matches!(request.access.credential, Credential::Login { .. });
            if is_login && !is_renewed && error.status().is_some_and(|status| WANTS_TOKEN.contains(&status)) {
                is_renewed = true;
                self.renew_token(request.access, request.sent.get(), request.until)?;
            } else {
                self.wait_or_give_up(request, &error, retries)?;
            }
            retries += 1;
            debug!(retries, reason = %error, "asking again");
        }
    }

    /// Fails where no time is left for the question.
    pub(super) fn check_time_left(&self, request: &Request<'_>) -> Result<(), HttpError> {
        if !request.until.is_over() {
            return Ok(());
        }
        Err(HttpError::Late {
            url: self.mask_for(request.access).url_text(request.url),
            allowed_s: request.until.allowed_s(),
        })
    }

    /// Waits before the next attempt, if there is one.
    fn wait_or_give_up(
        &self,
        request: &Request<'_>,
        error: &HttpError,
        retries: u32,
    ) -> Result<(), HttpError> {
        if !error.is_passing() {
            return Err(error.clone());
        }
        let settings = &self.settings;
        let host = host_of(request.url);
        let is_down = self.gate.is_down(&host);
        // After one attempt nothing is given up: others had found the host silent before, and one failure was enough to
        // leave it alone.
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
            request.until.sleep(pause_before(settings, retries));
            return Ok(());
        };
        if asked > settings.longest_wait {
            return Err(HttpError::Wait {
                url: self.mask_for(request.access).url_text(request.url),
                status: error.status().unwrap_or_default(),
                asked_s: asked.as_secs(),
                allowed_s: settings.longest_wait.as_secs(),
            });
        }
        // Whoever asks this host next waits too; jitter keeps them from coming all at once.
        self.gate.leave_alone(&host, asked);
        request.until.sleep(asked + jitter(settings.pause));
        Ok(())
    }
}
