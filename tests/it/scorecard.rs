//! The scorecard: states, counties and regions that add up, capacities, the releases before, and sectors of which nothing is
//! known. On the planted rows of `quality`.

use std::fs;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;

use crate::program::Folder;
use crate::quality::{LAYER, planted, with};

const CARE: &str = "Health and Medical/Medical Care";

/// The planted layer, whose beds add up: 5 and 7 in Texas, 7 in Alabama, 7 nowhere; two rows have none.
fn scored(head: &str, layers: &str) -> Folder {
    let folder = planted(head, layers);
    let schema = fs::read_to_string(folder.path().join("schemas/points.toml")).unwrap();
    folder.write(
        "schemas/points.toml",
        schema.replace("unit = \"beds\"", "unit = \"beds\"\nsum = true"),
    );
    folder
}

fn read(release: &Path, name: &str) -> RecordBatch {
    cikr::geoparquet::read(&release.join(format!("{name}.parquet")), None).unwrap()
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
        DataType::UInt64 => column.as_primitive::<UInt64Type>().value(row).to_string(),
        DataType::Float64 => format!("{:.2}", column.as_primitive::<Float64Type>().value(row)),
        other => panic!("{name} is {other}"),
    }
}

/// Rows of one sector, as words.
fn lines(rows: &RecordBatch, sector: &str, columns: &[&str]) -> Vec<String> {
    (0..rows.num_rows())
        .filter(|row| cell(rows, "sector_code", *row) == sector)
        .map(|row| {
            columns
                .iter()
                .map(|name| cell(rows, name, row))
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect()
}

#[test]
fn states_counties_and_regions_add_up_to_the_nation() {
    let folder = scored("", LAYER);
    folder.run().code(0);
    let release = folder.latest();
    let cells = read(&release, "scorecard/cells");
    let counts = [
        "kind",
        "code",
        "facilities",
        "dated",
        "current",
        "claimed",
        "agreeing",
    ];
    let found = lines(&cells, "HLPH", &counts);
    let with_rows: Vec<&String> = found.iter().filter(|line| !line.contains(" 0 0 0 0 0")).collect();
    let places: Vec<String> = with_rows
        .iter()
        .map(|line| line.split(' ').take(5).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        places,
        [
            "national US 6 4 2",
            "region R04 1 1 0",
            "region R06 4 2 2",
            "region unassigned 1 1 0",
            "state 01 1 1 0",
            "state 48 4 2 2",
            "state unassigned 1 1 0",
            "county 01001 1 1 0",
            "county 48001 4 2 2",
            "county unassigned 1 1 0",
        ]
    );
    // What quality counts by state is what the scorecard has.
    let coverage = read(&release, "quality/coverage");
    let by_quality = lines(
        &coverage,
        "HLPH",
        &["rows", "dated", "current", "claimed", "agreeing"],
    );
    let columns = ["facilities", "dated", "current", "claimed", "agreeing"];
    let states: Vec<String> = lines(&cells, "HLPH", &[&["kind"], &columns[..]].concat())
        .into_iter()
        .filter_map(|line| line.strip_prefix("state ").map(str::to_owned))
        .filter(|line| !line.starts_with('0'))
        .collect();
    assert_eq!(states, by_quality);
    let capacity = read(&release, "scorecard/capacity");
    let beds = [
        "kind",
        "code",
        "layer",
        "field",
        "unit",
        "sum",
        "facilities_with_value",
        "facilities",
    ];
    let found = lines(&capacity, "HLPH", &beds);
    for line in [
        "national US points beds beds 26.00 4 6",
        "state 48 points beds beds 12.00 2 4",
        "state unassigned points beds beds 7.00 1 1",
        "county 48001 points beds beds 12.00 2 4",
    ] {
        assert!(
            found.iter().any(|told| told == line),
            "{line} is not in {found:#?}"
        );
    }
    assert!(lines(&cells, "HLPH", &["kind", "lifeline"]).contains(&format!("national {CARE}")));
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn a_sector_without_a_layer_is_told_and_never_zero() {
    let gone = "\n[[layer]]\nid = \"gone\"\nschema = \"points\"\nsector.code = \"DAMS\"\nsource.csv = { path = \"gone.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }\n";
    let folder = scored("", &format!("{LAYER}{gone}"));
    folder.run().code(5);
    let cells = read(&folder.latest(), "scorecard/cells");
    let of = |sector: &str| lines(&cells, sector, &["kind", "code", "facilities", "reason"]);
    assert!(
        of("INFT").contains(&"national US - no layer for this sector".to_owned()),
        "{:?}",
        of("INFT")
    );
    assert!(of("INFT").contains(&"state 48 - no layer for this sector".to_owned()));
    assert!(
        of("INFT")
            .iter()
            .all(|line| line.ends_with("- no layer for this sector"))
    );
    assert!(
        of("DAMS").contains(&"state 48 - its layers are absent: gone".to_owned()),
        "{:?}",
        of("DAMS")
    );
    assert!(
        of("HLPH").contains(&"state 06 0 -".to_owned()),
        "a layer tells of California: none"
    );
    let page = fs::read_to_string(folder.latest().join("report.html")).unwrap();
    assert!(page.contains("no layer for this sector") && page.contains("its layers are absent: gone"));
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn the_releases_before_stand_beside_tonight() {
    let folder = scored("", &format!("{LAYER}\n[output]\nproducts = [\"inventory\"]\n"));
    let first = folder.run().code(0).report();
    with(&folder, "", LAYER);
    let second = folder.run().code(0).report();
    // A quiet night: what was counted is recalled, and the table grows by a release.
    let third = folder.run().code(0).report();
    assert!(third.layers[0].unchanged_since().is_some());
    let history = read(&folder.latest(), "scorecard/history");
    let found = lines(
        &history,
        "HLPH",
        &["kind", "release", "facilities", "currency", "reason"],
    );
    let nation: Vec<&String> = found.iter().filter(|line| line.starts_with("national")).collect();
    assert_eq!(
        nation,
        [
            &format!("national {} - - the release has no scorecard", first.release),
            &format!("national {} 6 0.33 -", second.release),
        ]
    );
    let cells = |release: &cikr::feature::RunReport| {
        let folder = folder
            .path()
            .join("store/public/releases")
            .join(release.release.as_str());
        read(&folder, "scorecard/cells")
    };
    assert_eq!(cells(&second), cells(&third));
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn what_is_expected_of_states_is_told_of_states() {
    let folder = scored("expected = \"expected.csv\"", LAYER);
    folder.write(
        "expected.csv",
        "layer,state_code,low,high,source,reviewed\npoints,TX,5,9,licences,2026-03-01\npoints,AL,1,2,licences,2026-03-01\n",
    );
    folder.run();
    let cells = read(&folder.latest(), "scorecard/cells");
    let found = lines(
        &cells,
        "HLPH",
        &["kind", "code", "found", "expected", "completeness"],
    );
    for line in [
        "national US 5 6 0.83",
        "state 48 4 5 0.80",
        "region R04 1 1 1.00",
        "county 48001 0 0 -",
    ] {
        assert!(
            found.iter().any(|told| told == line),
            "{line} is not in {found:#?}"
        );
    }
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn only_numbers_add_up() {
    let folder = scored("", LAYER);
    let schema = fs::read_to_string(folder.path().join("schemas/points.toml")).unwrap();
    folder.write(
        "schemas/points.toml",
        schema.replace("name = \"phone\"", "name = \"phone\"\nsum = true"),
    );
    folder
        .run()
        .code(3)
        .says("`sum` is for fields of type integer or number");
}
