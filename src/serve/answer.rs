//! What a request is answered with, before it is on its way.
//!
//! Pure: bytes, or a part of an open file.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use bytes::Bytes;
use serde_json::Value;

/// Type of JSON.
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");
/// Type of pages for people.
pub(super) const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
/// What may change with the next release is asked for again each time.
pub(super) const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) content: Content,
}

/// What an answer holds.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// Bytes in memory.
    Bytes(Bytes),
    /// Bytes of a file, read as they are sent.
    Part { file: Arc<File>, range: Range<u64> },
}

impl Content {
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Part { range, .. } => range.end - range.start,
        }
    }
}

impl Answer {
    /// Bytes of a type.
    pub(super) fn bytes(bytes: impl Into<Bytes>, media_type: HeaderValue) -> Self {
        Self::of(Content::Bytes(bytes.into()), media_type)
    }

    /// Content of a type.
    pub(super) fn of(content: Content, media_type: HeaderValue) -> Self {
        Self {
            status: StatusCode::OK,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, media_type)]),
            content,
        }
    }

    /// A value as JSON, to be asked for again each time.
    pub(super) fn json(value: &Value) -> Self {
        Self::bytes(value.to_string(), JSON).with_header(CACHE_CONTROL, NO_CACHE)
    }

    /// A page for people.
    pub(super) fn html(page: String) -> Self {
        Self::bytes(page, HTML).with_header(CACHE_CONTROL, NO_CACHE)
    }

    /// Nothing, but a status.
    pub(super) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            content: Content::Bytes(Bytes::new()),
        }
    }

    /// Look there instead, for now.
    pub(super) fn see(place: HeaderValue) -> Self {
        Self::empty(StatusCode::TEMPORARY_REDIRECT)
            .with_header(LOCATION, place)
            .with_header(CACHE_CONTROL, NO_CACHE)
    }

    /// JSON that is written already, to be asked for again each time.
    pub(super) fn json_text(text: impl Into<Bytes>, media_type: &'static str) -> Self {
        Self::bytes(text, HeaderValue::from_static(media_type)).with_header(CACHE_CONTROL, NO_CACHE)
    }

    /// With another status.
    pub(super) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// With another type.
    pub(super) fn of_type(self, media_type: HeaderValue) -> Self {
        self.with_header(CONTENT_TYPE, media_type)
    }

    /// With a header, which replaces one of its name.
    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}
