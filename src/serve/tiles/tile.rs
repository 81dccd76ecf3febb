//! One tile: from the archive of its layer, else made of the layer's rows.
//!
//! Tiles are in gzip, and unpacked for the few who don't take that.

use std::io::Read;

use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, ETAG};
use axum::http::{HeaderValue, StatusCode};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;

use super::coordinates::tile_of;
use super::made;
use super::matrix_set::check_set;
use crate::feature::error_chain;
use crate::serve::answer::{Answer, NO_CACHE};
use crate::serve::conditional::{conditional, etag_of};
use crate::serve::features::asked_collection;
use crate::serve::problem::Problem;
use crate::serve::release::Opened;
use crate::serve::request::Request;
use crate::serve::site::{RELEASE, Site};
use crate::vector_tiles::TileId;

/// Media type of vector tiles.
pub(super) const MVT: &str = "application/vnd.mapbox-vector-tile";
/// Longest tile once it is unpacked, bytes.
const MOST_BYTES: u64 = 64 << 20;
/// What is of one release never changes.
const OF_RELEASE: HeaderValue = HeaderValue::from_static("public, max-age=86400");

/// `/collections/{collection}/tiles/{set}/{z}/{y}/{x}`.
pub(in crate::serve) fn of_matrix_set(site: &Site, request: &Request) -> Result<Answer, Problem> {
    check_set(request)?;
    answer(site, request)
}

/// `/tiles/{collection}/{z}/{x}/{y}`.
pub(in crate::serve) fn xyz(site: &Site, request: &Request) -> Result<Answer, Problem> {
    answer(site, request)
}

fn answer(site: &Site, request: &Request) -> Result<Answer, Problem> {
    request.check_names(&["f", RELEASE])?;
    if request.parameter("f")?.is_some_and(|form| form != "mvt") {
        return Err(Problem::bad_request("expected `mvt` as `f`"));
    }
    let tile = tile_of(request)?;
    let release = site.release(request)?;
    let cache = match request.parameter(RELEASE)? {
        Some(_) => OF_RELEASE,
        None => NO_CACHE,
    };
    let found = tile_bytes(&release, request, tile)?;
    let answer = match found {
        Some((bytes, mark)) => sent(request, bytes, &mark)?,
        None => Answer::empty(StatusCode::NO_CONTENT),
    };
    Ok(answer.with_header(CACHE_CONTROL, cache))
}

/// The bytes of a tile, in gzip, and what they are marked by; none where nothing is there.
fn tile_bytes(release: &Opened, request: &Request, tile: TileId) -> Result<Option<(Bytes, String)>, Problem> {
    let name = request.place("collection");
    let place = format!("{}-{}-{}", tile.zoom(), tile.x(), tile.y());
    if let Some(archive) = release.archive(name)? {
        let bytes = archive.tile(tile.zoom(), tile.x(), tile.y());
        let bytes = bytes.map_err(|error| Problem::internal(&error_chain(&error)))?;
        return Ok(bytes.map(|bytes| (bytes, format!("{}-{place}", archive.digest()))));
    }
    let collection = asked_collection(release, request)?;
    let bytes = made::tile(release, collection, tile, &request.limits)?;
    Ok(bytes.map(|bytes| (bytes, format!("{}-{name}-{place}", release.id()))))
}

fn sent(request: &Request, bytes: Bytes, mark: &str) -> Result<Answer, Problem> {
    let taken = request.header(ACCEPT_ENCODING.as_str()).unwrap_or_default();
    let media_type = HeaderValue::from_static(MVT);
    let (answer, mark) = if taken.contains("gzip") {
        let packed =
            Answer::bytes(bytes, media_type).with_header(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        (packed, format!("{mark}-gzip"))
    } else {
        (Answer::bytes(unpacked(&bytes)?, media_type), mark.to_owned())
    };
    Ok(match etag_of(&mark) {
        Some(etag) => conditional(request, answer.with_header(ETAG, etag)),
        None => answer,
    })
}

fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, Problem> {
    let mut plain = Vec::new();
    let read = MultiGzDecoder::new(bytes)
        .take(MOST_BYTES)
        .read_to_end(&mut plain);
    read.map_err(|error| Problem::internal(&error.to_string()))?;
    Ok(plain)
}
