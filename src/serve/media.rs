//! What type a file is of, by its name (IANA's registry; GeoParquet and PMTiles as their specifications say).
//!
//! Pure.

use axum::http::HeaderValue;

use super::links::{GEOJSON, JSON};
use crate::geoparquet::MEDIA_TYPE as PARQUET;

/// Types by the ends of names.
const TYPES: [(&str, &str); 22] = [
    (".parquet", PARQUET),
    (".pmtiles", "application/vnd.pmtiles"),
    (".geojson", GEOJSON),
    (".json", JSON),
    (".geojsonl", "application/geo+json-seq"),
    (".csv", "text/csv; charset=utf-8; header=present"),
    (".gpkg", "application/geopackage+sqlite3"),
    (".fgb", "application/vnd.flatgeobuf"),
    (".zip", "application/zip"),
    (".html", "text/html; charset=utf-8"),
    (".js", "text/javascript; charset=utf-8"),
    (".mjs", "text/javascript; charset=utf-8"),
    (".css", "text/css; charset=utf-8"),
    (".svg", "image/svg+xml"),
    (".png", "image/png"),
    (".md", "text/markdown; charset=utf-8"),
    (".txt", "text/plain; charset=utf-8"),
    (".cff", "application/yaml"),
    (".xml", "application/atom+xml"),
    (".qml", "application/xml"),
    (".pbf", "application/x-protobuf"),
    (".woff2", "font/woff2"),
];

/// STAC's items are GeoJSON; they lie in folders of this name.
const ITEM_FOLDER: &str = "/stac/";

/// The type of a file.
pub(super) fn media_type(path: &str) -> HeaderValue {
    let known = TYPES.iter().find(|(end, _)| path.ends_with(end));
    let media_type = match known {
        Some((_, JSON)) if path.contains(ITEM_FOLDER) => GEOJSON,
        Some((_, media_type)) => media_type,
        None => "application/octet-stream",
    };
    HeaderValue::from_static(media_type)
}
