//! GeoJSON collections and lines, good and bad.

use super::*;

const FEATURES: &str = r#"
    {"type":"Feature","id":7,"properties":{"a":"x","n":43.0,"big":12345678901234567890123},
     "geometry":{"type":"Point","coordinates":[-80.5,35.25,12]}},
    {"type":"Feature","properties":{"o":{"features": [1, {"k": null}]},"b":true,"a":null},"geometry":null},
    {"type":"Feature","properties":{"a":"bad"},"geometry":{"type":"Point","coordinates":[1e999,2]}},
    {"type":"Feature","properties":{"a" "broken"},"geometry":null},
    {"type":"Feature","properties":null,"geometry":{"type":"Point","coordinates":["1",2]}},
    17"#;

#[test]
fn geojson_keeps_every_feature() {
    let text = format!(r#"{{"type":"FeatureCollection","x":{{"features":[{{}}]}},"features":[{FEATURES}]}}"#);
    let batch = one(text, Format::Geojson);
    assert_eq!(batch.rows.values(), &[1, 2, 3, 4, 5, 6]);
    assert_eq!(
        column(&batch, "a"),
        [Some("x"), None, Some("bad"), None, None, None]
    );
    assert_eq!(column(&batch, "n")[0], Some("43.0"));
    assert_eq!(column(&batch, "big")[0], Some("12345678901234567890123"));
    assert_eq!(column(&batch, "$id")[0], Some("7"));
    assert_eq!(column(&batch, "o")[1], Some(r#"{"features":[1,{"k":null}]}"#));
    assert_eq!(column(&batch, "b")[1], Some("true"));
    assert_eq!(geometries(&batch)[0].as_deref(), Some("POINT(-80.5 35.25)"));
    assert_eq!(
        defects(&batch),
        [
            (3, "geometry", RejectReason::NotANumber),
            (4, "record", RejectReason::MalformedRecord),
            (5, "geometry", RejectReason::ImpossibleGeometry),
            (6, "record", RejectReason::MalformedRecord),
        ]
    );
    assert_eq!(batch.crs, Crs::Crs84);
}

#[test]
fn geojson_says_its_crs_before_or_after_its_features() {
    let feature = r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[1,2]}}"#;
    let crs = |name: &str| format!(r#""crs":{{"type":"name","properties":{{"name":"{name}"}}}}"#);
    let mercator = Crs::Code("EPSG:3857".into());
    for (name, known) in [
        ("urn:ogc:def:crs:EPSG::3857", mercator),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", Crs::Crs84),
    ] {
        let member = crs(name);
        for text in [
            format!("{{{member},\"features\":[{feature}]}}"),
            format!("{{\"features\":[{feature}], {member}}}\n"),
        ] {
            assert_eq!(one(text, Format::Geojson).crs, known);
        }
    }
    assert!(fault(format!("{{{},\"features\":[]}}", crs("no such")), Format::Geojson).contains("no such"));
    for nothing in ["urn:ogc:def:crs:EPSG::0", "EPSG:None", "undefined", "EPSG:-1", ""] {
        let said = fault(format!("{{{},\"features\":[]}}", crs(nothing)), Format::Geojson);
        assert!(said.contains("doesn't say its CRS"), "{nothing}: {said}");
    }
    assert!(fault("{\"crs\":{},\"features\":[]}", Format::Geojson).contains("doesn't say its CRS"));
    assert!(fault("{\"crs\":null,\"features\":[]}", Format::Geojson).contains("doesn't say its CRS"));
    let hidden = format!(
        "{{\"features\":[{feature}],{},\"x\":\"{}\"}}",
        crs("EPSG:3857"),
        " ".repeat(70_000)
    );
    assert!(fault(hidden, Format::Geojson).contains("move it before"));
    let property = feature.replace("{}", "{\"crs\":\"EPSG:3857\"}");
    assert_eq!(
        one(format!("{{\"features\":[{property}]}}"), Format::Geojson).crs,
        Crs::Crs84
    );
}

#[test]
fn geojson_that_breaks_off_names_the_last_feature() {
    let text = format!(r#"{{"type":"FeatureCollection","features":[{FEATURES}]}}"#);
    let cut = |end: &str| fault(&text[..text.find(end).unwrap() + end.len()], Format::Geojson);
    assert!(
        cut("1e999").contains("the last whole feature is number 2"),
        "{}",
        cut("1e999")
    );
    assert!(cut("\"features\":").contains("cut off before its features"));
    assert!(fault("{\"features\":[]", Format::Geojson).contains("cut off after its features"));
    assert!(fault("{\"features\":[{\"a\":[}]}", Format::Geojson).contains("feature 1"));
    assert!(fault("{\"features\":[]} {\"features\":[]}", Format::Geojson).contains("something follows"));
}

#[test]
fn geojson_that_is_none_is_a_clear_error() {
    assert!(fault("", Format::Geojson).contains("is empty"));
    assert!(fault("<html><body>Sign in", Format::Geojson).contains("an HTML page"));
    assert!(fault("[1]", Format::Geojson).contains("no JSON object"));
    assert!(fault("{\"error\":{\"code\":499}}", Format::Geojson).contains("`error`"));
}

#[test]
fn geojson_bounds_length_and_depth() {
    let limits = Limits {
        record_bytes: 300,
        ..LIMITS
    };
    let feature = |name: &str| format!(r#"{{"type":"Feature","properties":{{"a":{name}}},"geometry":null}}"#);
    let (short, long) = (feature("1"), feature(&format!("\"{}\"", "x".repeat(500))));
    let deep = feature(&("[".repeat(200) + &"]".repeat(200)));
    let text = format!("{{\"features\":[{short},{long},{short}]}}");
    let batch = read_text(text, Format::Geojson, &limits).unwrap().remove(0);
    assert_eq!(defects(&batch), [(2, "record", RejectReason::RecordTooLong)]);
    assert_eq!(column(&batch, "a"), [Some("1"), None, Some("1")]);
    let batch = one(format!("{{\"features\":[{deep},{short}]}}"), Format::Geojson);
    assert_eq!(defects(&batch), [(1, "record", RejectReason::MalformedRecord)]);
    let lines = read_text(format!("{short}\n{long}\n{short}"), Format::Geojsonl, &limits)
        .unwrap()
        .remove(0);
    assert_eq!(defects(&lines), [(2, "record", RejectReason::RecordTooLong)]);
    assert_eq!(column(&lines, "a"), [Some("1"), None, Some("1")]);
}

#[test]
fn geojsonl_reads_lines_and_records() {
    let feature =
        r#"{"type":"Feature","properties":{"a":1},"geometry":{"type":"Point","coordinates":[1,2]}}"#;
    let batch = one(format!("{feature}\r\n\nnonsense\n{feature}"), Format::Geojsonl);
    assert_eq!(batch.rows.values(), &[1, 3, 4]);
    assert_eq!(defects(&batch), [(3, "record", RejectReason::MalformedRecord)]);
    let pretty = feature.replace(',', ",\n");
    let batch = one(
        format!("\x1e{pretty}\n\x1e{feature}\n\x1e{{\"type\":"),
        Format::Geojsonl,
    );
    assert_eq!(batch.rows.values(), &[1, 6, 7]);
    assert_eq!(geometries(&batch)[1].as_deref(), Some("POINT(1 2)"));
    assert_eq!(defects(&batch), [(7, "record", RejectReason::MalformedRecord)]);
}

/// Numbers of 17 digits, of which a hasty reader takes some for the double beside the nearest one.
#[test]
fn coordinates_are_the_nearest_doubles() {
    let numbers: Vec<String> = (0..1_000_u64)
        .map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 8)
        .map(|digits| format!("-{}.{:014}", digits % 180, digits % 100_000_000_000_000))
        .collect();
    let point = |x: &String| {
        format!(
            r#"{{"type":"Feature","properties":{{}},"geometry":{{"type":"Point","coordinates":[{x},1]}}}}"#
        )
    };
    let points: Vec<String> = numbers.iter().map(point).collect();
    let collection = format!(
        r#"{{"type":"FeatureCollection","features":[{}]}}"#,
        points.join(",")
    );
    let batch = one(collection, Format::Geojson);
    let expected = numbers
        .iter()
        .map(|x| Some(format!("POINT({} 1)", x.parse::<f64>().unwrap())));
    assert_eq!(geometries(&batch), expected.collect::<Vec<_>>());
}
