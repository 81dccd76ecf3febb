//! What rows of a pull become.

use super::*;

#[test]
fn rows_come_page_by_page_with_their_place_in_the_page() {
    let row =
        |n: u32| format!(r#"{{"attributes":{{"OBJECTID":{n},"NAME":"n{n}"}},"geometry":{{"x":{n},"y":2}}}}"#);
    let (a, b, c) = (page(&[&row(1), &row(2)]), page(&[]), page(&[&row(3)]));
    let pull = Pull::new(INFO, &[(a.as_bytes(), 2), (b.as_bytes(), 0), (c.as_bytes(), 1)]);
    let batches = pull.batches();
    let sources: Vec<_> = batches
        .iter()
        .map(|batch| (&*batch.source, batch.rows.values().to_vec()))
        .collect();
    assert_eq!(
        sources,
        [
            ("in/shown.json (page 1)", vec![1, 2]),
            ("in/shown.json (page 3)", vec![1])
        ]
    );
    assert_eq!(column(&batches[1], "NAME"), [Some("n3")]);
    assert_eq!(geometries(&batches[0])[1].as_deref(), Some("POINT(2 2)"));
    assert_eq!(batches[0].crs, Crs::Crs84);
    let small = pull
        .read_with(&Limits {
            batch_rows: 1,
            ..LIMITS
        })
        .unwrap();
    assert_eq!(small.iter().map(RawBatch::len).collect::<Vec<_>>(), [1, 1, 1]);
    let two = pull
        .read_with(&Limits {
            rows: Some(2),
            ..LIMITS
        })
        .unwrap();
    assert_eq!(two.iter().map(RawBatch::len).sum::<usize>(), 2);
    let reader = open_as(&pull.path(), Format::Esri, &LIMITS, None).unwrap();
    assert_eq!(reader.fixed_columns().unwrap(), ["OBJECTID", "NAME"]);
    assert!(Pull::new(INFO, &[]).batches().is_empty());
}

#[test]
fn whole_numbers_days_and_instants_come_typed_and_other_numbers_as_spelled() {
    let info = r#"{"fields":[{"name":"N","type":"esriFieldTypeInteger"},{"name":"D","type":"esriFieldTypeDate"},
        {"name":"O","type":"esriFieldTypeDateOnly"},{"name":"X","type":"esriFieldTypeDouble"}],
        "extent":{"spatialReference":{"wkid":4326}}}"#;
    let row = |date: &str| {
        format!(
            r#"{{"attributes":{{"N":7.0,"D":{date},"O":"2020-02-29","X":12.50}},"geometry":{{"x":1,"y":2}}}}"#
        )
    };
    let batch = one(info, &page(&[&row("1234396800000"), &row("null")]), 2);
    let moment = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    let kinds = ["N", "D", "O", "X"].map(|name| kind(&batch, name));
    assert_eq!(kinds, [DataType::Int64, moment, DataType::Date32, DataType::Utf8]);
    let texts = ["N", "D", "O", "X"].map(|name| column(&batch, name)[0].unwrap());
    assert_eq!(texts, ["7", "2009-02-12T00:00:00Z", "2020-02-29", "12.50"]);
    // A slip beside a date: the column is text, and the date stays one.
    let batch = one(
        info,
        &page(&[&row("1234396800000"), &row("99999999999999999")]),
        2,
    );
    assert_eq!(
        column(&batch, "D"),
        [Some("2009-02-12T00:00:00Z"), Some("99999999999999999")]
    );
    let dates = &batch.columns.iter().find(|(name, _)| name == "D").unwrap().1;
    assert_eq!(
        spelling::date_column(dates).unwrap().iter().collect::<Vec<_>>(),
        [Some(14_287), None]
    );
}

#[test]
fn members_stand_in_any_order_and_unknown_ones_do_not_matter() {
    let rows = r#"[{"geometry":{"y":2,"x":1},"attributes":{"objectid":7,"MORE":{"a": [1]}},"centroid":{"x":9,"y":9}}]"#;
    for page in [
        format!(
            r#"{{"features":{rows},"spatialReference":{{"wkid":102100}},"geometryType":"esriGeometryPoint"}}"#
        ),
        format!(
            r#" {{"x":{{"features":[1,2]}},"spatialReference":{{"wkid":102100}},"fields":null,"features":{rows}}} "#
        ),
        format!(r#"{{"features":{rows},"y":[{{}}],"spatialReference":{{"wkid":102100,"latestWkid":3857}}}}"#),
    ] {
        let batch = one(INFO, &page, 1);
        assert_eq!(batch.crs, Crs::Code("EPSG:3857".into()), "{page}");
        assert_eq!(column(&batch, "OBJECTID"), [Some("7")], "names change their case");
        assert_eq!(column(&batch, "MORE"), [Some(r#"{"a":[1]}"#)]);
        assert_eq!(column(&batch, "NAME"), [None]);
    }
    // Without fields and geometry type the rows speak for themselves.
    let batch = one(
        r#"{"extent":{"spatialReference":{"wkid":4326}}}"#,
        &page(&[&rows[1..rows.len() - 1]]),
        1,
    );
    assert_eq!(column(&batch, "objectid"), [Some("7")]);
    assert_eq!(geometries(&batch), [Some("POINT(1 2)".to_owned())]);
}

#[test]
fn a_bad_row_is_a_defect_and_the_next_one_is_read() {
    let rows = [
        r#"{"attributes":{"NAME":"none"},"geometry":null}"#,
        r#"{"attributes":{"NAME":"empty"},"geometry":{"x":"NaN","y":"NaN"}}"#,
        r#"{"attributes":{"NAME":"braces"},"geometry":{}}"#,
        r#"{"attributes":{"NAME" "broken"}}"#,
        r#"{"attributes":{"NAME":tru}}"#,
        "17",
        r#"{"geometry":{"x":1,"y":1e400},"attributes":null}"#,
        r#"{"attributes":{"NAME":"absent"}}"#,
    ];
    let long = format!(r#"{{"attributes":{{"NAME":"{}"}}}}"#, "x".repeat(2 << 20));
    let rows: Vec<&str> = rows.into_iter().chain([long.as_str()]).collect();
    let batch = one(INFO, &page(&rows), 9);
    assert_eq!(
        defects(&batch),
        [
            (2, "geometry", RejectReason::EmptyGeometry),
            (4, "record", RejectReason::MalformedRecord),
            (5, "record", RejectReason::MalformedRecord),
            (6, "record", RejectReason::MalformedRecord),
            (7, "geometry", RejectReason::NotANumber),
            (9, "record", RejectReason::RecordTooLong),
        ]
    );
    let names = column(&batch, "NAME");
    assert_eq!(
        (names[0], names[1], names[7], names[8]),
        (Some("none"), Some("empty"), Some("absent"), None)
    );
    assert!(geometries(&batch).iter().all(Option::is_none));
}

#[test]
fn values_are_text_and_dates_are_moments() {
    let info = r#"{"extent":{"spatialReference":{"wkid":4326}},"dateFieldsTimeReference":{"timeZone":"Pacific Standard Time"},"fields":[
        {"name":"D","type":"esriFieldTypeDate"},{"name":"DO","type":"esriFieldTypeDateOnly"},
        {"name":"TO","type":"esriFieldTypeTimeOnly"},{"name":"OFF","type":"esriFieldTypeTimestampOffset"},
        {"name":"BIG","type":"esriFieldTypeBigInteger"},{"name":"F","type":"esriFieldTypeDouble"},
        {"name":"G","type":"esriFieldTypeGUID"},{"name":"S","type":"esriFieldTypeString"}]}"#;
    let rows = [
        r#"{"attributes":{"D":1234396800000,"DO":"2020-05-01","TO":"13:30:00","OFF":"2020-05-01T13:30:00-07:00","BIG":9007199254740993,
            "F":1e400,"G":"{478A59A5-65DB-47A0-84F2-685C611B2BB0}","S":"a\u00e9\n"}}"#,
        r#"{"attributes":{"D":-2208988800000,"DO":null,"TO":null,"OFF":null,"BIG":6.4579816E7,"F":"NaN","G":null,"S":true}}"#,
        r#"{"attributes":{"D":"4/21/2006 12:00:00 AM","BIG":"x","F":0.1000}}"#,
    ];
    let batch = one(info, &page(&rows), 3);
    assert_eq!(
        column(&batch, "D"),
        [
            Some("2009-02-12T00:00:00Z"),
            Some("1900-01-01T00:00:00Z"),
            Some("4/21/2006 12:00:00 AM")
        ]
    );
    assert_eq!(column(&batch, "DO")[0], Some("2020-05-01"));
    assert_eq!(column(&batch, "TO")[0], Some("13:30:00"));
    assert_eq!(column(&batch, "OFF")[0], Some("2020-05-01T13:30:00-07:00"));
    assert_eq!(
        column(&batch, "BIG"),
        [Some("9007199254740993"), Some("64579816"), Some("x")]
    );
    assert_eq!(column(&batch, "F"), [Some("1e400"), Some("NaN"), Some("0.1000")]);
    assert_eq!(
        column(&batch, "G")[0],
        Some("{478A59A5-65DB-47A0-84F2-685C611B2BB0}")
    );
    assert_eq!(column(&batch, "S"), [Some("aé\n"), Some("true"), None]);
    let local = info.replace("\"fields\"", "\"datesInUnknownTimezone\":true,\"fields\"");
    assert_eq!(
        column(&one(&local, &page(&rows), 3), "D")[0],
        Some("2009-02-12T00:00:00")
    );
}

#[test]
fn codes_keep_their_place_and_have_their_names_beside_them() {
    let info = r#"{"extent":{"spatialReference":{"wkid":4326}},"typeIdField":"KIND","fields":[{"name":"KIND","type":"esriFieldTypeInteger"},
        {"name":"ST","type":"esriFieldTypeString","domain":{"type":"codedValue","codedValues":[{"code":"A","name":"open"}]}},
        {"name":"N","type":"esriFieldTypeDouble","domain":{"type":"codedValue","codedValues":[{"code":1,"name":"one"}]}},
        {"name":"X","type":"esriFieldTypeString","domain":{"type":"codedValue","codedValues":[{"code":"A","name":"a"}]}},
        {"name":"X_decoded","type":"esriFieldTypeString"}],
        "types":[{"id":2,"name":"Road","domains":{"N":{"type":"codedValue","codedValues":[{"code":1,"name":"one lane"}]}}}]}"#;
    let rows = [
        r#"{"attributes":{"KIND":1,"ST":"A","N":1.0,"X":"A","X_decoded":"own"}}"#,
        r#"{"attributes":{"N":1,"ST":"Z","KIND":2}}"#,
        r#"{"attributes":{"KIND":null,"ST":null,"N":7}}"#,
    ];
    let batch = one(info, &page(&rows), 3);
    let names: Vec<&str> = batch.columns.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "KIND",
            "KIND_decoded",
            "ST",
            "ST_decoded",
            "N",
            "N_decoded",
            "X",
            "X_decoded"
        ]
    );
    assert_eq!(column(&batch, "KIND_decoded"), [None, Some("Road"), None]);
    assert_eq!(column(&batch, "ST"), [Some("A"), Some("Z"), None]);
    assert_eq!(column(&batch, "ST_decoded"), [Some("open"), None, None]);
    assert_eq!(column(&batch, "N"), [Some("1.0"), Some("1"), Some("7")]);
    assert_eq!(column(&batch, "N_decoded"), [Some("one"), Some("one lane"), None]);
    assert_eq!(column(&batch, "X_decoded"), [Some("own"), None, None]);
}

#[test]
fn what_is_mended_is_counted() {
    let rows = [
        r#"{"attributes":{},"geometry":{"rings":[[[0,0],[0,1],[1,1],[1,0]]]}}"#,
        r#"{"attributes":{},"geometry":{"curveRings":[[[0,0],{"c":[[2,0],[1,1]]},[0,0]]]}}"#,
        r#"{"attributes":{},"geometry":{"rings":[[[0,0,5],[0,1,5],[1,1,5],[0,0,5]]]}}"#,
        r#"{"attributes":{},"geometry":{"rings":[[[0,0],[0,1]]]}}"#,
    ];
    let batch = one(INFO, &page(&rows), 4);
    let repairs = batch.repairs;
    assert_eq!(
        (repairs.mended_parts, repairs.straightened, repairs.dropped_z),
        (1, 1, 1)
    );
    assert_eq!(
        defects(&batch),
        [(4, "geometry", RejectReason::ImpossibleGeometry)]
    );
}

#[test]
fn recorded_answers_of_old_servers_are_read() {
    let carson = recording("us-ca-carson", 3);
    assert_eq!(
        (carson.crs.clone(), carson.defects.len()),
        (Crs::Crs84, 0),
        "rows in degrees, layer in feet"
    );
    assert!(
        geometries(&carson)[0]
            .as_ref()
            .unwrap()
            .starts_with("POINT(-118.266125843955")
    );
    assert_eq!(geometries(&carson)[2], None);

    let test = recording("us-esri-test", 3);
    assert_eq!(column(&test, "observed")[0], Some("2015-04-07T11:04:35Z"));
    assert_eq!(column(&test, "quality_decoded"), [Some("Excellent"); 3]);
    assert_eq!(column(&test, "facility"), [Some("123"); 3]);
    assert_eq!(column(&test, "facility_decoded"), [None; 3]);

    let kent = recording("us-mi-kent", 2);
    let Crs::Wkt(wkt) = &kent.crs else {
        panic!("{}", kent.crs)
    };
    assert!(wkt.contains("FIPS_2113"), "{wkt}");
    assert!(
        geometries(&kent)[0]
            .as_ref()
            .unwrap()
            .starts_with("POLYGON((12745374.032152")
    );
    assert_eq!(column(&kent, "SHAPE.STArea()")[0], Some("160469.21826171875"));
    assert_eq!(column(&kent, "PPN")[0], Some("410106100009"));

    let columbia = recording("us-mo-columbia", 2);
    assert_eq!(
        (columbia.crs.clone(), column(&columbia, "OBJECTID")[0]),
        (Crs::Crs84, Some("64579816"))
    );
    assert_eq!(column(&columbia, "XCOORD")[0], Some("-92.269846479999998"));
}
