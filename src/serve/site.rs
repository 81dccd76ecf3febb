//! What every request is answered from.
//!
//! Shared by all threads; its parts lock for themselves.

use std::net::SocketAddr;
use std::sync::Arc;

use super::metrics::Metrics;
use super::problem::Problem;
use super::release::Opened;
use super::releases::Releases;
use super::request::Request;
use super::settings::{BaseUrl, Settings};

/// The parameter that asks an older release.
pub(super) const RELEASE: &str = "release";

/// The server's releases, settings and counts.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) settings: Settings,
    /// Where it listens, with the port that it got.
    pub(super) address: SocketAddr,
    pub(super) releases: Releases,
    pub(super) metrics: Metrics,
}

impl Site {
    /// The release that a request is for: the latest, or the one that its parameter `release` names.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn release(&self, request: &Request) -> Result<Arc<Opened>, Problem> {
        match request.parameter(RELEASE)? {
            Some(word) => self.releases.named(word),
            None => self.releases.latest(),
        }
    }

    /// The address that links in an answer begin with.
    pub(super) fn base_url(&self, request: &Request) -> BaseUrl {
        request.base_url(self.settings.base_url.as_ref(), &self.address.to_string())
    }
}
