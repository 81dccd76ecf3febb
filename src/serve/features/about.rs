//! What the service is: its landing page, and which requirements it meets.
//!
//! Pure.

use axum::http::HeaderValue;
use serde_json::{Value, json};

use super::pages;
use crate::serve::answer::Answer;
use crate::serve::links::{HTML, JSON, link, self_links};
use crate::serve::problem::Problem;
use crate::serve::release::Opened;
use crate::serve::request::{Form, Request};
use crate::serve::site::{RELEASE, Site};

/// Media type of the description of the service (OGC 17-069r4, `/req/oas30/oas-definition-2`).
pub(super) const OPENAPI: &str = "application/vnd.oai.openapi+json;version=3.0";
/// The page of a release that shows it on a map.
const MAP_PAGE: &str = "map/index.html";

/// Conformance classes that are met.
const CONFORMS_TO: [&str; 11] = [
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
];

/// `/`: for people the map where the release has one, for programs what there is.
pub(in crate::serve) fn landing(site: &Site, request: &Request) -> Result<Answer, Problem> {
    request.check_names(&["f", RELEASE])?;
    let form = request.form()?;
    let release = site.release(request)?;
    let base = site.base_url(request).to_string();
    if form == Form::Json {
        return Ok(Answer::json(&landing_json(&base, &release)));
    }
    let is_asked_for = request.parameter("f")?.is_some();
    if !is_asked_for
        && release.files().entry(MAP_PAGE).is_some()
        && release.shown().reason_against(MAP_PAGE).is_none()
    {
        let place = format!("{base}/releases/{}/map/", release.id());
        let place = HeaderValue::from_str(&place).map_err(|error| Problem::internal(&error.to_string()))?;
        return Ok(Answer::see(place));
    }
    Ok(Answer::html(pages::landing(&base, &release)))
}

fn landing_json(base: &str, release: &Opened) -> Value {
    let mut links = self_links(&format!("{base}/"), JSON, release.title()).to_vec();
    let api = format!("{base}/api");
    let files = format!("{base}/releases/{}", release.id());
    links.extend([
        link("service-desc", &api, OPENAPI, "What is answered, as OpenAPI 3.0"),
        link(
            "service-doc",
            &format!("{api}?f=html"),
            HTML,
            "What is answered, for people",
        ),
        link(
            "conformance",
            &format!("{base}/conformance"),
            JSON,
            "Requirements that are met",
        ),
        link(
            "data",
            &format!("{base}/collections"),
            JSON,
            "Layers of facilities",
        ),
        link(
            "child",
            &format!("{base}/stac"),
            JSON,
            "The release's files, as a STAC API",
        ),
        link(
            "related",
            &format!("{files}/catalog.json"),
            JSON,
            "The release's files, as a static STAC catalog",
        ),
        link(
            "related",
            &format!("{files}/report.html"),
            HTML,
            "What became of the run that made the release",
        ),
    ]);
    json!({
        "title": release.title(),
        "description": release.description(),
        "links": links,
        "cikr:release": release.id(),
    })
}

/// `/conformance`.
pub(in crate::serve) fn conformance(_site: &Site, request: &Request) -> Result<Answer, Problem> {
    request.check_names(&["f"])?;
    let form = request.form()?;
    Ok(match form {
        Form::Json => Answer::json(&json!({"conformsTo": CONFORMS_TO})),
        Form::Html => Answer::html(pages::conformance(&CONFORMS_TO)),
    })
}
