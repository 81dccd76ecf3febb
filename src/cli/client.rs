//! How servers are asked, as the environment says.

use crate::feature::Veil;
use crate::fetch::http::{ClientSettings, Proxies};

/// How servers are asked: by the proxies that the environment names, as other programs take them.
pub(super) fn client_settings_hiding_proxies(veil: &Veil) -> ClientSettings {
    // A web server hands a header `Proxy` on as `HTTP_PROXY`: nothing that it starts may be led astray by one.
    let is_cgi = first_variable(&["REQUEST_METHOD"]).is_some();
    let http = if is_cgi { "http_proxy" } else { "HTTP_PROXY" };
    let proxies = Proxies {
        http: first_variable(&["http_proxy", http, "all_proxy", "ALL_PROXY"]),
        https: first_variable(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]),
        except: first_variable(&["no_proxy", "NO_PROXY"]),
    };
    // An address with a user in it is hidden as a whole; without one it may be told, which helps where a proxy
    // fails.
    for address in [&proxies.http, &proxies.https]
        .into_iter()
        .flatten()
        .filter(|address| address.contains('@'))
    {
        veil.hide(address, "(the proxy)");
    }
    ClientSettings {
        proxies,
        veil: veil.clone(),
        ..ClientSettings::default()
    }
}

/// The value of the first of some variables that is set and not empty.
#[expect(clippy::disallowed_methods, reason = "the environment is read in cli alone")]
fn first_variable(names: &[&str]) -> Option<String> {
    names
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}
