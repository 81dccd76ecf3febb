//! What whoever starts a server decides: where it listens, what it shows, and what a request may take.
//!
//! Pure.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use url::Url;

use crate::feature::Handling;

/// What a server is started with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where it listens; port 0 is any that is free.
    pub listen: SocketAddr,
    /// The address that links have; none for that of the request.
    pub base_url: Option<BaseUrl>,
    /// Rows marked above this aren't shown.
    pub handling: Handling,
    /// What may be taken.
    pub bounds: Bounds,
}

/// What requests may take. Each bound that is met gives an answer that says so, never a part of one.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// Connections at a time; further ones wait to be accepted.
    pub connections: usize,
    /// For the head of a request to come, and for the next request of a connection.
    pub head_time: Duration,
    /// For an answer to be made.
    pub request_time: Duration,
    /// For a client to take the next bytes of an answer.
    pub write_time: Duration,
    /// For requests that run when the server is stopped.
    pub stop_time: Duration,
    /// Of the body of a request, bytes.
    pub body_bytes: usize,
    /// Of path and query, bytes.
    pub uri_bytes: usize,
    /// Questions that are answered at a time; further ones wait, within their time.
    pub parallel_reads: usize,
    /// Rows of an answer.
    pub rows: u64,
    /// Bytes of an answer that is made of rows.
    pub answer_bytes: usize,
    /// Bytes that are read for an answer.
    pub read_bytes: u64,
    /// Bytes that all caches together may hold.
    pub cache_bytes: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connections: 256,
            head_time: Duration::from_secs(15),
            request_time: Duration::from_secs(20),
            write_time: Duration::from_secs(30),
            stop_time: Duration::from_secs(10),
            body_bytes: 64 << 10,
            uri_bytes: 8 << 10,
            parallel_reads: 4,
            rows: 10_000,
            answer_bytes: 32 << 20,
            read_bytes: 256 << 20,
            cache_bytes: 160 << 20,
        }
    }
}

/// An address that links begin with, without a slash at its end.
///
/// ```
/// use cikr::serve::BaseUrl;
///
/// let base: BaseUrl = "https://data.example.gov/cikr/".parse()?;
/// assert_eq!(base.to_string(), "https://data.example.gov/cikr");
/// assert!("data.example.gov".parse::<BaseUrl>().is_err());
/// # Ok::<(), cikr::serve::BadBaseUrl>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(String);

/// A text that is no such address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write an address such as https://data.example.gov/cikr, without a query")]
pub struct BadBaseUrl;

impl BaseUrl {
    /// The address of whoever is asked under this name and port.
    pub(super) fn of_host(host: &str) -> Self {
        Self(format!("http://{host}"))
    }
}

impl FromStr for BaseUrl {
    type Err = BadBaseUrl;

    fn from_str(text: &str) -> Result<Self, BadBaseUrl> {
        let url = Url::parse(text).map_err(|_no_url| BadBaseUrl)?;
        let is_plain = url.query().is_none() && url.fragment().is_none() && url.has_host();
        if !is_plain || !matches!(url.scheme(), "http" | "https") {
            return Err(BadBaseUrl);
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
