//! Workbooks as other programs write them, and as they go wrong.

use std::fs;
use std::path::Path;

use crate::program::{Ended, Folder, ROOT, by_id};

/// Fields under which the workbooks' columns are published as text.
const FIELDS: [(&str, &str); 6] = [
    ("opened", "OPENED"),
    ("changed", "CHANGED"),
    ("shift", "SHIFT"),
    ("is_open", "OPEN"),
    ("rate", "RATE"),
    ("remarks", "column_15"),
];

fn run(workbook: &str, source: &str) -> (Folder, Ended) {
    let folder = Folder::new();
    folder.schema("sites", "point", "");
    let mut schema = fs::read_to_string(folder.path().join("schemas/sites.toml")).unwrap();
    for (name, from) in FIELDS {
        schema += &format!("\n[[field]]\nname = \"{name}\"\nfrom = [\"{from}\"]\ndescription = \"{name}\"\n");
    }
    folder.write("schemas/sites.toml", schema);
    fs::copy(
        Path::new(ROOT).join("tests/fixtures/xlsx").join(workbook),
        folder.path().join("sites.xlsx"),
    )
    .unwrap();
    folder.pipeline(&format!(
        "[[layer]]\nid = \"sites\"\nsource.xlsx = {{ path = \"sites.xlsx\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\"{source} }}\n"
    ));
    let ended = folder.run();
    (folder, ended)
}

fn values(folder: &Folder, column: &str) -> Vec<Option<String>> {
    by_id(&folder.latest().join("layers/sites"), column)
        .into_values()
        .collect()
}

#[track_caller]
fn check_values(folder: &Folder, shift: Option<&str>) {
    let text = |values: &[Option<&str>]| -> Vec<Option<String>> {
        values.iter().map(|value| value.map(str::to_owned)).collect()
    };
    assert_eq!(values(folder, "id"), text(&[Some("002"), Some("1"), Some("3")]));
    assert_eq!(
        values(folder, "name"),
        text(&[Some("A \"B\", C"), Some("Señor"), None])
    );
    assert_eq!(
        values(folder, "opened"),
        text(&[None, Some("2020-02-29"), Some("1900-03-01")])
    );
    assert_eq!(
        values(folder, "changed"),
        text(&[None, Some("2016-02-04T13:30:00"), None])
    );
    assert_eq!(values(folder, "shift"), text(&[None, shift, None]));
    assert_eq!(
        values(folder, "is_open"),
        text(&[Some("false"), Some("true"), None])
    );
    assert_eq!(
        values(folder, "rate"),
        text(&[Some("#N/A"), Some("0.1"), Some("#REF!")])
    );
}

/// A title above the header, blank rows between and behind, a note beside the table, a hidden sheet.
#[test]
fn a_sheet_made_for_people() {
    let (folder, ended) = run("openpyxl.xlsx", ", header-row = 3");
    let ended = ended.code(0);
    let report = ended.layer("sites");
    assert_eq!((report.rows_read, report.rows_written), (3, 3));
    check_values(&folder, Some("06:05:00"));
    assert!(ended.stderr.contains("column N of row 4"), "{}", ended.stderr);
    let sample = run("openpyxl.xlsx", "").1.code(4);
    sample
        .says("sites.xlsx (sheet Facilities)")
        .says("`Facilities of two states`");
}

/// Shared texts, dates counted from 1904 (which begins too late for the third), two sheets, a name twice,
/// a merged header cell.
#[test]
fn several_sheets_need_a_choice() {
    run("xlsxwriter.xlsx", "")
        .1
        .code(4)
        .says("add `sheet = ")
        .says("`North`, `South`");
    run("xlsxwriter.xlsx", ", sheet = \"Nroth\"")
        .1
        .code(4)
        .says("did you mean `North`?");
    let (folder, ended) = run("xlsxwriter.xlsx", ", sheet = \"north\"");
    let ended = ended.code(0);
    assert!(
        ended.stderr.contains("column 13 `X` is `X_2`"),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.layer("sites").rows_written, 3);
    assert_eq!(
        values(&folder, "remarks")[1].as_deref(),
        Some("under the merged cell")
    );
    assert_eq!(values(&folder, "opened")[1].as_deref(), Some("2020-02-29"));
    assert_eq!(
        values(&folder, "changed")[1].as_deref(),
        Some("2016-02-04T13:30:00")
    );
    assert_eq!(
        values(&folder, "rate"),
        ["#N/A", "0.1", "#REF!"].map(|text| Some(text.to_owned()))
    );
}

#[test]
fn a_hidden_sheet_is_read_when_it_is_named() {
    run("openpyxl.xlsx", ", sheet = \"Lists\"")
        .1
        .code(4)
        .says("no column `LON`")
        .says("`OPEN`");
}

#[test]
fn a_header_row_that_is_blank_or_not_there() {
    run("openpyxl.xlsx", ", header-row = 2")
        .1
        .code(4)
        .says("row 2")
        .says("blank");
    run("openpyxl.xlsx", ", header-row = 900")
        .1
        .code(4)
        .says("sites.xlsx (sheet Facilities) is empty");
    run("openpyxl.xlsx", ", header-row = 0")
        .1
        .code(3)
        .says("`header-row` is 0");
}

#[test]
fn what_no_workbook_is_says_what_it_is() {
    run("protected.xlsx", "")
        .1
        .code(4)
        .says("protected by a password");
    run("excel97.xls", "").1.code(4).says("Excel 97-2003");
}
