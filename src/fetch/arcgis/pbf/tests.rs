//! Pages made byte by byte, whole and damaged.

use super::*;
use crate::feature::bare_words::NOT_A_NUMBER;

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7F {
        bytes.push(u8::try_from(value & 0x7F).unwrap() | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
    bytes
}

fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

fn bytes(field: u64, value: impl AsRef<[u8]>) -> Vec<u8> {
    let value = value.as_ref();
    [varint(field << 3 | 2), varint(value.len() as u64), value.to_vec()].concat()
}

fn double(field: u64, value: f64) -> Vec<u8> {
    [varint(field << 3 | 1), value.to_le_bytes().to_vec()].concat()
}

fn zigzag(value: i64) -> u64 {
    (value << 1 ^ value >> 63).cast_unsigned()
}

fn packed(values: &[i64]) -> Vec<u8> {
    values.iter().flat_map(|value| varint(zigzag(*value))).collect()
}

fn geometry(lengths: &[u64], coords: &[i64]) -> Vec<u8> {
    let lengths: Vec<u8> = lengths.iter().flat_map(|length| varint(*length)).collect();
    bytes(2, [bytes(2, lengths), bytes(3, packed(coords))].concat())
}

fn column(name: &str, kind: u64) -> Vec<u8> {
    bytes(13, [bytes(1, name), number(2, kind)].concat())
}

fn transform(origin: u64) -> Vec<u8> {
    let scale = bytes(2, [double(1, 0.5), double(2, 0.5)].concat());
    let translate = bytes(3, [double(1, 100.0), double(2, 10.0)].concat());
    bytes(12, [number(1, origin), scale, translate].concat())
}

fn page(members: &[Vec<u8>]) -> Vec<u8> {
    [bytes(1, "1.0"), bytes(2, bytes(1, members.concat()))].concat()
}

fn feature(members: &[Vec<u8>]) -> Vec<u8> {
    bytes(15, members.concat())
}

#[track_caller]
fn json(page: &[u8]) -> serde_json::Value {
    assert!(is_pbf(page));
    serde_json::from_slice(&to_json(page, 1 << 20).unwrap()).unwrap()
}

#[test]
fn a_page_says_the_same_as_its_json() {
    let reference = bytes(8, [number(1, 102_100), number(2, 3857)].concat());
    let row = [
        bytes(1, number(4, zigzag(-7))),
        bytes(1, bytes(1, "a \"b\"")),
        bytes(1, []),
        geometry(&[], &[4, 6]),
    ];
    let made = json(&page(&[
        bytes(1, "OBJECTID"),
        reference,
        number(9, 1),
        // Rows before the fields and the transform that they need.
        feature(&row),
        transform(1),
        column("OBJECTID", 6),
        column("N", 4),
        column("D", 5),
    ]));
    let expected = serde_json::json!({
        "objectIdFieldName": "OBJECTID", "geometryType": "esriGeometryPoint",
        "spatialReference": {"wkid": 102_100, "latestWkid": 3857}, "exceededTransferLimit": true,
        "fields": [{"name": "OBJECTID", "type": "esriFieldTypeOID", "alias": ""},
            {"name": "N", "type": "esriFieldTypeString", "alias": ""}, {"name": "D", "type": "esriFieldTypeDate", "alias": ""}],
        "features": [{"attributes": {"OBJECTID": -7, "N": "a \"b\"", "D": null}, "geometry": {"x": 102, "y": 13}}],
    });
    assert_eq!(made, expected);
}

#[test]
fn every_type_of_value_is_spelled_as_servers_spell_it() {
    let values = [
        (double(3, 0.1), "0.1"),
        (double(3, 5.0), "5"),
        (double(3, -0.0), "0"),
        (double(3, 1e300), "1e300"),
        (double(3, f64::NAN), NOT_A_NUMBER),
        (double(3, 123_456_789.25), "123456789.25"),
        ([vec![0x15], 0.1_f32.to_le_bytes().to_vec()].concat(), "0.1"),
        (number(5, 7), "7"),
        (number(6, (-3_i64).cast_unsigned()), "-3"),
        (number(7, u64::MAX), "18446744073709551615"),
        (number(8, zigzag(-86_400_000)), "-86400000"),
        (number(9, 1), "true"),
        (number(99, 1), "null"),
    ];
    for (value, text) in values {
        let made = to_json(&page(&[column("V", 3), feature(&[bytes(1, value)])]), 999).unwrap();
        let made = String::from_utf8(made).unwrap();
        assert!(made.contains(&format!("{{\"V\":{text}}}")), "{text}: {made}");
    }
}

#[test]
fn parts_start_anew_and_y_counts_down_from_the_upper_left() {
    let made = |kind: u64, origin, members: &[Vec<u8>]| {
        let page = page(&[number(7, kind), transform(origin), feature(members)]);
        json(&page)["features"][0]["geometry"].clone()
    };
    let rings = geometry(&[3, 2], &[0, 0, 2, 0, 0, 2, 10, 10, 2, 2]);
    let expected = serde_json::json!({"rings": [[[100, 10], [101, 10], [101, 11]], [[105, 15], [106, 16]]]});
    assert_eq!(made(3, 1, std::slice::from_ref(&rings)), expected);
    let down = serde_json::json!({"paths": [[[100, 10], [101, 10], [101, 9]], [[105, 5], [106, 4]]]});
    assert_eq!(made(2, 0, &[rings]), down);
    let points = geometry(&[2], &[2, 2, 2, 2]);
    assert_eq!(
        made(1, 1, std::slice::from_ref(&points)),
        serde_json::json!({"points": [[101, 11], [102, 12]]})
    );
    assert_eq!(
        made(2, 1, &[geometry(&[], &[2, 2, 2, 2])]),
        serde_json::json!({"paths": [[[101, 11], [102, 12]]]})
    );
    assert_eq!(
        made(2, 1, &[geometry(&[], &[])]),
        serde_json::json!({"paths": []})
    );
    assert_eq!(made(0, 1, &[geometry(&[], &[])]), serde_json::json!({}));
    assert_eq!(made(3, 1, &[]), serde_json::Value::Null);
    assert_eq!(
        made(2, 1, &[geometry(&[9], &[1, 2])]),
        "fewer coordinates than its parts have"
    );
    assert_eq!(made(4, 1, &[points]), "a multipatch");
    assert_eq!(made(3, 1, &[bytes(3, bytes(1, "x"))]), "a shape buffer");
}

#[test]
fn coordinates_beyond_32_bits_and_further_ordinates_are_read() {
    let scale = bytes(
        2,
        [double(1, 1e-9), double(2, 1e-9), double(3, 2.0), double(4, 3.0)].concat(),
    );
    let row = feature(&[geometry(
        &[2],
        &[-118_253_000_000, -35_250_000_000, 5, 7, 1, 0, 1, 1],
    )]);
    let made = json(&page(&[
        number(7, 2),
        number(10, 1),
        number(11, 1),
        bytes(12, scale),
        row,
    ]));
    assert_eq!(made["hasZ"], true);
    let first = &made["features"][0]["geometry"]["paths"][0][0];
    let close = |at: usize, value: f64| (first[at].as_f64().unwrap() - value).abs() < 1e-12;
    assert!(
        close(0, -118.253) && close(1, 35.25) && close(2, 15.0) && close(3, 14.0),
        "{first}"
    );
    assert_eq!(made["features"][0]["geometry"]["paths"][0][1][2], 18);
}

#[test]
fn a_row_that_does_not_fit_its_fields_is_no_row_and_the_next_is_read() {
    let rows = [
        feature(&[bytes(1, bytes(1, "x"))]),
        feature(&[bytes(1, bytes(1, "y")), bytes(1, [])]),
    ];
    let made = json(&page(&[column("A", 4), column("B", 4), rows.concat()]));
    assert_eq!(made["features"][0], "a row of 1 values for 2 fields");
    assert_eq!(made["features"][1]["attributes"]["A"], "y");
}

#[test]
fn what_holds_no_rows_is_an_error() {
    assert_eq!(to_json(b"", 99), Err(PbfError::NoRows));
    assert_eq!(
        to_json(&bytes(2, bytes(2, number(1, 7))), 99),
        Err(PbfError::NoRows),
        "a count"
    );
    assert_eq!(to_json(&page(&[bytes(16, [])]), 99), Err(PbfError::Block));
    assert_eq!(
        to_json(&page(&[column("\u{e9}", 4)])[..9], 99),
        Err(PbfError::Broken { at: 7 })
    );
    let whole = page(&[column("A", 4), feature(&[bytes(1, bytes(1, "x".repeat(50)))])]);
    assert!(matches!(
        to_json(&whole, 99),
        Err(PbfError::TooLarge { limit: 99 })
    ));
    for end in 0..whole.len() {
        assert!(to_json(&whole[..end], 999).is_err(), "{end}");
    }
    // Few bytes that would be many as JSON stop at the limit.
    let name = column(&"N".repeat(10_000), 4);
    let many = page(&[name, feature(&[bytes(1, [])]).repeat(10_000)]);
    assert!(matches!(to_json(&many, 1 << 20), Err(PbfError::TooLarge { .. })));
}

#[test]
fn json_and_html_are_told_from_protocol_buffers() {
    for other in [
        "{\"error\":{}}",
        "\n{\"error\":{}}",
        "\n\n [",
        "<html>",
        "\n<html>",
        "",
    ] {
        assert!(!is_pbf(other.as_bytes()), "{other:?}");
    }
    assert!(is_pbf(&page(&[])) && is_pbf(&bytes(2, bytes(1, []))));
}
