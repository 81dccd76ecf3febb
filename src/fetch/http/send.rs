//! One question and its redirects, to the first byte of an answer with status 2xx or 304.

use std::error::Error as _;
use std::io::Read;

use reqwest::blocking::{Client as HttpClient, RequestBuilder, Response};
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, LOCATION, REFERER};
use tracing::debug;
use url::Url;

use super::body::Stream;
use super::error::{HttpError, error_chain};
use super::gate::{Pass, Reached, Shut};
use super::mask::Mask;
use super::redirect::{self, display_target, redirect_refusal};
use super::request::{Request, host_of, is_safe};
use super::retry_after::retry_after;
use super::{Client, Deadline};
use crate::plan::{Access, Credential};

/// A URL that gets longer is asked by POST: servers cut long ones, or refuse them.
const LONGEST_URL: usize = 2_000;

/// Bytes of a refusal that are read, for its beginning.
const REFUSAL_BYTES: u64 = 4 << 10;

/// How the TLS library begins what it says of a certificate that doesn't verify.
const BAD_CERTIFICATE: &str = "invalid peer certificate: ";

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
    pub(super) fn follow_redirects(&self, request: &Request<'_>) -> Result<Stream<'_>, HttpError> {
        let (token, number) = self.token_for(request.access, request.until)?.unzip();
        request.sent.set(number.flatten());
        let mask = Mask::for_access(request.access, token.as_deref(), &self.settings.veil);
        let mask = request.posted.cloned().unwrap_or(mask);
        let mut hop = first_hop(request, token, &mask)?;
        let mut seen = vec![hop.url.clone()];
        loop {
            let stream = self.send_hop(request, &hop, mask.clone())?;
            let Some((target, written)) = redirect_target(stream.response(), &hop.url) else {
                return check_status(stream.with_token(request.sent.get()));
            };
            let shown = display_target(&target, &written, &mask);
            let to = (&target, written.as_str());
            if let Some(why) = redirect_refusal(&hop.url, to, &seen, &mask) {
                return Err(HttpError::Redirect {
                    url: hop.shown,
                    target: shown,
                    why,
                });
            }
            debug!(target = shown, "redirected");
            seen.push(target.clone());
            // Once away from home, never back: a host in between decides where the next question goes.
            let is_home = hop.is_home && target.origin() == hop.url.origin();
            // 303 is answered by a GET without what was posted; the rest repeat the question.
            let is_repeated = stream.response().status().as_u16() != 303;
            let form = if is_repeated { hop.form } else { Vec::new() };
            if !is_home
                && form
                    .iter()
                    .any(|(name, value)| name != "token" && mask.is_credential(value))
            {
                return Err(HttpError::Redirect {
                    url: hop.shown,
                    target: shown,
                    why: redirect::CARRIES_FORM,
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

    /// Sends a question to where it is now, once there is a place at that host.
    fn send_hop(&self, request: &Request<'_>, hop: &Hop, mask: Mask) -> Result<Stream<'_>, HttpError> {
        let access = request.access;
        let host = host_of(&hop.url);
        let pass = self.enter_host(&host, &hop.shown, request.until)?;
        // A request's own time-out would be one for the whole body, so each length of it has its own client.
        let timeout_s = request.until.remaining_seconds_of(access.timeout_s);
        let client = self.inner_client(timeout_s, access.is_insecure)?;
        let built = build_request(&client, request, hop).map_err(|error| HttpError::Connection {
            url: hop.shown.clone(),
            what: mask.own_text(&error_chain(&error.without_url())),
            is_passing: false,
        })?;
        // The URL is taken out of what reqwest says: it holds the token.
        let response = client.execute(built).map_err(|error| {
            let reached = if error.is_connect() {
                Reached::No
            } else {
                Reached::Yes
            };
            if request.until.is_over() {
                return late_error(&hop.shown, request.until);
            }
            let what = mask.server_text(&self.connection_cause(&hop.url, &error.without_url()));
            let failure = connection_error(&hop.shown, &host, what);
            if let HttpError::Connection {
                what,
                is_passing: true,
                ..
            } = &failure
            {
                self.gate.note_no_answer(&host, reached, what);
            }
            failure
        })?;
        self.gate.note_answer(&host);
        debug!(url = hop.shown, status = response.status().as_u16(), "answered");
        Ok(Stream::new(
            response,
            pass,
            (hop.shown.clone(), mask),
            access.timeout_s,
            request.until,
        ))
    }

    /// Waits for a place at a host.
    fn enter_host(&self, host: &str, shown: &str, until: Deadline) -> Result<Pass<'_>, HttpError> {
        self.gate.enter(host, until).map_err(|shut| match shut {
            Shut::Down(down) => HttpError::Down {
                host: host.to_owned(),
                silent_s: down.silent.as_secs(),
                what: down.what,
            },
            Shut::Late => late_error(shown, until),
        })
    }

    /// What reqwest says, without the words that every failure begins with, and by which way it was tried.
    fn connection_cause(&self, url: &Url, error: &reqwest::Error) -> String {
        let what = error.source().map_or_else(|| error_chain(error), error_chain);
        let what = what.strip_prefix("client error (Connect): ").unwrap_or(&what);
        let way = self.settings.proxies.proxy_note(url.scheme()).unwrap_or_default();
        format!("{what}{way}")
    }
}

fn late_error(shown: &str, until: Deadline) -> HttpError {
    HttpError::Late {
        url: shown.to_owned(),
        allowed_s: until.allowed_s(),
    }
}

/// The question as it goes to one host: GET, or POST where the form has to go in the body.
fn build_request(
    client: &HttpClient,
    request: &Request<'_>,
    hop: &Hop,
) -> Result<reqwest::blocking::Request, reqwest::Error> {
    let builder = match hop.form.as_slice() {
        [] => client.get(hop.url.clone()),
        form => client
            .post(hop.url.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form_body(form)),
    };
    let encoding = if request.is_compressed { "gzip" } else { "identity" };
    let mut builder = builder
        .header(ACCEPT, request.accept)
        .header(ACCEPT_ENCODING, encoding);
    for (name, value) in request.headers {
        builder = builder.header(*name, value);
    }
    if hop.is_home {
        builder = with_credentials(builder, request.access);
    }
    builder.build()
}

/// Why no answer came: trouble that may pass, or a certificate that doesn't verify.
fn connection_error(shown: &str, host: &str, what: String) -> HttpError {
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
fn first_hop(request: &Request<'_>, token: Option<String>, mask: &Mask) -> Result<Hop, HttpError> {
    let access = request.access;
    let mut url = request.url.clone();
    url.set_fragment(None);
    if access.credential != Credential::None && !is_safe(&url) {
        return Err(HttpError::Unencrypted {
            url: mask.url_text(&url),
        });
    }
    let mut form: Vec<(String, String)> = request
        .form
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    form.extend(token.iter().map(|token| ("token".to_owned(), token.clone())));
    let is_short = url.as_str().len() + form_body(&form).len() < LONGEST_URL;
    if request.posted.is_none() && (is_short || request.form.is_empty()) {
        if !form.is_empty() {
            url.query_pairs_mut().extend_pairs(form.drain(..));
        }
        form.clear();
    }
    let shown = mask.url_text(&url);
    Ok(Hop {
        url,
        shown,
        form,
        token,
        is_home: true,
    })
}

fn with_credentials(builder: RequestBuilder, access: &Access) -> RequestBuilder {
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

fn form_body(form: &[(String, String)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish()
}

/// Where the answer sends the client, and as it says so; none where it is one itself.
fn redirect_target(response: &Response, from: &Url) -> Option<(Url, String)> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    Some((from.join(location).ok()?, location.to_owned()))
}

/// The stream, where its status is 2xx or 304; else what the server says.
fn check_status(mut stream: Stream<'_>) -> Result<Stream<'_>, HttpError> {
    let status = stream.response().status();
    if status.is_success() || status.as_u16() == 304 {
        return Ok(stream);
    }
    let retry_after = retry_after(stream.response().headers());
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
