//! Delimited text, good and bad; batches.

use arrow_array::Array;

use super::*;

#[test]
fn csv_gives_text_points_and_lines() {
    let text = "\u{feff}lon,lat,name,name,\r\n-80.5,35.25,\"A, \"\"B\"\"\nC\",,x\r\n\r\n1,2,NA,4,\r\n";
    let batch = one(text, lon_lat());
    let names: Vec<&str> = batch.columns.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["lon", "lat", "name", "name_2", "column_5"]);
    assert_eq!(column(&batch, "name"), [Some("A, \"B\"\nC"), Some("NA")]);
    assert_eq!(column(&batch, "name_2"), [None, Some("4")]);
    assert_eq!(column(&batch, "column_5"), [Some("x"), None]);
    assert_eq!(column(&batch, "lon"), [Some("-80.5"), Some("1")]);
    assert_eq!(
        geometries(&batch),
        [Some("POINT(-80.5 35.25)".into()), Some("POINT(1 2)".into())]
    );
    assert_eq!(batch.rows.values(), &[2, 5]);
    assert_eq!(&*batch.source, "in/shown.text");
}

#[test]
fn csv_of_an_old_macintosh_has_lines_too() {
    let text = "lon,lat,name\r1,2,a\r\r3,4,\"b\rc\"\r5,6,d";
    let batch = one(text, lon_lat());
    assert_eq!(column(&batch, "name"), [Some("a"), Some("b\nc"), Some("d")]);
    assert_eq!(batch.rows.values(), &[2, 4, 6]);
}

#[test]
fn csv_bytes_that_are_no_utf_8_are_windows_1252() {
    let batch = one(
        b"lon,lat,name,town\n1,2,A \x97 B,S\xC3\xA3o\n3,4,caf\xC3,\xA9t\xE9",
        lon_lat(),
    );
    assert_eq!(column(&batch, "name"), [Some("A — B"), Some("cafÃ")]);
    assert_eq!(column(&batch, "town"), [Some("São"), Some("©té")]);
    assert_eq!(batch.rows.values(), &[2, 3]);
}

#[test]
fn csv_rows_that_cannot_be_used_keep_their_place() {
    let text = "LON,LAT,id\n,2,a\n1,x,b\nNaN,2,c\n1,inf,d\n1,2\n1,2,e,f\n 1 , 2 ,g\n";
    let batch = one(text, lon_lat());
    assert_eq!(
        defects(&batch),
        [
            (2, "LON", RejectReason::NullGeometry),
            (3, "LAT", RejectReason::NotANumber),
            (4, "LON", RejectReason::NotANumber),
            (5, "LAT", RejectReason::NotANumber),
            (6, "record", RejectReason::MalformedRecord),
            (7, "record", RejectReason::MalformedRecord),
        ]
    );
    assert_eq!(
        (batch.defects[1].value.as_str(), batch.geometry.null_count()),
        ("x", 6)
    );
    assert_eq!(batch.defects[4].value, "2 fields instead of 3: 1,2");
}

#[test]
fn csv_takes_wkt() {
    let format = Format::Csv {
        dialect: Dialect {
            delimiter: b';',
            ..Dialect::USUAL
        },
        geometry: CsvGeometry::Wkt {
            column: "shape".into(),
        },
    };
    let batch = one(
        "id;SHAPE\n1;POINT (1 2)\n2;POINT (1\n3;\n4;\"LINESTRING (1 2, 3 4)\"\n",
        format,
    );
    assert_eq!(
        geometries(&batch),
        [
            Some("POINT(1 2)".into()),
            None,
            None,
            Some("LINESTRING(1 2,3 4)".to_owned())
        ]
    );
    let reasons: Vec<_> = batch.defects.iter().map(|defect| defect.reason).collect();
    assert_eq!(
        reasons,
        [RejectReason::ImpossibleGeometry, RejectReason::NullGeometry]
    );
}

#[test]
fn csv_leaves_an_over_long_record_out_and_goes_on() {
    let limits = Limits {
        record_bytes: 100,
        ..LIMITS
    };
    for filling in ["x".repeat(200_000), format!("\"{}\"", "x\"\"".repeat(100_000))] {
        let text = format!("lon,lat,name\n1,2,a\n\n3,4,{filling}\n5,6,c\n");
        let batches = read_text(&text, lon_lat(), &limits).unwrap();
        assert_eq!(defects(&batches[0]), [(4, "record", RejectReason::RecordTooLong)]);
        assert_eq!(batches[0].rows.values(), &[2, 4, 5]);
        assert_eq!(column(&batches[0], "name"), [Some("a"), None, Some("c")]);
    }
    // Of many lines the first is too long a record, and each of the others is none.
    let text = format!("lon,lat,name\n3,4,\"x{}\"\n5,6,c\n", "\nx".repeat(100));
    let batch = &read_text(&text, lon_lat(), &limits).unwrap()[0];
    assert_eq!(
        defects(batch)[..2],
        [
            (2, "record", RejectReason::RecordTooLong),
            (3, "record", RejectReason::MalformedRecord)
        ]
    );
    assert_eq!(
        (batch.defects.len(), batch.rows.values().last()),
        (101, Some(&103))
    );
}

/// Quotes that open and never close, line after line: what lies behind each is looked at, but not for ever.
#[test]
fn csv_whose_quotes_never_close_is_read_in_time() {
    let columns = (0..2_000)
        .map(|column| format!("c{column}"))
        .collect::<Vec<_>>()
        .join(",");
    let text = format!("lon,lat,{columns}\n{}", "x\",y,\"z\n".repeat(300_000));
    let batches = read_text(&text, lon_lat(), &LIMITS).unwrap();
    let rejects: usize = batches.iter().map(|batch| batch.defects.len()).sum();
    assert_eq!(rejects, 300_000);
}

#[test]
fn csv_that_is_none_is_a_clear_error() {
    assert!(fault("", lon_lat()).contains("is empty"));
    assert!(fault("\n\n", lon_lat()).contains("is empty"));
    assert!(fault("<!DOCTYPE html><html>", lon_lat()).contains("an HTML page"));
    assert!(fault("{\"error\":{\"code\":499}}", lon_lat()).contains("JSON"));
    let missing = fault("long,lat,name\n1,2,a\n", lon_lat());
    assert!(
        missing.contains("did you mean `long`") && missing.contains("`name`"),
        "{missing}"
    );
    let unclosed = fault("lon,lat,name\n1,2,a\n3,4,\"b", lon_lat());
    assert!(
        unclosed.contains("row 3") && unclosed.contains("never closed"),
        "{unclosed}"
    );
}

#[test]
fn batches_and_rows_are_bounded() {
    let text = (0..25).fold("lon,lat\n".to_owned(), |text, row| {
        text + &format!("{row},{row}\n")
    });
    let limits = Limits {
        batch_rows: 10,
        rows: Some(22),
        ..LIMITS
    };
    let sizes: Vec<usize> = read_text(&text, lon_lat(), &limits)
        .unwrap()
        .iter()
        .map(RawBatch::len)
        .collect();
    assert_eq!(sizes, [10, 10, 2]);
    assert!(read_text("lon,lat\n", lon_lat(), &LIMITS).unwrap().is_empty());
}

#[test]
fn a_source_without_a_crs_is_an_error() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.csv");
    fs::write(&path, "lon,lat\n1,2\n").unwrap();
    let error = open_as(&path, lon_lat(), &LIMITS, None)
        .err()
        .unwrap()
        .to_string();
    assert!(error.contains("in/shown.csv doesn't say its CRS"), "{error}");
}
