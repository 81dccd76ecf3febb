//! Delimited text and GeoJSON that are not what the pipeline says.

use super::{CSV, Case, case, check};

const GEOJSON: &str = "geojson = { path = \"FILE\" }";
const LINES: &str = "geojsonl = { path = \"FILE\" }";
const METRES: &str = "csv = { path = \"FILE\", x = \"LON\", y = \"LAT\", crs = \"EPSG:3857\" }";
const WKT: &str = "csv = { path = \"FILE\", wkt = \"WKT\", crs = \"EPSG:4326\" }";

fn utf_16(text: &str) -> Vec<u8> {
    [0xFEFF]
        .into_iter()
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect()
}

#[test]
fn delimited_text() {
    let row = "ID,NAME,LON,LAT\n1,A,-95,35\n";
    let wide: String = (0..5_000).map(|n| format!("c{n},")).collect();
    let same: String = (0..20).map(|_| "1,A,-95,35\n").collect();
    check(
        |_| (),
        &[
            case(
                "png",
                CSV,
                "a.csv",
                b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0",
                &["binary"],
            ),
            case(
                "gzip",
                CSV,
                "b.csv",
                b"\x1f\x8b\x08\0\0\0\0\0\0\x03abc",
                &["gzip"],
            ),
            case("zip", CSV, "c.csv", b"PK\x03\x04\x14\0\0\0\x08\0", &["zip"]),
            case("utf16", CSV, "d.csv", utf_16(row), &["UTF-16"]),
            case(
                "html",
                CSV,
                "e.csv",
                "<!DOCTYPE html>\n<html><body>Sign in</body></html>",
                &["HTML"],
            ),
            case(
                "json_error",
                CSV,
                "f.csv",
                r#"{"error":{"code":499,"message":"Token Required"}}"#,
                &["JSON"],
            ),
            case(
                "quote",
                CSV,
                "g.csv",
                "ID,NAME,LON,LAT\n1,A,-95,35\n2,\"B",
                &["g.csv, row 3", "quote"],
            ),
            case(
                "degrees",
                METRES,
                "h2.csv",
                row,
                &["EPSG:3857", "±180", "EPSG:4326"],
            ),
            case(
                "delimiter",
                CSV,
                "h.csv",
                row.replace(',', ";"),
                &["LON", "delimiter"],
            ),
            case(
                "no_header",
                CSV,
                "i.csv",
                "1,A,-95,35\n2,B,-95,36\n",
                &["LON", "-95"],
            ),
            case(
                "ragged",
                CSV,
                "j.csv",
                "ID,NAME,LON,LAT\n1,A,B,-95,35\n",
                &["malformed_record 1", "j.csv:2"],
            ),
            case("wide", CSV, "k.csv", format!("{wide}\n"), &["columns"]),
            case(
                "no_keys",
                CSV,
                "l.csv",
                "ID,NAME,LON,LAT\n,A,-95,35\n ,B,-95,35\n",
                &["no_key 2", "l.csv:2"],
            ),
            case(
                "same_key",
                CSV,
                "m.csv",
                format!("ID,NAME,LON,LAT\n{same}"),
                &["duplicate_key 19", "m.csv:3"],
            ),
            case(
                "swapped",
                CSV,
                "n.csv",
                "ID,NAME,LON,LAT\n1,A,35,-95\n",
                &["swapped_coordinates 1"],
            ),
            case("blank", CSV, "o.csv", "\n\n\n", &["empty"]),
            case(
                "wkt",
                WKT,
                "p.csv",
                "ID,WKT\n1,POINT -95 35\n",
                &["impossible_geometry 1", "POINT -95 35"],
            ),
            case(
                "no_wkt",
                WKT,
                "q.csv",
                row,
                &["`WKT`", "`ID`, `NAME`, `LON`, `LAT`"],
            ),
            case(
                "crs",
                "csv = { path = \"FILE\", x = \"LON\", y = \"LAT\", crs = \"EPSG:999999\" }",
                "r.csv",
                row,
                &["EPSG:999999"],
            ),
        ],
    );
}

#[test]
fn geojson() {
    let point =
        r#"{"type":"Feature","properties":{"ID":"1"},"geometry":{"type":"Point","coordinates":[-95,35]}}"#;
    let whole = format!(r#"{{"type":"FeatureCollection","features":[{point}]}}"#);
    let deep = format!(
        r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"ID":{}1{}}},"geometry":null}}]}}"#,
        "[".repeat(500),
        "]".repeat(500)
    );
    let esri = r#"{"objectIdFieldName":"ID","spatialReference":{"wkid":4326},"features":[{"attributes":{"ID":1},"geometry":{"x":-95,"y":35}}]}"#;
    let unknown_crs = whole.replacen(
        '{',
        r#"{"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::999999"}},"#,
        1,
    );
    let linked_crs = whole.replacen(
        '{',
        r#"{"crs":{"type":"link","properties":{"href":"http://example.com/crs"}},"#,
        1,
    );
    let cases: Vec<Case> = vec![
        case(
            "geometry",
            GEOJSON,
            "a.geojson",
            r#"{"type":"Point","coordinates":[-95,35]}"#,
            &["FeatureCollection"],
        ),
        case("feature", GEOJSON, "b.geojson", point, &["FeatureCollection"]),
        case("esri", GEOJSON, "c.geojson", esri, &["Esri JSON"]),
        case(
            "topology",
            GEOJSON,
            "d.geojson",
            r#"{"type":"Topology","objects":{},"arcs":[]}"#,
            &["FeatureCollection"],
        ),
        case(
            "error",
            GEOJSON,
            "e.geojson",
            r#"{"error":{"code":500,"message":"failed"}}"#,
            &["FeatureCollection"],
        ),
        case(
            "none",
            GEOJSON,
            "f.geojson",
            r#"{"type":"FeatureCollection","features":[]}"#,
            &["no rows"],
        ),
        case(
            "object",
            GEOJSON,
            "g.geojson",
            r#"{"type":"FeatureCollection","features":{}}"#,
            &["features"],
        ),
        case(
            "deep",
            GEOJSON,
            "h.geojson",
            deep,
            &["malformed_record 1", "h.geojson:1"],
        ),
        case(
            "twice",
            GEOJSON,
            "i.geojson",
            format!("{whole}{whole}"),
            &["i.geojson"],
        ),
        case(
            "csv",
            GEOJSON,
            "j.geojson",
            "ID,NAME,LON,LAT\n1,A,-95,35\n",
            &["GeoJSON"],
        ),
        case(
            "null_crs",
            GEOJSON,
            "k.geojson",
            whole.replacen('{', r#"{"crs":null,"#, 1),
            &["crs"],
        ),
        case("odd_crs", GEOJSON, "l.geojson", unknown_crs, &["EPSG:999999"]),
        case("linked_crs", GEOJSON, "m.geojson", linked_crs, &["crs"]),
        case(
            "pretty",
            LINES,
            "n.geojsonl",
            whole.replace('{', "{\n"),
            &["line"],
        ),
        case(
            "binary_lines",
            LINES,
            "o.geojsonl",
            b"\x00\x01\x02\x03\xff\xfe",
            &["o.geojsonl"],
        ),
        case("text", GEOJSON, "p.geojson", "null", &["FeatureCollection"]),
    ];
    check(|_| (), &cases);
}
