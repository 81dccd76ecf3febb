//! The STAC API: what it finds is what the release's own catalog has.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use super::http::{link, path_of};
use super::shared;

fn ids(found: &Value) -> Vec<String> {
    let items = found["features"].as_array().unwrap().iter();
    items
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_landing_page_leads_to_everything() {
    let (_, served) = shared();
    let root = served.json("/stac");
    assert_eq!(
        (&root["type"], &root["stac_version"]),
        (&json!("Catalog"), &json!("1.1.0"))
    );
    let classes = root["conformsTo"].as_array().unwrap();
    for class in ["core", "collections", "ogcapi-features", "item-search"] {
        assert!(classes.contains(&json!(format!("https://api.stacspec.org/v1.0.0/{class}"))));
    }
    for rel in [
        "self",
        "root",
        "service-desc",
        "service-doc",
        "data",
        "conformance",
        "search",
        "child",
    ] {
        let href = link(&root, rel).unwrap_or_else(|| panic!("no {rel}"));
        let path = path_of(href);
        assert_eq!(served.get(path).status, 200, "{href}");
    }
}

#[test]
fn items_are_those_of_the_catalog_and_their_assets_are_served() {
    let (folder, served) = shared();
    let mut expected = BTreeSet::new();
    for layer in ["layers/points", "layers/wires", "layers/areas", "facilities"] {
        for entry in fs::read_dir(folder.latest().join(layer).join("stac")).unwrap() {
            let item: Value = serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
            expected.insert(item["id"].as_str().unwrap().to_owned());
        }
    }
    let found = served.json("/stac/search?limit=1000");
    assert_eq!(ids(&found).into_iter().collect::<BTreeSet<_>>(), expected);
    assert_eq!(found["numberMatched"], expected.len());
    for item in found["features"].as_array().unwrap() {
        let asset = path_of(item["assets"]["data"]["href"].as_str().unwrap());
        let reply = served.send("HEAD", asset, &[], b"");
        assert_eq!(reply.status, 200, "{asset}");
        assert_eq!(
            reply.header("content-length").unwrap().parse::<u64>().unwrap(),
            item["assets"]["data"]["file:size"]
        );
        for rel in ["self", "collection", "parent", "root"] {
            assert_eq!(served.get(path_of(link(item, rel).unwrap())).status, 200, "{rel}");
        }
    }
    let collections = served.json("/stac/collections");
    for one in collections["collections"].as_array().unwrap() {
        for rel in ["self", "items", "root", "parent", "describedby"] {
            let href = link(one, rel).unwrap_or_else(|| panic!("no {rel}"));
            assert_eq!(served.get(path_of(href)).status, 200, "{href}");
        }
    }
}

#[test]
fn a_search_finds_by_place_time_collection_and_id_and_goes_on_by_pages() {
    let (_, served) = shared();
    let all = ids(&served.json("/stac/search?limit=1000"));
    let of_points = ids(&served.json("/stac/search?collections=points&limit=1000"));
    assert!(!of_points.is_empty() && of_points.iter().all(|id| id.starts_with("points-")));
    let by_id = format!("/stac/search?ids={},{}", all[0], all[2]);
    assert_eq!(ids(&served.json(&by_id)), [all[0].clone(), all[2].clone()]);
    assert!(ids(&served.json("/stac/search?bbox=0,0,1,1")).is_empty());
    assert!(!ids(&served.json("/stac/search?bbox=-96,31,-95,32")).is_empty());
    assert!(ids(&served.json("/stac/search?datetime=1950-01-01/1960-01-01")).is_empty());
    let mut path = "/stac/search?limit=3".to_owned();
    let mut paged = Vec::new();
    loop {
        let page = served.json(&path);
        paged.extend(ids(&page));
        match link(&page, "next") {
            Some(next) => path_of(next).clone_into(&mut path),
            None => break,
        }
    }
    assert_eq!(paged, all);
    assert_eq!(
        served.json("/stac/collections/points/items?limit=1")["numberReturned"],
        1
    );
}

#[test]
fn a_search_by_body_is_the_same_search() {
    let (_, served) = shared();
    let post = |body: &Value| {
        let reply = served.send(
            "POST",
            "/stac/search",
            &["Content-Type: application/json"],
            body.to_string().as_bytes(),
        );
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    };
    let all = ids(&served.json("/stac/search?limit=1000"));
    let mut paged = Vec::new();
    let mut body = json!({"limit": 2});
    loop {
        let page = post(&body);
        paged.extend(ids(&page));
        let links = page["links"].as_array().unwrap();
        let Some(next) = links.iter().find(|link| link["rel"] == "next") else {
            break;
        };
        assert_eq!(next["method"], "POST");
        body = next["body"].clone();
    }
    assert_eq!(paged, all);
    let shape = json!({"type": "Polygon", "coordinates": [[[-96.0, 31.0], [-95.0, 31.0], [-95.0, 32.0], [-96.0, 31.0]]]});
    let met = post(&json!({"intersects": shape, "collections": ["points"]}));
    assert_eq!(
        ids(&met),
        ids(&served.json("/stac/search?collections=points&bbox=-96,31,-95,32"))
    );
    for (body, kind, status) in [
        ("{", "application/json", 400),
        ("{\"colections\": []}", "application/json", 400),
        ("{\"limit\": 0}", "application/json", 400),
        ("{\"bbox\": [1, 2]}", "application/json", 400),
        ("{\"intersects\": {\"type\": \"Point\"}}", "application/json", 400),
        ("limit=2", "application/x-www-form-urlencoded", 415),
    ] {
        let reply = served.send(
            "POST",
            "/stac/search",
            &[&format!("Content-Type: {kind}")],
            body.as_bytes(),
        );
        assert_eq!(reply.status, status, "{body}: {}", reply.text());
        reply.problem();
    }
}
