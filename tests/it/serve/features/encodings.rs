//! GeoJSON and OpenAPI 3.0: every requirement of both as a test of its name.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::serve::served;

#[test]
fn req_geojson_definition_and_content() {
    let page = served().json("/collections/areas/items?limit=4");
    assert_eq!(page["type"], "FeatureCollection");
    for feature in page["features"].as_array().unwrap() {
        assert_eq!(feature["type"], "Feature");
        assert!(
            ["Polygon", "MultiPolygon"]
                .iter()
                .any(|kind| feature["geometry"]["type"] == *kind)
        );
        assert_eq!(feature["properties"]["facility_id"], feature["id"]);
        assert_eq!(feature["properties"]["__row"], Value::Null);
    }
    let wkt = served().get("/collections/areas/items?f=html");
    assert_eq!(wkt.status, 400);
}

#[test]
fn req_oas30_oas_definition_and_impl() {
    let api = served().json("/api");
    assert!(api["openapi"].as_str().unwrap().starts_with("3.0."));
    let place = |path: &str| {
        path.replace("{collection}", "points")
            .replace("{feature}", "points:1")
    };
    for (path, item) in api["paths"].as_object().unwrap() {
        if path.contains("tiles") || path.contains("tileMatrixSets") {
            continue;
        }
        let path = place(path);
        let path = if path.starts_with("/stac") {
            path.replace("points:1", &an_item())
        } else {
            path
        };
        let reply = served().get(&path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        let media_type = item["get"]["responses"]["200"]["content"]
            .as_object()
            .unwrap()
            .keys()
            .next()
            .unwrap();
        assert!(
            reply
                .header("content-type")
                .unwrap()
                .starts_with(media_type.as_str()),
            "{path}"
        );
    }
    let columns = api["paths"]["/collections/{collection}/items"]["get"]["parameters"]
        .as_array()
        .unwrap();
    let named: BTreeSet<&str> = columns.iter().filter_map(|one| one["name"].as_str()).collect();
    assert!(
        named.contains("state_code") && named.contains("beds"),
        "{named:?}"
    );
}

fn an_item() -> String {
    let found = served().json("/stac/search?collections=points&limit=1");
    found["features"][0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn req_oas30_exceptions_codes() {
    for (path, status) in [
        ("/collections/none", 404),
        ("/collections?x=1", 400),
        ("/nowhere", 404),
    ] {
        let reply = served().get(path);
        assert_eq!(reply.status, status);
        assert!(!reply.problem().is_empty());
        assert_eq!(
            reply.json()["title"],
            if status == 404 { "Not Found" } else { "Bad Request" }
        );
    }
}
