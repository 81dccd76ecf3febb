//! The HTTP client as the puller wants it: one source's credentials, and what it has spent.

use std::sync::atomic::{AtomicU16, AtomicU64, Ordering::Relaxed};

use url::Url;

use super::wire::{RequestTotals, Response, Wire, WireError};
use crate::fetch::http::{Ask, Client, Deadline, HttpError};
use crate::plan::ArcgisPlan;

/// Largest answer, bytes: a list of millions of ids, a page of large polygons. A page above it is asked for in parts.
const ANSWER: u64 = 96 << 20;

/// Asks on behalf of one source.
pub struct Asker<'a> {
    client: &'a Client,
    plan: &'a ArcgisPlan,
    until: Deadline,
    requests: AtomicU64,
    retries: AtomicU64,
    wire_bytes: AtomicU64,
    status: AtomicU16,
}

impl<'a> Asker<'a> {
    /// Asks as `plan` says, for as long as there is time.
    pub fn new(client: &'a Client, plan: &'a ArcgisPlan, until: Deadline) -> Self {
        Self {
            client,
            plan,
            until,
            requests: AtomicU64::default(),
            retries: AtomicU64::default(),
            wire_bytes: AtomicU64::default(),
            status: AtomicU16::default(),
        }
    }
}

impl Wire for Asker<'_> {
    fn ask(&self, url: &str, form: &[(&str, String)]) -> Result<Response, WireError> {
        let url = Url::parse(url).map_err(|source| WireError {
            status: None,
            is_passing: false,
            source: source.into(),
        })?;
        let ask = Ask {
            url: &url,
            form,
            access: &self.plan.access,
            max_bytes: ANSWER.min(self.plan.max_bytes),
            accept: "application/json, */*;q=0.1",
            until: self.until,
        };
        self.requests.fetch_add(1, Relaxed);
        let answer = self.client.ask(&ask).map_err(|error| {
            self.count_retries(u64::from(attempts_of(&error)).saturating_sub(1));
            wire_error(error)
        })?;
        self.count_retries(u64::from(answer.retries));
        self.wire_bytes.fetch_add(answer.wire_bytes, Relaxed);
        self.status.store(answer.status, Relaxed);
        Ok(Response {
            body: answer.body,
            status: answer.status,
            token: answer.token,
        })
    }

    fn renew_token(&self, refused: Option<u32>) -> bool {
        self.client
            .renew_token(&self.plan.access, refused, self.until)
            .unwrap_or_else(|error| {
                tracing::warn!(reason = %error, "the token can't be renewed");
                false
            })
    }

    fn wait_to_ask_again(&self, asked: u32) {
        // The client has been patient with the connection; this is about what the service says.
        self.until
            .sleep(self.client.first_pause() / 5 * 2_u32.pow(asked.saturating_sub(1).min(16)));
    }

    fn without_secrets(&self, text: &str) -> String {
        let mask = self.client.mask_for(&self.plan.access);
        let is_url = text.starts_with("http://") || text.starts_with("https://");
        match Url::parse(text) {
            Ok(url) if is_url && !text.contains(' ') => mask.url_text(&url),
            _ => mask.own_text(text),
        }
    }

    fn server_text(&self, text: &str) -> String {
        self.client.mask_for(&self.plan.access).server_text(text)
    }

    fn repeats_secret(&self, text: &str) -> bool {
        self.client.mask_for(&self.plan.access).is_surely_in(text)
    }

    fn request_totals(&self) -> RequestTotals {
        RequestTotals {
            requests: self.requests.load(Relaxed),
            retries: self.retries.load(Relaxed),
            wire_bytes: self.wire_bytes.load(Relaxed),
            status: self.status.load(Relaxed),
        }
    }
}

impl Asker<'_> {
    fn count_retries(&self, times: u64) {
        self.requests.fetch_add(times, Relaxed);
        self.retries.fetch_add(times, Relaxed);
    }
}

fn wire_error(error: HttpError) -> WireError {
    WireError {
        status: error.status(),
        is_passing: is_passing(&error),
        source: error.into(),
    }
}

/// Whether fewer rows could do better.
fn is_passing(error: &HttpError) -> bool {
    match error {
        HttpError::GaveUp { source, .. } => is_passing(source),
        // Neither passes by waiting, but a page with fewer rows is smaller.
        HttpError::TooLarge { .. } | HttpError::Status { status: 413, .. } => true,
        other => other.is_passing(),
    }
}

fn attempts_of(error: &HttpError) -> u32 {
    if let HttpError::GaveUp { attempts, .. } = error {
        *attempts
    } else {
        1
    }
}
