//! Links of answers: what leads where, as what (RFC 8288 relations).
//!
//! Pure.

use serde_json::{Value, json};
use url::form_urlencoded;

use crate::feature::release::percent_encoded;

/// Media type of JSON.
pub(super) const JSON: &str = "application/json";
/// Media type of GeoJSON.
pub(super) const GEOJSON: &str = "application/geo+json";
/// Media type of pages.
pub(super) const HTML: &str = "text/html";

/// A link.
pub(super) fn link(rel: &str, href: &str, media_type: &str, title: &str) -> Value {
    json!({"rel": rel, "href": href, "type": media_type, "title": title})
}

/// A link to the page itself, and one to its other form.
pub(super) fn self_links(href: &str, media_type: &str, title: &str) -> [Value; 2] {
    [
        link("self", href, media_type, title),
        link("alternate", &with_parameter(href, "f", "html"), HTML, title),
    ]
}

/// An address with a further parameter.
pub(super) fn with_parameter(href: &str, name: &str, value: &str) -> String {
    let sign = if href.contains('?') { '&' } else { '?' };
    let mut pair = form_urlencoded::Serializer::new(String::new());
    pair.append_pair(name, value);
    format!("{href}{sign}{}", pair.finish())
}

/// A name as a part of a path; a slash in it is no border.
pub(super) fn path_part(name: &str) -> String {
    percent_encoded(name).replace('/', "%2F")
}
