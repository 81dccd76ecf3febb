//! The registry of jurisdictions: a row for each, facilities that add up, outlines that are small and whole, governments
//! beside polygons.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use cikr::feature::{RegistryReport, RunReport};
use cikr::kernel::geometry;

use crate::program::{Folder, POINTS_LAYER};

/// Texas is -100 to -90, Alabama -90 to -80; -120 lies nowhere.
const ROWS: &str = "1,A,48001,5,-95,35\n2,B,01001,6,-85,36\n3,C,,7,-120,35\n4,D,48001,7,-95.1,35\n";

/// Two districts that lie over each other, of which the set itself says what they are a part of.
const DISTRICTS: &str = r#"
[[jurisdiction]]
id = "fire"
kind = "special_district"
vintage = "2024"
source.geojson = { path = "fire.geojson" }
code = "CODE"
parent = "COUNTY"
agency = "test"
licence = "CC0-1.0"
"#;

fn folder() -> Folder {
    let folder = Folder::new();
    let square = |code: &str, west: f64| {
        let east = west + 2.0;
        format!(
            r#"{{"type":"Feature","properties":{{"CODE":"{code}","COUNTY":"48001"}},"geometry":{{"type":"Polygon","coordinates":[[[{west},34],[{east},34],[{east},36],[{west},36],[{west},34]]]}}}}"#
        )
    };
    let features = format!("{},{}", square("F1", -96.0), square("F2", -95.5));
    folder.points(ROWS);
    folder.write(
        "fire.geojson",
        format!(r#"{{"type":"FeatureCollection","features":[{features}]}}"#),
    );
    folder.pipeline(&format!("{DISTRICTS}{POINTS_LAYER}"));
    folder
}

fn table(release: &Path, name: &str) -> RecordBatch {
    cikr::geoparquet::read(&release.join(format!("jurisdictions/{name}.parquet")), None).unwrap()
}

fn text(rows: &RecordBatch, column: &str, row: usize) -> String {
    let texts = rows.column_by_name(column).unwrap().as_string::<i32>();
    let text = if texts.is_valid(row) {
        texts.value(row)
    } else {
        "-"
    };
    text.to_owned()
}

fn count(rows: &RecordBatch, column: &str, row: usize) -> Option<u64> {
    let counts = rows.column_by_name(column).unwrap().as_primitive::<UInt64Type>();
    counts.is_valid(row).then(|| counts.value(row))
}

fn number(rows: &RecordBatch, column: &str, row: usize) -> Option<f64> {
    let numbers = rows.column_by_name(column).unwrap().as_primitive::<Float64Type>();
    numbers.is_valid(row).then(|| numbers.value(row))
}

fn by_code(rows: &RecordBatch) -> BTreeMap<String, usize> {
    (0..rows.num_rows())
        .map(|row| (text(rows, "code", row), row))
        .collect()
}

fn told(report: &RunReport) -> RegistryReport {
    serde_json::from_value(report.product("registry").unwrap().clone()).unwrap()
}

#[test]
fn every_jurisdiction_has_a_row_and_every_facility_counts_once() {
    let folder = folder();
    let report = folder.run().code(0).report();
    let release = folder.latest();
    let states = table(&release, "state");
    let rows = by_code(&states);
    // 60 states and territories in the reference list, two of which have a polygon.
    assert_eq!((states.num_rows(), rows.len()), (60, 60));
    let polygons = states.column_by_name("has_polygon").unwrap().as_boolean();
    assert_eq!(polygons.true_count(), 2);
    let texas = rows["48"];
    assert_eq!(
        ["jurisdiction_id", "set", "kind", "name", "parent_code", "vintage"]
            .map(|name| text(&states, name, texas)),
        ["state:48", "state", "state", "n48", "-", "test"]
    );
    assert_eq!(
        text(&states, "name", rows["06"]),
        "California",
        "by the reference list"
    );
    assert_eq!(number(&states, "area_km2", rows["06"]), None);
    // Ten degrees square between 30 and 40° N: 1.0 million km² and a little.
    let area = number(&states, "area_km2", texas).unwrap();
    assert!((1_000_000.0..1_030_000.0).contains(&area), "{area}");
    assert_eq!(
        [
            count(&states, "facilities", texas),
            count(&states, "facilities", rows["06"])
        ],
        [Some(2), Some(0)]
    );
    let sectors = states
        .column_by_name("facilities_by_sector")
        .unwrap()
        .as_map()
        .value(texas);
    assert_eq!(sectors.column(0).as_string::<i32>().value(0), "HLPH");
    assert_eq!(sectors.column(1).as_primitive::<UInt64Type>().value(0), 2);
    let counties = table(&release, "county");
    let parents: Vec<String> = (0..2)
        .map(|row| {
            ["parent_kind", "parent_code", "parent_from"]
                .map(|name| text(&counties, name, row))
                .join(" ")
        })
        .collect();
    assert_eq!(parents, ["state 01 code", "state 48 code"]);
    let told = told(&report);
    for set in &told.sets[..2] {
        assert_eq!(
            set.facilities.unwrap() + set.unassigned.unwrap(),
            report.inventory_rows,
            "{}",
            set.set
        );
    }
    assert_eq!((told.sets[0].with_polygon, told.sets[0].without_polygon), (2, 58));
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn districts_that_lie_over_each_other_are_listed_and_not_counted() {
    let folder = folder();
    let report = folder.run().code(0).report();
    let fire = table(&folder.latest(), "fire");
    let listed: Vec<String> = (0..fire.num_rows())
        .map(|row| {
            ["code", "parent_code", "parent_from"]
                .map(|name| text(&fire, name, row))
                .join(" ")
        })
        .collect();
    assert_eq!(listed, ["F1 48001 source", "F2 48001 source"]);
    assert_eq!(count(&fire, "facilities", 0), None);
    assert_eq!(
        (told(&report).sets[2].facilities, told(&report).sets[2].unassigned),
        (None, None)
    );
}

#[test]
fn outlines_are_polygons_within_their_boxes() {
    let folder = folder();
    folder.run().code(0);
    let file = folder.latest().join("jurisdictions/state.parquet");
    let footer = cikr::geoparquet::read_footer(&file).unwrap();
    let geo = footer.geo.unwrap();
    let column = geo.primary_column_metadata().unwrap();
    assert_eq!(column.geometry_types, ["Polygon"]);
    assert_eq!(column.bbox.as_deref(), Some(&[-100.0, 30.0, -80.0, 40.0][..]));
    let states = table(&folder.latest(), "state");
    let outlines = states.column_by_name("geometry").unwrap().as_binary::<i32>();
    let boxes = states.column_by_name("bbox").unwrap();
    assert_eq!(outlines.null_count(), 58);
    for row in 0..states.num_rows() {
        assert_eq!(outlines.is_null(row), boxes.is_null(row));
        if outlines.is_valid(row) {
            assert!(geometry::decode(outlines.value(row)).is_ok());
            assert_eq!(number(&states, "outline_tolerance_deg", row), Some(0.01));
        }
    }
}

#[test]
fn governments_stand_beside_polygons_and_kinds_without_any_are_told() {
    let folder = folder();
    let ended = folder.cikr(&["run", "pipeline.toml"]).code(0);
    assert!(
        ended
            .stdout
            .contains("local governments by the Census: 90837 in 2022, 87525 in 2002"),
        "{}",
        ended.stdout
    );
    assert!(
        ended
            .stdout
            .contains("no polygons of county_subdivision, place, school_district"),
        "{}",
        ended.stdout
    );
    let release = folder.latest();
    let kinds = table(&release, "by-kind");
    let lines: Vec<String> = (0..kinds.num_rows())
        .map(|row| {
            let words = ["kind", "counted", "set", "vintage"].map(|name| text(&kinds, name, row));
            let count = count(&kinds, "count", row).map_or("-".to_owned(), |count| count.to_string());
            format!("{} {count}", words.join(" "))
        })
        .collect();
    for line in [
        "county governments - 2022 3031",
        "special_district governments - 2002 35052",
        "- governments - 2022 1",
        "county polygons county test 2",
        "special_district polygons fire 2024 2",
        "place polygons - - -",
    ] {
        assert!(
            lines.iter().any(|told| told == line),
            "{line} is not in {lines:#?}"
        );
    }
    let readme = fs::read_to_string(release.join("README.md")).unwrap();
    assert!(readme.contains("90,837 of them local"), "{readme}");
    let page = fs::read_to_string(release.join("report.html")).unwrap();
    assert!(page.contains("no set in the pipeline") && page.contains("39,555"));
    let governments = cikr::geoparquet::read(&release.join("reference/governments.parquet"), None).unwrap();
    assert_eq!(governments.num_rows(), 14);
}

#[test]
fn a_quiet_night_links_the_registry_and_a_changed_layer_makes_it_again() {
    let folder = folder();
    let first = folder.run().code(0).report();
    let made = folder.latest();
    let inode = |release: &Path, file: &str| fs::metadata(release.join(file)).unwrap().ino();
    let second = folder.run().code(0).report();
    for file in ["jurisdictions/state.parquet", "jurisdictions/by-kind.parquet"] {
        assert_eq!(inode(&made, file), inode(&folder.latest(), file), "{file}");
    }
    assert_eq!(told(&first), told(&second));
    folder.cikr(&["verify", "store"]).code(0);
    let more = format!("ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n{ROWS}5,E,01001,7,-85,35\n");
    folder.write("points.csv", more);
    let third = folder.run().code(0).report();
    let states = table(&folder.latest(), "state");
    assert_eq!(count(&states, "facilities", by_code(&states)["01"]), Some(2));
    assert_eq!(told(&third).sets[0].facilities, Some(4));
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn a_release_without_the_registry_gets_it_from_kept_counts() {
    let folder = folder();
    let pipeline = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder.write(
        "pipeline.toml",
        format!("{pipeline}\n[output]\nproducts = [\"inventory\"]\n"),
    );
    let bare = folder.run().code(0).report();
    assert!(bare.product("registry").is_none() && !folder.latest().join("jurisdictions").exists());
    folder.write("pipeline.toml", &pipeline);
    let report = folder.run().code(0).report();
    assert!(
        report.layers[0].unchanged_since().is_some(),
        "no layer is made again for it"
    );
    assert_eq!(told(&report).sets[0].facilities, Some(3));
    folder.cikr(&["verify", "store"]).code(0);
}
