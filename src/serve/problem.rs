//! What is wrong with a request, as JSON for programs (RFC 9457) with what was expected for people.
//!
//! Pure.

use axum::http::header::{ALLOW, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use serde_json::json;
use tracing::error;

use super::answer::Answer;
use crate::feature::error_chain;
use crate::query::QueryError;

/// Type of the body (RFC 9457, section 3).
const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");
/// Seconds after which a server that is busy may be asked again.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// Why a request has no answer.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    detail: String,
    /// Methods that are answered, where another was asked.
    allow: Option<HeaderValue>,
}

impl Problem {
    fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            allow: None,
        }
    }

    /// The request can't be understood, or asks for what there can't be.
    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// There is no such thing.
    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// It is marked so that it isn't shown here.
    pub(super) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// Other methods are answered here.
    pub(super) fn method(allowed: &'static str) -> Self {
        Self {
            allow: Some(HeaderValue::from_static(allowed)),
            ..Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                format!("expected one of the methods {allowed}"),
            )
        }
    }

    /// The address is too long.
    pub(super) fn uri_too_long(most: usize) -> Self {
        Self::new(
            StatusCode::URI_TOO_LONG,
            format!("expected path and query of no more than {most} bytes"),
        )
    }

    /// The body is too long, or doesn't come.
    pub(super) fn body(most: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("expected a whole body of no more than {most} bytes"),
        )
    }

    /// The body is no JSON.
    pub(super) fn media_type(expected: &str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("expected a body of the type {expected}"),
        )
    }

    /// A bound is reached, or there are too many questions at once.
    pub(super) fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    /// Something is wrong here; what, the log tells alone.
    pub(super) fn internal(reason: &str) -> Self {
        error!(reason, "a request can't be answered");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "something is wrong with this server or its release; its log tells what",
        )
    }

    /// As JSON.
    pub(super) fn into_answer(self) -> Answer {
        let body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason().unwrap_or("Problem"),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let mut answer = Answer::json(&body).of_type(MEDIA_TYPE).with_status(self.status);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            answer = answer.with_header(RETRY_AFTER, RETRY_SECONDS);
        }
        match self.allow {
            Some(allow) => answer.with_header(ALLOW, allow),
            None => answer,
        }
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        if error.is_mistake() {
            return Self::bad_request(error_chain(&error));
        }
        match error {
            QueryError::Stopped { what } => Self::unavailable(what),
            other => Self::internal(&error_chain(&other)),
        }
    }
}
