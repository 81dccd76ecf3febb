//! The one HTTP client: who asks, how often, how patiently, and what of an answer is believed.
//!
//! Everything is synchronous; tokio lives hidden inside `reqwest::blocking`. The environment and the clock
//! stay outside: proxies come through the settings, and durations are measured, not dated.

mod body;
mod deadline;
mod error;
mod gate;
mod login;
mod mask;
mod range;
mod redirect;
mod request;
mod retry;
mod retry_after;
mod send;
mod settings;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use url::Url;

pub use body::Stream;
pub use deadline::{Deadline, Time};
pub use error::HttpError;
pub use mask::Mask;
pub use range::ContentRange;
pub use settings::{ClientSettings, Proxies};

use crate::plan::Access;
use deadline::Times;
use gate::Gate;
use login::Tokens;
use request::Request;

/// What is asked of a server.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Address; parameters that it has stay.
    pub url: &'a Url,
    /// Further parameters: in the query, or in the body of a POST where the URL would get long.
    pub form: &'a [(&'a str, String)],
    /// Who asks, and how.
    pub access: &'a Access,
    /// Size at which the answer is given up, bytes, as sent and as decompressed.
    pub max_bytes: u64,
    /// Media types wanted, as `Accept` says it.
    pub accept: &'a str,
    /// Until when there must be an answer.
    pub until: Deadline,
}

/// A whole answer with status 2xx.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status.
    pub status: u16,
    /// `Content-Type`, as sent.
    pub content_type: Option<String>,
    /// `ETag`, as sent.
    pub etag: Option<String>,
    /// `Last-Modified`, as sent.
    pub last_modified: Option<String>,
    /// The body, decompressed.
    pub body: Vec<u8>,
    /// Bytes of the body on the wire.
    pub wire_bytes: u64,
    /// Requests made again before this answer came.
    pub retries: u32,
    /// Number of the token that was sent, for `Client::renew_token`; none where it can't be renewed.
    pub token: Option<u32>,
    /// Seconds from the first request to the last byte, waits between attempts included.
    pub seconds: f64,
}

/// What is asked of a server whose answer is read piece by piece.
#[derive(Debug, Clone, Copy)]
pub struct Open<'a> {
    /// Address.
    pub url: &'a Url,
    /// Who asks, and how.
    pub access: &'a Access,
    /// Media types wanted, as `Accept` says it.
    pub accept: &'a str,
    /// Further headers, such as `Range` and `If-None-Match`.
    pub headers: &'a [(&'static str, String)],
    /// Until when there must be an answer.
    pub until: Deadline,
}

/// Asks servers; one for a whole run, so that connections, limits and tokens are shared.
#[derive(Debug)]
pub struct Client {
    settings: ClientSettings,
    gate: Gate,
    tokens: Tokens,
    times: Times,
    /// One inner client per time-out and opt-out of verification: both are set when it is made.
    inner: Mutex<BTreeMap<(u32, bool), reqwest::blocking::Client>>,
}

impl Client {
    /// A client; connects to nothing yet.
    ///
    /// ```
    /// use cikr::fetch::http::{Client, ClientSettings};
    ///
    /// let settings = ClientSettings { attempts: 3, ..ClientSettings::default() };
    /// assert_eq!(Client::new(&settings).unwrap().attempts(), 3);
    /// ```
    ///
    /// # Errors
    /// A proxy can't be understood, or the machine's certificates can't be read.
    pub fn new(settings: &ClientSettings) -> Result<Self, HttpError> {
        let client = Self {
            settings: settings.clone(),
            gate: Gate::new(settings.host_limits()),
            tokens: Tokens::default(),
            times: Times::default(),
            inner: Mutex::default(),
        };
        // A proxy or a certificate that can't be used is told before the first layer, and not once for each.
        client.inner_client(settings::DEFAULT_TIMEOUT_S, false)?;
        Ok(client)
    }

    /// Asks until there is a whole answer with status 2xx.
    ///
    /// # Errors
    /// There is none after every attempt, or what came is refused.
    pub fn ask(&self, ask: &Ask<'_>) -> Result<Answer, HttpError> {
        self.ask_with_retries(ask, None)
    }

    /// Asks by POST, however short: for what must not stand in a URL. What is posted is hidden by `mask`.
    fn post_hidden(&self, ask: &Ask<'_>, mask: &Mask) -> Result<Answer, HttpError> {
        self.ask_with_retries(ask, Some(mask))
    }

    fn ask_with_retries(&self, ask: &Ask<'_>, posted: Option<&Mask>) -> Result<Answer, HttpError> {
        let started = Instant::now();
        let request = Request {
            url: ask.url,
            form: ask.form,
            access: ask.access,
            accept: ask.accept,
            headers: &[],
            posted,
            is_compressed: true,
            sent: Cell::default(),
            until: ask.until,
        };
        let (mut answer, retries) = self.with_retries(&request, || {
            self.follow_redirects(&request)?.read_whole(ask.max_bytes)
        })?;
        answer.retries = retries;
        answer.seconds = started.elapsed().as_secs_f64();
        Ok(answer)
    }

    /// Asks until an answer with status 2xx or 304 begins, and how often that took another request.
    ///
    /// # Errors
    /// There is none after every attempt, or what came is refused.
    pub fn open(&self, open: &Open<'_>) -> Result<(Stream<'_>, u32), HttpError> {
        let request = Request {
            url: open.url,
            form: &[],
            access: open.access,
            accept: open.accept,
            headers: open.headers,
            posted: None,
            is_compressed: false,
            sent: Cell::default(),
            until: open.until,
        };
        self.with_retries(&request, || self.follow_redirects(&request))
    }

    /// Waits before the next request: as long as the server asked for, or longer with each attempt; bounded.
    pub fn wait_to_ask_again(&self, asked: Option<Duration>, attempt: u32, until: Deadline) {
        let wait = asked
            .unwrap_or_default()
            .max(retry::pause_before(&self.settings, attempt));
        until.sleep(wait.min(self.settings.longest_wait));
    }

    /// How long a file that is being prepared is waited for.
    pub fn preparation_patience(&self) -> Duration {
        self.settings.longest_wait * 5
    }

    /// Wait before the second attempt at most.
    pub fn first_pause(&self) -> Duration {
        self.settings.pause
    }

    /// The time of a source, of which what it has taken before is gone.
    pub fn time_of<'c>(&'c self, id: &'c str, allowed: Duration) -> Time<'c> {
        self.times.time_of(id, allowed)
    }

    /// Attempts that are made of one question.
    pub fn attempts(&self) -> u32 {
        self.settings.attempts
    }

    /// Gets a new token in place of the `refused` one, by its number, where the credential is a login; whether there is
    /// one.
    ///
    /// For a server that says inside a 200 that the token has expired (ArcGIS codes 498 and 499). Threads whose
    /// question went with the same token share one login.
    ///
    /// # Errors
    /// The login fails.
    pub fn renew_token(
        &self,
        access: &Access,
        refused: Option<u32>,
        until: Deadline,
    ) -> Result<bool, HttpError> {
        self.tokens.renew_token(self, access, refused, until)
    }

    /// Why an address that a server names isn't asked for what `from` was asked for; none where it may be.
    pub fn redirect_refusal(
        &self,
        access: &Access,
        from: &Url,
        target: (&Url, &str),
    ) -> Option<&'static str> {
        redirect::redirect_refusal(from, target, &[], &self.mask_for(access))
    }

    /// What hides the secrets of `access`, its token of now included.
    pub fn mask_for(&self, access: &Access) -> Mask {
        Mask::for_access(
            access,
            self.tokens.known_token(access).as_deref(),
            &self.settings.veil,
        )
    }

    fn inner_client(
        &self,
        timeout_s: u32,
        is_insecure: bool,
    ) -> Result<reqwest::blocking::Client, HttpError> {
        let mut clients = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&(timeout_s, is_insecure)) {
            return Ok(client.clone());
        }
        let client = self.settings.build_client(timeout_s, is_insecure)?;
        clients.insert((timeout_s, is_insecure), client.clone());
        Ok(client)
    }
}
