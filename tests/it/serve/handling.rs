//! Rows that are marked above what is shown are in no answer, nor are the files that hold them.

use std::fs;

use super::http::Served;
use crate::program::Folder;
use crate::query::released;

/// A release whose points are for the community alone.
fn marked() -> Folder {
    let folder = released();
    let schema = fs::read_to_string(folder.path().join("schemas/points.toml")).unwrap();
    folder.write(
        "schemas/points.toml",
        schema.replacen("geometry =", "handling = \"TLP:GREEN\"\ngeometry =", 1),
    );
    folder.run().code(0);
    folder
}

#[test]
fn handling_above_what_is_shown_is_in_no_answer() {
    let folder = marked();
    let clear = Served::start(folder.path(), &[]);
    let green = Served::start(folder.path(), &["--handling", "tlp:green"]);
    let ids = |served: &Served| -> Vec<String> {
        let told = served.json("/collections");
        let all = told["collections"].as_array().unwrap().iter();
        all.map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&clear), ["facilities", "areas", "wires"]);
    assert_eq!(ids(&green), ["facilities", "areas", "points", "wires"]);
    for path in [
        "/collections/points",
        "/collections/points/items",
        "/collections/points/items/points:1",
        "/stac/collections/points",
        "/stac/collections/points/items",
        "/latest/layers/points/items.parquet",
        "/latest/layers/points/collection.json",
        "/latest/report.html",
        "/latest/changes/points.parquet",
    ] {
        let reply = clear.get(path);
        assert_eq!(reply.status, 403, "{path}: {}", reply.text());
        assert!(reply.problem().contains("marked"), "{path}");
        assert_ne!(green.get(path).status, 403, "{path}");
    }
    let marks = |served: &Served| -> Vec<String> {
        let told = served.json("/collections/facilities/items?limit=10000");
        let mut marks: Vec<String> = told["features"]
            .as_array()
            .unwrap()
            .iter()
            .map(|feature| feature["properties"]["handling"].as_str().unwrap().to_owned())
            .collect();
        marks.sort();
        marks.dedup();
        marks
    };
    assert_eq!(marks(&clear), ["TLP:CLEAR"]);
    assert_eq!(marks(&green), ["TLP:CLEAR", "TLP:GREEN"]);
    assert_eq!(clear.get("/collections/facilities/items/points:1").status, 404);
    assert_eq!(green.get("/collections/facilities/items/points:1").status, 200);
    let found = clear.json("/stac/search?limit=1000");
    let collections = found["features"].as_array().unwrap().iter();
    assert!(
        collections
            .clone()
            .all(|item| item["collection"] != "points" && item["collection"] != "facilities")
    );
    assert!(collections.count() > 0);
    let none = folder.cikr(&["serve", "store", "--handling", "secret"]);
    none.code(2).says("TLP:AMBER");
}
