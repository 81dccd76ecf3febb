//! Parameters and schemas of the description of the service.
//!
//! Pure.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::collections::{CRS84, column_schema};
use crate::serve::collection::Collection;
use crate::serve::release::Opened;
use crate::serve::settings::Bounds;

/// Deepest zoom that a tile may have.
const MOST_ZOOM: u8 = 22;

/// Parameters by their names.
pub(super) fn parameters(release: &Opened, bounds: &Bounds) -> Value {
    let ids: Vec<&str> = release.collections().iter().map(Collection::id).collect();
    let place = |name: &str, schema: Value, description: &str| json!({"name": name, "in": "path", "required": true, "description": description, "schema": schema});
    let number = |most: u64| json!({"type": "integer", "minimum": 0, "maximum": most});
    let tiles = (1_u64 << MOST_ZOOM) - 1;
    json!({
        "collection": place("collection", json!({"type": "string", "enum": ids}), "Id of a collection"),
        "feature": place("feature", json!({"type": "string"}), "Id of a feature"),
        "z": place("z", number(MOST_ZOOM.into()), "Zoom"),
        "y": place("y", number(tiles), "Row of the tile, from the north"),
        "x": place("x", number(tiles), "Column of the tile, from the west"),
        "f": asked("f", &json!({"type": "string", "enum": ["json", "html"]}), "Form of the answer, for where it can't be told by the header Accept"),
        "release": asked("release", &json!({"type": "string"}), "Id of an older release; the latest one answers without"),
        "limit": asked(
            "limit",
            &json!({"type": "integer", "minimum": 1, "maximum": bounds.rows, "default": 100.min(bounds.rows)}),
            "Features of a page at most",
        ),
        "from": asked("from", &json!({"type": "integer", "minimum": 0}), "Where a page begins: follow the link `next` rather than make one"),
        "bbox": asked(
            "bbox",
            &json!({"oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}], "type": "array", "items": {"type": "number"}}),
            "West, south, east, north (degrees; heights are left out): features whose box meets it",
        ),
        "datetime": asked(
            "datetime",
            &json!({"type": "string"}),
            "A time or an interval as RFC 3339 has it, `..` for an open end: features whose `source_date` is in it, or that have none",
        ),
        "filter": asked("filter", &json!({"type": "string"}), "What must hold, as CQL2 Text: AND, OR, NOT, comparisons, IN, BETWEEN, LIKE, IS NULL, S_INTERSECTS"),
        "filter-lang": asked("filter-lang", &json!({"type": "string", "enum": ["cql2-text", "cql-text"], "default": "cql2-text"}), "Language of the filter"),
        "filter-crs": asked("filter-crs", &json!({"type": "string", "enum": [CRS84], "default": CRS84}), "Coordinates of the filter"),
        "collections": asked("collections", &json!({"type": "array", "items": {"type": "string"}}), "Ids of collections"),
        "ids": asked("ids", &json!({"type": "array", "items": {"type": "string"}}), "Ids of items"),
    })
}

/// A parameter of a query; of several values those have commas between.
fn asked(name: &str, schema: &Value, description: &str) -> Value {
    json!({
        "name": name, "in": "query", "required": false, "description": description, "schema": schema,
        "style": "form", "explode": false,
    })
}

/// A parameter for each column that a collection has.
pub(super) fn column_parameters(release: &Opened) -> Vec<Value> {
    let mut columns: BTreeMap<&str, Value> = BTreeMap::new();
    for column in release.collections().iter().flat_map(Collection::columns) {
        columns.entry(column.name).or_insert_with(|| {
            // Of lists one value is asked for.
            let schema = column_schema(&column);
            let schema = if schema["type"] == "array" {
                json!({"type": "string"})
            } else {
                schema
            };
            asked(column.name, &schema, "Features whose column equals it")
        });
    }
    columns.retain(|name, _| !super::ask::PARAMETERS.contains(name));
    columns.into_values().collect()
}

/// Schemas by their names.
pub(super) fn schemas() -> Value {
    let links = json!({"type": "array", "items": {"$ref": "#/components/schemas/link"}});
    json!({
        "object": {"type": "object"},
        "text": {"type": "string"},
        "binary": {"type": "string", "format": "binary"},
        "link": {
            "type": "object",
            "required": ["href", "rel"],
            "properties": {"href": {"type": "string"}, "rel": {"type": "string"}, "type": {"type": "string"}, "title": {"type": "string"}},
        },
        "landingPage": {
            "type": "object",
            "required": ["links"],
            "properties": {"title": {"type": "string"}, "description": {"type": "string"}, "links": links},
        },
        "confClasses": {
            "type": "object",
            "required": ["conformsTo"],
            "properties": {"conformsTo": {"type": "array", "items": {"type": "string"}}},
        },
        "collections": {
            "type": "object",
            "required": ["links", "collections"],
            "properties": {"links": links, "collections": {"type": "array", "items": {"$ref": "#/components/schemas/collection"}}},
        },
        "collection": {
            "type": "object",
            "required": ["id", "links"],
            "properties": {
                "id": {"type": "string"}, "title": {"type": "string"}, "description": {"type": "string"},
                "extent": {"type": "object"}, "itemType": {"type": "string"},
                "crs": {"type": "array", "items": {"type": "string"}}, "links": links,
            },
        },
        "featureCollection": {
            "type": "object",
            "required": ["type", "features"],
            "properties": {
                "type": {"type": "string", "enum": ["FeatureCollection"]},
                "features": {"type": "array", "items": {"$ref": "#/components/schemas/feature"}},
                "links": links,
                "numberMatched": {"type": "integer", "minimum": 0},
                "numberReturned": {"type": "integer", "minimum": 0},
            },
        },
        "feature": {
            "type": "object",
            "required": ["type", "geometry", "properties"],
            "properties": {
                "type": {"type": "string", "enum": ["Feature"]}, "id": {"type": "string"},
                "geometry": {"type": "object", "nullable": true}, "properties": {"type": "object", "nullable": true}, "links": links,
            },
        },
        "search": {
            "type": "object",
            "properties": {
                "bbox": {"type": "array", "items": {"type": "number"}}, "datetime": {"type": "string"},
                "collections": {"type": "array", "items": {"type": "string"}}, "ids": {"type": "array", "items": {"type": "string"}},
                "limit": {"type": "integer", "minimum": 1}, "from": {"type": "integer", "minimum": 0},
            },
        },
        "problem": {
            "type": "object",
            "properties": {"type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"}},
        },
    })
}
