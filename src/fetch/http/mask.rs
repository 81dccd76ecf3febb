//! What may be shown of a URL, of this program's own words and of a server's, and where a credential must not go.

use url::Url;

use crate::feature::{MASKED, Veil, shorten_text};
use crate::plan::{Access, Secret};

/// Characters of a URL that somebody else wrote.
const LONGEST: usize = 300;

/// Letters and digits from which a value in the URL of a source is taken for a credential.
const KEY: usize = 8;

/// Parameters whose values are credentials, whoever wrote them.
const SECRET_WORDS: [&str; 8] = [
    "token",
    "key",
    "sig",
    "secret",
    "password",
    "auth",
    "credential",
    "session",
];

/// Hides what one source's server was sent, and what the run has in secret besides.
#[derive(Debug, Clone, Default)]
pub struct Mask {
    /// Values in the source's URL, and its credentials.
    source: Veil,
    /// Those of them that no other host may get.
    kept_home: Veil,
    credentials: Vec<Secret>,
    run: Veil,
}

impl Mask {
    /// Hides everything that `access` knows, a token, and all that the run hides.
    pub(super) fn for_access(access: &Access, token: Option<&str>, run: &Veil) -> Self {
        let mut mask = Self {
            run: run.clone(),
            ..Self::default()
        };
        // A short word in a URL (a year, a state) is nothing that another host must not see, and would be found
        // everywhere.
        for (name, value) in &access.hidden {
            mask.source.hide(value.reveal(), &format!("${{{name}}}"));
            if is_key(value.reveal()) {
                mask.kept_home.hide(value.reveal(), "***");
            }
        }
        let token = token.map(Secret::new);
        mask.credentials = access
            .credential
            .secrets()
            .into_iter()
            .cloned()
            .chain(token)
            .collect();
        for secret in &mask.credentials {
            mask.source.hide(secret.reveal(), "***");
            mask.kept_home.hide(secret.reveal(), "***");
        }
        mask
    }

    /// A text of this program without secrets.
    pub fn own_text(&self, text: &str) -> String {
        self.run
            .mask_own_text(&self.source.mask_own_text(text))
            .into_owned()
    }

    /// The beginning of what a server says: short, on one line, visible, and masked as a whole on any doubt.
    pub fn server_text(&self, text: &str) -> String {
        let text = self.source.mask_excerpt(text);
        self.run.mask_own_text(&text).into_owned()
    }

    /// The same of a body.
    pub(super) fn excerpt(&self, body: &[u8]) -> String {
        self.server_text(&String::from_utf8_lossy(body))
    }

    /// A URL without secrets: no user or password, and no value of a parameter that looks like a credential.
    pub fn url_text(&self, url: &Url) -> String {
        let mut plain = url.clone();
        plain.set_fragment(None);
        let has_user = !url.username().is_empty() || url.password().is_some();
        if has_user && (plain.set_username("").is_err() || plain.set_password(None).is_err()) {
            return format!("{}:***", url.scheme());
        }
        if let Some(query) = url.query() {
            let pairs: Vec<String> = query.split('&').map(mask_parameter).collect();
            plain.set_query(Some(&pairs.join("&")));
        }
        let shown = self.own_text(&self.source.replace_secrets(plain.as_str()));
        if shown != MASKED {
            return shorten_text(&shown, LONGEST);
        }
        format!(
            "{}://{}/***",
            url.scheme(),
            self.source.replace_secrets(url.host_str().unwrap_or_default())
        )
    }

    /// Whether an address holds a secret in any spelling, that must stay with the host that it is for.
    pub(super) fn is_in(&self, url: &Url, written: &str) -> bool {
        // A credential may be too short to be looked for within a text, so values and steps are compared whole as well.
        self.kept_home.is_in(url.as_str())
            || self.kept_home.is_in(written)
            || url.query_pairs().any(|(_, value)| self.is_credential(&value))
            || url
                .path_segments()
                .is_some_and(|mut steps| steps.any(|step| self.is_credential(step)))
    }

    /// Whether a text holds a secret in any spelling.
    pub(super) fn is_doubtful(&self, text: &str) -> bool {
        self.source.is_in(text) || self.run.mask_own_text(text) != text
    }

    /// Whether a text holds what nobody writes by chance: a key or a credential that is no word.
    pub fn is_surely_in(&self, text: &str) -> bool {
        self.kept_home.is_surely_in(text)
    }

    /// Whether a value, as a whole, is one of the credentials.
    pub(super) fn is_credential(&self, value: &str) -> bool {
        self.credentials.iter().any(|secret| secret.reveal() == value)
    }

    /// A header that is sent back as it came; none where it can't be kept.
    pub(super) fn storable_header(&self, header: &str) -> Option<String> {
        let is_plain = header.len() <= LONGEST && header.chars().all(|c| matches!(c, ' '..='~'));
        (is_plain && !self.is_doubtful(header)).then(|| header.to_owned())
    }
}

/// Whether a value in a URL may be a key: it is neither a short word nor the address of a host.
fn is_key(value: &str) -> bool {
    let is_host =
        Url::parse(value).is_ok_and(|url| url.has_host() && url.path() == "/" && url.query().is_none());
    !is_host && value.chars().filter(|c| c.is_alphanumeric()).count() >= KEY
}

fn mask_parameter(pair: &str) -> String {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let lower = name.to_ascii_lowercase();
    let is_secret = !value.is_empty() && SECRET_WORDS.iter().any(|word| lower.contains(word));
    if is_secret {
        format!("{name}=***")
    } else {
        pair.to_owned()
    }
}
