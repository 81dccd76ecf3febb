//! Collections: which there are, what they hold, and what they can be asked by.
//!
//! Pure: the release's own catalog, in the words of OGC API – Features.

use serde_json::{Map, Value, json};

use super::pages;
use crate::serve::answer::Answer;
use crate::serve::collection::{Collection, Column};
use crate::serve::links::{GEOJSON, JSON, link, path_part, self_links};
use crate::serve::problem::Problem;
use crate::serve::release::Opened;
use crate::serve::request::{Form, Request};
use crate::serve::site::{RELEASE, Site};

/// The one coordinate reference system: longitude and latitude, WGS 84.
pub(in crate::serve) const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";
/// The calendar.
const GREGORIAN: &str = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian";
/// Media type of JSON Schema.
const JSON_SCHEMA: &str = "application/schema+json";

/// `/collections`.
pub(in crate::serve) fn collections(site: &Site, request: &Request) -> Result<Answer, Problem> {
    request.check_names(&["f", RELEASE])?;
    let form = request.form()?;
    let release = site.release(request)?;
    let base = site.base_url(request).to_string();
    if form == Form::Html {
        return Ok(Answer::html(pages::collections(&base, &release)));
    }
    let told = release
        .collections()
        .iter()
        .map(|one| collection_json(&base, &release, one));
    Ok(Answer::json(&json!({
        "links": self_links(&format!("{base}/collections"), JSON, "Layers of facilities"),
        "collections": told.collect::<Vec<_>>(),
    })))
}

/// `/collections/{collection}`.
pub(in crate::serve) fn collection(site: &Site, request: &Request) -> Result<Answer, Problem> {
    request.check_names(&["f", RELEASE])?;
    let form = request.form()?;
    let release = site.release(request)?;
    let base = site.base_url(request).to_string();
    let collection = asked_collection(&release, request)?;
    Ok(match form {
        Form::Json => Answer::json(&collection_json(&base, &release, collection)),
        Form::Html => Answer::html(pages::collection(&base, collection)),
    })
}

/// The collection in the place of the path.
///
/// # Errors
/// When the release hasn't it, or it isn't shown.
pub(in crate::serve) fn asked_collection<'a>(
    release: &'a Opened,
    request: &Request,
) -> Result<&'a Collection, Problem> {
    let id = request.place("collection");
    if let Some(found) = release.collection(id) {
        return Ok(found);
    }
    if !release.shown().has_layer(id) {
        return Err(Problem::forbidden(format!(
            "the collection `{id}` is marked above what is shown here"
        )));
    }
    let known: Vec<&str> = release.collections().iter().map(Collection::id).collect();
    let id: String = id.chars().take(100).collect();
    Err(Problem::not_found(format!(
        "there is no collection `{id}`; there are: {}",
        known.join(", ")
    )))
}

fn collection_json(base: &str, release: &Opened, of: &Collection) -> Value {
    let own = format!("{base}/collections/{}", path_part(of.id()));
    let folder = format!("{base}/releases/{}/{}", release.id(), of.folder());
    let mut links = self_links(&own, JSON, of.title()).to_vec();
    links.extend([
        link("items", &format!("{own}/items"), GEOJSON, of.title()),
        link(
            "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector",
            &format!("{own}/tiles"),
            JSON,
            "Vector tiles of it",
        ),
        link(
            "http://www.opengis.net/def/rel/ogc/1.0/queryables",
            &format!("{own}/queryables"),
            JSON_SCHEMA,
            "What it can be asked by",
        ),
        link(
            "describedby",
            &format!("{folder}/collection.json"),
            JSON,
            "As STAC has it",
        ),
        link(
            "enclosure",
            &format!("{folder}/items.parquet"),
            crate::geoparquet::MEDIA_TYPE,
            "Its tiles and their boxes, as GeoParquet",
        ),
    ]);
    let mut told = json!({
        "id": of.id(),
        "title": of.title(),
        "description": of.description(),
        "license": of.licence(),
        "itemType": "feature",
        "crs": [CRS84],
        "links": links,
        "cikr:rows": of.rows(),
        "cikr:release": release.id(),
    });
    if let Some(bounds) = of.bounds() {
        told["extent"] = json!({
            "spatial": {"bbox": [bounds], "crs": CRS84},
            "temporal": {"interval": of.stac()["extent"]["temporal"]["interval"], "trs": GREGORIAN},
        });
    }
    told
}

/// `/collections/{collection}/queryables`: columns that filters may name, as JSON Schema.
pub(in crate::serve) fn queryables(site: &Site, request: &Request) -> Result<Answer, Problem> {
    request.check_names(&["f", RELEASE])?;
    request.json_alone()?;
    let release = site.release(request)?;
    let base = site.base_url(request).to_string();
    let of = asked_collection(&release, request)?;
    let mut properties: Map<String, Value> = of
        .columns()
        .map(|column| (column.name.to_owned(), column_schema(&column)))
        .collect();
    properties.insert(
        "geometry".to_owned(),
        json!({"$ref": "https://geojson.org/schema/Geometry.json", "x-ogc-role": "primary-geometry"}),
    );
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("{base}/collections/{}/queryables", path_part(of.id())),
        "type": "object",
        "title": of.title(),
        "properties": properties,
        "additionalProperties": false,
    });
    Ok(Answer::json(&schema).of_type(axum::http::HeaderValue::from_static(JSON_SCHEMA)))
}

/// What values of a column are, as JSON Schema.
pub(super) fn column_schema(column: &Column<'_>) -> Value {
    let mut schema = match column.kind {
        "boolean" => json!({"type": "boolean"}),
        "int64" => json!({"type": "integer"}),
        "double" => json!({"type": "number"}),
        "date32" => json!({"type": "string", "format": "date"}),
        kind if kind.starts_with("list") => json!({"type": "array", "items": {"type": "string"}}),
        _ => json!({"type": "string"}),
    };
    if !column.description.is_empty() {
        schema["description"] = json!(column.description);
    }
    schema
}
