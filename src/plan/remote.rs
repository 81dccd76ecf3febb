//! Sources behind a server, and who asks: URLs checked as text, variables taken from the environment.
//!
//! Opens nothing. Values of the environment are kept as secrets; messages show the names.

use super::check::{Bounds, Check, optional, text};
use super::format::Format;
use super::resolve::Variables;
use super::source::{Access, ArcgisPlan, Credential, HttpPlan, PageFormat, Secret};
use crate::spec::{AccessSpec, ArcgisSpec, AuthSpec, HttpSpec, Span, Spanned};

/// Size at which fetching is given up.
pub(super) const MAX_BYTES: Bounds<u64> = Bounds {
    key: "max-bytes",
    range: 1 << 10..=1 << 50,
    default: 16 << 30,
};
/// Seconds without a byte.
pub(super) const TIMEOUT_S: Bounds<i64> = Bounds {
    key: "timeout-s",
    range: 1..=3_600,
    default: 60,
};
/// Rows of a page; servers commonly send 1,000 or 2,000.
pub(super) const PULL_ROWS: Bounds<i64> = Bounds {
    key: "page-rows",
    range: 1..=100_000,
    default: 2_000,
};
/// Requests at the same time.
pub(super) const AT_ONCE: Bounds<i64> = Bounds {
    key: "at-once",
    range: 1..=64,
    default: 4,
};
/// Wire formats.
pub(super) const PAGES: [(&str, PageFormat); 2] = [("json", PageFormat::Json), ("pbf", PageFormat::Pbf)];
/// All rows, as SQL that every server takes.
pub(super) const ALL_ROWS: &str = "1=1";
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
/// What the name of a variable looks like, as a pattern.
pub(super) const VARIABLE: &str = "^[A-Za-z_][A-Za-z0-9_]*$";

/// Names and values of the variables in a text.
type Hidden = Vec<(String, Secret)>;

/// `source.http` of the pipeline.
pub(super) fn http(
    check: &mut Check<'_>,
    spec: &HttpSpec,
    format: &Format,
    variables: Variables,
) -> HttpPlan {
    let (url, hidden) = address(check, spec.url.as_ref(), variables);
    HttpPlan {
        extension: extension(check, spec, format, &url),
        sha256: spec.sha256.as_ref().map(|sha256| digest(check, sha256)),
        max_bytes: check.within(spec.max_bytes.as_ref(), &MAX_BYTES),
        access: access(check, &spec.access, spec.url.as_ref(), &url, hidden, variables),
        url: Secret::new(url),
    }
}

/// `source.arcgis` of the pipeline.
pub(super) fn arcgis(check: &mut Check<'_>, spec: &ArcgisSpec, variables: Variables) -> ArcgisPlan {
    let (url, hidden) = address(check, spec.url.as_ref(), variables);
    service(check, spec, &url);
    let page_rows = check.within(spec.page_rows.as_ref(), &PULL_ROWS);
    let at_once = check.within(spec.at_once.as_ref(), &AT_ONCE);
    ArcgisPlan {
        layer: optional(spec.layer.as_ref()),
        filter: spec
            .filter
            .as_ref()
            .map_or(ALL_ROWS, |filter| &filter.value)
            .to_owned(),
        page_rows: u32::try_from(page_rows).unwrap_or(u32::MAX),
        at_once: u32::try_from(at_once).unwrap_or(1),
        pages: check
            .choice("a wire format", spec.pages.as_ref(), &PAGES)
            .unwrap_or(PageFormat::Json),
        max_bytes: check.within(spec.max_bytes.as_ref(), &MAX_BYTES),
        access: access(check, &spec.access, spec.url.as_ref(), &url, hidden, variables),
        url: Secret::new(url),
    }
}

/// The URL of a layer, or of a service and the layer beside it.
fn service(check: &mut Check<'_>, spec: &ArcgisSpec, url: &str) {
    let Some(written) = &spec.url else { return };
    let path = url
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    let is_layer = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    if let Some(layer) = spec.layer.as_ref().filter(|_| is_layer) {
        check.error(
            &layer.span,
            format!("the URL ends with a layer already, `{last}`"),
        );
    }
    if url.contains(['?', '#']) {
        let help = "the puller adds its own parameters; rows are chosen by `where`, a token by `auth`";
        check.error(&written.span, "the URL of a layer has no query").help = Some(help.to_owned());
    }
}

/// A URL with the values of its variables, and those variables.
fn address(
    check: &mut Check<'_>,
    written: Option<&Spanned<String>>,
    variables: Variables,
) -> (String, Hidden) {
    let Some(written) = written else {
        return (String::new(), Vec::new());
    };
    let before = check.found.len();
    written_out(check, written);
    let (url, hidden) = check.expanded(written, variables);
    if check.found.len() > before {
        return (url, hidden);
    }
    if let Err(reason) = judge(&url) {
        let help = "write an address such as `https://data.example.org/file.csv`";
        check.error(&written.span, format!("`url` {reason}")).help = Some(help.to_owned());
    }
    (url, hidden)
}

/// A credential that stands in the URL itself would be shown wherever the URL is.
fn written_out(check: &mut Check<'_>, written: &Spanned<String>) {
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
fn judge(url: &str) -> Result<(), &'static str> {
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
fn is_private(url: &str) -> bool {
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

fn access(
    check: &mut Check<'_>,
    spec: &AccessSpec,
    written: Option<&Spanned<String>>,
    url: &str,
    hidden: Hidden,
    variables: Variables,
) -> Access {
    let credential = spec
        .auth
        .as_ref()
        .map(|auth| credential(check, &auth.value, variables));
    if let (Some(_), Some(written)) = (&spec.auth, written.filter(|_| !is_private(url))) {
        unencrypted(check, &written.span);
    }
    let timeout_s = check.within(spec.timeout_s.as_ref(), &TIMEOUT_S);
    Access {
        credential: credential.unwrap_or(Credential::None),
        timeout_s: u32::try_from(timeout_s).unwrap_or(u32::MAX),
        is_insecure: spec.insecure_tls.as_ref().is_some_and(|flag| flag.value),
        hidden,
    }
}

fn unencrypted(check: &mut Check<'_>, span: &Span) {
    let help = "credentials are sent over https alone, or within this machine";
    check
        .error(
            span,
            "`auth` over http shows the credentials to everyone on the way",
        )
        .help = Some(help.to_owned());
}

fn credential(check: &mut Check<'_>, spec: &AuthSpec, variables: Variables) -> Credential {
    let mut value = |name: &Option<Spanned<String>>| {
        name.as_ref()
            .map(|name| check.variable(name, variables))
            .unwrap_or_default()
    };
    match spec {
        AuthSpec::Token(name) => Credential::Token(value(&Some(name.clone()))),
        AuthSpec::Bearer(name) => Credential::Bearer(value(&Some(name.clone()))),
        AuthSpec::Basic { user, password } => Credential::Basic {
            user: value(user),
            password: value(password),
        },
        AuthSpec::Login { url, user, password } => {
            let (user, password) = (value(user), value(password));
            if let Some(written) = url {
                if let Err(reason) = judge(&written.value) {
                    check.error(&written.span, format!("`url` {reason}"));
                } else if !is_private(&written.value) {
                    unencrypted(check, &written.span);
                }
            }
            Credential::Login {
                url: text(url.as_ref()),
                user,
                password,
            }
        }
        AuthSpec::Unknown => Credential::None,
    }
}

/// The extension that is written, or what the format makes of the URL.
fn extension(check: &mut Check<'_>, spec: &HttpSpec, format: &Format, url: &str) -> String {
    let Some(written) = &spec.extension else {
        return format.landed_extension(url);
    };
    let extension = &written.value;
    let is_plain = extension
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if !is_plain || !(1..=16).contains(&extension.len()) {
        let message = format!("`{extension}` cannot be an extension");
        check.error(&written.span, message).help = Some("write it as `zip`, without a dot".to_owned());
    }
    extension.clone()
}

fn digest(check: &mut Check<'_>, written: &Spanned<String>) -> String {
    let digest = written.value.to_ascii_lowercase();
    if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let help = "write the 64 hexadecimal digits that `sha256sum` prints";
        check.error(&written.span, "this is no SHA-256").help = Some(help.to_owned());
    }
    digest
}

impl Check<'_> {
    /// A text with the values of `${NAME}` in it, and those; values are never shown.
    pub(super) fn expanded(&mut self, written: &Spanned<String>, variables: Variables) -> (String, Hidden) {
        let mut parts = written.value.split("${");
        let mut whole = parts.next().unwrap_or_default().to_owned();
        let mut hidden = Vec::new();
        for part in parts {
            let Some((name, rest)) = part.split_once('}') else {
                self.error(&written.span, "`${` without `}`");
                return (whole, hidden);
            };
            if let Some(value) = variables.0(name) {
                whole.push_str(&value);
                hidden.push((name.to_owned(), Secret::new(value)));
            } else {
                self.unset(&written.span, name);
            }
            whole.push_str(rest);
        }
        (whole, hidden)
    }

    /// The value of a variable by its name.
    fn variable(&mut self, name: &Spanned<String>, variables: Variables) -> Secret {
        let word = name.value.as_str();
        let is_name = word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name {
            // What stands there may be the credential itself, so it isn't repeated.
            let help = "write the name of a variable of the environment, never the value";
            self.error(&name.span, "this is no name of a variable").help = Some(help.to_owned());
            return Secret::default();
        }
        match variables.0(word) {
            Some(value) if !value.is_empty() => return Secret::new(value),
            Some(_) => {
                self.error(
                    &name.span,
                    format!("the variable `{word}` of the environment is empty"),
                );
            }
            None => self.unset(&name.span, word),
        }
        Secret::default()
    }

    fn unset(&mut self, span: &Span, name: &str) {
        let help = format!("set it for the program, as in `{name}=… cikr run …`");
        let message = format!("there is no variable `{name}` in the environment");
        self.error(span, message).help = Some(help);
    }
}
