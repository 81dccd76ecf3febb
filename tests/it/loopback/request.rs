//! What a client asked: a request taken apart for assertions. URL and form parameters are one list, since the program
//! may send either.

use std::time::SystemTime;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// 1 for the first request of the server.
    pub(crate) number: usize,
    /// `GET`, `POST`, `HEAD`.
    pub(crate) method: String,
    /// Path without the query.
    pub(crate) path: String,
    /// Decoded parameters: those of the URL, then those of the form.
    pub(crate) parameters: Vec<(String, String)>,
    /// Headers as sent.
    pub(crate) headers: Vec<(String, String)>,
    /// When it had arrived.
    pub(crate) at: SystemTime,
}

impl Request {
    /// Takes a head with its empty line and the body, which is a form, apart.
    pub(super) fn parse(number: usize, head: &[u8], body: &[u8]) -> Self {
        let head = String::from_utf8_lossy(head).into_owned();
        let mut lines = head.lines();
        let mut words = lines.next().unwrap_or_default().split(' ');
        let method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut parameters = pairs(query);
        parameters.extend(pairs(&String::from_utf8_lossy(body)));
        let headers = lines.filter_map(|line| line.split_once(": "));
        Self {
            number,
            method,
            path: decoded(path),
            parameters,
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            at: SystemTime::now(),
        }
    }

    /// A parameter's value.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether a parameter says `true`.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// A parameter that is a number.
    pub(crate) fn number_of(&self, name: &str) -> Option<usize> {
        self.get(name)?.parse().ok()
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether this asks a layer for rows, rather than for its info, a count, ids, statistics or an extent.
    pub(crate) fn asks_for_rows(&self) -> bool {
        let scalar = ["returnCountOnly", "returnIdsOnly", "returnExtentOnly"];
        self.path.ends_with("/query")
            && !scalar.iter().any(|name| self.is(name))
            && self.get("outStatistics").is_none()
    }
}

/// The length that a head announces.
pub(super) fn content_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let line = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:").map(str::trim));
    line.and_then(|length| length.parse().ok()).unwrap_or(0)
}

fn pairs(encoded: &str) -> Vec<(String, String)> {
    let parts = encoded.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(k, v)| (decoded(k), decoded(v)))
        .collect()
}

/// `%41+b` is `A b`.
fn decoded(text: &str) -> String {
    let (bytes, mut decoded, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        if let Some(byte) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            decoded.push(byte);
            at += 3;
        } else {
            decoded.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
            at += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
