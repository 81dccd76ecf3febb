//! What may be shown of a URL or a text: everything but the values that came from the environment.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use url::Url;

use crate::plan::{Access, Credential, Secret};

/// Characters of a body that messages show.
const EXCERPT: usize = 200;

/// Parameters whose values are credentials, whoever wrote them.
const SECRET_WORDS: [&str; 8] =
    ["token", "key", "sig", "secret", "password", "auth", "credential", "session"];

/// Replaces secrets by what stands for them.
#[derive(Debug, Clone, Default)]
pub struct Mask {
    /// Secret and stand-in, the longest secret first.
    pairs: Vec<(Secret, String)>,
}

impl Mask {
    /// Hides everything that `access` knows, and a token.
    pub fn of(access: &Access, token: Option<&str>) -> Self {
        let mut mask = Self::default();
        for (name, value) in &access.hidden {
            mask.add(value.reveal(), &format!("${{{name}}}"));
        }
        let credentials = match &access.credential {
            Credential::None => vec![],
            Credential::Token(secret) | Credential::Bearer(secret) => vec![secret],
            Credential::Basic { user, password } | Credential::Login { user, password, .. } => {
                vec![user, password]
            }
        };
        for secret in credentials {
            mask.add(secret.reveal(), "***");
        }
        // As the header has them: a server may repeat what it was sent.
        if let Credential::Basic { user, password } = &access.credential {
            let pair = format!("{}:{}", user.reveal(), password.reveal());
            mask.add(BASE64_STANDARD.encode(pair).trim_end_matches('='), "***");
        }
        if let Some(token) = token {
            mask.add(token, "***");
        }
        mask
    }

    /// Hides one more value, plain and as URLs encode it.
    pub(super) fn add(&mut self, value: &str, shown: &str) {
        if value.is_empty() {
            return;
        }
        let form: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let spaced = form.replace('+', "%20");
        let mut path = Url::parse("http://h/").ok();
        if let Some(url) = &mut path {
            url.set_path(value);
        }
        let path = path.map(|url| url.path().trim_start_matches('/').to_owned()).unwrap_or_default();
        for needle in [value.to_owned(), form, spaced, path] {
            if !needle.is_empty() && !self.pairs.iter().any(|(known, _)| known.reveal() == needle) {
                self.pairs.push((Secret::new(needle), shown.to_owned()));
            }
        }
        self.pairs.sort_by_key(|(secret, _)| std::cmp::Reverse(secret.reveal().len()));
    }

    /// A text without secrets.
    pub fn text(&self, text: &str) -> String {
        let hide = |text: String, (secret, shown): &(Secret, String)| text.replace(secret.reveal(), shown);
        self.pairs.iter().fold(text.to_owned(), hide)
    }

    /// A URL without secrets: no user or password, and no value of a parameter that looks like a credential.
    pub fn url(&self, url: &Url) -> String {
        let mut plain = url.clone();
        plain.set_fragment(None);
        let has_user = !url.username().is_empty() || url.password().is_some();
        if has_user && (plain.set_username("").is_err() || plain.set_password(None).is_err()) {
            return format!("{}:***", url.scheme());
        }
        if let Some(query) = url.query() {
            let pairs: Vec<String> = query.split('&').map(parameter).collect();
            plain.set_query(Some(&pairs.join("&")));
        }
        self.text(plain.as_str())
    }

    /// The beginning of a body, on one line and without secrets.
    pub(super) fn excerpt(&self, body: &[u8]) -> String {
        let whole = self.text(&String::from_utf8_lossy(body));
        let words: Vec<&str> = whole.split(|c: char| c.is_whitespace() || c.is_control()).collect();
        let line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        match line.char_indices().nth(EXCERPT) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    }

    /// Whether a parameter or a step of the path is a credential.
    pub(super) fn is_in(&self, url: &Url) -> bool {
        let is_secret =
            |text: &str| self.pairs.iter().any(|(secret, shown)| shown == "***" && secret.reveal() == text);
        url.query_pairs().any(|(_, value)| is_secret(&value))
            || url.path_segments().is_some_and(|mut steps| steps.any(is_secret))
    }
}

fn parameter(pair: &str) -> String {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let lower = name.to_ascii_lowercase();
    let is_secret = !value.is_empty() && SECRET_WORDS.iter().any(|word| lower.contains(word));
    if is_secret { format!("{name}=***") } else { pair.to_owned() }
}
