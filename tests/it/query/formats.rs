//! The formats of answers: what programs and people get.

use std::fs;

use serde_json::Value;

use super::{answer, ask, ids, released};
use crate::program::Folder;

/// What most of these ask for.
const WINDOW: [&str; 4] = ["--layer", "points", "--bbox", "-95,33,-93,35"];

fn printed(folder: &Folder, format: &str, more: &[&str]) -> String {
    ask(folder, &[&WINDOW[..], more, &["--format", format]].concat())
        .code(0)
        .stdout
}

#[test]
fn every_format_has_the_same_rows() {
    let folder = released();
    let expected = ids(&folder, &WINDOW);
    assert!(expected.len() > 10);
    let id = |feature: &Value| feature["id"].as_str().unwrap().to_owned();
    let collection: Value = serde_json::from_str(&printed(&folder, "geojson", &[])).unwrap();
    let features = collection["features"].as_array().unwrap();
    assert_eq!(features.iter().map(id).collect::<Vec<_>>(), expected);
    let [x, y] = [0, 1].map(|axis| features[0]["geometry"]["coordinates"][axis].as_f64().unwrap());
    assert!((-95.0..=-93.0).contains(&x) && (33.0..=35.0).contains(&y));
    let lines = printed(&folder, "geojsonl", &[]);
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines, *features, "a feature a line");
    let csv = printed(&folder, "csv", &["--columns", "facility_id,geometry,beds"]);
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(
        rows.headers().unwrap(),
        vec!["facility_id", "beds", "longitude", "latitude"]
    );
    let found: Vec<String> = rows.records().map(|row| row.unwrap()[0].to_owned()).collect();
    assert_eq!(found, expected);
    assert_eq!(
        printed(&folder, "csv", &["--columns", "beds", "--limit", "1"])
            .lines()
            .next(),
        Some("beds")
    );
    let json = answer(
        &folder,
        &[&WINDOW[..], &["--columns", "facility_id,sector_also,geometry"]].concat(),
    );
    assert_eq!(
        json["release"].as_str().map(str::len),
        Some(19),
        "{}",
        json["release"]
    );
    assert_eq!(json["rows"][0]["geometry"]["type"], "Point");
    assert!(json["rows"][0]["sector_also"].is_array());
}

#[test]
fn a_file_is_of_the_format_that_its_name_says_and_not_replaced_unasked() {
    let folder = released();
    let expected = ids(&folder, &WINDOW);
    for name in [
        "rows.parquet",
        "rows.json",
        "rows.geojson",
        "rows.geojsonl",
        "rows.csv",
    ] {
        let told = ask(&folder, &[&WINDOW[..], &["-o", name]].concat()).code(0);
        assert!(
            told.stdout
                .contains(&format!("{} rows of points", expected.len())),
            "{}",
            told.stdout
        );
        ask(&folder, &[&WINDOW[..], &["-o", name]].concat())
            .code(2)
            .says("exists");
        ask(&folder, &[&WINDOW[..], &["-o", name, "--force"]].concat()).code(0);
    }
    let path = folder.path().join("rows.parquet");
    let footer = cikr::geoparquet::read_footer(&path).unwrap();
    let geo = footer.geo.unwrap();
    let column = geo.primary_column_metadata().unwrap();
    assert_eq!(
        (footer.rows, column.geometry_types.as_slice()),
        (expected.len() as u64, &["Point".to_owned()][..])
    );
    let bounds = column.bbox.clone().unwrap();
    assert!(bounds[0] >= -95.0 && bounds[3] <= 35.0, "{bounds:?}");
    let rows = cikr::geoparquet::read_facilities(&path, None).unwrap();
    let found: Vec<String> = rows
        .ids()
        .unwrap()
        .iter()
        .map(|id| id.unwrap().to_owned())
        .collect();
    assert_eq!(found, expected);
    let narrow = [
        "--columns",
        "beds",
        "-o",
        "narrow.parquet",
        "--explain",
        "--format",
        "json",
    ];
    let told = ask(&folder, &[&WINDOW[..], &narrow].concat()).code(0);
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!(told["rows"], told["read"]["answered"]);
    let narrow = cikr::geoparquet::read_footer(&folder.path().join("narrow.parquet")).unwrap();
    let names: Vec<&String> = narrow.schema.fields().iter().map(|field| field.name()).collect();
    assert_eq!(names, ["beds", "geometry", "bbox"], "a tile has both");
    let empty = ["--layer", "points", "--bbox=0,0,1,1", "-o", "empty.parquet"];
    ask(&folder, &empty).code(0);
    assert_eq!(
        cikr::geoparquet::read_footer(&folder.path().join("empty.parquet"))
            .unwrap()
            .rows,
        0
    );
    let left = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    assert!(
        left.into_iter()
            .all(|name| !name.to_string_lossy().starts_with('.')),
        "nothing is left beside them"
    );
}

#[test]
fn a_table_says_whether_it_is_all() {
    let folder = released();
    let table = ask(
        &folder,
        &[
            "--layer",
            "points",
            "--limit",
            "3",
            "--columns",
            "facility_id,beds",
        ],
    )
    .code(0)
    .stdout;
    assert!(table.starts_with("facility_id"), "{table}");
    assert_eq!(table.lines().count(), 5, "{table}");
    assert!(table.ends_with("3 rows\n"), "{table}");
    let part = ask(&folder, &["--layer", "points"]).code(0).stdout;
    assert!(
        part.contains("the first 100 rows; --limit N shows more"),
        "{part}"
    );
    let none = ask(&folder, &["--layer", "points", "--bbox=0,0,1,1"])
        .code(0)
        .stdout;
    assert!(none.ends_with("no row is as asked for\n"), "{none}");
    let near = ask(&folder, &["--layer", "points", "--near=-95,34", "--k", "2"])
        .code(0)
        .stdout;
    assert!(near.lines().next().unwrap().ends_with("distance_m"), "{near}");
}
