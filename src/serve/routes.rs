//! Which path is answered by what.
//!
//! Pure: a table, of which `server` makes a router and the description of the service its paths.

use super::answer::Answer;
use super::metrics::Class;
use super::problem::Problem;
use super::request::Request;
use super::site::Site;
use super::{features, files, stac, status, tiles};

/// Answers a request; may wait for disks, and for nothing else.
pub(super) type Handler = fn(&Site, &Request) -> Result<Answer, Problem>;

/// What an answer takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cost {
    /// A few reads.
    Files,
    /// So many that only a few are answered at a time.
    Question,
    /// The one or the other: whether the release has an archive of the tiles decides.
    Tile,
}

/// A path, in axum's spelling, and what answers it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route {
    pub(super) path: &'static str,
    pub(super) class: Class,
    /// Whether bodies are taken, too.
    pub(super) takes_post: bool,
    /// What it takes.
    pub(super) cost: Cost,
    pub(super) handler: Handler,
}

impl Route {
    const fn new(path: &'static str, class: Class, handler: Handler) -> Self {
        Self {
            path,
            class,
            takes_post: false,
            cost: Cost::Files,
            handler,
        }
    }

    /// The same, of what reads so much that only a few are answered at a time.
    const fn question(path: &'static str, class: Class, handler: Handler) -> Self {
        Self {
            cost: Cost::Question,
            ..Self::new(path, class, handler)
        }
    }

    /// The same, of tiles.
    const fn tile(path: &'static str, handler: Handler) -> Self {
        Self {
            cost: Cost::Tile,
            ..Self::new(path, Class::Tile, handler)
        }
    }

    /// Methods that are answered.
    pub(super) fn methods(&self) -> &'static str {
        if self.takes_post {
            "GET, HEAD, POST, OPTIONS"
        } else {
            "GET, HEAD, OPTIONS"
        }
    }
}

/// Every path that is answered.
pub(super) const ROUTES: [Route; 33] = [
    Route::new("/", Class::About, features::landing),
    Route::new("/api", Class::About, features::api),
    Route::new("/conformance", Class::About, features::conformance),
    Route::new("/collections", Class::About, features::collections),
    Route::new("/collections/{collection}", Class::About, features::collection),
    Route::new(
        "/collections/{collection}/queryables",
        Class::About,
        features::queryables,
    ),
    Route::question("/collections/{collection}/items", Class::Items, features::items),
    Route::question(
        "/collections/{collection}/items/{feature}",
        Class::Item,
        features::item,
    ),
    Route::new("/tiles/{collection}", Class::About, tiles::tilejson),
    Route::tile("/tiles/{collection}/{z}/{x}/{y}", tiles::xyz),
    Route::new("/collections/{collection}/tiles", Class::About, tiles::sets),
    Route::new("/collections/{collection}/tiles/{set}", Class::About, tiles::set),
    Route::tile(
        "/collections/{collection}/tiles/{set}/{z}/{y}/{x}",
        tiles::of_matrix_set,
    ),
    Route::new("/tileMatrixSets", Class::About, tiles::matrix_sets),
    Route::new("/tileMatrixSets/{set}", Class::About, tiles::matrix_set),
    Route::new("/stac", Class::Stac, stac::landing),
    Route::new("/stac/", Class::Stac, stac::landing),
    Route::new("/stac/conformance", Class::Stac, stac::conformance),
    Route::new("/stac/collections", Class::Stac, stac::collections),
    Route::new("/stac/collections/{collection}", Class::Stac, stac::collection),
    Route::question("/stac/collections/{collection}/items", Class::Stac, stac::items),
    Route::question(
        "/stac/collections/{collection}/items/{feature}",
        Class::Stac,
        stac::item,
    ),
    Route {
        takes_post: true,
        ..Route::question("/stac/search", Class::Stac, stac::search)
    },
    Route::new("/health", Class::Status, status::health),
    Route::new("/metrics", Class::Status, status::metrics),
    Route::new("/latest.json", Class::File, files::record),
    Route::new("/feed.xml", Class::File, files::record),
    Route::new("/history.json", Class::File, files::record),
    Route::new("/pins.json", Class::File, files::record),
    Route::new("/latest/", Class::File, files::of_latest),
    Route::new("/latest/{*path}", Class::File, files::of_latest),
    Route::new("/releases/{*path}", Class::File, files::of_releases),
    Route::new("/releases/", Class::File, files::of_releases),
];

/// What is asked where there is nothing.
pub(super) const NOWHERE: Route = Route::new("", Class::Unknown, nowhere);

fn nowhere(_site: &Site, _request: &Request) -> Result<Answer, Problem> {
    Err(Problem::not_found(
        "nothing is answered under this path; `/` tells what there is",
    ))
}
