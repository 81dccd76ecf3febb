//! One request, from its head to that of its answer: read within its bounds, handed to its route, counted and told of.
//!
//! Asynchronous, and thin: a handler decides what the answer is, on a thread that may wait for disks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use axum::Router;
use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{FromRequestParts, RawPathParams, Request as HttpRequest, State};
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use hyper::body::Body;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tracing::debug;

use super::answer::Answer;
use super::problem::Problem;
use super::request::{Request, parameters};
use super::response::{preflight, response_of};
use super::routes::{Cost, NOWHERE, ROUTES, Route};
use super::site::Site;
use crate::query::Limits;

/// What a request needs beside itself.
#[derive(Debug, Clone)]
struct Desk {
    site: Arc<Site>,
    questions: Arc<Semaphore>,
}

/// A router of all that is answered.
pub(super) fn router(site: Arc<Site>) -> Router {
    let questions = Arc::new(Semaphore::new(site.settings.bounds.parallel_reads));
    let desk = Desk { site, questions };
    let mut router = Router::new();
    for route in &ROUTES {
        let answer = move |State(desk): State<Desk>, request: HttpRequest| answer(desk, route, request);
        router = router.route(route.path, any(answer));
    }
    let nowhere = |State(desk): State<Desk>, request: HttpRequest| answer(desk, &NOWHERE, request);
    router.fallback(nowhere).with_state(desk)
}

/// One request, from its head to the head of its answer.
async fn answer(desk: Desk, route: &'static Route, request: HttpRequest) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let answer = if method == Method::OPTIONS {
        preflight(route)
    } else {
        let answered = answer_in_time(&desk, route, request, began).await;
        answered.unwrap_or_else(Problem::into_answer)
    };
    let status = answer.status.as_u16();
    let bytes = answer.content.len();
    let took = began.elapsed();
    desk.site.metrics.answered(route.class, status, took, bytes);
    debug!(%method, path, status, bytes, ms = took.as_secs_f64() * 1e3, "answered");
    response_of(answer, method == Method::HEAD)
}

async fn answer_in_time(
    desk: &Desk,
    route: &'static Route,
    request: HttpRequest,
    began: Instant,
) -> Result<Answer, Problem> {
    let bounds = &desk.site.settings.bounds;
    let over =
        || Problem::unavailable("no answer within the time that a request may take; ask for less, or later");
    let in_time = async {
        let request = read_request(desk, route, request, began).await?;
        answer_apart(desk, route, request).await
    };
    timeout(bounds.request_time, in_time)
        .await
        .unwrap_or_else(|_elapsed| Err(over()))
}

async fn read_request(
    desk: &Desk,
    route: &Route,
    request: HttpRequest,
    began: Instant,
) -> Result<Request, Problem> {
    let bounds = &desk.site.settings.bounds;
    let (mut parts, body) = request.into_parts();
    let uri_bytes = parts.uri.path_and_query().map_or(0, |text| text.as_str().len());
    if uri_bytes > bounds.uri_bytes {
        return Err(Problem::uri_too_long(bounds.uri_bytes));
    }
    let is_post = parts.method == Method::POST;
    if !(matches!(parts.method, Method::GET | Method::HEAD) || is_post && route.takes_post) {
        return Err(Problem::method(route.methods()));
    }
    let places = places_of(&mut parts).await?;
    // Whoever announces too much isn't waited for.
    if is_post && body.size_hint().lower() > bounds.body_bytes as u64 {
        return Err(Problem::body(bounds.body_bytes));
    }
    let body = if is_post {
        let read = axum::body::to_bytes(body, bounds.body_bytes).await;
        read.map_err(|_too_long| Problem::body(bounds.body_bytes))?
    } else {
        Bytes::new()
    };
    Ok(Request {
        path: parts.uri.path().to_owned(),
        places,
        parameters: parameters(parts.uri.query()),
        method: parts.method,
        headers: parts.headers,
        body,
        limits: Limits {
            bytes: Some(bounds.read_bytes),
            until: Some(began + bounds.request_time),
            cancelled: Arc::new(AtomicBool::new(false)),
        },
    })
}

/// What stands in the places of the route's path, decoded.
async fn places_of(parts: &mut Parts) -> Result<Vec<(String, String)>, Problem> {
    match RawPathParams::from_request_parts(parts, &()).await {
        Ok(places) => Ok(places
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()),
        Err(RawPathParamsRejection::MissingPathParams(_)) => Ok(vec![]),
        Err(_not_text) => Err(Problem::bad_request(
            "expected a path that is UTF-8 once it is decoded",
        )),
    }
}

/// The handler, on a thread that may wait. Whoever doesn't wait for the answer any more withdraws the question.
async fn answer_apart(desk: &Desk, route: &'static Route, request: Request) -> Result<Answer, Problem> {
    let _withdrawn = WithdrawnAtEnd(Arc::clone(&request.limits.cancelled));
    let place = if is_question(&desk.site, route, &request) {
        Some(Arc::clone(&desk.questions).acquire_owned().await)
    } else {
        None
    };
    let site = Arc::clone(&desk.site);
    let answered = tokio::task::spawn_blocking(move || {
        let answer = (route.handler)(&site, &request);
        drop(place);
        answer
    });
    // A panic is a mistake of this program, and costs this request alone.
    answered
        .await
        .unwrap_or_else(|failure| Err(Problem::internal(&failure.to_string())))
}

/// Whether only a few such requests are answered at a time.
fn is_question(site: &Site, route: &Route, request: &Request) -> bool {
    match route.cost {
        Cost::Files => false,
        Cost::Question => true,
        Cost::Tile => {
            let latest = site.releases.known_latest();
            latest.is_none_or(|release| !release.has_archive(request.place("collection")))
        }
    }
}

/// Has a question stop where nobody waits for it.
struct WithdrawnAtEnd(Arc<AtomicBool>);

impl Drop for WithdrawnAtEnd {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
