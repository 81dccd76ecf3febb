//! Defects that agencies' text files have: each is read, or refused with the way out, on a small file of its own.

use crate::program::{Ended, Folder, by_id};

const LON_LAT: &str = "x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\"";

/// Runs a layer `points` over `file`; `place` says where its geometry is.
fn run(file: impl AsRef<[u8]>, place: &str) -> (Folder, Ended) {
    let folder = Folder::new();
    folder.schema("points", "point", "").write("points.csv", file);
    folder.pipeline(&format!(
        "[[layer]]\nid = \"points\"\nsource.csv = {{ path = \"points.csv\", {place} }}\n"
    ));
    let ended = folder.run();
    (folder, ended)
}

/// A column of the layer's tiles, by key.
fn column(folder: &Folder, name: &str) -> Vec<(String, Option<String>)> {
    let by_id = by_id(&folder.latest().join("layers/points"), name);
    by_id.into_iter().map(|(id, value)| (id.trim_start_matches("points:").to_owned(), value)).collect()
}

#[track_caller]
fn check(file: impl AsRef<[u8]>, place: &str, expected: &[(&str, Option<&str>)]) -> Ended {
    let (folder, ended) = run(file, place);
    let ended = ended.code(0);
    let found = column(&folder, "name");
    let found: Vec<(&str, Option<&str>)> =
        found.iter().map(|(id, name)| (id.as_str(), name.as_deref())).collect();
    assert_eq!(found, expected);
    ended
}

#[test]
fn byte_order_mark() {
    check("\u{feff}ID,NAME,LON,LAT\r\n1,A,-95,35\r\n", LON_LAT, &[("1", Some("A"))]);
}

#[test]
fn windows_1252_is_read_and_counted() {
    let file =
        b"ID,NAME,LON,LAT\n1,Field \x96 Stadium \x97 East,-95,35\n2,Pe\xF1a,-95,35\n3,Pe\xC3\xB1a,-95,35\n";
    let names = [("1", Some("Field – Stadium — East")), ("2", Some("Peña")), ("3", Some("Peña"))];
    let ended = check(file, LON_LAT, &names);
    assert_eq!(ended.layer("points").recoded, 2, "the third row is UTF-8");
    let told = run(file, LON_LAT).0.cikr(&["run", "pipeline.toml"]).code(0).stdout;
    assert!(told.contains("rows read as Windows-1252: 2"), "{told}");
}

/// As in an export of urgent care centers: metres first, degrees second, under the same names.
#[test]
fn two_pairs_of_coordinates_under_the_same_names() {
    let file = "X,Y,ID,NAME,X,Y\n-10575351.6,4163881.1,1,A,-95,35\n";
    let first = "x = \"X\", y = \"Y\", crs = \"EPSG:3857\"";
    let second = "x = \"X_2\", y = \"Y_2\", crs = \"EPSG:4326\"";
    for place in [first, second] {
        let ended = check(file, place, &[("1", Some("A"))]);
        assert!(ended.stderr.contains("column 5 `X` is `X_2`"), "{}", ended.stderr);
    }
    let (_, ended) = run(file, "x = \"X_3\", y = \"Y_3\", crs = \"EPSG:4326\"");
    ended.code(4).says("no column `X_3`").says("`X_2`");
}

#[test]
fn a_name_of_the_header_is_never_given_to_another_column() {
    check("ID,NAME,NAME,NAME_2,LON,LAT\n1,A,B,C,-95,35\n", LON_LAT, &[("1", Some("A"))]);
}

#[test]
fn columns_that_differ_in_case_are_both_read() {
    let file = "id,ID,name,NAME,LON,LAT\nold,1,small,LARGE,-95,35\n";
    check(file, LON_LAT, &[("1", Some("LARGE"))]);
    check(file.replace("LARGE", ""), LON_LAT, &[("1", None)]);
    check(file.replace("LAT\n", "lat\n"), LON_LAT, &[("1", Some("LARGE"))]);
}

#[test]
fn a_delimiter_at_the_end_of_every_line() {
    check("ID,NAME,LON,LAT,\n1,A,-95,35,\n2,B,-95,36,\n", LON_LAT, &[("1", Some("A")), ("2", Some("B"))]);
}

#[test]
fn a_delimiter_at_the_end_of_rows_or_of_the_header_alone() {
    check("ID,NAME,LON,LAT\n1,A,-95,35,\n2,B,-95,36, ,\n", LON_LAT, &[("1", Some("A")), ("2", Some("B"))]);
    check("ID,NAME,LON,LAT,,\n1,A,-95,35\n", LON_LAT, &[("1", Some("A"))]);
}

#[test]
fn a_row_with_a_field_too_many_or_too_few_is_rejected_alone() {
    let ended = check(
        "ID,NAME,LON,LAT\n1,A,-95,35\n2,B,C,-95,35\n3,-95,35\n4,D,-95,35,x\n",
        LON_LAT,
        &[("1", Some("A"))],
    );
    assert_eq!(ended.layer("points").rejects_by_reason.get("malformed_record"), Some(&3));
}

#[test]
fn quotes_hold_delimiters_quotes_and_line_ends() {
    check(
        "ID,NAME,LON,LAT\n1,\"A, \"\"B\"\"\nC\",-95,35\n2,6\" main,-95,35\n",
        LON_LAT,
        &[("1", Some("A, \"B\" C")), ("2", Some("6\" main"))],
    );
}

#[test]
fn another_delimiter_is_suggested() {
    for (delimiter, written) in [(';', "\\\";\\\""), ('|', "\\\"|\\\""), ('\t', "\\\"\\\\t\\\"")] {
        let file = "ID,NAME,LON,LAT\n1,A,-95,35\n".replace(',', &delimiter.to_string());
        let (_, ended) = run(&file, LON_LAT);
        let hint = format!("delimiter = {}", written.replace("\\\"", "\"").replace("\\\\", "\\"));
        ended.code(4).says(&hint);
        check(&file, &format!("{LON_LAT}, {hint}"), &[("1", Some("A"))]);
    }
}

#[test]
fn a_header_alone_is_a_broken_source() {
    let (_, ended) = run("ID,NAME,LON,LAT\n", LON_LAT);
    ended.code(4).says("no rows");
}

#[test]
fn blank_lines_do_not_shift_the_origin() {
    let (folder, ended) = run("ID,NAME,LON,LAT\n\n1,A,-95,35\n\n,B,-95,35\n", LON_LAT);
    assert_eq!(ended.code(0).layer("points").rejects_by_reason.get("no_key"), Some(&1));
    let rejects = cikr::geoparquet::read(&folder.latest().join("rejects/points.parquet"), None).unwrap();
    let rows = rejects.column_by_name("row").unwrap();
    let rows = rows.as_any().downcast_ref::<arrow_array::UInt64Array>().unwrap();
    assert_eq!(rows.values().to_vec(), [5]);
}
