//! What the ArcGIS service on loopback says of itself: `?f=json` of its root and of its layers, with the defects that
//! the switches ask for.

use serde_json::{Map, Value, json};

use super::arcgis::{Layer, Pagination, Service};

/// `<root>?f=json`: layers, groups and tables with their numbers.
pub(super) fn root(service: &Service) -> Value {
    let entry =
        |layer: &Layer| json!({"id": layer.id, "name": layer.name, "parentLayerId": -1, "subLayerIds": null});
    let is_table = |layer: &&Layer| layer.geometry_type.is_none();
    let mut layers: Vec<Value> = service
        .layers
        .iter()
        .filter(|layer| !is_table(layer))
        .map(entry)
        .collect();
    for (id, name) in &service.groups {
        let below: Vec<usize> = service.layers.iter().map(|layer| layer.id).collect();
        layers.push(
            json!({"id": id, "name": name, "type": "Group Layer", "parentLayerId": -1, "subLayerIds": below}),
        );
    }
    let tables: Vec<Value> = service.layers.iter().filter(is_table).map(entry).collect();
    json!({
        "currentVersion": 10.91,
        "serviceDescription": "",
        "capabilities": "Query",
        "maxRecordCount": 2000,
        "layers": layers,
        "tables": tables,
    })
}

/// `<root>/<id>?f=json` of a group, which has no rows.
pub(super) fn group(id: usize, name: &str) -> Value {
    json!({"currentVersion": 10.91, "id": id, "name": name, "type": "Group Layer", "geometryType": null, "fields": null})
}

/// `<root>/<id>?f=json`; `asked` counts the times it was asked before.
pub(super) fn layer(layer: &Layer, asked: usize) -> Value {
    let quirks = &layer.quirks;
    let kind = if layer.geometry_type.is_some() {
        "Feature Layer"
    } else {
        "Table"
    };
    let mut info = Map::new();
    let mut say = |name: &str, value: Value| info.insert(name.to_owned(), value);
    say(
        "currentVersion",
        json!(if quirks.old_style { 10.0 } else { 10.91 }),
    );
    say("id", json!(layer.id));
    say("name", json!(layer.name));
    say("type", json!(kind));
    say("geometryType", json!(layer.geometry_type));
    say("fields", Value::from(layer.fields.clone()));
    say("capabilities", json!("Map,Query,Data"));
    say(
        "supportedQueryFormats",
        json!(if quirks.old_style { "JSON, AMF" } else { "JSON" }),
    );
    say("hasZ", json!(false));
    say("hasM", json!(false));
    say(
        "extent",
        json!({"xmin": -180, "ymin": -90, "xmax": 180, "ymax": 90, "spatialReference": layer.reference}),
    );
    if quirks.object_id_field {
        say("objectIdField", json!(layer.oid));
    }
    if let Some(rows) = quirks.max_record_count {
        say("maxRecordCount", json!(rows));
    }
    let pages = quirks
        .advertised
        .unwrap_or(quirks.pagination == Pagination::Works);
    if !quirks.old_style {
        let more = json!({"supportsPagination": pages, "supportsStatistics": true, "supportsOrderBy": true});
        say("advancedQueryCapabilities", more);
    }
    if let Some(edited) = layer.edited {
        let moved = if quirks.edits { asked as i64 } else { 0 };
        say("editingInfo", json!({"lastEditDate": edited + moved}));
    }
    Value::Object(info)
}
