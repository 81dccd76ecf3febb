//! `source.http`: the program fetches files from servers on loopback.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use cikr::feature::LayerStatus;
use serde_json::json;

use crate::loopback::{Reply, Server};
use crate::program::{Ended, Folder, ROOT, ended, tiles};

/// Rows enough for several pieces of a body.
pub(crate) fn csv() -> Vec<u8> {
    let rows: String = (0..6_000)
        .map(|n| format!("{n},name {n},48001,{n},-95.5,{}\n", 31.0 + f64::from(n) / 1e3))
        .collect();
    format!("ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n{rows}").into_bytes()
}

pub(crate) fn folder(url: &str, more: &str) -> Folder {
    let folder = Folder::new();
    folder.schema("points", "point", "");
    folder.pipeline(&format!(
        "[[layer]]\nid = \"points\"\nsource.http = {{ url = \"{url}\", csv = {{ x = \"LON\", y = \"LAT\" }}, crs = \"EPSG:4326\"{more} }}\n"
    ));
    folder
}

/// The landed file of the layer.
pub(crate) fn landed(folder: &Folder) -> Option<Vec<u8>> {
    let files = fs::read_dir(folder.path().join("store/landing/points"))
        .ok()?
        .flatten();
    let mut csv = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|e| e == "csv"));
    csv.next().map(|path| fs::read(path).unwrap())
}

#[test]
fn a_file_is_fetched_once_while_it_is_unchanged() {
    let body = csv();
    let bytes = body.clone();
    let server = Server::start(move |request| Reply::file(request, "text/csv", &bytes, "\"v1\""));
    let folder = folder(&server.url("/points.csv"), "");
    let report = folder.run().code(0);
    assert_eq!(report.layer("points").rows_read, 6_000);
    assert_eq!(landed(&folder).unwrap(), body);
    server.forget();
    folder.run().code(0);
    let [request] = server.requests().try_into().unwrap();
    assert_eq!(
        request.header("If-None-Match"),
        Some("\"v1\""),
        "no body comes again"
    );
}

/// The connection is cut in the first answers; the rest is asked for, and nothing twice.
#[test]
fn a_download_goes_on_where_it_broke_off() {
    let body = csv();
    let bytes = body.clone();
    let server = Server::start(move |request| {
        let reply = Reply::file(request, "text/csv", &bytes, "\"v1\"");
        if request.number <= 2 {
            reply.cut(70_000)
        } else {
            reply
        }
    });
    let folder = folder(&server.url("/points.csv"), "");
    folder.run().code(0);
    assert_eq!(landed(&folder).unwrap(), body);
    let requests = server.requests();
    assert_eq!(requests.len(), 3, "{requests:?}");
    let from = |at: usize| -> usize {
        let range = requests[at].header("Range").unwrap();
        range
            .strip_prefix("bytes=")
            .unwrap()
            .trim_end_matches('-')
            .parse()
            .unwrap()
    };
    assert!(
        requests[0].header("Range").is_none() && from(1) > 0 && from(2) > from(1),
        "{requests:?}"
    );
    assert_eq!(requests[1].header("If-Range"), Some("\"v1\""));
}

/// A server that knows no ranges and cuts the first answers off: each begins anew, and nothing is joined.
#[test]
fn a_server_without_ranges_is_asked_for_the_whole_file_again() {
    let body = csv();
    let bytes = body.clone();
    let server = Server::start(move |request| {
        let reply = Reply::bytes("text/csv", bytes.clone()).header("ETag", "\"v1\"");
        if request.number <= 2 {
            reply.cut(70_000)
        } else {
            reply
        }
    });
    let folder = folder(&server.url("/points.csv"), "");
    folder.run().code(0);
    assert_eq!(landed(&folder).unwrap(), body);
    assert_eq!(server.requests().len(), 3);
}

/// Every kind of file: behind a server it gives the tiles that it gives here.
#[test]
fn every_kind_of_file_is_read_as_if_it_were_here() {
    let line = |n: u32| {
        format!(
            "{{\"type\":\"Feature\",\"properties\":{{\"ID\":\"{n}\",\"NAME\":\"n{n}\"}},\"geometry\":{{\"type\":\"Point\",\"coordinates\":[-95.5,{}]}}}}",
            31 + n
        )
    };
    let features = [line(1), line(2), line(3)];
    let collection = format!(
        "{{\"type\":\"FeatureCollection\",\"features\":[{}]}}",
        features.join(",")
    );
    let repository = |path: &str| fs::read(Path::new(ROOT).join(path)).unwrap();
    let cases = [
        (
            "points.csv",
            csv(),
            "point",
            "csv",
            "x = \"LON\", y = \"LAT\"",
            ", crs = \"EPSG:4326\"",
        ),
        ("a.geojson", collection.into_bytes(), "point", "geojson", "", ""),
        (
            "a.geojsonl",
            features.join("\n").into_bytes(),
            "point",
            "geojsonl",
            "",
            "",
        ),
        (
            "lines.zip",
            repository("sample-data/transmission_lines.zip"),
            "line",
            "ogr",
            "",
            "",
        ),
        (
            "stations.gdb.zip",
            repository("sample-data/substations.gdb.zip"),
            "point",
            "ogr",
            "",
            "",
        ),
        (
            "a.parquet",
            repository("tests/fixtures/parquet/pandas_1_1.parquet"),
            "point",
            "parquet",
            "",
            "",
        ),
        (
            "sites.xlsx",
            repository("tests/fixtures/xlsx/openpyxl.xlsx"),
            "point",
            "xlsx",
            "x = \"LON\", y = \"LAT\", header-row = 3",
            ", crs = \"EPSG:4326\"",
        ),
    ];
    for (name, bytes, geometry, kind, keys, crs) in cases {
        let body = bytes.clone();
        let server = Server::start(move |_| Reply::bytes("application/octet-stream", body.clone()));
        let comma = if keys.is_empty() { "" } else { ", " };
        let here = format!("{kind} = {{ path = \"{name}\"{comma}{keys}{crs} }}");
        let there = format!(
            "http = {{ url = \"{}\", {kind} = {{ {keys} }}{crs} }}",
            server.url(&format!("/{name}"))
        );
        let [here, there] = [here, there].map(|source| {
            let folder = Folder::new();
            folder.schema("points", geometry, "").write(name, &bytes);
            folder.pipeline(&format!("[[layer]]\nid = \"points\"\nsource.{source}\n"));
            let layer = folder.run().code(0).layer("points");
            assert!(layer.rows_written > 0, "{name}: {:?}", layer.rejects_by_reason);
            let tiles = tiles(&folder.latest().join("layers/points"));
            tiles
                .iter()
                .map(|tile| fs::read(tile).unwrap())
                .collect::<Vec<_>>()
        });
        assert!(here == there, "{name} gives other tiles from its server");
    }
}

/// The file changes between the two halves: the old half must not stay.
#[test]
fn halves_of_two_versions_are_not_joined() {
    let body = csv();
    let (old, new) = (body.to_ascii_uppercase(), body.clone());
    let server = Server::start(move |request| match request.number {
        1 => Reply::file(request, "text/csv", &old, "\"v1\"").cut(70_000),
        _ => Reply::file(request, "text/csv", &new, "\"v2\""),
    });
    let folder = folder(&server.url("/points.csv"), "");
    folder.run().code(0);
    assert_eq!(landed(&folder).unwrap(), body);
}

#[test]
fn what_is_no_file_does_not_land() {
    let cases = [
        (
            Reply::html(200, "<!DOCTYPE html><title>Down for maintenance</title>"),
            "a web page",
        ),
        (
            Reply::json(&json!({"error": {"code": 499, "message": "Token Required"}})),
            "a demand for",
        ),
        (
            Reply::json(&json!({"status": "ExportFailed"})),
            "an export with the status `ExportFailed`",
        ),
        (Reply::json(&json!({"rows": []})), "JSON"),
        (Reply::bytes("text/csv", Vec::new()), "nothing"),
        (
            Reply::bytes("application/zip", b"PK\x03\x04zip".to_vec()),
            "a zip archive",
        ),
    ];
    for (reply, found) in cases {
        let server = Server::script([reply]);
        let folder = folder(&server.url("/points.csv"), "");
        let ended = folder.run().code(4);
        assert!(
            ended
                .stderr
                .contains(&format!("holds no delimited text but {found}")),
            "{}",
            ended.stderr
        );
        assert_eq!(landed(&folder), None);
    }
}

/// The last good copy stays in use, and the report says why.
#[test]
fn a_file_that_turns_into_a_page_leaves_the_last_good_one() {
    let body = csv();
    let turned = AtomicUsize::new(0);
    let server = Server::start(move |_| match turned.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::bytes("text/csv", body.clone()),
        _ => Reply::html(200, "<html>gone</html>"),
    });
    let folder = folder(&server.url("/points.csv"), "");
    let local = "[[layer]]\nid = \"local\"\nschema = \"points\"\nsource.csv = { path = \"local.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }\n";
    let pipeline = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder
        .write("local.csv", csv())
        .write("pipeline.toml", pipeline + local);
    folder.run().code(0);
    let layer = folder.run().code(5).layer("points");
    assert_eq!(layer.status(), LayerStatus::Carried);
    assert!(layer.reason().unwrap().contains("a web page"));
}

#[test]
fn a_declared_digest_is_kept_to() {
    let server = Server::script([Reply::bytes("text/csv", csv())]);
    let wrong = folder(
        &server.url("/points.csv"),
        &format!(", sha256 = \"{}\"", "0".repeat(64)),
    );
    let ended = wrong.run().code(4);
    assert!(
        ended.stderr.contains("not the declared 00000"),
        "{}",
        ended.stderr
    );
    assert_eq!(landed(&wrong), None);
    let found = ended.stderr.split("has the SHA-256 ").nth(1).unwrap()[..64].to_owned();
    let right = folder(&server.url("/points.csv"), &format!(", sha256 = \"{found}\""));
    right.run().code(0);
    server.forget();
    right.run().code(0);
    assert!(server.requests().is_empty(), "what is held is what was declared");
}

#[test]
fn a_file_has_its_largest_size() {
    let server = Server::script([Reply::bytes("text/csv", csv()).endless()]);
    let folder = folder(&server.url("/points.csv"), ", max-bytes = \"1 MiB\"");
    let ended = folder.run().code(4);
    assert!(
        ended.stderr.contains("larger than the 1048576 bytes allowed"),
        "{}",
        ended.stderr
    );
}

/// As the exports of a portal: asked for, prepared, and then somewhere else.
#[test]
fn an_export_is_waited_for() {
    let body = csv();
    let bytes = body.clone();
    let server = Server::start(move |request| match (request.path.as_str(), request.number) {
        ("/export", 1) => {
            let mut reply = Reply::json(&json!({"status": "Pending"}));
            reply.status = 202;
            reply
        }
        ("/export", 2) => Reply::json(&json!({"status": "ExportingData"})),
        ("/export", _) => Reply::json(&json!({"status": "Completed", "resultUrl": "/done/points.csv"})),
        _ => Reply::bytes("text/csv", bytes.clone()),
    });
    let folder = folder(&server.url("/export"), "");
    folder.run().code(0);
    assert_eq!(landed(&folder).unwrap(), body);
    assert_eq!(server.requests().last().unwrap().path, "/done/points.csv");
}

/// Exports of a portal go stale, fail and vanish: the last good copy stays.
#[test]
fn an_export_that_is_stale_or_gone_leaves_the_last_good_one() {
    let (body, night) = (csv(), std::sync::Arc::new(AtomicUsize::new(0)));
    let (bytes, asked) = (body.clone(), std::sync::Arc::clone(&night));
    let server = Server::start(move |_| {
        let of = |day: u32, bytes: &[u8]| {
            let date = format!(
                "{}, {day:02} Jan 2026 04:00:00 GMT",
                ["Thu", "Fri", "Sat"][day as usize - 1]
            );
            Reply::bytes("text/csv", bytes).header("Last-Modified", &date)
        };
        match asked.load(Ordering::SeqCst) {
            0 => of(2, &bytes),
            1 => of(1, b"ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n1,stale,48001,1,-95.5,31\n"),
            2 => Reply::html(404, "Export not found"),
            3 => Reply::json(&json!({"status": "ExportFailed", "errors": []})),
            _ => of(3, &bytes),
        }
    });
    let folder = folder(&server.url("/datasets/4a_0.csv"), "");
    folder.cikr(&["fetch", "pipeline.toml"]).code(0);
    for (at, told) in [
        (
            1,
            "is of Thu, 01 Jan 2026 04:00:00 GMT, older than the copy of Fri, 02 Jan",
        ),
        (2, "404"),
        (3, "ExportFailed"),
    ] {
        night.store(at, Ordering::SeqCst);
        let ended = folder.cikr(&["fetch", "pipeline.toml"]).code(4);
        assert!(ended.stdout.contains(told), "{at}: {}", ended.stdout);
        assert_eq!(landed(&folder).unwrap(), body);
    }
    night.store(4, Ordering::SeqCst);
    folder.cikr(&["fetch", "pipeline.toml"]).code(0);
}

/// Law 7 over HTTP: a server that repeats what it was sent, and all that the program says and writes.
#[test]
fn credentials_appear_nowhere() {
    let (key, password) = ("k3y-in-path", "p4ssw0rd-9f");
    let body = csv();
    let server = Server::start(move |request| match request.number {
        1 | 2 => Reply::bytes("text/csv", body.clone()).header("ETag", "\"k3y-in-path\""),
        _ => Reply::html(403, &format!("{} {:?}", request.path, request.headers)),
    });
    let auth = ", auth = { basic = { user = \"CIKR_TEST_USER\", password = \"CIKR_TEST_PASSWORD\" } }";
    let folder = folder(&server.url("/${CIKR_TEST_KEY}/points.csv"), auth);
    let cikr = |args: &[&str]| -> Ended {
        ended(
            &Command::new(env!("CARGO_BIN_EXE_cikr"))
                .args(args)
                .current_dir(folder.path())
                .env("CIKR_TEST_KEY", key)
                .env("CIKR_TEST_USER", "us3r-n4me")
                .env("CIKR_TEST_PASSWORD", password)
                .output()
                .unwrap(),
        )
    };
    let mut said = String::new();
    for (args, code) in [
        (&["check", "pipeline.toml"][..], 0),
        (&["plan", "pipeline.toml", "--format", "json"], 0),
        (&["run", "pipeline.toml", "-vv"], 0),
        (&["run", "pipeline.toml", "-vv"], 0),
        (&["run", "pipeline.toml", "-vv"], 4),
    ] {
        let ended = cikr(args).code(code);
        said += &(ended.stdout + &ended.stderr);
    }
    assert!(said.contains("${CIKR_TEST_KEY}/points.csv"), "{said}");
    let secrets = [key, password, "us3r-n4me", "dXMzci1uNG1lOnA0c3N3MHJkLTlm"];
    for secret in secrets {
        assert!(!said.contains(secret), "`{secret}` is shown:\n{said}");
    }
    let mut folders = vec![folder.path().join("store")];
    let mut leaks: Vec<PathBuf> = Vec::new();
    while let Some(entry) = folders.pop() {
        for entry in fs::read_dir(entry).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                let has = |secret: &&str| {
                    bytes
                        .windows(secret.len())
                        .any(|window| window == secret.as_bytes())
                };
                leaks.extend(secrets.iter().any(has).then_some(path));
            }
        }
    }
    assert!(leaks.is_empty(), "secrets stand in {leaks:?}");
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.header("Authorization").is_some())
    );

    let unset = folder.cikr(&["check", "pipeline.toml"]).code(3);
    assert!(
        unset.stderr.contains("there is no variable `CIKR_TEST_PASSWORD`"),
        "{}",
        unset.stderr
    );
}
