//! OGC API – Features: every requirement of Core, GeoJSON and OpenAPI 3.0 (OGC 17-069r4) as a test of its name, and filters.

mod core;
mod encodings;
mod filters;

use serde_json::Value;

use super::http::{link, path_of};
use super::{served, shared};
use crate::query::every_row;

/// Whether a feature is meant.
type Test<'a> = Box<dyn Fn(&Value) -> bool + 'a>;

const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// Ids of a page.
fn ids_of(page: &Value) -> Vec<String> {
    let features = page["features"].as_array().unwrap().iter();
    features
        .map(|feature| feature["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Ids of all pages from one on.
fn paged(path: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut path = path.to_owned();
    loop {
        let page = served().json(&path);
        found.extend(ids_of(&page));
        match link(&page, "next") {
            Some(next) => path_of(next).clone_into(&mut path),
            None => return found,
        }
    }
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[track_caller]
fn refused(path: &str) -> String {
    let reply = served().get(path);
    assert_eq!(reply.status, 400, "{path}: {}", reply.text());
    reply.problem()
}

fn all_ids(layer: &str) -> Vec<String> {
    let (folder, _) = shared();
    let rows = every_row(folder, layer);
    rows.iter()
        .flat_map(|rows| {
            rows.ids()
                .unwrap()
                .iter()
                .map(|id| id.unwrap().to_owned())
                .collect::<Vec<_>>()
        })
        .collect()
}
