//! One question and its redirects, to the first byte of an answer with status 2xx or 304.

use std::cell::Cell;
use std::error::Error as _;
use std::io::Read;

use reqwest::blocking::{RequestBuilder, Response};
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, LOCATION, REFERER};
use tracing::debug;
use url::{Host, Url};

use super::body::Stream;
use super::error::{HttpError, chain};
use super::gate::Shut;
use super::mask::Mask;
use super::{Client, Deadline, redirect, retry};
use crate::plan::{Access, Credential};

/// A URL that gets longer is asked by POST: servers cut long ones, or refuse them.
const LONGEST_URL: usize = 2_000;

/// Bytes of a refusal that are read, for its beginning.
const REFUSAL_BYTES: u64 = 4 << 10;

/// How the TLS library begins what it says of a certificate that doesn't verify.
const BAD_CERTIFICATE: &str = "invalid peer certificate: ";

/// A question.
#[derive(Debug)]
pub(super) struct Request<'a> {
    pub(super) url: &'a Url,
    pub(super) form: &'a [(&'a str, String)],
    pub(super) access: &'a Access,
    pub(super) accept: &'a str,
    pub(super) headers: &'a [(&'static str, String)],
    /// What hides the values of a form that goes by POST however short it is; none where it may stand in the URL.
    pub(super) posted: Option<&'a Mask>,
    /// Whether a compressed answer is welcome: not where a range of its bytes may be asked for later.
    pub(super) is_compressed: bool,
    /// Number of the token that was sent last, where it may be renewed.
    pub(super) sent: Cell<Option<u32>>,
    /// Until when there must be an answer.
    pub(super) until: Deadline,
}

/// A question on its way, from redirect to redirect.
struct Hop {
    url: Url,
    /// The URL without secrets.
    shown: String,
    /// Parameters that go in the body of a POST.
    form: Vec<(String, String)>,
    token: Option<String>,
    /// Whether the host is still the one that the credentials are for.
    is_home: bool,
}

impl Hop {
    /// Another host gets no token; the same one needs it where its redirect has lost it.
    fn settle_token(&mut self) {
        if !self.is_home {
            self.form.retain(|(name, _)| name != "token");
            return;
        }
        let is_sent = self.url.query_pairs().any(|(name, _)| name == "token");
        if let Some(token) = self.token.as_ref().filter(|_| self.form.is_empty() && !is_sent) {
            self.url.query_pairs_mut().append_pair("token", token);
        }
    }
}

impl Client {
    /// Sends the question and follows its redirects.
    pub(super) fn follow(&self, request: &Request<'_>) -> Result<Stream<'_>, HttpError> {
        let (token, number) = self.tokens.get(self, request.access, request.until)?.unzip();
        request.sent.set(number.flatten());
        let mask = Mask::of(request.access, token.as_deref(), &self.settings.veil);
        let mask = request.posted.cloned().unwrap_or(mask);
        let mut hop = first(request, token, &mask)?;
        let mut seen = vec![hop.url.clone()];
        loop {
            let stream = self.send(request, &hop, mask.clone())?;
            let Some((target, written)) = target(stream.response(), &hop.url) else {
                return accepted(stream.with_token(request.sent.get()));
            };
            let shown = redirect::shown(&target, &written, &mask);
            let to = (&target, written.as_str());
            if let Some(why) = redirect::refusal(&hop.url, to, &seen, &mask) {
                return Err(HttpError::Redirect {
                    url: hop.shown,
                    target: shown,
                    why,
                });
            }
            debug!(target = shown, "redirected");
            seen.push(target.clone());
            let is_home = hop.is_home && target.origin() == hop.url.origin();
            // 303 is answered by a GET without what was posted; the rest repeat the question.
            let is_repeated = stream.response().status().as_u16() != 303;
            let form = if is_repeated { hop.form } else { Vec::new() };
            if !is_home
                && form
                    .iter()
                    .any(|(name, value)| name != "token" && mask.is_secret(value))
            {
                let why = redirect::CARRIES_FORM;
                return Err(HttpError::Redirect {
                    url: hop.shown,
                    target: shown,
                    why,
                });
            }
            hop = Hop {
                url: target,
                shown,
                form,
                token: hop.token,
                is_home,
            };
            hop.settle_token();
        }
    }

    fn send(&self, request: &Request<'_>, hop: &Hop, mask: Mask) -> Result<Stream<'_>, HttpError> {
        let access = request.access;
        let shown = hop.shown.clone();
        let host = host_of(&hop.url);
        let pass = self.gate.enter(&host, request.until).map_err(|shut| match shut {
            Shut::Down(down) => HttpError::Down {
                host: host.clone(),
                silent_s: down.silent.as_secs(),
                what: down.what,
            },
            Shut::Late => HttpError::Late {
                url: shown.clone(),
                allowed_s: request.until.allowed_s(),
            },
        })?;
        // A request's own time-out would be one for the whole body.
        let client = self.inner(request.until.within_s(access.timeout_s), access.is_insecure)?;
        let builder = match hop.form.as_slice() {
            [] => client.get(hop.url.clone()),
            form => client
                .post(hop.url.clone())
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(encoded(form)),
        };
        let encoding = if request.is_compressed { "gzip" } else { "identity" };
        let mut builder = builder
            .header(ACCEPT, request.accept)
            .header(ACCEPT_ENCODING, encoding);
        for (name, value) in request.headers {
            builder = builder.header(*name, value);
        }
        if hop.is_home {
            builder = identified(builder, access);
        }
        let built = builder
            .build()
            .map_err(|error| refused(&shown, &mask.text(&chain(&error.without_url()))))?;
        let response = client.execute(built).map_err(|error| {
            let is_connected = !error.is_connect();
            if request.until.is_over() {
                return HttpError::Late {
                    url: shown.clone(),
                    allowed_s: request.until.allowed_s(),
                };
            }
            let failure = unanswered(
                &shown,
                &host,
                mask.said(&self.cause(&hop.url, &error.without_url())),
            );
            if let HttpError::Connection {
                what,
                is_passing: true,
                ..
            } = &failure
            {
                self.gate.silent(&host, is_connected, what);
            }
            failure
        })?;
        self.gate.answered(&host);
        debug!(url = shown, status = response.status().as_u16(), "answered");
        Ok(Stream::new(
            response,
            pass,
            (shown, mask),
            access.timeout_s,
            request.until,
        ))
    }

    /// What reqwest says, without the words that every failure begins with, and by which way it was tried.
    fn cause(&self, url: &Url, error: &reqwest::Error) -> String {
        let what = error.source().map_or_else(|| chain(error), chain);
        let what = what.strip_prefix("client error (Connect): ").unwrap_or(&what);
        let way = self.settings.proxies.way(url.scheme()).unwrap_or_default();
        format!("{what}{way}")
    }
}

/// A question that can't be put.
fn refused(shown: &str, what: &str) -> HttpError {
    HttpError::Connection {
        url: shown.to_owned(),
        what: what.to_owned(),
        is_passing: false,
    }
}

/// Why no answer came: trouble that may pass, or a certificate that doesn't verify.
fn unanswered(shown: &str, host: &str, what: String) -> HttpError {
    if let Some((_, what)) = what.split_once(BAD_CERTIFICATE) {
        return HttpError::Certificate {
            host: host.to_owned(),
            what: what.to_owned(),
        };
    }
    // A proxy that wants another password will want it the next time too.
    let is_passing = !what.contains("proxy authorization required");
    HttpError::Connection {
        url: shown.to_owned(),
        what,
        is_passing,
    }
}

/// The first hop: parameters in the query or, where that gets long, in the body.
fn first(request: &Request<'_>, token: Option<String>, mask: &Mask) -> Result<Hop, HttpError> {
    let access = request.access;
    let mut url = request.url.clone();
    url.set_fragment(None);
    if access.credential != Credential::None && !is_safe(&url) {
        return Err(HttpError::Unencrypted { url: mask.url(&url) });
    }
    let mut form: Vec<(String, String)> = request
        .form
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    form.extend(token.iter().map(|token| ("token".to_owned(), token.clone())));
    let is_short = url.as_str().len() + encoded(&form).len() < LONGEST_URL;
    if request.posted.is_none() && (is_short || request.form.is_empty()) {
        if !form.is_empty() {
            url.query_pairs_mut().extend_pairs(form.drain(..));
        }
        form.clear();
    }
    let shown = mask.url(&url);
    Ok(Hop {
        url,
        shown,
        form,
        token,
        is_home: true,
    })
}

/// Whether credentials may travel there: encrypted, or not leaving the machine.
pub(super) fn is_safe(url: &Url) -> bool {
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || is_loopback
}

/// Name and port of a URL's host.
pub(super) fn host_of(url: &Url) -> String {
    let port = url.port_or_known_default().unwrap_or_default();
    format!("{}:{port}", url.host_str().unwrap_or_default())
}

fn identified(builder: RequestBuilder, access: &Access) -> RequestBuilder {
    match &access.credential {
        Credential::Bearer(token) => builder.bearer_auth(token.reveal()),
        Credential::Basic { user, password } => builder.basic_auth(user.reveal(), Some(password.reveal())),
        // The token was asked for in this name (`client=referer`).
        Credential::Login { url, .. } => match Url::parse(url) {
            Ok(url) => builder.header(REFERER, url.origin().ascii_serialization()),
            Err(_) => builder,
        },
        Credential::Token(_) | Credential::None => builder,
    }
}

fn encoded(form: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish()
}

/// Where the answer sends the client, and as it says so; none where it is one itself.
fn target(response: &Response, from: &Url) -> Option<(Url, String)> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    Some((from.join(location).ok()?, location.to_owned()))
}

/// The stream, where its status is 2xx or 304; else what the server says.
fn accepted(mut stream: Stream<'_>) -> Result<Stream<'_>, HttpError> {
    let status = stream.response().status();
    if status.is_success() || status.as_u16() == 304 {
        return Ok(stream);
    }
    let retry_after = retry::retry_after(stream.response().headers());
    let mut beginning = Vec::new();
    // What can't be read isn't shown.
    let _ = stream
        .response_mut()
        .take(REFUSAL_BYTES)
        .read_to_end(&mut beginning);
    Err(HttpError::Status {
        url: stream.shown().to_owned(),
        status: status.as_u16(),
        content_type: stream.content_type(),
        excerpt: stream.excerpt(&beginning),
        retry_after,
    })
}
