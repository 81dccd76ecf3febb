//! How the client behaves, and the inner client that does.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{NoProxy, Proxy};
use url::Url;

use super::error::{HttpError, error_chain};
use super::gate::Limits;
use crate::feature::Veil;

/// Seconds without a byte after which a request is given up, where a source doesn't say.
pub(super) const DEFAULT_TIMEOUT_S: u32 = 60;

/// No connection takes longer.
const CONNECT: Duration = Duration::from_secs(20);

/// How the client behaves.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// `User-Agent`.
    pub user_agent: String,
    /// Proxies; none by default, whatever the environment says.
    pub proxies: Proxies,
    /// Times that a question is asked before it is given up.
    pub attempts: u32,
    /// Wait before the second attempt at most; it doubles with each, and the wait is drawn below it.
    pub pause: Duration,
    /// Longest wait between two attempts, and longest that a server may ask for.
    pub longest_wait: Duration,
    /// Requests at the same time to one host.
    pub per_host: usize,
    /// What the run has in secret; tokens are added to it as they are given.
    pub veil: Veil,
}

/// Proxies, as the environment names them.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    /// For `http://` (`http_proxy`).
    pub http: Option<String>,
    /// For `https://` (`https_proxy`).
    pub https: Option<String>,
    /// Hosts that are asked directly (`no_proxy`).
    pub except: Option<String>,
}

impl Proxies {
    /// By which proxy a host is asked, as an error says it: its name alone, for the rest may be a password.
    pub(super) fn proxy_note(&self, scheme: &str) -> Option<String> {
        let address = if scheme == "https" {
            self.https.as_deref()
        } else {
            self.http.as_deref()
        }?;
        let url = Url::parse(address).ok().filter(Url::has_host);
        let url = url.or_else(|| Url::parse(&format!("http://{address}")).ok())?;
        let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
        let doubt = if self.except.is_some() {
            ", unless `no_proxy` names the host"
        } else {
            ""
        };
        Some(format!(" (by the proxy {}{port}{doubt})", url.host_str()?))
    }
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            user_agent: concat!("cikr/", env!("CARGO_PKG_VERSION")).to_owned(),
            proxies: Proxies::default(),
            attempts: 6,
            pause: Duration::from_millis(500),
            longest_wait: Duration::from_mins(2),
            per_host: 8,
            veil: Veil::default(),
        }
    }
}

impl ClientSettings {
    /// Nobody is less patient with a host because others were before.
    pub(super) fn host_limits(&self) -> Limits {
        // As long as one question takes that is tried as often as it may be: the waits between its attempts together.
        let silence = self
            .pause
            .saturating_mul(1 << self.attempts.saturating_sub(1).min(16));
        Limits {
            per_host: self.per_host,
            failures: self.attempts,
            silence,
            rest: self.longest_wait,
        }
    }

    /// Redirects are followed by `redirect`, compression is undone by `body`: both bounded there.
    ///
    /// The time-out of the blocking client counts from one read to the next, not over the whole answer.
    pub(super) fn build_client(
        &self,
        timeout_s: u32,
        is_insecure: bool,
    ) -> Result<reqwest::blocking::Client, HttpError> {
        let timeout = Duration::from_secs(u64::from(timeout_s));
        let mut builder = reqwest::blocking::Client::builder()
            .user_agent(&self.user_agent)
            .redirect(Policy::none())
            .timeout(timeout)
            .connect_timeout(CONNECT.min(timeout))
            .pool_max_idle_per_host(self.per_host)
            .danger_accept_invalid_certs(is_insecure)
            .no_proxy();
        let except = self.proxies.except.as_deref().and_then(NoProxy::from_string);
        for (proxy, is_https) in [(&self.proxies.http, false), (&self.proxies.https, true)] {
            let Some(address) = proxy.as_deref().filter(|address| !address.is_empty()) else {
                continue;
            };
            let proxy = if is_https {
                Proxy::https(address)
            } else {
                Proxy::http(address)
            };
            // The address may hold a password, and the cause repeats it.
            let Ok(proxy) = proxy else {
                return Err(HttpError::Setup {
                    what: "the address of the proxy cannot be understood".to_owned(),
                });
            };
            builder = builder.proxy(proxy.no_proxy(except.clone()));
        }
        builder.build().map_err(|source| HttpError::Setup {
            what: error_chain(&source),
        })
    }
}
