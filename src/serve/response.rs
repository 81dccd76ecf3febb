//! An answer as HTTP sends it, with the headers that all have: who may read it (CORS), and that its type is what it says.
//!
//! Pure.

use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ALLOW, CONTENT_LENGTH, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

use super::answer::{Answer, Content};
use super::body::FileBody;
use super::routes::Route;

/// Headers of answers that pages of other origins may read, beside the plain ones.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "accept-ranges, content-encoding, content-length, content-range, etag, link, location, retry-after",
);
/// Headers that pages of other origins may send.
const TAKEN: HeaderValue = HeaderValue::from_static("content-type, if-match, if-none-match, if-range, range");
/// Seconds for which a browser needn't ask again whether it may: a day.
const PREFLIGHT_SECONDS: HeaderValue = HeaderValue::from_static("86400");

/// The answer to whoever asks what may be asked.
pub(super) fn preflight(route: &Route) -> Answer {
    let methods = HeaderValue::from_static(route.methods());
    Answer::empty(StatusCode::NO_CONTENT)
        .with_header(ALLOW, methods.clone())
        .with_header(ACCESS_CONTROL_ALLOW_METHODS, methods)
        .with_header(ACCESS_CONTROL_ALLOW_HEADERS, TAKEN)
        .with_header(ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS)
}

/// An answer on its way; of `HEAD` its head alone.
pub(super) fn response_of(answer: Answer, is_head: bool) -> Response {
    let length = answer.content.len();
    let body = match answer.content {
        _ if is_head => Body::empty(),
        Content::Bytes(bytes) => Body::from(bytes),
        Content::Part { file, range } => Body::new(FileBody::new(file, range)),
    };
    let mut response = Response::new(body);
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    *headers = answer.headers;
    if !matches!(answer.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.append(VARY, HeaderValue::from_static("accept, accept-encoding"));
    response
}
