//! Lines and areas in several jurisdictions, polygons that lie over each other, regions of every making.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt32Type};
use cikr::feature::LinkCount;

use crate::program::{Ended, Folder, POINTS_LAYER, by_id, rows};

/// A polygon feature over a box.
fn area(code: &str, [west, south, east, north]: [f64; 4]) -> String {
    format!(
        r#"{{"type":"Feature","properties":{{"ID":"{code}","GEOID":"{code}","NAME":"n{code}"}},"geometry":{{"type":"Polygon","coordinates":[[[{west},{south}],[{east},{south}],[{east},{north}],[{west},{north}],[{west},{south}]]]}}}}"#
    )
}

fn line(id: &str, from: [f64; 2], to: [f64; 2]) -> String {
    format!(
        r#"{{"type":"Feature","properties":{{"ID":"{id}"}},"geometry":{{"type":"LineString","coordinates":[[{},{}],[{},{}]]}}}}"#,
        from[0], from[1], to[0], to[1]
    )
}

fn collection(features: &[String]) -> String {
    format!(
        r#"{{"type":"FeatureCollection","features":[{}]}}"#,
        features.join(",")
    )
}

const LINES: &str = "\n[[layer]]\nid = \"lines\"\nsource.geojson = { path = \"lines.geojson\" }\n";

/// A set beside those of states and counties, and what else the pipeline says of it.
fn set(id: &str, kind: &str, more: &str) -> String {
    format!(
        "\n[[jurisdiction]]\nid = \"{id}\"\nkind = \"{kind}\"\nvintage = \"2026\"\nsource.geojson = {{ path = \"{id}.geojson\" }}\n\
         code = \"ID\"\nname = \"NAME\"\nagency = \"test\"\nlicence = \"CC0-1.0\"\n{more}\n"
    )
}

/// Two lines along 35° N: one in Texas alone, one of whose ten degrees seven are in Alabama.
fn two_lines(folder: &Folder, sets: &str) {
    let lines = [
        line("inside", [-99.0, 35.0], [-95.0, 35.0]),
        line("across", [-93.0, 35.0], [-83.0, 35.0]),
    ];
    folder
        .schema("lines", "line", "")
        .pipeline(&format!("{sets}{LINES}"))
        .write("lines.geojson", collection(&lines));
}

fn ran(sets: &str) -> (Folder, Ended) {
    let folder = Folder::new();
    two_lines(&folder, sets);
    let ended = folder.run().code(0);
    (folder, ended)
}

fn table(path: &Path) -> RecordBatch {
    cikr::geoparquet::read(path, None).unwrap()
}

fn links(folder: &Folder, kind: &str, file: &str) -> PathBuf {
    folder
        .latest()
        .join(format!("links/facility_jurisdiction/kind={kind}/{file}.parquet"))
}

fn texts(table: &RecordBatch, column: &str) -> Vec<String> {
    let column = table.column_by_name(column).unwrap().as_string::<i32>();
    column.iter().map(|text| text.unwrap_or("-").to_owned()).collect()
}

#[test]
fn a_line_is_shared_out_and_stands_again_in_every_region_it_crosses() {
    let (folder, ended) = ran("");
    let layer = folder.latest().join("layers/lines");
    let states = by_id(&layer, "state_code");
    assert_eq!(states["lines:across"].as_deref(), Some("AL"), "the largest share");
    assert_eq!(states["lines:inside"].as_deref(), Some("TX"));
    let methods = by_id(&layer, "location_method");
    assert_eq!(methods["lines:across"].as_deref(), Some("overlap"));
    assert_eq!(methods["lines:inside"].as_deref(), Some("within"));

    let found = table(&links(&folder, "state", "lines.state"));
    assert_eq!(texts(&found, "facility_id"), ["lines:across", "lines:across"]);
    assert_eq!(texts(&found, "jurisdiction_id"), ["01", "48"]);
    assert_eq!(texts(&found, "method"), ["overlap", "overlap"]);
    assert_eq!(texts(&found, "vintage"), ["test", "test"]);
    let shares = found
        .column_by_name("share")
        .unwrap()
        .as_primitive::<Float64Type>();
    // Along a parallel lengths are as the degrees.
    assert!((shares.value(0) - 0.7).abs() < 1e-9 && (shares.value(1) - 0.3).abs() < 1e-9);
    let ranks = found.column_by_name("rank").unwrap().as_primitive::<UInt32Type>();
    assert_eq!(ranks.values(), &[1, 2]);
    let primary = found.column_by_name("is_primary").unwrap().as_boolean();
    assert!(primary.value(0) && !primary.value(1));

    let again = table(&layer.join("crossing/region=R06/part-000.parquet"));
    assert_eq!(texts(&again, "facility_id"), ["lines:across"]);
    assert_eq!(
        texts(&again, "region_code"),
        ["R04"],
        "the row as it stands in its own region"
    );
    let report = ended.layer("lines");
    assert_eq!((report.rows_written, report.rows_crossing), (2, 1));
    let counts = report.links.iter().map(|count| (&*count.kind, count.rows));
    assert_eq!(counts.collect::<Vec<_>>(), [("state", 2), ("county", 2)]);
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn a_quiet_night_and_a_failing_one_keep_what_stands_beside_tiles() {
    let folder = Folder::new();
    two_lines(&folder, "");
    let pipeline = std::fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    // Of which one always succeeds: else nothing would be published.
    folder
        .schema("points", "point", "")
        .write("points.csv", "ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n1,A,,1,-95,35\n");
    folder.write("pipeline.toml", format!("{pipeline}{POINTS_LAYER}"));
    let first = folder.run().code(0);
    for broken in [false, true] {
        if broken {
            folder.write("lines.geojson", "{");
        }
        let next = folder.run();
        assert!(next.code == 0 || broken, "{}", next.stderr);
        let report = next.layer("lines");
        assert_eq!(report.rows_crossing, 1);
        assert_eq!(report.links, first.layer("lines").links);
        assert!(links(&folder, "county", "lines.county").is_file());
        let crossing = folder
            .latest()
            .join("layers/lines/crossing/region=R06/part-000.parquet");
        assert!(crossing.is_file());
        folder.cikr(&["verify", "store"]).code(0);
    }
}

#[test]
fn links_that_lie_are_told() {
    let (folder, _) = ran("");
    let copy = folder.path().join("copy");
    let status = std::process::Command::new("cp")
        .args(["-rL".as_ref(), folder.latest().as_os_str(), copy.as_os_str()])
        .status()
        .unwrap();
    assert!(status.success());
    let report = copy.join("report.json");
    let told = std::fs::read_to_string(&report).unwrap();
    let told = told.replace("\"rows_crossing\": 1", "\"rows_crossing\": 2");
    std::fs::write(&report, told).unwrap();
    std::fs::copy(
        copy.join("links/facility_jurisdiction/kind=county/lines.county.parquet"),
        copy.join("links/facility_jurisdiction/kind=state/lines.state.parquet"),
    )
    .unwrap();
    let ended = folder.cikr(&["verify", "copy"]);
    assert_ne!(ended.code, 0);
    assert!(
        ended.stdout.contains("2 rows crossing, 1 in tiles"),
        "{}",
        ended.stdout
    );
}

#[test]
fn areas_that_overlap_all_count_and_have_no_column() {
    let folder = Folder::new();
    two_lines(&folder, &set("utility", "utility_territory", ""));
    let utilities = [
        area("B", [-100.0, 30.0, -90.0, 40.0]),
        area("A", [-96.0, 34.0, -94.0, 36.0]),
        area("C", [-85.0, 30.0, -80.0, 40.0]),
    ];
    folder.write("utility.geojson", collection(&utilities));
    let ended = folder.run().code(0);
    let found = table(&links(&folder, "utility_territory", "lines.utility"));
    let mut pairs: Vec<(String, String)> = texts(&found, "facility_id")
        .into_iter()
        .zip(texts(&found, "jurisdiction_id"))
        .collect();
    pairs.sort();
    let expected = [
        ("lines:across", "B"),
        ("lines:across", "C"),
        ("lines:inside", "A"),
        ("lines:inside", "B"),
    ];
    assert_eq!(
        pairs
            .iter()
            .map(|(id, code)| (&**id, &**code))
            .collect::<Vec<_>>(),
        expected
    );
    assert_eq!(
        found
            .column_by_name("is_primary")
            .unwrap()
            .as_boolean()
            .true_count(),
        0
    );
    let tile = &rows(&folder.latest().join("layers/lines"))[0];
    assert!(tile.column_by_name("utility_code").is_none());
    assert!(ended.layer("lines").links.contains(&LinkCount {
        kind: "utility_territory".to_owned(),
        set: "utility".to_owned(),
        rows: 4,
    }));
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn a_kind_fills_columns_of_its_set() {
    let folder = Folder::new();
    two_lines(&folder, &set("unified", "school_district", ""));
    folder.write(
        "unified.geojson",
        collection(&[area("4800001", [-100.0, 30.0, -90.0, 40.0])]),
    );
    folder.run().code(0);
    let layer = folder.latest().join("layers/lines");
    let codes = by_id(&layer, "unified_geoid");
    assert_eq!(codes["lines:inside"].as_deref(), Some("4800001"));
    let names = by_id(&layer, "unified_name");
    assert_eq!(names["lines:inside"].as_deref(), Some("n4800001"));
    let readme = std::fs::read_to_string(folder.latest().join("README.md")).unwrap();
    assert!(readme.contains("computed school district: code of test (2026)"));
}

#[test]
fn points_on_borders_have_the_lowest_code_and_are_counted() {
    let folder = Folder::new();
    folder
        .schema("points", "point", "")
        .pipeline(&format!("{}{POINTS_LAYER}", set("halves", "school_district", "")))
        .write(
            "halves.geojson",
            collection(&[
                area("4800002", [-95.0, 30.0, -90.0, 40.0]),
                area("4800001", [-100.0, 30.0, -95.0, 40.0]),
            ]),
        )
        .write(
            "points.csv",
            "ID,NAME,LON,LAT\n1,on the border,-95,35\n2,beside it,-96,35\n",
        );
    let ended = folder.run().code(0);
    assert_eq!(ended.layer("points").ties, 1);
    let codes = by_id(&folder.latest().join("layers/points"), "halves_geoid");
    assert_eq!(codes["points:1"].as_deref(), Some("4800001"));
}

#[test]
fn regions_are_unions_of_counties_or_polygons_of_their_own() {
    let folder = Folder::new();
    two_lines(&folder, "");
    let pipeline = std::fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    let by_county = pipeline.replace(
        "schemas = \"schemas\"",
        "schemas = \"schemas\"\nregions = \"coalition\"",
    );
    folder.write("pipeline.toml", &by_county).write(
        "schemas/reference/regions-coalition.csv",
        "region_code,region_name,county_fips,source\nWEST,West,48001,test\nEAST,East,01001,test\n",
    );
    folder.run().code(0);
    assert_eq!(
        regions(&folder),
        BTreeSet::from(["EAST".to_owned(), "WEST".to_owned()])
    );

    let own = format!("{pipeline}{}", set("desk", "region", ""));
    folder.write("pipeline.toml", &own).write(
        "desk.geojson",
        collection(&[area("N1", [-100.0, 34.0, -80.0, 40.0])]),
    );
    folder.run().code(0);
    assert_eq!(regions(&folder), BTreeSet::from(["N1".to_owned()]));

    folder.write(
        "pipeline.toml",
        own.replace(
            "schemas = \"schemas\"",
            "schemas = \"schemas\"\nregions = \"fema\"",
        ),
    );
    let ended = folder.run();
    assert_ne!(ended.code, 0);
    ended.says("`regions` names a table, and `desk` has the regions' polygons");
}

fn regions(folder: &Folder) -> BTreeSet<String> {
    let layer = folder.latest().join("layers/lines");
    by_id(&layer, "region_code").into_values().flatten().collect()
}
