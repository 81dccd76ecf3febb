//! Published files: whole, in parts, under conditions; and no other file.

use std::fs;
use std::os::unix::fs::symlink;

use super::http::Served;
use super::{served, shared};
use crate::query::released;

#[test]
fn every_file_of_the_manifest_is_served_as_it_lies() {
    let (folder, served) = shared();
    let latest = folder.latest();
    let id = latest.file_name().unwrap().to_str().unwrap();
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(latest.join("manifest.json")).unwrap()).unwrap();
    let files = manifest["files"].as_array().unwrap();
    assert!(files.len() > 30);
    for file in files {
        let path = file["path"].as_str().unwrap();
        let reply = served.get(&format!("/releases/{id}/{path}"));
        assert_eq!(reply.status, 200, "{path}");
        assert!(reply.body == fs::read(latest.join(path)).unwrap(), "{path}");
        assert_eq!(
            reply.header("etag").unwrap().trim_matches('"'),
            file["sha256"],
            "{path}"
        );
        assert!(reply.header("cache-control").unwrap().contains("immutable"));
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    }
    let of_latest = served.get("/latest/manifest.json");
    assert!(of_latest.body == fs::read(latest.join("manifest.json")).unwrap());
    assert_eq!(of_latest.header("cache-control"), Some("no-cache"));
    for record in [
        "latest.json",
        "history.json",
        "feed.xml",
        &format!("releases/{id}.json"),
    ] {
        let reply = served.get(&format!("/{record}"));
        assert!(
            reply.body == fs::read(folder.path().join("store/public").join(record)).unwrap(),
            "{record}"
        );
        assert_eq!(reply.header("cache-control"), Some("no-cache"));
    }
}

#[test]
fn types_are_those_of_the_registry() {
    let served = served();
    for (path, expected) in [
        ("/latest/items.parquet", None),
        (
            "/latest/layers/points/items.parquet",
            Some("application/vnd.apache.parquet"),
        ),
        ("/latest/layers/points/collection.json", Some("application/json")),
        ("/latest/README.md", Some("text/markdown; charset=utf-8")),
        ("/latest/report.html", Some("text/html; charset=utf-8")),
        ("/feed.xml", Some("application/atom+xml")),
    ] {
        let reply = served.get(path);
        assert_eq!(reply.status, if expected.is_some() { 200 } else { 404 }, "{path}");
        if let Some(expected) = expected {
            assert_eq!(reply.header("content-type"), Some(expected), "{path}");
        }
    }
}

#[test]
fn parts_and_conditions_are_answered_as_rfc_9110_says() {
    let served = served();
    let path = "/latest/layers/points/items.parquet";
    let whole = served.get(path);
    let length = whole.body.len();
    let etag = whole.header("etag").unwrap().to_owned();
    assert_eq!(whole.header("accept-ranges"), Some("bytes"));
    let ranges: [(&str, u16, std::ops::Range<usize>); 9] = [
        ("bytes=0-3", 206, 0..4),
        ("bytes=4-", 206, 4..length),
        ("bytes=-8", 206, length - 8..length),
        ("bytes=0-999999999", 206, 0..length),
        ("bytes=999999999-", 416, 0..0),
        ("bytes=-0", 416, 0..0),
        ("bytes=0-1,4-5", 200, 0..length),
        ("bytes=5-1", 200, 0..length),
        ("lines=0-1", 200, 0..length),
    ];
    for (range, status, part) in ranges {
        let reply = served.ask(path, &[&format!("Range: {range}")]);
        assert_eq!(reply.status, status, "{range}");
        match status {
            206 => {
                let told = format!("bytes {}-{}/{length}", part.start, part.end - 1);
                assert_eq!(reply.header("content-range"), Some(told.as_str()));
            }
            416 => assert_eq!(
                reply.header("content-range"),
                Some(format!("bytes */{length}").as_str())
            ),
            _ => assert_eq!(reply.header("content-range"), None),
        }
        if status != 416 {
            assert!(reply.body == whole.body[part], "{range}");
        }
    }
    let same = served.ask(path, &[&format!("If-None-Match: \"x\", {etag}")]);
    assert_eq!((same.status, same.body.len()), (304, 0));
    assert_eq!(same.header("etag"), Some(etag.as_str()));
    assert_eq!(served.ask(path, &["If-None-Match: \"x\""]).status, 200);
    assert_eq!(
        served
            .ask(path, &["Range: bytes=0-3", &format!("If-Range: {etag}")])
            .status,
        206
    );
    assert_eq!(
        served.ask(path, &["Range: bytes=0-3", "If-Range: \"x\""]).status,
        200
    );
    let head = served.send("HEAD", path, &["Range: bytes=0-3"], b"");
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some(length.to_string().as_str()));
}

#[test]
fn pages_of_other_origins_may_ask() {
    let reply = served().send(
        "OPTIONS",
        "/latest/catalog.json",
        &[
            "Origin: https://maps.example",
            "Access-Control-Request-Method: GET",
            "Access-Control-Request-Headers: range",
        ],
        b"",
    );
    assert_eq!(reply.status, 204);
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    assert!(
        reply
            .header("access-control-allow-headers")
            .unwrap()
            .contains("range")
    );
    assert!(
        reply
            .header("access-control-allow-methods")
            .unwrap()
            .contains("GET")
    );
    let exposed = served().get("/latest/catalog.json");
    assert!(
        exposed
            .header("access-control-expose-headers")
            .unwrap()
            .contains("content-range")
    );
}

#[test]
fn what_is_no_published_file_is_not_reached() {
    let folder = released();
    let latest = folder.latest();
    let id = latest.file_name().unwrap().to_str().unwrap().to_owned();
    folder.write("secret", "private");
    fs::write(latest.join("stray.txt"), "private").unwrap();
    fs::write(folder.path().join("store/public/stray.txt"), "private").unwrap();
    // A listed file, and a folder on the way to one, that became links.
    let listed = latest.join("README.md");
    fs::remove_file(&listed).unwrap();
    symlink(folder.path().join("secret"), &listed).unwrap();
    let data = latest.join("layers/areas/data");
    fs::rename(&data, folder.path().join("moved")).unwrap();
    symlink(folder.path().join("moved"), &data).unwrap();
    // And one that has another length than it was published with.
    fs::write(latest.join("urls.txt"), "short").unwrap();
    let served = Served::start(folder.path(), &[]);
    let unreached = [
        format!("/releases/{id}/stray.txt"),
        "/stray.txt".to_owned(),
        "/latest/README.md".to_owned(),
        format!("/releases/{id}/README.md"),
        "/latest/layers/areas/data/region=R06/part-000.parquet".to_owned(),
        "/latest/urls.txt".to_owned(),
        "/latest/../../secret".to_owned(),
        "/latest/%2e%2e/%2e%2e/secret".to_owned(),
        "/latest/..%2f..%2fsecret".to_owned(),
        "/latest//etc/passwd".to_owned(),
        "/latest/layers/points/data".to_owned(),
        "/latest/layers/points/data/".to_owned(),
        format!("/releases/{id}"),
        "/releases/".to_owned(),
        "/landing/points/held.json".to_owned(),
        "/pointed.json".to_owned(),
        "/log/x.log".to_owned(),
    ];
    for path in unreached {
        let reply = served.get(&path);
        assert!(
            reply.status == 404 || reply.status == 500,
            "{path}: {}",
            reply.status
        );
        assert!(!reply.text().contains("private"), "{path}");
    }
}
