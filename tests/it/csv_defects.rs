//! Defects that agencies' text files have: each is read, or refused with the way out, on a small file of its own.

use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;

use crate::program::{Ended, Folder, by_id};

const LON_LAT: &str = "x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\"";

/// Why the rows of a layer were rejected: line, and what was said of it.
fn rejected(folder: &Folder) -> Vec<(u64, String)> {
    let rejects = cikr::geoparquet::read(&folder.latest().join("rejects/points.parquet"), None).unwrap();
    let rows = rejects
        .column_by_name("row")
        .unwrap()
        .as_primitive::<UInt64Type>()
        .values()
        .to_vec();
    let values = rejects
        .column_by_name("value")
        .unwrap()
        .as_string::<i32>()
        .iter()
        .map(Option::unwrap);
    rows.into_iter().zip(values.map(str::to_owned)).collect()
}

/// Runs a file of which rows are rejected, and gives these; `expected` are the names of the others.
#[track_caller]
fn check_with_rejects(file: &str, place: &str, expected: &[(&str, &str)]) -> Vec<(u64, String)> {
    let (folder, ended) = run(file, place);
    assert_eq!(
        ended.code(0).layer("points").rows_read,
        expected.len() as u64 + rejected(&folder).len() as u64
    );
    let found = column(&folder, "name");
    let found: Vec<(&str, &str)> = found
        .iter()
        .map(|(id, name)| (id.as_str(), name.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(found, expected);
    rejected(&folder)
}

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
    by_id
        .into_iter()
        .map(|(id, value)| (id.trim_start_matches("points:").to_owned(), value))
        .collect()
}

#[track_caller]
fn check(file: impl AsRef<[u8]>, place: &str, expected: &[(&str, Option<&str>)]) -> Ended {
    let (folder, ended) = run(file, place);
    let ended = ended.code(0);
    let found = column(&folder, "name");
    let found: Vec<(&str, Option<&str>)> = found
        .iter()
        .map(|(id, name)| (id.as_str(), name.as_deref()))
        .collect();
    assert_eq!(found, expected);
    ended
}

#[test]
fn byte_order_mark() {
    check(
        "\u{feff}ID,NAME,LON,LAT\r\n1,A,-95,35\r\n",
        LON_LAT,
        &[("1", Some("A"))],
    );
}

#[test]
fn windows_1252_is_read_and_counted() {
    let file =
        b"ID,NAME,LON,LAT\n1,Field \x96 Stadium \x97 East,-95,35\n2,Pe\xF1a,-95,35\n3,Pe\xC3\xB1a,-95,35\n";
    let names = [
        ("1", Some("Field – Stadium — East")),
        ("2", Some("Peña")),
        ("3", Some("Peña")),
    ];
    let ended = check(file, LON_LAT, &names);
    assert_eq!(ended.layer("points").repairs.recoded, 2, "the third row is UTF-8");
    let told = run(file, LON_LAT)
        .0
        .cikr(&["run", "pipeline.toml"])
        .code(0)
        .stdout;
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
    check(
        "ID,NAME,NAME,NAME_2,LON,LAT\n1,A,B,C,-95,35\n",
        LON_LAT,
        &[("1", Some("A"))],
    );
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
    check(
        "ID,NAME,LON,LAT,\n1,A,-95,35,\n2,B,-95,36,\n",
        LON_LAT,
        &[("1", Some("A")), ("2", Some("B"))],
    );
}

#[test]
fn a_delimiter_at_the_end_of_rows_or_of_the_header_alone() {
    check(
        "ID,NAME,LON,LAT\n1,A,-95,35,\n2,B,-95,36, ,\n",
        LON_LAT,
        &[("1", Some("A")), ("2", Some("B"))],
    );
    check("ID,NAME,LON,LAT,,\n1,A,-95,35\n", LON_LAT, &[("1", Some("A"))]);
    // A delimiter within a cell would move the values behind it.
    let file = "LON,LAT,ID,NAME,NOTE\n-95,35,1,A,x\n-95,35,2,OLD MILL, LLC,\n";
    let rejects = check_with_rejects(file, LON_LAT, &[("1", "A")]);
    assert_eq!(
        rejects,
        [(3, "6 fields instead of 5: -95,35,2,OLD MILL, LLC,".to_owned())]
    );
}

#[test]
fn a_row_with_a_field_too_many_or_too_few_is_rejected_alone() {
    let ended = check(
        "ID,NAME,LON,LAT\n1,A,-95,35\n2,B,C,-95,35\n3,-95,35\n4,D,-95,35,x\n",
        LON_LAT,
        &[("1", Some("A"))],
    );
    assert_eq!(
        ended.layer("points").rejects_by_reason.get("malformed_record"),
        Some(&3)
    );
}

#[test]
fn quotes_hold_delimiters_quotes_and_line_ends() {
    check(
        "ID,NAME,LON,LAT\n1,\"A, \"\"B\"\"\nC\",-95,35\n2,6\" main,-95,35\n",
        LON_LAT,
        &[("1", Some("A, \"B\" C")), ("2", Some("6\" main"))],
    );
}

/// A quote that is never closed costs its own row, not those up to the next quote.
#[test]
fn an_open_quote_costs_its_own_row_alone() {
    let file = "ID,NAME,LON,LAT\n1,\"OLD MILL,-95.1,35.1\n2,PINE,-95.2,35.2\n3,OAK,-95.3,35.3\n\
                4,\"ELM ST\",-95.4,35.4\n5,FIR,-95.5,35.5\n";
    let rejects = check_with_rejects(
        file,
        LON_LAT,
        &[("2", "PINE"), ("3", "OAK"), ("4", "ELM ST"), ("5", "FIR")],
    );
    assert_eq!(
        rejects,
        [(2, "a quote that ends no cell: 1,\"OLD MILL,-95.1,35.1".to_owned())]
    );
    // As the last row, with nothing behind it that could tell.
    let file = "ID,NAME,LON,LAT\n1,ELM,-95.4,35.4\n2,\"FIR,-95.5,35.5\n";
    let rejects = check_with_rejects(file, LON_LAT, &[("1", "ELM")]);
    assert_eq!(
        rejects,
        [(3, "a quote that ends no cell: 2,\"FIR,-95.5,35.5".to_owned())]
    );
}

/// The quote of the next row closes the cell properly, and the cells are as many as the header's.
#[test]
fn an_open_quote_that_another_row_closes_is_noticed() {
    let file = "ID,NAME,NOTE,LON,LAT\n1,\"OLD MILL,x,-95.1,35.1\n2,PINE,\",x\",-95.2,35.2\n";
    let rejects = check_with_rejects(file, LON_LAT, &[("2", "PINE")]);
    assert_eq!(
        rejects,
        [(
            2,
            "a quote that ends no cell: 1,\"OLD MILL,x,-95.1,35.1".to_owned()
        )]
    );
}

/// The quote that closes it is an inch of another row, or stands in a row that has no place.
#[test]
fn an_open_quote_that_an_inch_closes_is_noticed() {
    let said = |row, line: &str| (row, format!("a quote that ends no cell: {line}"));
    let first = "1,\"OLD MILL,-95.1,35.1";
    for (second, name) in [
        ("2,PIPE 6\",-95.2,35.2", "PIPE 6\""),
        ("2, \"Elm, St\",-95.2,35.2", "Elm, St"),
    ] {
        let file = format!("ID,NAME,LON,LAT\n{first}\n{second}\n3,OAK,-95.3,35.3\n");
        let rejects = check_with_rejects(&file, LON_LAT, &[("2", name), ("3", "OAK")]);
        assert_eq!(rejects, [said(2, first)], "{second}");
    }
    let file = format!("ID,NAME,LON,LAT\n{first}\n2,ELM,,\n3,PIPE 6\",-95.3,35.3\n");
    let rejects = check_with_rejects(&file, LON_LAT, &[("3", "PIPE 6\"")]);
    assert_eq!(rejects[0], said(2, first));
    let first = "1,\"OLD MILL,x,-95.1,35.1";
    let file = format!("ID,NAME,NOTE,LON,LAT\n{first}\n2,PINE,\",x\",,\n3,OAK,y,-95.3,35.3\n");
    let rejects = check_with_rejects(&file, LON_LAT, &[("3", "OAK")]);
    assert_eq!((rejects.len(), &rejects[0]), (2, &said(2, first)));
    // At the very end of a file whose last line has no end.
    let first = "2,\"FIR,-95.5,35.5";
    let rejects = check_with_rejects(
        &format!("ID,NAME,LON,LAT\n1,A,-95,35\n{first}"),
        LON_LAT,
        &[("1", "A")],
    );
    assert_eq!(rejects, [said(3, first)]);
}

#[test]
fn notes_of_several_lines_are_cells() {
    let notes = [
        "two\nlines, with a comma",
        "line\n\nbehind a blank one",
        "-95,35\n1,2,3",
        "\"\"quoted\"\"\nand, \"\"again\"\"",
        "1\n2\n3\n4\n5\n6\n7",
    ];
    for note in notes {
        let file = format!("ID,NAME,NOTE,LON,LAT\n1,A,\"{note}\",-95,35\n2,B,,-95,36\n");
        check(file, LON_LAT, &[("1", Some("A")), ("2", Some("B"))]);
        let file = format!("ID,NOTE,NAME,LON,LAT\r\n1,\"{note}\",\"A\",\"-95\",35\r\n2,,B,-95,36\r\n");
        check(file, LON_LAT, &[("1", Some("A")), ("2", Some("B"))]);
    }
}

#[test]
fn odd_quotes_are_understood_where_they_can_be_and_counted() {
    let file = "ID,NAME,LON,LAT\n1,\"Plant \"Emma\"\",-95,35\n2, \"Alpha, Inc\",-95,35\n3,\"B\" ,-95,35\n\
                4, \"C\",-95,35\n5,6\" main,-95,35\n";
    let names = [
        ("1", Some("Plant \"Emma\"")),
        ("2", Some("Alpha, Inc")),
        ("3", Some("B")),
        ("4", Some("C")),
        ("5", Some("6\" main")),
    ];
    let ended = check(file, LON_LAT, &names);
    assert_eq!(ended.layer("points").repairs.requoted, 4);
    // Where a name ends can't be told.
    let file = "ID,NAME,LON,LAT\n1,\"The \"Old\", Mill\",-95,35\n2,B,-95,35\n";
    let rejects = check_with_rejects(file, LON_LAT, &[("2", "B")]);
    assert_eq!(
        rejects,
        [(
            2,
            "a quote that ends no cell: 1,\"The \"Old\", Mill\",-95,35".to_owned()
        )]
    );
}

#[test]
fn texts_written_as_formulas_are_texts() {
    let file = "ID,NAME,LON,LAT\n=\"0100\",A,-95,35\n\"=\"\"0200\"\"\",\"=\"\"B\"\"\",=\"-95\",36\n";
    let ended = check(file, LON_LAT, &[("0100", Some("A")), ("0200", Some("B"))]);
    assert_eq!(ended.layer("points").repairs.unwrapped, 2);
    let file = "ID,NAME,LON,LAT\n=T(\"0300\"),'0042,-95,35\n'0400,'Ohana,-95,36\n5,\"=\"\"5\"\"\"\" pipe\"\"\",-95,36\n";
    let texts = [
        ("0300", Some("0042")),
        ("0400", Some("'Ohana")),
        ("5", Some("5\" pipe")),
    ];
    assert_eq!(check(file, LON_LAT, &texts).layer("points").repairs.unwrapped, 3);
}

#[test]
fn blanks_about_a_formula_and_quotes_within_are_none_of_its_text() {
    let file =
        "ID,NAME,LON,LAT\n =\"0400\",A,-95,35\n\"=\"\"0700\"\" \",B,-95,35\n=\"\"0500\"\",=\"\",-95,35\n";
    check(
        file,
        LON_LAT,
        &[("0400", Some("A")), ("0500", None), ("0700", Some("B"))],
    );
}

#[test]
fn nobody_sees_what_stands_about_coordinates_names_of_columns_and_blank_rows() {
    let file = "\u{feff}\u{feff}ID,NAME\u{200b},=\"LON\",LAT\0\n1,A,-95.1\u{200b},\u{200e}35.1\0\n\u{a0},\u{200b},=\"\",\n2,B,\u{feff}-95.2,35.2\n";
    check(file, LON_LAT, &[("1", Some("A")), ("2", Some("B"))]);
    // A line break in a name is a blank.
    let (folder, _) = run("ID,\"THE\nNAME\",LON,LAT\n1,A,-95,35\n", LON_LAT);
    let profile = std::fs::read_to_string(folder.latest().join("report.json")).unwrap();
    assert!(profile.contains("THE NAME"), "{profile}");
}

/// Control-Z, as DOS ends a text.
#[test]
fn the_mark_at_the_end_of_a_text_is_no_row() {
    check(
        "ID,NAME,LON,LAT\r\n1,A,-95,35\r\n\u{1a}",
        LON_LAT,
        &[("1", Some("A"))],
    );
}

#[test]
fn characters_that_nobody_sees_are_in_no_key_and_no_name() {
    let file = "ID,NAME,LON,LAT\n0100\u{200b},St. Mary\u{92}s,-95,35\n\u{feff}0200,B\u{ad}C,-95,36\n";
    let ended = check(
        file,
        LON_LAT,
        &[("0100", Some("St. Mary’s")), ("0200", Some("BC"))],
    );
    let flags = &ended.layer("points").flags["repaired_text"];
    assert_eq!((flags["id"], flags["name"]), (2, 2));
}

#[test]
fn carriage_returns_end_lines_among_line_feeds() {
    let file = "ID,NAME,LON,LAT\n1,A,-95,35\r2,B,-95,36\r\"3\",C,-95,37\r\n4,D,-95,38\n5,E\rF,-95,39\n";
    let names = [
        ("1", Some("A")),
        ("2", Some("B")),
        ("3", Some("C")),
        ("4", Some("D")),
        ("5", Some("E F")),
    ];
    check(file, LON_LAT, &names);
    let header = file.replacen('\n', "\r", 1);
    check(header, LON_LAT, &names);
    // Of a Macintosh, with line feeds within cells alone.
    let file = "ID,NAME,LON,LAT\r1,\"A\nB\",-95,35\r2,C,-95,36\r";
    check(file, LON_LAT, &[("1", Some("A B")), ("2", Some("C"))]);
}

#[test]
fn lines_above_the_header() {
    let file = "\u{feff}Last updated, 2024-05-01\n\nID,NAME,LON,LAT\n1,A,-95,35\n";
    let (_, ended) = run(file, LON_LAT);
    ended.code(4).says("no column `LON`");
    for way in ["header-row = 3", "skip = 1", "skip = 2"] {
        check(file, &format!("{LON_LAT}, {way}"), &[("1", Some("A"))]);
    }
    let (_, ended) = run(file, &format!("{LON_LAT}, header-row = 3, skip = 2"));
    ended.code(3).says("not by both");
    // What spreadsheets write for themselves.
    check(
        "sep=;\r\nID;NAME;LON;LAT\r\n1;A;-95;35\r\n",
        LON_LAT,
        &[("1", Some("A"))],
    );
}

#[test]
fn blank_rows_are_no_rows() {
    let file = "ID,NAME,LON,LAT\n,,,\n1,A,-95,35\n \n\"\",\"\",,\n, ,\t,\n2,B,-95,36\n,,,,,\n";
    assert_eq!(
        check(file, LON_LAT, &[("1", Some("A")), ("2", Some("B"))])
            .layer("points")
            .rows_read,
        2
    );
}

/// Wherever it stands: near the start it was taken for the mark of a binary file.
#[test]
fn a_nul_in_a_cell_is_repaired_and_flagged() {
    let ended = check(
        "ID,NAME,LON,LAT\n1,A\0B,-95,35\n2,C,-95,36\n",
        LON_LAT,
        &[("1", Some("A B")), ("2", Some("C"))],
    );
    assert_eq!(ended.layer("points").flags["repaired_text"]["name"], 1);
}

#[test]
fn another_delimiter_is_suggested() {
    for (delimiter, written) in [(';', "\\\";\\\""), ('|', "\\\"|\\\""), ('\t', "\\\"\\\\t\\\"")] {
        let file = "ID,NAME,LON,LAT\n1,A,-95,35\n".replace(',', &delimiter.to_string());
        let (_, ended) = run(&file, LON_LAT);
        let hint = format!(
            "delimiter = {}",
            written.replace("\\\"", "\"").replace("\\\\", "\\")
        );
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
    assert_eq!(
        ended.code(0).layer("points").rejects_by_reason.get("no_key"),
        Some(&1)
    );
    assert_eq!(rejected(&folder)[0].0, 5);
}
