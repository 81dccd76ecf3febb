//! Whether the beginning of a body can be the file that was asked for.
//!
//! Servers answer 200 with a page that says sorry, a portal that answers JSON while it prepares an export, a demand
//! for a token: none of it may land in place of a layer. Opens nothing.

use std::borrow::Cow;

use serde_json::Value;

use super::http::Stream;
use crate::plan::{Format, HttpPlan, SourcePlan};

/// Bytes that are judged before any is kept.
const HEAD: usize = 16 << 10;

/// Words by which exports say that they have ended badly.
const FAILED: [&str; 4] = ["fail", "error", "cancel", "abort"];

/// What a body is that isn't the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Something else.
    Wrong(String),
    /// Word of an export that is being prepared.
    Pending(String),
    /// Word of an export that is finished, and where it is.
    Elsewhere(String),
    /// An error of `ArcGIS`: the token is missing or has expired.
    Token,
}

/// The beginning of a body.
pub(super) struct Head<'a> {
    format: &'a Format,
    extension: &'a str,
    is_html: bool,
    is_accepted: bool,
    has_next: bool,
    bytes: Vec<u8>,
}

/// Whether a `Link` header has a link to a next page (RFC 8288): `<https://…?page=2>; rel="next"`.
fn names_next(links: &str) -> bool {
    links.split(',').any(|link| {
        let mut parameters = link
            .split(';')
            .skip(1)
            .filter_map(|parameter| parameter.trim().split_once('='));
        parameters.any(|(name, value)| {
            let mut relations = value.trim_matches('"').split_whitespace();
            name.eq_ignore_ascii_case("rel") && relations.any(|word| word.eq_ignore_ascii_case("next"))
        })
    })
}

impl<'a> Head<'a> {
    pub(super) fn new(source: &'a SourcePlan, plan: &'a HttpPlan, stream: &Stream<'_>) -> Self {
        let kind = stream
            .header("content-type")
            .unwrap_or_default()
            .to_ascii_lowercase();
        Self {
            format: &source.format,
            extension: &plan.extension,
            is_html: kind.starts_with("text/html"),
            is_accepted: stream.status() == 202,
            has_next: stream.header("link").is_some_and(names_next),
            bytes: Vec::new(),
        }
    }

    pub(super) fn extend(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= HEAD
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The names of columns, where the format begins with a line of them.
    pub(super) fn column_names(&self) -> Option<Cow<'_, str>> {
        let is_csv = matches!(self.format, Format::Csv { .. }) && self.extension != "zip";
        let line = self.bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        is_csv.then(|| String::from_utf8_lossy(line))
    }

    /// What was asked for, as messages call it.
    pub(super) fn wanted_format(&self) -> &'static str {
        if self.extension == "zip" {
            "zip archive"
        } else {
            self.format.noun()
        }
    }

    /// What the body is, where it isn't the file; `is_whole` where it ends here.
    pub(super) fn verdict(&self, is_whole: bool) -> Option<Verdict> {
        let start = self.trimmed_start();
        let is_json = matches!(start.first(), Some(b'{' | b'['));
        if is_json
            && is_whole
            && let Some(verdict) = self.judge_json(start)
        {
            return Some(verdict);
        }
        if self.is_accepted {
            return Some(Verdict::Pending("202 Accepted".to_owned()));
        }
        // In this order: what says best what went wrong comes first. An empty body is no web page, and a page that is
        // announced as HTML is told as such, whatever bytes the format begins with.
        let found = match () {
            // A page of a service is a whole document in itself: nothing in it shows that others follow.
            () if self.has_next => "a page, whose `Link` header names the next",
            () if start.is_empty() && is_whole => "nothing",
            () if self.is_page(start) => "a web page",
            () if is_json && !self.format.may_be_json(self.extension) => "JSON",
            () if self
                .format
                .magic(self.extension)
                .is_some_and(|magic| !self.bytes.starts_with(magic)) =>
            {
                "something else"
            }
            () if matches!(self.format, Format::Csv { .. }) && start.starts_with(b"PK\x03\x04") => {
                "a zip archive"
            }
            () => return None,
        };
        Some(Verdict::Wrong(found.to_owned()))
    }

    /// The body after a byte order mark and white space.
    fn trimmed_start(&self) -> &[u8] {
        self.bytes
            .strip_prefix(b"\xEF\xBB\xBF")
            .unwrap_or(&self.bytes)
            .trim_ascii_start()
    }

    fn is_page(&self, start: &[u8]) -> bool {
        let beginning = start[..start.len().min(64)].to_ascii_lowercase();
        let tags: [&[u8]; 4] = [b"<!doctype html", b"<html", b"<head", b"<body"];
        tags.iter().any(|tag| beginning.starts_with(tag)) || (self.is_html && start.starts_with(b"<"))
    }

    /// What a small answer in JSON says of the file, where it isn't the file.
    fn judge_json(&self, start: &[u8]) -> Option<Verdict> {
        let answer: Value = serde_json::from_slice(start).ok()?;
        if let Some(error) = answer.get("error") {
            let code = error.get("code").and_then(Value::as_i64);
            return Some(match code {
                Some(498 | 499) => Verdict::Token,
                Some(code) => Verdict::Wrong(format!("error {code}")),
                None => Verdict::Wrong("an error".to_owned()),
            });
        }
        // GeoJSON says what it is, and may have a member of any other name.
        if answer.get("type").is_some() && self.format.may_be_json(self.extension) {
            return None;
        }
        let status = answer.get("status").and_then(Value::as_str)?;
        let target = ["resultUrl", "downloadUrl"]
            .iter()
            .find_map(|key| answer.get(*key)?.as_str());
        let word = status.to_ascii_lowercase();
        Some(match target {
            _ if FAILED.iter().any(|failed| word.contains(failed)) => {
                Verdict::Wrong(format!("an export with the status `{status}`"))
            }
            Some(target) => Verdict::Elsewhere(target.to_owned()),
            None => Verdict::Pending(status.to_owned()),
        })
    }
}
