//! A request as handlers see it: its place, its parameters, its headers, and what may be taken for it.
//!
//! Pure. What of it may be hostile is checked where it is asked for; parameters that nobody knows are refused.

use axum::http::header::{ACCEPT, HOST};
use axum::http::{HeaderMap, Method};
use bytes::Bytes;
use url::form_urlencoded;

use super::problem::Problem;
use super::settings::BaseUrl;
use crate::query::Limits;

/// Longest name of a host with a port (RFC 1035: 253; and `:65535`).
const MOST_HOST_BYTES: usize = 259;

/// A request.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    /// The path as it came.
    pub(super) path: String,
    /// What stands in the places of the route's path, decoded.
    pub(super) places: Vec<(String, String)>,
    /// Parameters in their order, decoded.
    pub(super) parameters: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Until when an answer is wanted, and what may be read for it.
    pub(super) limits: Limits,
}

/// What a page is asked for as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// For programs.
    Json,
    /// For people.
    Html,
}

/// Parameters of a query, decoded.
pub(super) fn parameters(query: Option<&str>) -> Vec<(String, String)> {
    let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs.into_owned().collect()
}

impl Request {
    /// What stands in a place of the route's path; nothing where the route has no such place.
    pub(super) fn place(&self, name: &str) -> &str {
        let found = self.places.iter().find(|(place, _)| place == name);
        found.map_or("", |(_, value)| value)
    }

    /// The value of a parameter.
    ///
    /// # Errors
    /// When it stands there twice.
    pub(super) fn parameter(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self.parameters.iter().filter(|(known, _)| known == name);
        let first = values.next();
        if values.next().is_some() {
            return Err(Problem::bad_request(format!(
                "expected one parameter `{name}`, not several"
            )));
        }
        Ok(first.map(|(_, value)| value.as_str()))
    }

    /// The number that a parameter is.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, Problem> {
        let written = self.parameter(name)?;
        let number = written.map(str::parse).transpose();
        number.map_err(|_no_number| {
            Problem::bad_request(format!("expected a whole number from 0 up as `{name}`"))
        })
    }

    /// Refuses parameters that the route hasn't (OGC API – Features, `/req/core/query-param-unknown`).
    ///
    /// # Errors
    /// At the first.
    pub(super) fn check_parameters<'a>(
        &self,
        known: impl Fn(&str) -> bool,
        listed: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), Problem> {
        let Some((unknown, _)) = self.parameters.iter().find(|(name, _)| !known(name)) else {
            return Ok(());
        };
        let listed: Vec<&str> = listed.into_iter().collect();
        let unknown: String = unknown.chars().take(40).collect();
        Err(Problem::bad_request(format!(
            "no parameter `{unknown}` is known here; expected of: {}",
            listed.join(", ")
        )))
    }

    /// The same with names alone.
    ///
    /// # Errors
    /// At the first.
    pub(super) fn check_names(&self, known: &[&str]) -> Result<(), Problem> {
        self.check_parameters(|name| known.contains(&name), known.iter().copied())
    }

    /// As what a page is wanted: by the parameter `f`, else by the header `Accept`.
    ///
    /// # Errors
    /// When `f` is neither of the two.
    pub(super) fn form(&self) -> Result<Form, Problem> {
        match self.parameter("f")? {
            Some("json") => return Ok(Form::Json),
            Some("html") => return Ok(Form::Html),
            Some(_) => return Err(Problem::bad_request("expected `json` or `html` as `f`")),
            None => {}
        }
        let accept = self.header(ACCEPT.as_str()).unwrap_or_default();
        let place_of = |kind: &str| accept.find(kind).unwrap_or(usize::MAX);
        let is_page = place_of("text/html") < place_of("json");
        Ok(if is_page { Form::Html } else { Form::Json })
    }

    /// Refuses to be a page for people where there is none.
    ///
    /// # Errors
    /// When `f` asks for one.
    pub(super) fn json_alone(&self) -> Result<(), Problem> {
        match self.parameter("f")? {
            None | Some("json") => Ok(()),
            Some(_) => Err(Problem::bad_request(
                "expected `json` as `f`: there is no other form of this",
            )),
        }
    }

    /// A header that is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Under which address links lead here: what was decided, else what the request was sent to.
    pub(super) fn base_url(&self, decided: Option<&BaseUrl>, listens_on: &str) -> BaseUrl {
        if let Some(decided) = decided {
            return decided.clone();
        }
        let host = self.header(HOST.as_str()).filter(|host| is_host(host));
        BaseUrl::of_host(host.unwrap_or(listens_on))
    }
}

/// Whether a text may be a host with a port: it becomes a part of links.
fn is_host(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= MOST_HOST_BYTES
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".:-[]".contains(&byte))
}
