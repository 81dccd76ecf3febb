//! Whole pulls, small: every way that pages are written, and that they go wrong.

use std::fs;
use std::path::{Path, PathBuf};

use arrow_schema::{DataType, TimeUnit};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::feature::{Crs, RawBatch, RejectReason, spelling};
use crate::plan::{Format, Limits};
use crate::source::SourceError;
use crate::source::tests::{LIMITS, column, defects, geometries, kind, open_as};

const INFO: &str = r#"{"geometryType":"esriGeometryPoint","extent":{"spatialReference":{"wkid":4326}},
    "fields":[{"name":"OBJECTID","type":"esriFieldTypeOID"},{"name":"NAME","type":"esriFieldTypeString"}]}"#;

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// A landed pull, as the store lays it out.
struct Pull {
    folder: TempDir,
    list: serde_json::Value,
}

impl Pull {
    fn new(info: impl AsRef<[u8]>, pages: &[(&[u8], u64)]) -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("pages")).unwrap();
        let put = |bytes: &[u8], rows: u64| {
            let path = format!("pages/{}.zst", hex(bytes));
            fs::write(folder.path().join(&path), zstd::encode_all(bytes, 3).unwrap()).unwrap();
            serde_json::json!({"path": path, "rows": rows, "bytes": bytes.len(), "sha256": hex(bytes)})
        };
        let info = put(info.as_ref(), 0);
        let pages: Vec<_> = pages.iter().map(|(bytes, rows)| put(bytes, *rows)).collect();
        Self {
            list: serde_json::json!({"version": 1, "info": info, "pages": pages}),
            folder,
        }
    }

    fn path(&self) -> PathBuf {
        let path = self.folder.path().join("0123456789abcdef.esri.json");
        fs::write(&path, self.list.to_string()).unwrap();
        path
    }

    fn read_with(&self, limits: &Limits) -> Result<Vec<RawBatch>, SourceError> {
        open_as(&self.path(), Format::Esri, limits, None)?.collect()
    }

    #[track_caller]
    fn batches(&self) -> Vec<RawBatch> {
        self.read_with(&LIMITS).unwrap()
    }

    #[track_caller]
    fn fault(&self) -> String {
        let error = self.read_with(&LIMITS).unwrap_err().to_string();
        assert!(
            error.contains("in/shown.json") && !error.contains("0123"),
            "{error}"
        );
        error
    }
}

/// A page of these features.
fn page(features: &[&str]) -> String {
    format!(
        r#"{{"features":[{}],"geometryType":"esriGeometryPoint"}}"#,
        features.join(",")
    )
}

/// The only batch of a pull of one page.
#[track_caller]
fn one(info: &str, page: &str, rows: u64) -> RawBatch {
    let mut batches = Pull::new(info, &[(page.as_bytes(), rows)]).batches();
    assert_eq!(batches.len(), 1);
    batches.remove(0)
}

fn recording(server: &str, rows: u64) -> RawBatch {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/esri");
    let text = |what: &str| fs::read_to_string(folder.join(format!("{server}-{what}.json"))).unwrap();
    one(&text("info"), &text("page"), rows)
}

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
        spelling::days(dates).unwrap().iter().collect::<Vec<_>>(),
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
fn a_page_that_is_not_the_one_that_came_is_an_error() {
    let row = r#"{"attributes":{"OBJECTID":1},"geometry":{"x":1,"y":2}}"#;
    let whole = page(&[row]);
    let pull = |rows: u64| Pull::new(INFO, &[(whole.as_bytes(), rows)]);
    assert!(pull(2).fault().contains("page 1") && pull(2).fault().contains("fewer rows than the 2"));
    assert!(pull(0).fault().contains("more rows than the 0"));
    let with = |member: &str, value: serde_json::Value| {
        let mut pull = pull(1);
        pull.list["pages"][0][member] = value;
        pull
    };
    assert!(
        with("sha256", "00".into())
            .fault()
            .contains("not those that came")
    );
    assert!(
        with("bytes", (whole.len() - 1).into())
            .fault()
            .contains("has not the")
    );
    assert!(
        with("bytes", (whole.len() + 1).into())
            .fault()
            .contains("has not the")
    );
    for path in ["../x.zst", "/etc/passwd", "pages/../../x", "", "."] {
        assert!(
            with("path", path.into())
                .fault()
                .contains("leads out of its folder"),
            "{path}"
        );
    }
    let missing = with("path", "pages/none.zst".into()).fault();
    assert!(
        missing.contains("cannot open in/shown.json (page 1)"),
        "{missing}"
    );
    let mut later = pull(1);
    later.list["version"] = 2.into();
    assert!(later.fault().contains("its version is 2"));
    later.list = serde_json::json!([]);
    assert!(later.fault().contains("the list of pages"));
}

#[test]
fn a_page_that_breaks_off_or_is_something_else_is_an_error() {
    let row = r#"{"attributes":{"OBJECTID":1},"geometry":{"x":1,"y":2}}"#;
    let whole = page(&[row, row]);
    for end in [1, 12, 14, 60, 75, 130, whole.len() - 1] {
        let fault = Pull::new(INFO, &[(&whole.as_bytes()[..end], 2)]).fault();
        assert!(fault.contains("page 1"), "{end}: {fault}");
    }
    for (text, told) in [
        ("<html>down</html>", "`<` after row 0"),
        (r#"{"error":{"code":500}}"#, "no `features`"),
        (r#"{"features":{}}"#, "`{` after row 0"),
        (r#"{"features":[],"features":[]}"#, "`features` twice"),
        (r#"{"features":[]} x"#, "something follows"),
        ("", "ends after row 0"),
    ] {
        let fault = Pull::new(INFO, &[(text.as_bytes(), 0)]).fault();
        assert!(fault.contains(told), "{text}: {fault}");
    }
    assert!(Pull::new("<html>", &[]).fault().contains("the layer's info"));
}

#[test]
fn the_spatial_reference_is_never_guessed() {
    let with = |reference: &str| format!(r#"{{"spatialReference":{reference},"features":[]}}"#);
    let pull = |info: &str, pages: &[&str]| {
        let pages: Vec<(&[u8], u64)> = pages.iter().map(|page| (page.as_bytes(), 0)).collect();
        Pull::new(info, &pages)
    };
    assert!(pull("{}", &[]).fault().contains("doesn't say its CRS"));
    assert!(
        pull(INFO, &[&with(r#"{"wkid":999999}"#)])
            .fault()
            .contains("wkid 999999")
    );
    let two = r#"{"extent":{"spatialReference":{"wkid":4326}},"sourceSpatialReference":{"wkid":3857}}"#;
    assert!(pull(two, &[&page(&[])]).fault().contains("doesn't say its CRS"));
    let said = pull(two, &[&with(r#"{"wkid":102100}"#)]);
    assert_eq!(
        *open_as(&said.path(), Format::Esri, &LIMITS, None).unwrap().crs(),
        Crs::Code("EPSG:3857".into())
    );
    let mixed = pull(INFO, &[&with(r#"{"wkid":4326}"#), &with(r#"{"wkid":102100}"#)]);
    assert!(mixed.fault().contains("page 2") && mixed.fault().contains("not that of the first page"));
    let alike = pull(
        INFO,
        &[
            &with(r#"{"wkid":102100}"#),
            &page(&[]),
            &with(r#"{"wkid":102100,"latestWkid":3857}"#),
        ],
    );
    assert!(alike.batches().is_empty());
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
