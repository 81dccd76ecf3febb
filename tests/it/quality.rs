//! Quality of a release on planted rows: every number here can be counted by hand.

use std::fs;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use cikr::derive::quality::TABLES;
use cikr::feature::{LayerQuality, QualityReport, RunReport};

use crate::program::Folder;

/// Fields that the quality tables tell apart: codes, a claimed state, a date, one that the source lacks.
const MORE_FIELDS: &str = r#"
[[field]]
name = "state_code_claimed"
from = ["ST"]
type = "state"
description = "state"

[[field]]
name = "source_date"
from = ["DATE"]
type = "date"
formats = ["%Y-%m-%d"]
description = "date"

[[field]]
name = "owner_code"
from = ["OWN"]
codes = { 1 = "public", 2 = "private" }
description = "owner"

[[field]]
name = "phone"
from = ["PHONE"]
description = "phone"
"#;

/// Six rows that stay and two that don't (a key twice, no key). Texas is -100 to -90, Alabama -90 to
/// -80; -100.1 is 9 km off Texas, -120 nowhere.
const ROWS: &str = "\
1,A,48001,5,-95,35,TX,2020-01-01,1
2,A,48001,-999,-95,35,TX,2020-01-03,1
3,B,01001,x,-95,36,AL,,9
4,NOT AVAILABLE,,7,-85,35,AL,2099-12-31,2
5,C,01001,7,-120,35,,1900-01-01,
6,D,48001,7,-100.1,35,TX,,1
1,A,48001,5,-95,35,TX,2020-01-01,1
,E,48001,5,-95,35,TX,2020-01-01,1
";

pub(crate) const LAYER: &str = r#"
[[layer]]
id = "points"
current-days = 36500
source.csv = { path = "points.csv", x = "LON", y = "LAT", crs = "EPSG:4326" }
"#;

pub(crate) const GONE: &str = r#"
[[layer]]
id = "gone"
schema = "points"
source.csv = { path = "gone.csv", x = "LON", y = "LAT", crs = "EPSG:4326" }

[[layer]]
id = "other"
schema = "points"
source.csv = { path = "points.csv", x = "LON", y = "LAT", crs = "EPSG:4326" }
"#;

/// The planted layer; `head` stands among the pipeline's own keys.
pub(crate) fn planted(head: &str, layers: &str) -> Folder {
    let folder = Folder::new();
    folder.schema("points", "point", "");
    let schema = fs::read_to_string(folder.path().join("schemas/points.toml")).unwrap();
    folder.write("schemas/points.toml", schema + MORE_FIELDS);
    folder.write(
        "points.csv",
        format!("ID,NAME,COUNTYFIPS,BEDS,LON,LAT,ST,DATE,OWN\n{ROWS}"),
    );
    with(&folder, head, layers);
    folder
}

pub(crate) fn with(folder: &Folder, head: &str, layers: &str) {
    folder.pipeline(layers);
    let pipeline = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder.write("pipeline.toml", format!("{head}\n{pipeline}"));
}

/// Cells of the named columns, a line per row.
pub(crate) fn table(folder: &Folder, name: &str, columns: &[&str]) -> Vec<String> {
    let file = folder.latest().join("quality").join(format!("{name}.parquet"));
    let rows = cikr::geoparquet::read(&file, None).unwrap();
    let line = |row| {
        columns
            .iter()
            .map(|name| cell(&rows, name, row))
            .collect::<Vec<_>>()
            .join(" ")
    };
    (0..rows.num_rows()).map(line).collect()
}

fn cell(rows: &RecordBatch, name: &str, row: usize) -> String {
    let column = rows
        .column_by_name(name)
        .unwrap_or_else(|| panic!("no column {name}"));
    if column.is_null(row) {
        return "-".to_owned();
    }
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row).to_owned(),
        DataType::Boolean => column.as_boolean().value(row).to_string(),
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(row).to_string(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).to_string(),
        DataType::Float64 => format!("{:.4}", column.as_primitive::<Float64Type>().value(row)),
        DataType::Date32 => column
            .as_primitive::<Date32Type>()
            .value_as_date(row)
            .unwrap()
            .to_string(),
        other => panic!("{name} is {other}"),
    }
}

pub(crate) fn quality(report: &RunReport) -> &QualityReport {
    report.quality.as_ref().expect("every run assesses its release")
}

pub(crate) fn points(report: &RunReport) -> &LayerQuality {
    quality(report)
        .layers
        .iter()
        .find(|layer| layer.id.as_str() == "points")
        .unwrap()
}

#[test]
fn coverage_counts_every_row_once() {
    let folder = planted("", LAYER);
    folder.run().code(0);
    let columns = [
        "layer",
        "state_code",
        "sector_code",
        "rows",
        "within",
        "nearest",
        "overlap",
        "none",
        "share_within",
        "share_none",
        "claimed",
        "agreeing",
        "dated",
        "current",
    ];
    assert_eq!(
        table(&folder, "coverage", &columns),
        [
            "points AL HLPH 1 1 0 0 0 1.0000 0.0000 1 1 1 0",
            "points TX HLPH 4 3 1 0 0 0.7500 0.0000 4 3 2 2",
            "points unassigned HLPH 1 0 0 0 1 0.0000 1.0000 1 0 1 0",
        ]
    );
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn claims_name_what_disagrees_and_an_example() {
    let folder = planted("", LAYER);
    let more = "7,F,48001,5,-85,36,TX,,1\n8,G,48001,5,-85,37,AL,,1\n";
    folder.write(
        "points.csv",
        fs::read_to_string(folder.path().join("points.csv")).unwrap() + more,
    );
    let report = folder.run().code(0).report();
    let columns = ["layer", "kind", "claimed", "computed", "rows", "example"];
    let found = table(&folder, "claims", &columns);
    assert_eq!(
        found,
        [
            "points county 48001 01001 2 points:7",
            "points state AL TX 1 points:3",
            "points state TX AL 1 points:7",
            "points county 01001 - 1 points:5",
            "points county 01001 48001 1 points:3",
        ]
    );
    let worst = &quality(&report).worst_claims;
    assert_eq!(worst.len(), 5);
    assert_eq!((worst[0].claimed.as_str(), worst[0].rows), ("48001", 2));
    assert_eq!(points(&report).worst_claims, *worst);
}

#[test]
fn fields_tell_nulls_and_their_causes() {
    let folder = planted("", LAYER);
    folder.run().code(0);
    let columns = [
        "field",
        "role",
        "rows",
        "nulls",
        "share_null",
        "sentinel",
        "unparsed",
        "unknown_code",
        "flags",
        "is_missing",
    ];
    let fields = table(&folder, "fields", &columns);
    for expected in [
        "facility_id core 6 0 0.0000 0 0 0 0 false",
        "name core 6 1 0.1667 1 0 0 0 false",
        "sector_also core 6 0 0.0000 0 0 0 0 false",
        "tribal_geoid core 6 6 1.0000 0 0 0 0 false",
        "county_fips_claimed core 6 1 0.1667 0 0 0 2 false",
        "is_county_mismatch core 6 1 0.1667 0 0 0 0 false",
        "state_code_claimed core 6 1 0.1667 0 0 0 1 false",
        "source_date core 6 2 0.3333 0 0 0 0 false",
        "id attribute 6 0 0.0000 0 0 0 0 false",
        "beds attribute 6 2 0.3333 1 1 0 1 false",
        "owner_code attribute 6 1 0.1667 0 0 1 1 false",
        "owner_name decoded 6 2 0.3333 0 0 0 0 false",
        "phone attribute 6 6 1.0000 0 0 0 0 true",
    ] {
        assert!(
            fields.iter().any(|line| line == expected),
            "{expected}\nis not in\n{}",
            fields.join("\n")
        );
    }
    assert!(
        !fields
            .iter()
            .any(|line| line.starts_with("geometry ") || line.starts_with("bbox "))
    );
}

#[test]
fn layers_tell_duplicates_dates_and_claims() {
    let folder = planted("", LAYER);
    let report = folder.run().code(0).report();
    let columns = [
        "layer",
        "status",
        "rows_read",
        "rows_written",
        "rows_rejected",
        "duplicate_keys",
        "suspected_duplicates",
        "state_claimed",
        "state_agreeing",
        "county_claimed",
        "county_agreeing",
        "dated",
        "share_dated",
        "dated_after_run",
        "source_date_oldest",
        "source_date_median",
        "source_date_newest",
        "landed_age_days",
        "carried_from",
        "current_days",
    ];
    assert_eq!(
        table(&folder, "layers", &columns),
        ["points published 8 6 2 1 1 5 4 5 3 4 0.6667 1 1900-01-01 2020-01-01 2099-12-31 0 - 36500"]
    );
    assert_eq!(
        table(&folder, "rejects", &["layer", "reason", "rows"]),
        ["points duplicate_key 1", "points no_key 1"]
    );
    assert_eq!(
        table(&folder, "flags", &["layer", "flag", "field", "rows"]),
        [
            "points county_mismatch county_fips_claimed 2",
            "points shared_coordinates geometry 2",
            "points state_mismatch state_code_claimed 1",
            "points unknown_code owner_code 1",
            "points unparsed beds 1",
        ]
    );
    let scores = table(
        &folder,
        "scores",
        &["score", "numerator", "denominator", "share", "reason"],
    );
    assert_eq!(
        scores[..3],
        [
            "completeness - - - the pipeline names no expected counts",
            "currency 2 6 0.3333 -",
            "accuracy 4 6 0.6667 -",
        ]
    );
    let layer = points(&report);
    assert_eq!(
        (layer.suspected_duplicates, layer.accuracy.numerator),
        (1, Some(4))
    );
    let dates = layer.dates.as_ref().unwrap();
    assert_eq!(
        (dates.dated, dates.future, dates.median.as_str()),
        (4, 1, "2020-01-01")
    );
    assert_eq!(layer.nulls[0].nulls, 6, "the emptiest first");
    let filled: u64 = layer.nulls.iter().map(|field| field.nulls).sum();
    assert_eq!(layer.filled.numerator, Some(30 * 6 - filled));
}

#[test]
fn a_carried_layer_is_assessed_as_it_stands() {
    let folder = planted("", LAYER);
    folder.write("second.csv", "ID,NAME,LON,LAT\n1,SECOND,-95,35\n");
    let both = format!(
        "{LAYER}{}",
        GONE.split("\n\n").next().unwrap().replace("gone", "second")
    );
    with(&folder, "", &both);
    let first = folder.run().code(0).report();
    let all = [
        "layer",
        "state_code",
        "sector_code",
        "rows",
        "within",
        "claimed",
        "agreeing",
        "dated",
    ];
    let coverage = table(&folder, "coverage", &all);
    let claims = table(
        &folder,
        "claims",
        &["layer", "kind", "claimed", "computed", "rows", "example"],
    );
    folder.write("points.csv", "<html>gone</html>");
    let second = folder.run().code(5).report();
    assert_eq!(table(&folder, "coverage", &all), coverage);
    assert_eq!(
        table(
            &folder,
            "claims",
            &["layer", "kind", "claimed", "computed", "rows", "example"]
        ),
        claims
    );
    let status = table(
        &folder,
        "layers",
        &[
            "layer",
            "status",
            "carried_from",
            "carried_age_days",
            "rows_written",
        ],
    );
    assert_eq!(status[0], format!("points carried {} 0 6", first.release));
    assert_eq!(status[1], "second published - - 1");
    assert_eq!(points(&second).accuracy, points(&first).accuracy);
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn verify_holds_the_coverage_against_the_report() {
    let folder = planted("", LAYER);
    folder.run().code(0);
    let report = folder.latest().join("report.json");
    let text = fs::read_to_string(&report).unwrap();
    fs::remove_file(&report).unwrap();
    let moved = text
        .replace("\"TX\": 4", "\"TX\": 3")
        .replace("\"AL\": 1", "\"AL\": 2");
    assert!(moved != text);
    fs::write(&report, moved).unwrap();
    let ended = folder.cikr(&["verify", "store"]).code(7);
    assert!(
        ended
            .stdout
            .contains("quality/coverage.parquet: points: rows by state differ"),
        "{}",
        ended.stdout
    );
    fs::remove_file(folder.latest().join("quality/coverage.parquet")).unwrap();
    let ended = folder.cikr(&["verify", "store"]).code(7);
    assert!(
        ended.stdout.contains("quality/coverage.parquet: cannot open"),
        "{}",
        ended.stdout
    );
}

#[test]
fn our_readme_tells_every_column_of_every_quality_table() {
    let ours = fs::read_to_string(std::path::Path::new(crate::program::ROOT).join("README.md")).unwrap();
    for table in TABLES {
        let line = ours
            .lines()
            .find(|line| line.starts_with(&format!("| `{}` |", table.path)));
        let line = line.unwrap_or_else(|| panic!("README.md says nothing of {}", table.path));
        assert!(
            table
                .columns
                .iter()
                .all(|(name, _)| line.contains(&format!("`{name}`"))),
            "{line}"
        );
    }
}

#[test]
fn the_tables_do_not_depend_on_threads_or_tiles() {
    let folder = planted("", LAYER);
    let tables = ["coverage", "claims", "fields", "flags", "rejects", "expected"];
    let bytes = |folder: &Folder| {
        let quality = folder.latest().join("quality");
        tables.map(|table| fs::read(quality.join(format!("{table}.parquet"))).unwrap())
    };
    folder.run().code(0);
    let first = bytes(&folder);
    folder
        .cikr(&["run", "pipeline.toml", "-q", "--threads", "1", "--rebuild"])
        .code(0);
    assert!(bytes(&folder) == first, "one thread");
    let report = folder.run().code(0).report();
    assert!(
        report.layers[0].unchanged_since().is_some() && bytes(&folder) == first,
        "of linked tiles"
    );
    assert_eq!(
        table(&folder, "layers", &["suspected_duplicates"]),
        ["1"],
        "as known"
    );
    // Two rows a tile: what is in one tile and what is in several is counted alike.
    with(
        &folder,
        "",
        &format!("{LAYER}\n[output]\ntile-rows = 2\ngroup-rows = 2\npage-rows = 1\n"),
    );
    let report = folder.run().code(0).report();
    assert_eq!(
        table(&folder, "layers", &["suspected_duplicates"]),
        ["1"],
        "twins in two tiles"
    );
    assert!(report.layers[0].tiles > 3);
    let rows = |name: &str| cikr::geoparquet::read(&folder.latest().join(name), None).unwrap();
    let now: Vec<RecordBatch> = tables
        .map(|table| rows(&format!("quality/{table}.parquet")))
        .to_vec();
    with(&folder, "", LAYER);
    folder.run().code(0);
    assert_eq!(
        tables
            .map(|table| rows(&format!("quality/{table}.parquet")))
            .to_vec(),
        now
    );
}
