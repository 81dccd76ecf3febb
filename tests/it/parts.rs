//! Answers that say of themselves that they are a part: never published, wherever they say it.

use crate::loopback::{Reply, Server};
use crate::program::{Folder, by_id};

const FEATURES: &str = r#"{"type":"Feature","properties":{"ID":"1","NAME":"A"},"geometry":{"type":"Point","coordinates":[-95,35]}},
{"type":"Feature","properties":{"ID":"2","NAME":"B"},"geometry":{"type":"Point","coordinates":[-95,36]}}"#;

fn folder(before: &str, after: &str) -> Folder {
    let folder = Folder::new();
    folder.schema("points", "point", "");
    folder.write(
        "points.geojson",
        format!(r#"{{"type":"FeatureCollection",{before}"features":[{FEATURES}]{after}}}"#),
    );
    folder.pipeline("[[layer]]\nid = \"points\"\nsource.geojson = { path = \"points.geojson\" }\n");
    folder
}

#[test]
fn a_part_by_its_own_word_fails_its_layer() {
    for member in [
        r#""exceededTransferLimit":true"#,
        r#""properties":{"exceededTransferLimit":true}"#,
        r#""numberMatched":9500,"numberReturned":2"#,
        r#""totalFeatures":9500"#,
        r#""links":[{"rel":"self","href":"https://example.org/1"},{"rel":"next","href":"https://example.org/2"}]"#,
        r#""next":"https://example.org/2""#,
    ] {
        for (before, after) in [
            (format!("{member},"), String::new()),
            (String::new(), format!(",{member}")),
        ] {
            let folder = folder(&before, &after);
            folder
                .run()
                .code(4)
                .says("points.geojson is a part by its own word")
                .says("source.arcgis");
        }
    }
}

/// The page of a server that says no more than the first of its rows, as a map's link gives it.
#[test]
fn a_part_behind_http_fails_its_layer_too() {
    let body = format!(
        r#"{{"type":"FeatureCollection","features":[{FEATURES}],"properties":{{"exceededTransferLimit":true}}}}"#
    );
    let server =
        Server::start(move |request| Reply::file(request, "application/geo+json", body.as_bytes(), "\"v1\""));
    let folder = Folder::new();
    folder.schema("points", "point", "");
    folder.pipeline(&format!(
        "[[layer]]\nid = \"points\"\nsource.http = {{ url = \"{}\", geojson = {{}} }}\n",
        server.url("/points.geojson")
    ));
    folder
        .run()
        .code(4)
        .says("is a part by its own word")
        .says("source.arcgis");
}

/// As of interfaces that page whatever the format is.
#[test]
fn a_page_that_names_the_next_in_its_head_is_no_file() {
    let linked = |link: &'static str| {
        let server = Server::start(move |request| {
            let csv = "ID,NAME,LON,LAT\n1,A,-95,35\n2,B,-95,36\n";
            Reply::file(request, "text/csv", csv.as_bytes(), "\"v1\"").header("Link", link)
        });
        let folder = Folder::new();
        folder.schema("points", "point", "");
        folder.pipeline(&format!(
            "[[layer]]\nid = \"points\"\nsource.http = {{ url = \"{}\", csv = {{ x = \"LON\", y = \"LAT\" }}, crs = \"EPSG:4326\" }}\n",
            server.url("/points.csv")
        ));
        folder.run()
    };
    for part in [
        "<https://example.org/2>; rel=\"next\"",
        "</0>; rel=\"first\", </2>; rel=next",
    ] {
        linked(part)
            .code(4)
            .says("holds no delimited text but a page, whose `Link` header names the next");
    }
    linked("</style.css>; rel=preload, </1>; rel=\"prev\"").code(0);
}

#[test]
fn a_whole_that_says_so_is_published() {
    for member in [
        r#""exceededTransferLimit":false"#,
        r#""numberMatched":2,"totalFeatures":2"#,
        r#""totalFeatures":"unknown""#,
    ] {
        let folder = folder(&format!("{member},"), "");
        assert_eq!(folder.run().code(0).layer("points").rows_written, 2, "{member}");
    }
}

/// As Python writes what JSON has no number for.
#[test]
fn numbers_that_are_none_are_null_and_counted() {
    let folder = folder("", "");
    let file = format!(
        r#"{{"type":"FeatureCollection","features":[{}]}}"#,
        FEATURES
            .replace(r#""NAME":"A""#, r#""NAME":NaN"#)
            .replace(r#""ID":"2""#, r#""ID":-Infinity"#)
    );
    folder.write("points.geojson", file);
    let ended = folder.run().code(0);
    let layer = ended.layer("points");
    assert_eq!(
        (layer.repairs.not_numbers, layer.rejects_by_reason.get("no_key")),
        (2, Some(&1))
    );
    let names = by_id(&folder.latest().join("layers/points"), "name");
    assert_eq!(
        names.into_iter().collect::<Vec<_>>(),
        [("points:1".to_owned(), None)]
    );
    // A height that is none, and one among several values.
    let file = format!(
        r#"{{"type":"FeatureCollection","features":[{}]}}"#,
        FEATURES
            .replace("[-95,35]", "[-95,35,NaN]")
            .replace(r#""B""#, r#"["B",NaN]"#)
    );
    folder.write("points.geojson", file);
    assert_eq!(folder.run().code(0).layer("points").rows_written, 2);
    let names = by_id(&folder.latest().join("layers/points"), "name");
    assert_eq!(names["points:2"].as_deref(), Some(r#"["B",null]"#));
}
