//! The rows that `cikr locate` writes: every format in and out, lines and their shares, the same bytes whatever the threads.

use std::fs;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use serde_json::Value;

use crate::locate::{folder, json, locate, parquet, read, some, texts};
use crate::program::{Folder, ROOT};

#[test]
fn every_format_out_has_every_row() {
    let folder = folder();
    for name in ["out.parquet", "out.geojson", "out.geojsonl"] {
        locate(
            &folder,
            &["points.csv", "--to", "counties=counties.geojson", "-o", name],
        )
        .code(0);
    }
    let expected = some(&[Some("48001"), Some("01001"), None, None, None]);
    let rows = parquet(&folder, "out.parquet");
    assert_eq!(texts(&rows, "counties_code"), expected);
    assert_eq!(
        texts(&rows, "ID"),
        some(&[Some("1"), Some("2"), Some("3"), Some("4"), Some("5")])
    );
    let geometry = rows.column_by_name("geometry").unwrap();
    assert_eq!((geometry.null_count(), geometry.is_null(4)), (1, true));
    let west = rows.column_by_name("bbox").unwrap().as_struct().column(0);
    assert_eq!(west.len(), 5);
    let footer = cikr::geoparquet::read_footer(&folder.path().join("out.parquet")).unwrap();
    assert_eq!(footer.geo.unwrap().columns["geometry"].geometry_types, ["Point"]);

    let collection: Value = serde_json::from_str(&read(&folder, "out.geojson")).unwrap();
    let features = collection["features"].as_array().unwrap();
    assert_eq!(features[0]["properties"]["counties_name"], "n48001");
    assert_eq!(
        features[0]["geometry"]["coordinates"],
        serde_json::json!([-95.0, 35.0])
    );
    assert_eq!((features.len(), &features[4]["geometry"]), (5, &Value::Null));
    let lines = read(&folder, "out.geojsonl");
    assert_eq!(lines.lines().count(), 5);
    assert!(
        lines
            .lines()
            .all(|line| serde_json::from_str::<Value>(line).is_ok())
    );

    // What was written is read again, and answers the same: with other columns, as these are taken.
    for name in ["out.parquet", "out.geojson", "out.geojsonl"] {
        let again = locate(
            &folder,
            &[name, "--to", "c=counties.geojson", "-o", "again.csv", "--force"],
        );
        again.code(0);
        let text = read(&folder, "again.csv");
        assert!(
            text.lines()
                .next()
                .unwrap()
                .ends_with("c_code,c_name,longitude,latitude"),
            "{text}"
        );
        assert_eq!(text.matches("48001,n48001,-95,35").count(), 1, "{name}: {text}");
    }
}

#[test]
fn the_samples_of_every_format_are_placed_as_a_run_places_them() {
    let folder = Folder::new();
    let counties = format!("counties={ROOT}/sample-data/us_counties.gpkg");
    for (file, more) in [
        ("airports.csv", &[][..]),
        ("state_capitals.geojson", &[]),
        ("cellular_towers.geojsonl", &[]),
        ("substations.gdb.zip", &[]),
        ("transmission_lines.zip", &[]),
        ("service_territories.gpkg", &[]),
        ("natural_gas_pipelines.geojson", &[]),
        ("dams.csv", &["--crs", "EPSG:4269"]),
    ] {
        let path = format!("{ROOT}/sample-data/{file}");
        let args = [
            &[path.as_str(), "--to", &counties, "--format", "json", "-q"],
            more,
        ]
        .concat();
        let counted = json(&locate(&folder, &args).code(0));
        let written =
            json(&locate(&folder, &[&args[..], &["-o", "out.parquet", "--force"]].concat()).code(0));
        let number = |summary: &Value, key: &str| summary["sets"][0][key].as_u64().unwrap();
        for key in ["within", "outside"] {
            assert_eq!(number(&counted, key), number(&written, key), "{file}");
        }
        assert_eq!(counted["rejects"], written["rejects"], "{file}");
        let rows = counted["rows"].as_u64().unwrap();
        let left_out = counted["rejects"]["left_out"].as_u64().unwrap();
        assert_eq!(
            parquet(&folder, "out.parquet").num_rows() as u64,
            rows - left_out,
            "{file}"
        );
        assert!(number(&counted, "within") * 10 > rows * 8, "{file}: {counted}");
        // What was written as GeoParquet goes the way that decodes nothing but points.
        let again = ["out.parquet", "--to", &counties, "--format", "json", "-q"];
        let again = json(&locate(&folder, &again).code(0));
        assert_eq!(number(&again, "within"), number(&counted, "within"), "{file}");
    }
}

#[test]
fn lines_are_placed_by_a_point_and_keep_their_geometry() {
    let folder = folder();
    folder.write(
        "lines.geojson",
        r#"{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"n":1,"ok":true},"geometry":{"type":"LineString","coordinates":[[-95,31],[-94,32],[-93,33]]}},
{"type":"Feature","properties":{"n":2.5,"s":"x"},"geometry":null}]}"#,
    );
    locate(
        &folder,
        &[
            "lines.geojson",
            "--to",
            "counties=counties.geojson",
            "-o",
            "out.parquet",
        ],
    )
    .code(0);
    let rows = parquet(&folder, "out.parquet");
    assert_eq!(texts(&rows, "counties_code"), some(&[Some("48001"), None]));
    assert_eq!(
        texts(&rows, "s"),
        some(&[None, Some("x")]),
        "a column of some features is one of all"
    );
    // GeoJSON comes as text throughout, as a run has it.
    assert_eq!(texts(&rows, "ok"), some(&[Some("true"), None]));
    locate(
        &folder,
        &[
            "lines.geojson",
            "--to",
            "counties=counties.geojson",
            "-o",
            "out.geojsonl",
        ],
    )
    .code(0);
    assert!(read(&folder, "out.geojsonl").contains(r#""type":"LineString","coordinates":[[-95.0,31.0],"#));
}

#[test]
fn shares_are_rows_of_their_own() {
    let folder = folder();
    folder.write(
        "lines.geojsonl",
        r#"{"type":"Feature","properties":{"n":"a"},"geometry":{"type":"LineString","coordinates":[[-97,35],[-89,35]]}}
{"type":"Feature","properties":{"n":"b"},"geometry":{"type":"Point","coordinates":[-85,35]}}
{"type":"Feature","properties":{"n":"c"},"geometry":{"type":"LineString","coordinates":[[-120,35],[-119,35]]}}
{"type":"Feature","properties":{"n":"d"},"geometry":null}
"#,
    );
    let to = ["lines.geojsonl", "--to", "c=counties.geojson", "--lines-shares"];
    let told = locate(
        &folder,
        &[&to[..], &["-o", "out.parquet", "--format", "json"]].concat(),
    )
    .code(0);
    let set = &json(&told)["sets"][0];
    assert_eq!((&set["within"], &set["outside"]), (&2.into(), &1.into()));
    let rows = parquet(&folder, "out.parquet");
    assert_eq!(
        texts(&rows, "n"),
        some(&[Some("a"), Some("a"), Some("b"), Some("c"), Some("d")])
    );
    let codes = some(&[Some("48001"), Some("01001"), Some("01001"), None, None]);
    assert_eq!(texts(&rows, "c_code"), codes);
    let shares = rows
        .column_by_name("c_share")
        .unwrap()
        .as_primitive::<Float64Type>();
    assert!((shares.value(0) - 0.875).abs() < 1e-6 && (shares.value(1) - 0.125).abs() < 1e-6);
    assert!((shares.value(2) - 1.0).abs() < 1e-12 && shares.is_null(3));
    let several = [
        "lines.geojsonl",
        "--to",
        "counties.geojson,states.geojson",
        "--lines-shares",
        "-o",
        "x.csv",
    ];
    locate(&folder, &several)
        .code(2)
        .says("shares are those of one set");
}

#[test]
fn memory_and_threads_change_nothing() {
    let folder = folder();
    let rows: String = (0..70_000)
        .map(|row| {
            format!(
                "{row},r,{},{}\n",
                -101.0 + f64::from(row % 2_300) / 100.0,
                29.5 + f64::from(row % 1_100) / 100.0
            )
        })
        .collect();
    folder.write("many.csv", format!("ID,NAME,LON,LAT\n{rows}"));
    let args = ["many.csv", "--to", "counties=counties.geojson"];
    let one = [
        &args[..],
        &["-o", "one.parquet", "--threads", "1", "--memory", "128MiB"],
    ]
    .concat();
    locate(&folder, &one).code(0);
    locate(&folder, &[&args[..], &["-o", "two.parquet"]].concat()).code(0);
    assert!(
        fs::read(folder.path().join("one.parquet")).unwrap()
            == fs::read(folder.path().join("two.parquet")).unwrap()
    );
}

#[test]
fn sets_larger_than_their_memory_answer_the_same() {
    let folder = Folder::new();
    let airports = format!("{ROOT}/sample-data/airports.csv");
    let counties = format!("counties={ROOT}/sample-data/us_counties.gpkg");
    let states = format!("states={ROOT}/sample-data/us_states.zip");
    let asked = [airports.as_str(), "--to", &counties, "--to", &states];
    // Less than the counties take.
    let bounded = [&asked[..], &["--set-memory", "1MiB"]].concat();

    let whole = locate(&folder, &[&asked[..], &["-o", "whole.csv"]].concat()).code(0);
    assert!(!whole.stderr.contains("a part at a time"), "{}", whole.stderr);
    locate(&folder, &[&bounded[..], &["-o", "parts.csv"]].concat())
        .code(0)
        .says("a part at a time");
    assert_eq!(read(&folder, "whole.csv"), read(&folder, "parts.csv"));

    let counted = |args: &[&str]| json(&locate(&folder, &[args, &["--format", "json"]].concat()).code(0));
    assert_eq!(counted(&asked), counted(&bounded));
    // Of Parquet the geometries alone are read, where sets are in memory.
    locate(&folder, &[&asked[..], &["-o", "airports.parquet"]].concat()).code(0);
    let again = ["airports.parquet", "--to", &counties];
    assert_eq!(
        counted(&again),
        counted(&[&again[..], &["--set-memory", "1MiB"]].concat())
    );

    let near = locate(&folder, &[&bounded[..], &["--nearest-m", "5"]].concat()).code(2);
    near.says("--nearest-m");
}
