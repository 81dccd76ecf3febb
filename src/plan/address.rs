//! Addresses of servers, checked as text: what a source's URL may be and must not hold.
//!
//! Opens nothing. Values of the environment stand in the URL that is returned; messages show the names.

use super::check::Check;
use super::variables::{Hidden, Variables};
use crate::config::Spanned;

/// What an address looks like, as a pattern.
pub(super) const ADDRESS: &str = "^(https?://|[$][{])";

/// Parameters whose values are credentials.
const CREDENTIALS: [&str; 9] = [
    "access_token",
    "api_key",
    "apikey",
    "auth",
    "key",
    "password",
    "secret",
    "signature",
    "token",
];

/// A URL with the values of its variables, and those variables.
pub(super) fn resolve_url(
    check: &mut Check<'_>,
    written: Option<&Spanned<String>>,
    variables: Variables,
) -> (String, Hidden) {
    let Some(written) = written else {
        return (String::new(), Vec::new());
    };
    // A URL whose variables are wrong is judged no further: what else is wrong with it follows from them.
    let before = check.found.len();
    report_written_credentials(check, written);
    let (url, hidden) = check.expand_variables(written, variables);
    if check.found.len() > before {
        return (url, hidden);
    }
    if let Err(reason) = check_url(&url) {
        let help = "write an address such as `https://data.example.org/file.csv`";
        check.error(&written.span, format!("`url` {reason}")).help = Some(help.to_owned());
    }
    (url, hidden)
}

/// A credential that stands in the URL itself would be shown wherever the URL is.
fn report_written_credentials(check: &mut Check<'_>, written: &Spanned<String>) {
    let query = written.value.split_once('?').map_or("", |(_, query)| query);
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let is_credential = CREDENTIALS.contains(&name.to_ascii_lowercase().as_str());
        if is_credential && !value.is_empty() && !value.contains("${") {
            let help = "take its value from the environment, `${NAME}`, or say who asks in `auth`";
            check
                .error(&written.span, format!("the value of `{name}` stands in the URL"))
                .help = Some(help.to_owned());
        }
    }
}

/// What is wrong with an address; never with a part of it, which may be a value of the environment.
pub(super) fn check_url(url: &str) -> Result<(), &'static str> {
    // The parser's own words are dropped, for they could repeat a value of the environment.
    let parsed = url::Url::parse(url).map_err(|_invalid| "is no address")?;
    match () {
        () if !matches!(parsed.scheme(), "http" | "https") => {
            Err("starts with neither `https://` nor `http://`")
        }
        () if !parsed.username().is_empty() || parsed.password().is_some() => {
            Err("holds a user name or password; name variables of the environment in `auth`")
        }
        () => Ok(()),
    }
}

/// Whether nobody on the way can read what is sent.
pub(super) fn is_private(url: &str) -> bool {
    // What is no address is reported as that, and not as one that anybody can read as well.
    let Ok(parsed) = url::Url::parse(url) else {
        return true;
    };
    let is_loopback = match parsed.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    parsed.scheme() != "http" || is_loopback
}
