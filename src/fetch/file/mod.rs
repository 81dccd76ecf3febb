//! A file behind HTTP, brought into the landing: whole, resumed where it broke off, or known to be unchanged.
//!
//! Nothing is landed that can't be what was asked for: see `content`.

mod log;
mod parts;
mod sink;

use std::time::{Duration, Instant};

use chrono::DateTime;
use tracing::{debug, info};
use url::Url;

use super::arcgis::Landing;
use super::content::{Head, Verdict};
use super::error::FetchError;
use super::http::{Client, HttpError, Open, Stream};
use parts::Rest;
use sink::Sink;

use crate::feature::{FetchRecord, Landed};
use crate::plan::{Access, Credential, HttpPlan, SourcePlan};
use crate::store::{Download, Held, StoreError, Unfinished};

/// A download that breaks off so often with little gained is given up.
const MOST_CUTS: u32 = 50;

/// Bytes that are worth another request.
const GAIN: u64 = 1 << 20;

/// A server that prepares a file may point elsewhere so often.
const MOST_HOPS: u32 = 3;

/// Lands a file, unless the held copy is still the server's.
///
/// # Errors
/// The server gives no usable answer, or something else than the file; or the store fails. What was held stays.
pub fn land(
    source: &SourcePlan,
    plan: &HttpPlan,
    client: &Client,
    landing: &Landing<'_>,
) -> Result<Landed, FetchError> {
    let shown = source.shown.to_string();
    let held = landing
        .store
        .held(landing.id)
        .map_err(|source| FetchError::Store {
            shown: shown.clone(),
            source,
        })?;
    let held = held.filter(|held| held.record.url == shown);
    if let Some(held) = held
        .as_ref()
        .filter(|held| plan.sha256.as_ref() == Some(&held.landed.sha256))
    {
        info!("the declared SHA-256 is that of the held copy");
        return Ok(held.landed.clone());
    }
    // The plan has checked the URL; its text may be a secret, so the cause isn't told.
    let url = Url::parse(plan.url.reveal()).map_err(|_invalid| FetchError::Http {
        shown: shown.clone(),
        source: HttpError::Setup {
            what: "the URL cannot be understood".to_owned(),
        },
    })?;
    let (access, held) = (plan.access.clone(), held.as_ref());
    let record = FetchRecord {
        url: shown.clone(),
        method: "download".to_owned(),
        insecure_tls: access.is_insecure,
        ..FetchRecord::default()
    };
    Transfer {
        source,
        plan,
        client,
        landing,
        held,
        shown,
        url,
        access,
        record,
        hops: 0,
        is_renewed: false,
        reached: 0,
        copy: None,
        doubts: vec![],
    }
    .run()
}

/// A download under way.
struct Transfer<'a> {
    source: &'a SourcePlan,
    plan: &'a HttpPlan,
    client: &'a Client,
    landing: &'a Landing<'a>,
    held: Option<&'a Held>,
    shown: String,
    /// Where the file is asked for now.
    url: Url,
    access: Access,
    record: FetchRecord,
    hops: u32,
    is_renewed: bool,
    /// Most bytes of the file that have been there.
    reached: u64,
    /// SHA-256 of the last whole copy that nothing but a second one could vouch for.
    copy: Option<String>,
    /// What can't be known of the file.
    doubts: Vec<String>,
}

/// How one request ended.
enum Round {
    Landed(Landed),
    /// The server is still preparing the file; it says so, and when to ask again.
    Pending(String, Option<Duration>),
    /// To be asked again at once.
    Again,
}

/// Why a piece of the body was not taken.
enum Stop {
    Http(HttpError),
    Fetch(FetchError),
    /// The body isn't the file.
    Verdict(Verdict),
}

impl From<HttpError> for Stop {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

impl<'a> Transfer<'a> {
    fn run(mut self) -> Result<Landed, FetchError> {
        let (began, mut polls, mut cuts, mut idle) = (Instant::now(), 0, 0, 0);
        loop {
            let before = self.reached;
            match self.round() {
                Ok(Round::Landed(landed)) => return Ok(landed),
                // Every verdict on a body has become something else by now.
                Ok(Round::Again) | Err(Stop::Verdict(_)) => {}
                Ok(Round::Pending(status, asked)) => {
                    if began.elapsed() >= self.client.patience() {
                        let seconds = began.elapsed().as_secs();
                        return Err(FetchError::NotReady {
                            shown: self.shown,
                            seconds,
                            status,
                        });
                    }
                    debug!(status, "the file is being prepared");
                    self.client.wait(asked, polls, self.landing.until);
                    polls += 1;
                }
                Err(Stop::Fetch(error)) => return Err(error),
                // What came stays; the next request asks for the rest.
                Err(Stop::Http(
                    error @ (HttpError::Cut { .. } | HttpError::Part { .. } | HttpError::Slow { .. }),
                )) => {
                    let gained = self.reached - before;
                    idle = if gained > 0 { 0 } else { idle + 1 };
                    cuts += u32::from(gained < GAIN);
                    if cuts >= MOST_CUTS || idle >= self.client.attempts() {
                        let attempts = u32::try_from(self.record.retries)
                            .unwrap_or(u32::MAX)
                            .saturating_add(1);
                        let source = HttpError::GaveUp {
                            attempts,
                            source: Box::new(error),
                        };
                        return Err(FetchError::Http {
                            shown: self.shown,
                            source,
                        });
                    }
                    debug!(reason = %error, "going on where the download broke off");
                    self.record.retries += 1;
                    self.client.wait(None, idle, self.landing.until);
                }
                Err(Stop::Http(source)) => return Err(self.failed(source)),
            }
        }
    }

    /// Why there is no file, and how far it came where only time is wanting.
    fn failed(self, source: HttpError) -> FetchError {
        let Some(seconds) = source.late() else {
            return FetchError::Http {
                shown: self.shown,
                source,
            };
        };
        let complete = self.partial().ok().flatten().and_then(|partial| partial.complete);
        let of = complete.map(|bytes| format!(" of {bytes}")).unwrap_or_default();
        let far = format!("{}{of} bytes of it", self.reached);
        FetchError::Late {
            shown: self.shown,
            seconds,
            far,
        }
    }

    /// One request, for the whole file or for what is missing of it.
    fn round(&mut self) -> Result<Round, Stop> {
        let partial = self.partial()?;
        let headers = self.headers(partial.as_ref());
        let client = self.client;
        let (url, access) = (self.url.clone(), self.access.clone());
        let until = self.landing.until;
        let open = Open {
            url: &url,
            access: &access,
            accept: "*/*",
            headers: &headers,
            until,
        };
        self.record.requests += 1;
        let (stream, retries) = match client.open(&open) {
            // The server has fewer bytes than came before: it has another file.
            Err(HttpError::Status { status: 416, .. }) if partial.is_some() => {
                self.download("")?;
                return Ok(Round::Again);
            }
            opened => opened?,
        };
        self.record.requests += u64::from(retries);
        self.record.retries += u64::from(retries);
        match (stream.status(), self.held, partial) {
            (304, Some(held), _) => {
                info!("unchanged since it was landed");
                Ok(Round::Landed(held.landed.clone()))
            }
            (206, _, partial) => match self.rest(&stream, partial.as_ref())? {
                Some(rest) => {
                    "resumed download".clone_into(&mut self.record.method);
                    self.receive(stream, Some(rest))
                }
                None => Err(self.misfit(&stream, partial.as_ref())?),
            },
            _ => self.receive(stream, None),
        }
    }

    /// Bytes of an earlier attempt that the server can be asked to go on from, and their key.
    fn partial(&self) -> Result<Option<Unfinished>, Stop> {
        let unfinished = self
            .landing
            .store
            .unfinished(self.landing.id)
            .map_err(|error| self.store(error))?;
        Ok(unfinished.filter(|held| held.bytes > 0 && self.validator(&held.key).is_some()))
    }

    fn headers(&self, partial: Option<&Unfinished>) -> Vec<(&'static str, String)> {
        if let Some(Unfinished { key, bytes, .. }) = partial {
            let validator = self.validator(key).unwrap_or_default().to_owned();
            return vec![("Range", format!("bytes={bytes}-")), ("If-Range", validator)];
        }
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
    fn key(&self, stream: &Stream<'_>) -> String {
        let validator = match stream.etag() {
            Some(tag) => Some(tag).filter(|tag| !tag.starts_with("W/")),
            None => stream.last_modified(),
        };
        format!(
            "{}\n{}",
            self.shown,
            validator.filter(|_| is_plain(stream)).unwrap_or_default()
        )
    }

    fn validator<'k>(&self, key: &'k str) -> Option<&'k str> {
        let (shown, validator) = key.split_once('\n')?;
        (shown == self.shown && !validator.is_empty()).then_some(validator)
    }

    fn download(&self, key: &str) -> Result<Download<'a>, Stop> {
        let Landing { store, id, .. } = *self.landing;
        store.download(id, key).map_err(|error| self.store(error))
    }

    /// The failure of a file that is older than the copy that is held, unless its digest is declared.
    fn stale(&self, stream: &Stream<'_>) -> Option<FetchError> {
        let held = self
            .held
            .filter(|_| self.plan.sha256.is_none())?
            .record
            .last_modified
            .clone()?;
        let found = stream.last_modified()?;
        let moment = |text: &str| DateTime::parse_from_rfc2822(text).ok();
        let is_older = moment(&found)? < moment(&held)?;
        is_older.then(|| FetchError::Stale {
            shown: self.shown.clone(),
            found,
            held,
        })
    }

    /// Takes the body: to the end of a download, or from its beginning, which is judged before anything is kept.
    fn receive(&mut self, mut stream: Stream<'_>, rest: Option<Rest<'a>>) -> Result<Round, Stop> {
        if let Some(error) = self.stale(&stream) {
            return Err(Stop::Fetch(error));
        }
        let key = self.key(&stream);
        let range = rest.as_ref().map(|rest| rest.range);
        let download = rest.map(|rest| rest.download);
        let max_bytes = self
            .plan
            .max_bytes
            .saturating_sub(download.as_ref().map_or(0, Download::len));
        let head = Head::new(self.source, self.plan, &stream);
        let complete = stream.length().filter(|_| is_plain(&stream));
        let mask = self.client.mask(&self.access);
        let mut sink = Sink {
            transfer: self,
            head,
            mask,
            key,
            complete,
            download,
        };
        let outcome = stream
            .each(max_bytes, |piece| sink.take(piece))
            .and_then(|()| sink.end());
        let Sink { head, download, .. } = sink;
        self.record.wire_bytes += stream.wire_bytes();
        self.reached = self.reached.max(download.as_ref().map_or(0, Download::len));
        match (outcome, download) {
            (Ok(()), Some(download)) => match range {
                Some(range) => self.join(&stream, range, download),
                None => self.accept(&stream, download),
            },
            (Ok(()), None) => Ok(Round::Again),
            (Err(Stop::Verdict(verdict)), _) => self.judged(verdict, &stream, &head),
            (Err(stop), _) => Err(stop),
        }
    }

    /// What follows from a body that isn't the file.
    fn judged(&mut self, verdict: Verdict, stream: &Stream<'_>, head: &Head<'_>) -> Result<Round, Stop> {
        let wrong = |found: String| {
            Stop::Fetch(FetchError::Content {
                shown: self.shown.clone(),
                wanted: head.wanted(),
                found: stream.words(&found),
                excerpt: stream.excerpt(head.bytes()),
            })
        };
        match verdict {
            Verdict::Pending(status) => {
                let asked = stream
                    .header("retry-after")
                    .and_then(|seconds| seconds.parse().ok());
                Ok(Round::Pending(
                    stream.words(&status),
                    asked.map(Duration::from_secs),
                ))
            }
            Verdict::Elsewhere(target) => self.turn_to(&target, stream.shown()),
            Verdict::Token if !self.is_renewed => {
                self.is_renewed = true;
                if self
                    .client
                    .renew(&self.access, stream.token(), self.landing.until)?
                {
                    return Ok(Round::Again);
                }
                Err(wrong("a demand for a token".to_owned()))
            }
            Verdict::Token => Err(wrong("a demand for another token".to_owned())),
            Verdict::Wrong(found) => Err(wrong(found)),
        }
    }

    /// Asks for the file where a finished export is said to be: never by a lower scheme, nor with credentials elsewhere.
    fn turn_to(&mut self, target: &str, from: &str) -> Result<Round, Stop> {
        let refused = |why| HttpError::Redirect {
            url: from.to_owned(),
            target: "the place of the finished file".to_owned(),
            why,
        };
        let Ok(next) = self.url.join(target) else {
            return Err(refused("which is no address").into());
        };
        let is_web = next.scheme() == "https" || (next.scheme() == "http" && self.url.scheme() == "http");
        if !is_web {
            return Err(refused("a lower scheme").into());
        }
        self.hops += 1;
        if self.hops > MOST_HOPS {
            return Err(refused("one place too many").into());
        }
        if let Some(why) = self.client.refusal(&self.access, &self.url, (&next, target)) {
            return Err(refused(why).into());
        }
        if next.origin() != self.url.origin() {
            self.access.credential = Credential::None;
        }
        self.url = next;
        Ok(Round::Again)
    }

    fn accept(&mut self, stream: &Stream<'_>, mut download: Download<'a>) -> Result<Round, Stop> {
        if self.is_doubtful(stream, &download)? {
            download.restart().map_err(|error| self.store(error))?;
            let asked = "the whole file".to_owned();
            let given = "a body whose length it doesn't tell: only a second one that is the same shows that it is whole";
            let url = stream.shown().to_owned();
            return Err(Stop::Http(HttpError::Part {
                url,
                asked,
                given: given.to_owned(),
            }));
        }
        if let Some(expected) = &self.plan.sha256 {
            let found = download.sha256().map_err(|error| self.store(error))?;
            if found != *expected {
                download.restart().map_err(|error| self.store(error))?;
                let (shown, expected) = (self.shown.clone(), expected.clone());
                return Err(Stop::Fetch(FetchError::Digest {
                    shown,
                    expected,
                    found,
                }));
            }
        }
        self.look_for_log(&mut download)?;
        let record = FetchRecord {
            doubts: self.doubts.clone(),
            fetched_at: (self.landing.now)(),
            status: stream.status(),
            etag: stream.etag(),
            last_modified: stream.last_modified(),
            content_type: stream.content_type(),
            ..self.record.clone()
        };
        let landed = download
            .accept(&self.plan.extension, record)
            .map_err(|error| self.store(error))?;
        Ok(Round::Landed(landed))
    }

    fn store(&self, source: StoreError) -> Stop {
        Stop::Fetch(FetchError::Store {
            shown: self.shown.clone(),
            source,
        })
    }
}

/// Whether a body is the file itself, and not compressed on its way.
fn is_plain(stream: &Stream<'_>) -> bool {
    stream
        .header("content-encoding")
        .is_none_or(|encoding| encoding == "identity")
}
