//! Asks servers: the one door to the network.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use url::Url;

use super::backoff::pause_before;
use super::body::Stream;
use super::deadline::{Deadline, Time, Times};
use super::error::HttpError;
use super::gate::Gate;
use super::mask::Mask;
use super::question::{Answer, Ask, Open};
use super::redirect::redirect_refusal;
use super::request::Request;
use super::settings::{ClientSettings, DEFAULT_TIMEOUT_S};
use super::tokens::Tokens;
use crate::plan::Access;

/// Asks servers; one for a whole run, so that connections, limits and tokens are shared.
#[derive(Debug)]
pub struct Client {
    pub(super) settings: ClientSettings,
    pub(super) gate: Gate,
    pub(super) tokens: Tokens,
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
        client.inner_client(DEFAULT_TIMEOUT_S, false)?;
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
    pub(super) fn post_hidden(&self, ask: &Ask<'_>, mask: &Mask) -> Result<Answer, HttpError> {
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
            .max(pause_before(&self.settings, attempt));
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

    /// Why an address that a server names isn't asked for what `from` was asked for; none where it may be.
    pub fn redirect_refusal(
        &self,
        access: &Access,
        from: &Url,
        target: (&Url, &str),
    ) -> Option<&'static str> {
        redirect_refusal(from, target, &[], &self.mask_for(access))
    }

    /// What hides the secrets of `access`, its token of now included.
    pub fn mask_for(&self, access: &Access) -> Mask {
        Mask::for_access(
            access,
            self.tokens.known_token(access).as_deref(),
            &self.settings.veil,
        )
    }

    /// The inner client of a time-out, made when it is wanted first.
    pub(super) fn inner_client(
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
