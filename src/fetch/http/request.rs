//! One question as it is to be put, whatever redirects and attempts it takes.

use std::cell::Cell;

use url::{Host, Url};

use super::Deadline;
use super::mask::Mask;
use crate::plan::Access;

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
