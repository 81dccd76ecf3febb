//! The description of the service: OpenAPI 3.0, of the release that is asked.
//!
//! Pure. Every path of the standard's stands here, and what it describes is what `ask` and the handlers take.

use serde_json::{Map, Value, json};

use super::about::OPENAPI;
use super::openapi_schemas::{column_parameters, parameters, schemas};
use super::pages;
use crate::serve::answer::Answer;
use crate::serve::problem::Problem;
use crate::serve::release::Opened;
use crate::serve::request::{Form, Request};
use crate::serve::settings::Bounds;
use crate::serve::site::{RELEASE, Site};

/// A path and what is asked there.
struct Operation {
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    /// Names in `components/parameters`.
    parameters: &'static [&'static str],
    /// Media type of the answer, and its schema in `components/schemas`.
    answer: (&'static str, &'static str),
}

const JSON: &str = "application/json";
const GEOJSON: &str = "application/geo+json";
const MVT: &str = "application/vnd.mapbox-vector-tile";

/// Every path but those of single files.
const OPERATIONS: [Operation; 21] = [
    operation(
        "/",
        "getLandingPage",
        "What there is",
        &["f", RELEASE],
        (JSON, "landingPage"),
    ),
    operation(
        "/conformance",
        "getConformance",
        "Requirements that are met",
        &["f"],
        (JSON, "confClasses"),
    ),
    operation(
        "/api",
        "getApi",
        "This description",
        &["f", RELEASE],
        (OPENAPI, "object"),
    ),
    operation(
        "/collections",
        "getCollections",
        "Layers of facilities",
        &["f", RELEASE],
        (JSON, "collections"),
    ),
    operation(
        "/collections/{collection}",
        "describeCollection",
        "A layer",
        &["collection", "f", RELEASE],
        (JSON, "collection"),
    ),
    operation(
        "/collections/{collection}/queryables",
        "getQueryables",
        "Columns that filters may name, as JSON Schema",
        &["collection", "f", RELEASE],
        ("application/schema+json", "object"),
    ),
    operation(
        "/collections/{collection}/items",
        "getFeatures",
        "Facilities of a layer, a page at a time",
        &[
            "collection",
            "limit",
            "bbox",
            "datetime",
            "filter",
            "filter-lang",
            "filter-crs",
            "from",
            "f",
            RELEASE,
        ],
        (GEOJSON, "featureCollection"),
    ),
    operation(
        "/collections/{collection}/items/{feature}",
        "getFeature",
        "One facility",
        &["collection", "feature", "f", RELEASE],
        (GEOJSON, "feature"),
    ),
    operation(
        "/collections/{collection}/tiles",
        "getTileSets",
        "Tiles of a layer",
        &["collection", "f", RELEASE],
        (JSON, "object"),
    ),
    operation(
        "/collections/{collection}/tiles/WebMercatorQuad",
        "getTileSet",
        "Tiles of a layer in Web Mercator",
        &["collection", "f", RELEASE],
        (JSON, "object"),
    ),
    operation(
        "/collections/{collection}/tiles/WebMercatorQuad/{z}/{y}/{x}",
        "getTile",
        "A vector tile",
        &["collection", "z", "y", "x", RELEASE],
        (MVT, "binary"),
    ),
    operation(
        "/tileMatrixSets",
        "getTileMatrixSets",
        "Schemes of tiles",
        &["f"],
        (JSON, "object"),
    ),
    operation(
        "/tileMatrixSets/WebMercatorQuad",
        "getTileMatrixSet",
        "The scheme of Web Mercator",
        &["f"],
        (JSON, "object"),
    ),
    operation("/stac", "getStac", "The STAC API", &[RELEASE], (JSON, "object")),
    operation(
        "/stac/collections",
        "getStacCollections",
        "Collections of files",
        &[RELEASE],
        (JSON, "object"),
    ),
    operation(
        "/stac/collections/{collection}",
        "getStacCollection",
        "A collection of files",
        &["collection", RELEASE],
        (JSON, "object"),
    ),
    operation(
        "/stac/collections/{collection}/items",
        "getStacItems",
        "Files of a collection",
        &["collection", "limit", "bbox", "datetime", "from", RELEASE],
        (GEOJSON, "featureCollection"),
    ),
    operation(
        "/stac/collections/{collection}/items/{feature}",
        "getStacItem",
        "One file",
        &["collection", "feature", RELEASE],
        (GEOJSON, "feature"),
    ),
    operation(
        "/stac/search",
        "searchStac",
        "Files of any collection",
        &["limit", "bbox", "datetime", "collections", "ids", "from", RELEASE],
        (GEOJSON, "featureCollection"),
    ),
    operation(
        "/health",
        "getHealth",
        "Whether there is a release",
        &[],
        (JSON, "object"),
    ),
    operation(
        "/metrics",
        "getMetrics",
        "Counts for Prometheus",
        &[],
        ("text/plain", "text"),
    ),
];

const fn operation(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    parameters: &'static [&'static str],
    answer: (&'static str, &'static str),
) -> Operation {
    Operation {
        path,
        id,
        summary,
        parameters,
        answer,
    }
}

/// `/api`.
pub(in crate::serve) fn api(site: &Site, request: &Request) -> Result<Answer, Problem> {
    request.check_names(&["f", RELEASE])?;
    let form = request.form()?;
    let release = site.release(request)?;
    let base = site.base_url(request).to_string();
    if form == Form::Html {
        let paths = OPERATIONS
            .iter()
            .map(|one| (one.path.to_owned(), one.summary.to_owned()));
        return Ok(Answer::html(pages::api(&base, &paths.collect::<Vec<_>>())));
    }
    let described = description(&base, &release, &site.settings.bounds);
    Ok(Answer::json_text(described.to_string(), OPENAPI))
}

fn description(base: &str, release: &Opened, bounds: &Bounds) -> Value {
    let mut paths = Map::new();
    for one in &OPERATIONS {
        let mut path = json!({"get": operation_json(one, release)});
        if one.id == "searchStac" {
            path["post"] = search_by_body();
        }
        paths.insert(one.path.to_owned(), path);
    }
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": release.title(),
            "description": release.description(),
            "version": release.id(),
            "license": {"name": "as each collection says"},
        },
        "servers": [{"url": base}],
        "paths": paths,
        "components": {
            "parameters": parameters(release, bounds),
            "schemas": schemas(),
        },
    })
}

fn operation_json(one: &Operation, release: &Opened) -> Value {
    let named = one
        .parameters
        .iter()
        .map(|name| json!({"$ref": format!("#/components/parameters/{name}")}));
    let mut taken: Vec<Value> = named.collect();
    if one.id == "getFeatures" {
        taken.extend(column_parameters(release));
    }
    let (media_type, schema) = one.answer;
    json!({
        "operationId": one.id,
        "summary": one.summary,
        "parameters": taken,
        "responses": responses(media_type, schema),
    })
}

fn responses(media_type: &str, schema: &str) -> Value {
    let problem = |description: &str| {
        json!({
            "description": description,
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}},
        })
    };
    json!({
        "200": {
            "description": "The answer",
            "content": {media_type: {"schema": {"$ref": format!("#/components/schemas/{schema}")}}},
        },
        "400": problem("The request can't be understood"),
        "404": problem("There is no such thing"),
        "500": problem("Something is wrong with the server"),
        "503": problem("A bound is reached, or nothing is published yet"),
    })
}

fn search_by_body() -> Value {
    json!({
        "operationId": "searchStacByBody",
        "summary": "Files of any collection",
        "requestBody": {
            "required": true,
            "content": {JSON: {"schema": {"$ref": "#/components/schemas/search"}}},
        },
        "responses": responses(GEOJSON, "featureCollection"),
    })
}
