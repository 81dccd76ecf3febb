//! Published files as they lie: those of releases by the manifest's entries, and the store's own records.
//!
//! No other file can be reached: a path is looked up before it is opened.

use std::sync::Arc;

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, ETAG};

use super::answer::{Answer, Content, NO_CACHE};
use super::conditional::{conditional, etag_of};
use super::media::media_type;
use super::problem::Problem;
use super::release::Opened;
use super::request::Request;
use super::site::Site;
use crate::feature::digest::sha256_hex;
use crate::feature::error_chain;
use crate::feature::release::ReleaseId;
use crate::feature::release::paths::{FEED, LATEST, MANIFEST};

/// What never changes: releases are immutable (RFC 8246).
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Records of a store that are public, beside those of its releases.
const RECORDS: [&str; 4] = [LATEST, FEED, "history.json", "pins.json"];
/// Longest record, bytes.
const MOST_RECORD_BYTES: u64 = 16 << 20;
/// What a folder is asked for as.
const INDEX: &str = "index.html";

/// `/latest.json` and the like.
pub(super) fn record(site: &Site, request: &Request) -> Result<Answer, Problem> {
    let name = request.path.trim_start_matches('/');
    if RECORDS.contains(&name) {
        record_file(site, request, name)
    } else {
        Err(unknown(name))
    }
}

/// `/releases/{*path}`: a file of a release, or its record.
pub(super) fn of_releases(site: &Site, request: &Request) -> Result<Answer, Problem> {
    let path = request.place("path");
    let Some((id, rest)) = path.split_once('/') else {
        let id = path
            .strip_suffix(".json")
            .and_then(|id| ReleaseId::parse(id).ok());
        return match id {
            Some(id) => record_file(site, request, &format!("releases/{id}.json")),
            None => Err(unknown(path)),
        };
    };
    // By its id alone: a name may lead to another one tomorrow, and this is kept for good.
    let id = ReleaseId::parse(id).map_err(|_no_id| unknown(path))?;
    let release = site.releases.named(id.as_str())?;
    if release.id() != id.as_str() {
        return Err(unknown(path));
    }
    Ok(file(&release, request, rest)?.with_header(CACHE_CONTROL, IMMUTABLE))
}

/// `/latest/{*path}`: a file of the latest release.
pub(super) fn of_latest(site: &Site, request: &Request) -> Result<Answer, Problem> {
    let release = site.releases.latest()?;
    Ok(file(&release, request, request.place("path"))?.with_header(CACHE_CONTROL, NO_CACHE))
}

fn file(release: &Arc<Opened>, request: &Request, path: &str) -> Result<Answer, Problem> {
    if path == MANIFEST {
        return manifest(release, request);
    }
    let in_folder;
    let path = if path.is_empty() || path.ends_with('/') {
        in_folder = format!("{path}{INDEX}");
        &in_folder
    } else {
        path
    };
    if let Some(reason) = release.shown().reason_against(path) {
        return Err(Problem::forbidden(reason));
    }
    let Some(entry) = release.files().entry(path) else {
        return Err(unknown(path));
    };
    let file = release
        .files()
        .file(path)
        .map_err(|error| Problem::internal(&error_chain(&error)))?;
    let content = Content::Part {
        file,
        range: 0..entry.bytes,
    };
    Ok(marked(
        request,
        Answer::of(content, media_type(path)),
        &entry.sha256,
    ))
}

fn manifest(release: &Opened, request: &Request) -> Result<Answer, Problem> {
    let bytes = release
        .manifest()
        .map_err(|error| Problem::internal(&error.to_string()))?;
    let digest = sha256_hex(&bytes);
    Ok(marked(
        request,
        Answer::bytes(bytes, media_type(MANIFEST)),
        &digest,
    ))
}

fn record_file(site: &Site, request: &Request, path: &str) -> Result<Answer, Problem> {
    let read = site.releases.public().read(path, MOST_RECORD_BYTES);
    let bytes = read.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => unknown(path),
        _ => Problem::internal(&format!("{path}: {error}")),
    })?;
    let digest = sha256_hex(&bytes);
    let answer = Answer::bytes(bytes, media_type(path)).with_header(CACHE_CONTROL, NO_CACHE);
    Ok(marked(request, answer, &digest))
}

/// An answer with the mark of its bytes, or what of it is wanted.
fn marked(request: &Request, answer: Answer, sha256: &str) -> Answer {
    match etag_of(sha256) {
        Some(etag) => conditional(request, answer.with_header(ETAG, etag)),
        None => answer,
    }
}

fn unknown(path: &str) -> Problem {
    let path: String = path.chars().take(200).collect();
    Problem::not_found(format!(
        "no published file is called `{path}`; manifest.json of a release lists its files"
    ))
}
