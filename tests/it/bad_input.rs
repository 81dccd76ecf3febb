//! Bad input: each kind gets a clear error or a counted reject, never a panic, and the other layers are published.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::program::{Folder, POINTS_LAYER, by_id};

const GOOD: &str = "1,A,48001,5,-95,35\n";

/// Runs a good layer beside a bad one: the good one is published, the bad one absent with `words` in its reason.
#[track_caller]
fn fails_alone(folder: &Folder, layer: &str, words: &[&str]) {
    folder.points(GOOD);
    folder.pipeline(&format!("{POINTS_LAYER}\n{layer}"));
    let ended = folder.run().code(5);
    let bad = ended.layer("bad");
    let reason = bad.reason().unwrap_or_default();
    for word in words {
        assert!(reason.contains(word), "`{word}` is not in: {reason}");
    }
    assert!(!reason.contains("landing/"), "the landing path leaks: {reason}");
    assert_eq!(ended.layer("points").rows_written, 1);
    assert_eq!(by_id(&folder.latest().join("facilities"), "name").len(), 1);
}

fn layer(source: &str) -> String {
    format!("[[layer]]\nid = \"bad\"\nschema = \"points\"\nsource.{source}\n")
}

fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn sample(name: &str) -> Vec<u8> {
    fs::read(Path::new(crate::program::ROOT).join("sample-data").join(name)).unwrap()
}

#[test]
fn truncated_zip() {
    let folder = Folder::new();
    let mut bytes = sample("transmission_lines.zip");
    bytes.truncate(bytes.len() / 2);
    folder.write("bad.zip", bytes);
    fails_alone(
        &folder,
        &layer("ogr = { path = \"bad.zip\" }"),
        &["bad.zip", "archive"],
    );
}

#[test]
fn zip_entry_that_would_escape() {
    let folder = Folder::new();
    folder.write("bad.zip", zip_of(&[("../../evil.shp", b"x"), ("evil.dbf", b"x")]));
    fails_alone(
        &folder,
        &layer("ogr = { path = \"bad.zip\" }"),
        &["bad.zip", "../../evil.shp"],
    );
}

#[test]
fn zip_without_a_dataset() {
    let folder = Folder::new();
    folder.write("bad.zip", zip_of(&[("readme.txt", b"nothing here")]));
    fails_alone(&folder, &layer("ogr = { path = \"bad.zip\" }"), &["bad.zip"]);
}

#[test]
fn crs_that_contradicts_the_file() {
    let folder = Folder::new();
    folder.write("bad.geojson", r#"{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::3857"}},"features":[{"type":"Feature","properties":{"ID":"1"},"geometry":{"type":"Point","coordinates":[0,0]}}]}"#);
    let layer = layer("geojson = { path = \"bad.geojson\", crs = \"EPSG:4326\" }");
    fails_alone(&folder, &layer, &["EPSG:3857", "EPSG:4326"]);
}

#[test]
fn missing_crs_is_found_before_the_run() {
    let folder = Folder::new();
    folder.points(GOOD).pipeline("[[layer]]\nid = \"bad\"\nschema = \"points\"\nsource.csv = { path = \"points.csv\", x = \"LON\", y = \"LAT\" }\n");
    folder.run().code(3).says("crs").says("pipeline.toml:");
}

#[test]
fn shapefile_without_prj_is_an_error_not_a_guess() {
    let folder = Folder::new();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(sample("transmission_lines.zip"))).unwrap();
    let mut entries = Vec::new();
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        std::io::copy(&mut entry, &mut bytes).unwrap();
        if !name.ends_with(".prj") {
            entries.push((name, bytes));
        }
    }
    let entries: Vec<(&str, &[u8])> = entries.iter().map(|(n, b)| (n.as_str(), b.as_slice())).collect();
    folder.write("bad.zip", zip_of(&entries));
    fails_alone(
        &folder,
        &layer("ogr = { path = \"bad.zip\" }"),
        &["bad.zip", "crs"],
    );
}

#[test]
fn coordinates_not_of_the_declared_crs() {
    // Web Mercator metres declared as degrees: every row is out of range, so the layer fails.
    let folder = Folder::new();
    folder.write(
        "bad.csv",
        "ID,NAME,LON,LAT\n1,A,-10575351,4163881\n2,B,-10575351,4163881\n",
    );
    let layer = layer("csv = { path = \"bad.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }");
    fails_alone(&folder, &layer, &["out_of_range 2", "bad.csv:2"]);
}

#[test]
fn missing_column_names_those_there_are() {
    let folder = Folder::new();
    folder.write("bad.csv", "KEY,NAME,LON,LAT\n1,A,-95,35\n");
    let layer = layer("csv = { path = \"bad.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }");
    fails_alone(&folder, &layer, &["bad.csv", "`id`", "KEY, NAME, LON, LAT"]);
}

/// The layer fails while its source is still being read: reading must end, not wait for ever.
#[test]
fn a_large_source_that_fails_early_does_not_hang() {
    let folder = Folder::new();
    let rows: String = (0..150_000).map(|row| format!("{row},A,-95,35\n")).collect();
    folder.write("bad.csv", format!("KEY,NAME,LON,LAT\n{rows}"));
    let layer = layer("csv = { path = \"bad.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }");
    fails_alone(&folder, &layer, &["`id`"]);
}

#[test]
fn missing_coordinate_column() {
    let folder = Folder::new();
    folder.write("bad.csv", "ID,NAME,LONGITUDE,LAT\n1,A,-95,35\n");
    let layer = layer("csv = { path = \"bad.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }");
    fails_alone(&folder, &layer, &["bad.csv", "LON", "LONGITUDE"]);
}

#[test]
fn empty_file() {
    let folder = Folder::new();
    folder.write("bad.csv", "");
    let layer = layer("csv = { path = \"bad.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }");
    fails_alone(&folder, &layer, &["bad.csv", "empty"]);
}

#[test]
fn header_alone_is_taken_for_a_broken_source() {
    let folder = Folder::new();
    folder.write("bad.csv", "ID,NAME,LON,LAT\n");
    let layer = layer("csv = { path = \"bad.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }");
    fails_alone(&folder, &layer, &["bad.csv", "no rows"]);
}

#[test]
fn html_instead_of_json() {
    let folder = Folder::new();
    folder.write(
        "bad.geojson",
        "<!DOCTYPE html><html><body>Service unavailable</body></html>",
    );
    fails_alone(
        &folder,
        &layer("geojson = { path = \"bad.geojson\" }"),
        &["bad.geojson", "HTML"],
    );
}

#[test]
fn truncated_geojson_names_the_last_feature() {
    let folder = Folder::new();
    folder.write("bad.geojson", r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"ID":"1"},"geometry":{"type":"Point","coordinates":[-95,35]}},{"type":"Fea"#);
    fails_alone(
        &folder,
        &layer("geojson = { path = \"bad.geojson\" }"),
        &["bad.geojson", "feature"],
    );
}

#[test]
fn record_over_the_limit() {
    let folder = Folder::new();
    folder.points(GOOD);
    let long = "x".repeat(200_000);
    folder.write("bad.geojsonl", format!("{{\"type\":\"Feature\",\"properties\":{{\"ID\":\"1\",\"NAME\":\"{long}\"}},\"geometry\":{{\"type\":\"Point\",\"coordinates\":[-95,35]}}}}\n{{\"type\":\"Feature\",\"properties\":{{\"ID\":\"2\"}},\"geometry\":{{\"type\":\"Point\",\"coordinates\":[-95,35]}}}}\n"));
    folder.write("bad.geojson", format!(r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"ID":"1","NAME":"{long}"}},"geometry":null}}]}}"#));
    folder.pipeline(&format!(
        "{POINTS_LAYER}\n{}\n[[layer]]\nid = \"collection\"\nschema = \"points\"\nsource.geojson = {{ path = \"bad.geojson\" }}\n[limits]\nrecord = \"64 KiB\"\n",
        layer("geojsonl = { path = \"bad.geojsonl\" }")
    ));
    let ended = folder.run().code(5);
    let lines = ended.layer("bad");
    assert_eq!(
        (lines.rows_written, lines.rejects_by_reason.get("record_too_long")),
        (1, Some(&1))
    );
    let reason = ended.layer("collection").reason().unwrap_or_default().to_owned();
    assert!(
        reason.contains("record_too_long 1") && reason.contains("bad.geojson:1"),
        "{reason}"
    );
}

#[test]
fn missing_file() {
    let folder = Folder::new();
    let layer = layer("csv = { path = \"gone.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }");
    fails_alone(&folder, &layer, &["gone.csv"]);
}

#[test]
fn bad_rows_are_counted_with_their_reason_and_origin() {
    let folder = Folder::new();
    folder.points(
        "1,GOOD,48001,5,-95,35\n\
         ,NO KEY,48001,5,-95,35\n\
         1,DUPLICATE,48001,5,-85,35\n\
         3,NOT A NUMBER,48001,5,NaN,35\n\
         4,INFINITE,48001,5,-95,inf\n\
         5,SWAPPED,48001,5,35,-95\n\
         6,OUT OF RANGE,48001,5,-195,35\n\
         7,BLANK,48001,5,,\n\
         8,TOO,MANY,FIELDS,48001,5,-95,35\n\
         9,WORDS,48001,5,west,35\n",
    );
    let ended = folder.run().code(0);
    let layer = ended.layer("points");
    assert_eq!(
        (layer.rows_read, layer.rows_written, layer.rows_rejected),
        (10, 1, 9)
    );
    let reasons: Vec<(&str, u64)> = layer
        .rejects_by_reason
        .iter()
        .map(|(reason, n)| (reason.as_str(), *n))
        .collect();
    let expected = [
        ("duplicate_key", 1),
        ("malformed_record", 1),
        ("no_key", 1),
        ("not_a_number", 3),
        ("null_geometry", 1),
        ("out_of_range", 1),
        ("swapped_coordinates", 1),
    ];
    assert_eq!(reasons, expected);
    let rejects = cikr::geoparquet::read(&folder.latest().join("rejects/points.parquet"), None).unwrap();
    let origins: Vec<u64> = rejects
        .column_by_name("row")
        .unwrap()
        .as_any()
        .downcast_ref::<arrow_array::UInt64Array>()
        .unwrap()
        .values()
        .to_vec();
    assert_eq!(
        origins,
        [3, 4, 5, 6, 7, 8, 9, 10, 11],
        "line numbers of the file, in order"
    );
    let names = by_id(&folder.latest().join("layers/points"), "name");
    assert_eq!(
        names.get("points:1"),
        Some(&Some("GOOD".to_owned())),
        "the first by origin keeps the key"
    );
}

#[test]
fn too_many_rejects_fail_the_layer() {
    let folder = Folder::new();
    folder.schema("strict", "point", "").points(GOOD);
    let strict = fs::read_to_string(folder.path().join("schemas/strict.toml")).unwrap();
    folder.write(
        "schemas/strict.toml",
        strict.replace("max-rejects = 0.9", "max-rejects = 0.1"),
    );
    folder.write("bad.csv", "ID,NAME,LON,LAT\n1,A,-95,35\n,B,-95,35\n");
    let layer = layer("csv = { path = \"bad.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }")
        .replace("\"points\"", "\"strict\"");
    folder.pipeline(&format!("{POINTS_LAYER}\n{layer}"));
    let reason = folder
        .run()
        .code(5)
        .layer("bad")
        .reason()
        .unwrap_or_default()
        .to_owned();
    assert!(
        reason.contains("1 of 2 rows rejected (no_key 1)") && reason.contains("bad.csv:3"),
        "{reason}"
    );
}

#[test]
fn wrong_geometry_family_is_rejected() {
    let folder = Folder::new();
    folder.points(GOOD);
    folder.write("bad.geojson", r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"ID":"1"},"geometry":{"type":"LineString","coordinates":[[-95,35],[-94,35]]}},{"type":"Feature","properties":{"ID":"2"},"geometry":{"type":"Point","coordinates":[-95,35]}},{"type":"Feature","properties":{"ID":"3"},"geometry":{"type":"Point","coordinates":[]}},{"type":"Feature","properties":{"ID":"4"},"geometry":null}]}"#);
    folder.pipeline(&format!(
        "{POINTS_LAYER}\n{}",
        layer("geojson = { path = \"bad.geojson\" }")
    ));
    let bad = folder.run().code(0).layer("bad");
    assert_eq!((bad.rows_read, bad.rows_written, bad.rows_rejected), (4, 1, 3));
    assert_eq!(bad.rejects_by_reason.get("null_geometry"), Some(&1));
}

#[test]
fn every_layer_bad_publishes_nothing() {
    let folder = Folder::new();
    folder.points("1,A,48001,5,-95,35\n").run().code(0);
    let before = folder.latest();
    folder.write("points.csv", "");
    folder
        .run()
        .code(4)
        .says("nothing was published")
        .says("points.csv");
    assert_eq!(folder.latest(), before);
    assert_eq!(
        fs::read_dir(folder.path().join("store/public/releases"))
            .unwrap()
            .count(),
        2,
        "the release and its record"
    );
}

#[test]
fn jurisdictions_that_cannot_be_read_stop_the_run() {
    let folder = Folder::new();
    folder.points(GOOD).write("states.geojson", "<html></html>");
    folder
        .run()
        .code(4)
        .says("states.geojson")
        .says("nothing was published");
}

#[test]
fn boundaries_that_are_gone_are_stood_in_for_by_those_of_the_last_release() {
    let folder = Folder::new();
    folder.points(GOOD).run().code(0);
    let states = fs::read(folder.path().join("states.geojson")).unwrap();
    fs::remove_file(folder.path().join("states.geojson")).unwrap();
    // Without a change of the layer, which nothing is located for, and with one.
    for points in [GOOD, "1,B,48001,5,-95,35\n"] {
        folder.write("points.csv", format!("ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n{points}"));
        let report = folder
            .run()
            .code(5)
            .says("the last boundaries stand in")
            .says("states.geojson")
            .report();
        let stale: Vec<bool> = report
            .jurisdictions
            .iter()
            .map(|set| set.stale.is_some())
            .collect();
        assert_eq!(stale, [true, false]);
        let readme = fs::read_to_string(folder.latest().join("README.md")).unwrap();
        assert!(
            readme.contains("Of `state` an earlier copy stands in, as landed 20"),
            "{readme}"
        );
    }
    let pipeline = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder.write(
        "pipeline.toml",
        pipeline.replacen("vintage = \"test\"", "vintage = \"other\"", 1),
    );
    folder.run().code(4).says("cannot land jurisdiction `state`");
    folder
        .write("pipeline.toml", pipeline)
        .write("states.geojson", states)
        .run()
        .code(0);
}

#[test]
fn boundaries_that_lose_polygons_within_a_vintage_stop_the_run() {
    let folder = Folder::new();
    folder.points(GOOD).run().code(0);
    let states = fs::read_to_string(folder.path().join("states.geojson")).unwrap();
    let (head, _) = states.split_once("},{\"type\":\"Feature\"").unwrap();
    folder.write("states.geojson", format!("{head}}}]}}"));
    let said = "jurisdiction `state` has 1 polygons in states.geojson, where the last release had 2";
    folder.run().code(4).says(said).says("another `vintage`");
    let pipeline = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder.write(
        "pipeline.toml",
        pipeline.replacen("vintage = \"test\"", "vintage = \"2020\"", 1),
    );
    folder.run().code(0);
}

#[test]
fn jurisdictions_in_degrees_are_not_taken_for_metres() {
    let folder = Folder::new();
    folder.points(GOOD);
    folder.write(
        "states.csv",
        "GEOID,NAME,WKT\n48,Texas,\"POLYGON((-100 30,-90 30,-90 40,-100 30))\"\n",
    );
    let pipeline = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    let metres = "source.csv = { path = \"states.csv\", wkt = \"WKT\", crs = \"EPSG:3857\" }";
    let changed = pipeline.replacen("source.geojson = { path = \"states.geojson\" }", metres, 1);
    folder.write("pipeline.toml", changed);
    folder
        .run()
        .code(4)
        .says("states.csv: the CRS is EPSG:3857, which has metres")
        .says("EPSG:4326");
}

/// A folder on a small disk of its own; none where mounting is not allowed.
struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    fn mount(at: &'a Path, options: &str) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(at)
            .status();
        done.is_ok_and(|status| status.success()).then_some(Self(at))
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[test]
fn full_disk() {
    let folder = Folder::new();
    let mut rows = String::from(GOOD);
    for row in 2..20_000 {
        rows.push_str(&format!(
            "{row},NAME {:x},48001,5,-{}.{},3{}.{}\n",
            row * 7_919_u64 * 104_729,
            91 + row % 8,
            row,
            row % 10,
            row * 31
        ));
    }
    folder.points(&rows);
    let store = folder.path().join("store");
    let Some(_disk) = Disk::mount(&store, "size=1200k") else {
        // Without the right to mount, /dev/full can't stand in for a folder: the store's unit tests cover it.
        return;
    };
    folder.run().code(6).says("No space left on device");
    assert!(!store.join("public/latest.json").exists());
}

#[test]
fn read_only_store() {
    let folder = Folder::new();
    folder.points(GOOD);
    let store = folder.path().join("store");
    let Some(_disk) = Disk::mount(&store, "size=8m,ro") else {
        return;
    };
    folder.run().code(6).says("store").says("Read-only file system");
}

#[test]
fn a_file_in_the_stores_place() {
    let folder = Folder::new();
    folder.points(GOOD).write("store", "not a folder");
    folder.run().code(6).says("store");
}
