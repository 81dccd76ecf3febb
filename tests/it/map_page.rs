//! The map page of real runs: what stands beside the archives, that it counts every row, and what is linked.

use std::fs;
use std::os::unix::fs::MetadataExt;

use cikr::page::web_map::bundled_files;
use serde_json::Value;

use crate::program::{Folder, POINTS_LAYER};

/// A folder whose pipeline asks for maps.
fn with_map(rows: &str) -> Folder {
    let folder = Folder::new();
    folder.points(rows);
    let text = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder.write(
        "pipeline.toml",
        text.replacen(
            "\n[[jurisdiction]]",
            "\n[output]\nmap = true\n\n[[jurisdiction]]",
            1,
        ),
    );
    folder
}

fn json_of(folder: &Folder, path: &str) -> Value {
    serde_json::from_slice(&fs::read(folder.latest().join("map").join(path)).unwrap()).unwrap()
}

/// Whether this program was built with the page.
fn has_page() -> bool {
    !bundled_files().is_empty()
}

#[test]
fn a_program_without_the_page_writes_archives_and_styles_and_says_so() {
    let folder = with_map("1,A,48001,5,-95,35\n");
    let run = folder.run().code(0);
    let map = folder.latest().join("map");
    assert!(map.join("points.pmtiles").exists());
    assert_eq!(json_of(&folder, "style-2024.json")["version"], 8);
    assert_eq!(map.join("index.html").exists(), has_page());
    if !has_page() {
        run.says("built without the map page");
    }
}

#[test]
fn the_page_counts_every_row_and_leads_to_its_tile() {
    if !has_page() {
        return;
    }
    let folder = with_map("1,A,48001,5,-95,35\n2,Bé Clinic,01001,6,-85,36\n");
    folder.run().code(0);
    let told = json_of(&folder, "map.json");
    assert_eq!(told["rows"], 2);
    let counts = told["counts"].as_array().unwrap();
    assert_eq!(
        counts.iter().map(|kind| kind[5].as_u64().unwrap()).sum::<u64>(),
        2
    );
    assert_eq!(told["layers"][0]["id"], "points");
    let parts = told["layers"][0]["tiles"].as_object().unwrap();
    for (region, number) in parts {
        let part = format!("layers/points/data/region={region}/part-000.parquet");
        assert!(folder.latest().join(part).exists());
        assert_eq!(number, 1);
    }
    for (name, bytes) in bundled_files() {
        assert_eq!(
            fs::read(folder.latest().join("map").join(name)).unwrap(),
            *bytes,
            "{name}"
        );
    }
    let report = fs::read_to_string(folder.latest().join("report.html")).unwrap();
    assert!(report.contains("href=\"map/index.html\""));
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn the_search_is_linked_where_no_row_has_changed() {
    if !has_page() {
        return;
    }
    let rows = "1,A,48001,5,-95,35\n2,B,48001,5,-95.5,35\n3,C,48001,5,-96,35\n";
    let folder = with_map(rows);
    folder.run().code(0);
    let entries = || {
        fs::metadata(folder.latest().join("map/search/entries.bin"))
            .unwrap()
            .ino()
    };
    let before = entries();
    folder.run().code(0);
    assert_eq!(entries(), before);
    folder.write(
        "points.csv",
        format!("ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n{rows}4,D,48001,5,-94,35\n"),
    );
    folder.run().code(0);
    assert_ne!(entries(), before);
}

#[test]
fn what_has_changed_is_told_with_its_place_also_of_what_is_gone() {
    if !has_page() {
        return;
    }
    let folder = with_map("1,A,48001,5,-95,35\n2,B,48001,6,-95.5,35.5\n");
    folder.run().code(0);
    assert!(json_of(&folder, "map.json")["changes"].is_null());
    folder.write(
        "points.csv",
        "ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n2,B,48001,6,-95.25,35.25\n3,C,48001,6,-94.5,35.5\n",
    );
    let text = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder.write(
        "pipeline.toml",
        text.replace(POINTS_LAYER, &format!("{POINTS_LAYER}gate = {{ shrink = 90 }}\n")),
    );
    folder.run().code(0);
    let told = &json_of(&folder, "map.json")["changes"];
    assert_eq!(
        (&told["added"], &told["removed"], &told["moved"]),
        (&1.into(), &1.into(), &1.into())
    );
    let changes = json_of(&folder, "changes.json");
    let place_of = |id: &str| {
        let mut all = changes["features"].as_array().unwrap().iter();
        let found = all
            .find(|change| change["properties"]["facility_id"] == id)
            .unwrap();
        let place = found["geometry"]["coordinates"].as_array().unwrap();
        format!(
            "{:.3} {:.3}",
            place[0].as_f64().unwrap(),
            place[1].as_f64().unwrap()
        )
    };
    assert_eq!(place_of("points:1"), "-95.000 35.000", "where it was");
    assert_eq!(place_of("points:2"), "-95.250 35.250", "where it is");
    assert_eq!(place_of("points:3"), "-94.500 35.500");
}
