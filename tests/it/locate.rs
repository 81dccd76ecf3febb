//! `cikr locate`: any file against any polygons, what is added, what is told, and what is refused.

use std::fs;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, RecordBatch};
use serde_json::Value;

use crate::program::{Ended, Folder};

/// In 48001, in 01001, 11 km south of 48001, far from all, and one whose latitude is none.
const ROWS: &str =
    "ID,NAME,LON,LAT\n1,\"a, b\",-95,35\n2,é,-85,36\n3,,-95,29.9\n4,d,-120,35\n5,e,-95,north\n";

/// Two squares as states and as counties, and points of every kind.
pub(crate) fn folder() -> Folder {
    let folder = Folder::new();
    folder.pipeline("");
    folder.write("points.csv", ROWS);
    folder
}

pub(crate) fn locate(folder: &Folder, args: &[&str]) -> Ended {
    folder.cikr(&[&["locate"], args].concat())
}

pub(crate) fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}\n{}", ended.stdout))
}

pub(crate) fn read(folder: &Folder, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).unwrap()
}

pub(crate) fn parquet(folder: &Folder, name: &str) -> RecordBatch {
    cikr::geoparquet::read(&folder.path().join(name), None).unwrap()
}

pub(crate) fn texts(rows: &RecordBatch, name: &str) -> Vec<Option<String>> {
    let column = rows
        .column_by_name(name)
        .unwrap_or_else(|| panic!("no column {name}"));
    column
        .as_string::<i32>()
        .iter()
        .map(|text| text.map(str::to_owned))
        .collect()
}

pub(crate) fn some(texts: &[Option<&str>]) -> Vec<Option<String>> {
    texts.iter().map(|text| text.map(str::to_owned)).collect()
}

#[test]
fn counts_are_told_where_nothing_is_written() {
    let folder = folder();
    let told = locate(
        &folder,
        &[
            "points.csv",
            "--to",
            "counties=counties.geojson",
            "--format",
            "json",
        ],
    )
    .code(0);
    let told = told.says("points.csv:6: not_a_number");
    let summary = json(&told);
    assert_eq!(
        (&summary["rows"], &summary["rejects"]["rows"]),
        (&5.into(), &1.into())
    );
    let set = &summary["sets"][0];
    assert_eq!(set["code_field"], "GEOID");
    assert_eq!(set["code_field_named"], false);
    assert_eq!((&set["within"], &set["outside"]), (&2.into(), &2.into()));
    let counts: Vec<(&str, &str, u64)> = set["jurisdictions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["code"].as_str().unwrap(),
                row["name"].as_str().unwrap(),
                row["rows"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(counts, [("01001", "n01001", 1), ("48001", "n48001", 1)]);
    let text = locate(&folder, &["points.csv", "--to", "counties.geojson", "-q"])
        .code(0)
        .stdout;
    assert!(text.contains("code GEOID (by its name), name NAME"), "{text}");
}

#[test]
fn several_sets_add_their_columns_to_csv_as_it_is() {
    let folder = folder();
    let sets = "counties=counties.geojson,states=states.geojson";
    locate(
        &folder,
        &[
            "points.csv",
            "--to",
            sets,
            "-o",
            "out.csv",
            "--nearest-m",
            "20000",
        ],
    )
    .code(0);
    let text = read(&folder, "out.csv");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "ID,NAME,LON,LAT,counties_code,counties_name,counties_distance_m,states_code,states_name,states_distance_m"
    );
    assert_eq!(lines[1], "1,\"a, b\",-95,35,48001,n48001,0,48,n48,0");
    assert!(
        lines[3].starts_with("3,,-95,29.9,48001,n48001,1108"),
        "{}",
        lines[3]
    );
    assert_eq!(lines[4], "4,d,-120,35,,,,,,");
    assert_eq!(
        lines[5], "5,e,-95,north,,,,,,",
        "a row that can't be placed stays"
    );
    assert_eq!(lines.len(), 6);
}

#[test]
fn distances_are_numbers_and_zero_inside() {
    let folder = folder();
    let args = [
        "points.csv",
        "--to",
        "c=counties.geojson",
        "--nearest-m",
        "20000",
        "-o",
        "out.parquet",
    ];
    let told = locate(&folder, &[&args[..], &["--format", "json"]].concat()).code(0);
    let set = &json(&told)["sets"][0];
    assert_eq!(
        (&set["within"], &set["nearest"], &set["outside"]),
        (&2.into(), &1.into(), &1.into())
    );
    let rows = parquet(&folder, "out.parquet");
    let metres = rows
        .column_by_name("c_distance_m")
        .unwrap()
        .as_primitive::<Float64Type>();
    assert_eq!((metres.value(0), metres.is_null(3)), (0.0, true));
    assert!((metres.value(2) - 11_086.0).abs() < 5.0, "{}", metres.value(2));
}

#[test]
fn coordinates_are_found_by_their_names_or_named_and_a_crs_is_never_guessed() {
    let folder = folder();
    let mercator = "ID,EAST,NORTH\n1,-10575351.6,4163881.1\n";
    folder
        .write("metres.csv", mercator)
        .write("xy.csv", "ID,X,Y\n1,-95,35\n");
    let to = ["--to", "counties=counties.geojson"];
    locate(&folder, &[&["metres.csv"], &to[..]].concat())
        .code(2)
        .says("name them by `--x` and `--y`");
    let named = [&["metres.csv", "--x", "EAST", "--y", "NORTH"], &to[..]].concat();
    locate(&folder, &named).code(2).says("declare it by `--crs`");
    let declared = [&named[..], &["--crs", "EPSG:3857", "--format", "json"]].concat();
    assert_eq!(json(&locate(&folder, &declared).code(0))["sets"][0]["within"], 1);
    locate(&folder, &[&["xy.csv"], &to[..]].concat())
        .code(2)
        .says("it is never guessed");
    let wrong = [&["xy.csv", "--crs", "EPSG:3857"], &to[..]].concat();
    locate(&folder, &wrong)
        .code(4)
        .says("could be longitudes and latitudes");
    let misspelt = [&["points.csv", "--x", "LONG", "--y", "LAT"], &to[..]].concat();
    locate(&folder, &misspelt).code(2).says("LONG");
}

#[test]
fn fields_of_sets_are_found_named_or_told_to_be_wrong() {
    let folder = folder();
    let counties = read(&folder, "counties.geojson")
        .replace("GEOID", "DISTRICT_NO")
        .replace("NAME", "TITLE");
    folder.write("districts.geojson", counties);
    let to = ["points.csv", "--to", "d=districts.geojson"];
    locate(&folder, &to)
        .code(2)
        .says("name it by `--code d=FIELD`")
        .says("`DISTRICT_NO`");
    let wrong = [&to[..], &["--code", "DISTRICTNO"]].concat();
    locate(&folder, &wrong)
        .code(2)
        .says("did you mean `DISTRICT_NO`?");
    let right = [
        &to[..],
        &["--code", "district_no", "--name", "d=TITLE", "-o", "out.csv"],
    ]
    .concat();
    locate(&folder, &right).code(0);
    assert!(read(&folder, "out.csv").contains(",48001,n48001\n"));
    let taken = ["out.csv", "--to", "d=counties.geojson", "-o", "two.csv"];
    locate(&folder, &taken)
        .code(2)
        .says("has a column `d_code` already");
    assert!(!folder.path().join("two.csv").exists());
}

#[test]
fn bad_rows_are_told_and_written_where_asked() {
    let folder = folder();
    folder.write("points.csv", format!("{ROWS}6,f,-95\n7,g,-95,91\n"));
    let args = [
        "points.csv",
        "--to",
        "counties=counties.geojson",
        "--rejects",
        "bad.csv",
        "-o",
        "out.csv",
    ];
    let told = locate(&folder, &[&args[..], &["--format", "json"]].concat()).code(0);
    let rejects = &json(&told)["rejects"];
    let bad = read(&folder, "bad.csv");
    assert_eq!(bad.lines().next(), Some("source,row,field,value,reason"));
    assert_eq!(
        rejects["rows"].as_u64().unwrap(),
        bad.lines().count() as u64 - 1,
        "{bad}"
    );
    assert!(
        bad.contains("points.csv,6,") && bad.contains("not_a_number"),
        "{bad}"
    );
    assert!(bad.contains("out_of_range"), "{bad}");
    let left_out = rejects["left_out"].as_u64().unwrap();
    assert_eq!(read(&folder, "out.csv").lines().count() as u64, 8 - left_out);
}

#[test]
fn no_file_is_half_written_or_replaced_unasked() {
    let folder = folder();
    let to = ["--to", "counties=counties.geojson"];
    // Cut off within a feature: what was read before it must not stand under the name.
    let cut = read(&folder, "counties.geojson");
    folder.write("cut.geojson", &cut[..cut.len() - 40]);
    locate(
        &folder,
        &[&["cut.geojson", "-o", "out.geojson"], &to[..]].concat(),
    )
    .code(4);
    assert_eq!(left_behind(folder.path()), [""; 0]);
    folder.write("out.csv", "mine");
    locate(&folder, &[&["points.csv", "-o", "out.csv"], &to[..]].concat())
        .code(2)
        .says("out.csv");
    assert_eq!(read(&folder, "out.csv"), "mine");
    locate(
        &folder,
        &[&["points.csv", "-o", "out.csv", "--force"], &to[..]].concat(),
    )
    .code(0);
    assert!(read(&folder, "out.csv").starts_with("ID,NAME"));
    locate(&folder, &[&["points.csv", "-o", "out.shp"], &to[..]].concat())
        .code(2)
        .says("end it with .parquet");
    locate(&folder, &[&["points.csv", "-o", "-"], &to[..]].concat())
        .code(2)
        .says("--as geojson");
    let told = locate(
        &folder,
        &[&["points.csv", "-o", "-", "--as", "csv"], &to[..]].concat(),
    )
    .code(0);
    assert_eq!(told.stdout, read(&folder, "out.csv"));
    locate(&folder, &[&["nowhere.csv"], &to[..]].concat())
        .code(4)
        .says("cannot open nowhere.csv");
    locate(&folder, &["points.csv", "--to", "nowhere.shp"])
        .code(4)
        .says("nowhere.shp");
    locate(
        &folder,
        &["points.csv", "--to", "a=counties.geojson,a=states.geojson"],
    )
    .code(2)
    .says("two sets are `a`");
}

/// Files in the folder that the test hasn't put there, outputs among them.
fn left_behind(folder: &Path) -> Vec<String> {
    let known = [
        "states.geojson",
        "counties.geojson",
        "points.csv",
        "cut.geojson",
        "pipeline.toml",
        "schemas",
    ];
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| !known.contains(&name.as_str())).collect()
}
