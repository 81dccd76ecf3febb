//! The address a store is served under: checked as text, never opened.

use super::check::Check;
use crate::config::Spanned;

impl Check<'_> {
    /// An absolute URL without credentials, query or fragment; its closing slashes go.
    pub(super) fn base_url(&mut self, written: Option<&Spanned<String>>) -> Option<String> {
        let written = written?;
        if let Err(reason) = check_base_url(&written.value) {
            let diagnostic = self.error(&written.span, format!("`base-url` {reason}"));
            diagnostic.help =
                Some("write where the store is served, as `https://example.org/cikr`".to_owned());
        }
        // Paths are put behind it with a slash of their own.
        Some(written.value.trim_end_matches('/').to_owned())
    }
}

/// Lists of URLs are handed on: nothing secret may stand in them, and nothing a reader has to unquote.
fn check_base_url(url: &str) -> Result<(), &'static str> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    let rest = rest.ok_or("starts with neither `https://` nor `http://`")?;
    // As text, and not as a parser would mend it: readers are handed these very bytes with a path behind them.
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match () {
        () if host.contains('@') => Err("holds a user name or password"),
        () if rest.contains(['?', '#']) => Err("has a query or a fragment"),
        () if host.is_empty() || host.starts_with(':') => Err("names no host"),
        () if !rest.chars().all(is_url_char) => Err("has a character that must be percent-encoded"),
        () => Ok(()),
    }
}

/// Characters that stand in URLs as they are (RFC 3986), but the apostrophe.
fn is_url_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~%/:@!$&()*+,;=[]?#".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_plain() {
        for good in [
            "https://a.gov",
            "http://localhost:8080/x/",
            "https://a.gov/~b/c%20d",
            "http://[::1]/x",
        ] {
            assert_eq!(check_base_url(good), Ok(()), "{good}");
        }
        let bad = [
            ("a.gov/x", "starts with neither"),
            ("s3://bucket/x", "starts with neither"),
            ("HTTPS://a.gov", "starts with neither"),
            ("https://", "names no host"),
            ("https:///x", "names no host"),
            ("https://:80/x", "names no host"),
            ("https://user:secret@a.gov/x", "user name or password"),
            ("https://a.gov/x?token=1", "a query or a fragment"),
            ("https://a.gov#x", "a query or a fragment"),
            ("https://a.gov/a b", "percent-encoded"),
            ("https://a.gov/\"x", "percent-encoded"),
            ("https://a.gov/\nx", "percent-encoded"),
            ("https://a.gov/é", "percent-encoded"),
        ];
        for (url, reason) in bad {
            assert!(check_base_url(url).unwrap_err().contains(reason), "{url}");
        }
    }
}
