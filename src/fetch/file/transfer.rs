//! A download under way: request by request, until the file is landed or there is no hope of it.

use std::time::{Duration, Instant};

use chrono::DateTime;
use tracing::{debug, info};
use url::Url;

use crate::feature::{FetchRecord, Landed};
use crate::fetch::content::Verdict;
use crate::fetch::http::{Client, HttpError, Open, Stream};
use crate::fetch::{FetchError, Landing};
use crate::plan::{Access, HttpPlan, SourcePlan};
use crate::store::{Download, HeldCopy, StoreError, Unfinished};

/// A download that breaks off so often with little gained is given up.
const MOST_CUTS: u32 = 50;

/// Bytes that are worth another request.
const GAIN: u64 = 1 << 20;

/// A download under way.
pub(super) struct Transfer<'a> {
    pub(super) source: &'a SourcePlan,
    pub(super) plan: &'a HttpPlan,
    pub(super) client: &'a Client,
    pub(super) landing: &'a Landing<'a>,
    pub(super) held: Option<&'a HeldCopy>,
    pub(super) shown: String,
    /// Where the file is asked for now.
    pub(super) url: Url,
    pub(super) access: Access,
    pub(super) record: FetchRecord,
    pub(super) hops: u32,
    pub(super) is_renewed: bool,
    /// Most bytes of the file that have been there.
    pub(super) reached: u64,
    /// SHA-256 of the last whole copy that nothing but a second one could vouch for.
    pub(super) copy: Option<String>,
    /// What can't be known of the file.
    pub(super) doubts: Vec<String>,
}

/// How one request ended.
pub(super) enum RoundOutcome {
    Landed(Landed),
    /// The server is still preparing the file; it says so, and when to ask again.
    Pending(String, Option<Duration>),
    /// To be asked again at once.
    Again,
}

/// Why a piece of the body was not taken.
pub(super) enum Stop {
    Http(HttpError),
    Fetch(FetchError),
    Store(StoreError),
    /// The body isn't the file.
    Verdict(Verdict),
}

impl From<HttpError> for Stop {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// How often a download has broken off.
#[derive(Default)]
struct Breaks {
    /// Times that little had been gained since the time before.
    little: u32,
    /// Times in a row that nothing had.
    idle: u32,
}

impl<'a> Transfer<'a> {
    /// Asks until the file is landed.
    pub(super) fn run(mut self) -> Result<Landed, FetchError> {
        let began = Instant::now();
        let mut polls = 0;
        let mut breaks = Breaks::default();
        loop {
            let before = self.reached;
            match self.request_once() {
                Ok(RoundOutcome::Landed(landed)) => return Ok(landed),
                // Every verdict on a body has become something else by now.
                Ok(RoundOutcome::Again) | Err(Stop::Verdict(_)) => {}
                Ok(RoundOutcome::Pending(status, asked)) => {
                    if began.elapsed() >= self.client.preparation_patience() {
                        return Err(FetchError::NotReady {
                            shown: self.shown,
                            seconds: began.elapsed().as_secs(),
                            status,
                        });
                    }
                    debug!(status, "the file is being prepared");
                    self.client.wait_to_ask_again(asked, polls, self.landing.until);
                    polls += 1;
                }
                // What came stays; the next request asks for the rest.
                Err(Stop::Http(
                    error @ (HttpError::Cut { .. } | HttpError::Part { .. } | HttpError::Slow { .. }),
                )) => self.wait_after_break(error, self.reached - before, &mut breaks)?,
                Err(Stop::Http(source)) => return Err(self.http_failure(source)),
                Err(Stop::Fetch(error)) => return Err(error),
                Err(Stop::Store(source)) => {
                    return Err(FetchError::Store {
                        shown: self.shown,
                        source,
                    });
                }
            }
        }
    }

    /// Waits before the rest is asked for; fails where that has led nowhere too often.
    ///
    /// A server that drops every connection after a while still gives a large file in the end, so a break that has
    /// gained something never counts as idle, and one that has gained much isn't counted at all.
    fn wait_after_break(
        &mut self,
        error: HttpError,
        gained: u64,
        breaks: &mut Breaks,
    ) -> Result<(), FetchError> {
        breaks.idle = if gained > 0 { 0 } else { breaks.idle + 1 };
        breaks.little += u32::from(gained < GAIN);
        if breaks.little >= MOST_CUTS || breaks.idle >= self.client.attempts() {
            let attempts = u32::try_from(self.record.retries)
                .unwrap_or(u32::MAX)
                .saturating_add(1);
            return Err(FetchError::Http {
                shown: self.shown.clone(),
                source: HttpError::GaveUp {
                    attempts,
                    source: Box::new(error),
                },
            });
        }
        debug!(reason = %error, "going on where the download broke off");
        self.record.retries += 1;
        self.client
            .wait_to_ask_again(None, breaks.idle, self.landing.until);
        Ok(())
    }

    /// Why there is no file, and how far it came where only time is wanting.
    fn http_failure(self, source: HttpError) -> FetchError {
        let Some(seconds) = source.expired_limit_s() else {
            return FetchError::Http {
                shown: self.shown,
                source,
            };
        };
        let complete = self
            .resumable_part()
            .ok()
            .flatten()
            .and_then(|partial| partial.complete);
        let of = complete.map(|bytes| format!(" of {bytes}")).unwrap_or_default();
        let far = format!("{}{of} bytes of it", self.reached);
        FetchError::Late {
            shown: self.shown,
            seconds,
            far,
        }
    }

    /// One request, for the whole file or for what is missing of it.
    fn request_once(&mut self) -> Result<RoundOutcome, Stop> {
        let partial = self.resumable_part()?;
        let headers = self.request_headers(partial.as_ref());
        let client = self.client;
        let url = self.url.clone();
        let access = self.access.clone();
        let open = Open {
            url: &url,
            access: &access,
            accept: "*/*",
            headers: &headers,
            until: self.landing.until,
        };
        self.record.requests += 1;
        let (stream, retries) = match client.open(&open) {
            // The server has fewer bytes than came before: it has another file.
            Err(HttpError::Status { status: 416, .. }) if partial.is_some() => {
                self.open_download("")?;
                return Ok(RoundOutcome::Again);
            }
            opened => opened?,
        };
        self.record.requests += u64::from(retries);
        self.record.retries += u64::from(retries);
        match (stream.status(), self.held, partial) {
            (304, Some(held), _) => {
                info!("unchanged since it was landed");
                Ok(RoundOutcome::Landed(held.landed.clone()))
            }
            (206, _, partial) => match self.match_part(&stream, partial.as_ref())? {
                Some(part) => {
                    "resumed download".clone_into(&mut self.record.method);
                    self.receive_body(stream, Some(part))
                }
                None => Err(self.refuse_part(&stream, partial.as_ref())?),
            },
            _ => self.receive_body(stream, None),
        }
    }

    /// Bytes of an earlier attempt that the server can be asked to go on from, and their key.
    fn resumable_part(&self) -> Result<Option<Unfinished>, Stop> {
        let unfinished = self.landing.store.unfinished(self.landing.id)?;
        Ok(unfinished.filter(|held| held.bytes > 0 && self.validator_of(&held.key).is_some()))
    }

    /// `Range` where bytes of an earlier attempt can be gone on from, else what asks whether the held copy is still it.
    fn request_headers(&self, partial: Option<&Unfinished>) -> Vec<(&'static str, String)> {
        if let Some(Unfinished { key, bytes, .. }) = partial {
            let validator = self.validator_of(key).unwrap_or_default().to_owned();
            return vec![("Range", format!("bytes={bytes}-")), ("If-Range", validator)];
        }
        // Where a portal has pointed elsewhere, the held copy's tag is that of another address.
        let Some(held) = self.held.filter(|_| self.hops == 0) else {
            return Vec::new();
        };
        let tag = held.record.etag.clone().map(|tag| ("If-None-Match", tag));
        let date = held
            .record
            .last_modified
            .clone()
            .map(|date| ("If-Modified-Since", date));
        tag.into_iter().chain(date).collect()
    }

    /// Key of the bytes that a stream brings: the URL, and what tells this version of the file from another.
    ///
    /// A weak tag stands for files that differ in bytes, and a body that is compressed on its way is not the file:
    /// neither can be gone on with.
    pub(super) fn version_key(&self, stream: &Stream<'_>) -> String {
        // RFC 9110, section 13.1.5: `If-Range` takes a strong validator alone, since with a weak one two halves of
        // different files could be joined.
        let validator = match stream.etag() {
            Some(tag) => Some(tag).filter(|tag| !tag.starts_with("W/")),
            None => stream.last_modified(),
        };
        let validator = validator.filter(|_| is_plain(stream)).unwrap_or_default();
        format!("{}\n{validator}", self.shown)
    }

    /// What a key of this file's bytes has the server asked by.
    fn validator_of<'k>(&self, key: &'k str) -> Option<&'k str> {
        let (shown, validator) = key.split_once('\n')?;
        (shown == self.shown && !validator.is_empty()).then_some(validator)
    }

    /// Opens the unfinished download under a key; with another than it has, it begins empty.
    pub(super) fn open_download(&self, key: &str) -> Result<Download<'a>, Stop> {
        let Landing { store, id, .. } = *self.landing;
        Ok(store.download(id, key)?)
    }

    /// The failure of a file that is older than the copy that is held, unless its digest is declared.
    pub(super) fn stale_error(&self, stream: &Stream<'_>) -> Option<FetchError> {
        let held = self
            .held
            .filter(|_| self.plan.sha256.is_none())?
            .record
            .last_modified
            .clone()?;
        let found = stream.last_modified()?;
        let is_older =
            DateTime::parse_from_rfc2822(&found).ok()? < DateTime::parse_from_rfc2822(&held).ok()?;
        is_older.then(|| FetchError::Stale {
            shown: self.shown.clone(),
            found,
            held,
        })
    }
}

/// Whether a body is the file itself, and not compressed on its way.
pub(super) fn is_plain(stream: &Stream<'_>) -> bool {
    stream
        .header("content-encoding")
        .is_none_or(|encoding| encoding == "identity")
}
