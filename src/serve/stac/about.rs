//! The root of the STAC API, and which requirements it meets.
//!
//! Pure.

use serde_json::{Value, json};

use super::places::Places;
use crate::serve::answer::Answer;
use crate::serve::links::{GEOJSON, HTML, JSON, link};
use crate::serve::problem::Problem;
use crate::serve::release::Opened;
use crate::serve::request::Request;
use crate::serve::site::{RELEASE, Site};

/// Version of STAC that the release's files have.
const VERSION: &str = "1.1.0";
/// Conformance classes that are met.
const CONFORMS_TO: [&str; 7] = [
    "https://api.stacspec.org/v1.0.0/core",
    "https://api.stacspec.org/v1.0.0/collections",
    "https://api.stacspec.org/v1.0.0/ogcapi-features",
    "https://api.stacspec.org/v1.0.0/item-search",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
];
/// Media type of OpenAPI.
const OPENAPI: &str = "application/vnd.oai.openapi+json;version=3.0";

/// `/stac`.
pub(in crate::serve) fn landing(site: &Site, request: &Request) -> Result<Answer, Problem> {
    request.check_names(&["f", RELEASE])?;
    request.json_alone()?;
    let release = site.release(request)?;
    let places = Places::new(site.base_url(request).to_string(), release.id());
    Ok(Answer::json(&landing_json(&places, &release)))
}

fn landing_json(places: &Places, release: &Opened) -> Value {
    let root = places.root();
    let base = places.base();
    let search = format!("{root}/search");
    let mut post = link("search", &search, GEOJSON, "Search for items");
    post["method"] = json!("POST");
    let mut get = link("search", &search, GEOJSON, "Search for items");
    get["method"] = json!("GET");
    let mut links = vec![
        places.root_link(),
        link("self", &root, JSON, release.title()),
        link(
            "conformance",
            &format!("{root}/conformance"),
            JSON,
            "Requirements that are met",
        ),
        link(
            "service-desc",
            &format!("{base}/api"),
            OPENAPI,
            "What is answered, as OpenAPI 3.0",
        ),
        link(
            "service-doc",
            &format!("{base}/api?f=html"),
            HTML,
            "What is answered, for people",
        ),
        link("data", &format!("{root}/collections"), JSON, "Collections"),
        get,
        post,
    ];
    let children = release.collections().iter();
    links.extend(children.map(|one| link("child", &places.collection(one.id()), JSON, one.title())));
    // STAC asks for words where a catalog has none.
    let description = Some(release.description()).filter(|text| !text.is_empty());
    json!({
        "type": "Catalog",
        "stac_version": VERSION,
        "id": format!("cikr-{}", release.id()),
        "title": release.title(),
        "description": description.unwrap_or("A release of facility layers"),
        "conformsTo": CONFORMS_TO,
        "links": links,
        "cikr:release": release.id(),
    })
}

/// `/stac/conformance`.
pub(in crate::serve) fn conformance(_site: &Site, request: &Request) -> Result<Answer, Problem> {
    request.check_names(&["f"])?;
    request.json_alone()?;
    Ok(Answer::json(&json!({"conformsTo": CONFORMS_TO})))
}
