//! What can't be known of a source's rows is told in the release: in `report.json`, `report.html` and `README.md`, and on
//! the nights on which the layer is linked or carried.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::loopback::{Reply, Request, Server};
use crate::program::{Folder, ROOT};

/// Three rows without object ids, two of them the same; later, nothing.
fn service(request: &Request) -> Reply {
    let row = |name: &str, x: f64| json!({"attributes": {"ID": name, "NAME": name, "COUNTYFIPS": "48001", "BEDS": 1}, "geometry": {"x": x, "y": 35}});
    let rows = [row("a", -95.0), row("b", -96.0), row("b", -96.0)];
    let fields =
        ["ID", "NAME", "COUNTYFIPS", "BEDS"].map(|name| json!({"name": name, "type": "esriFieldTypeString"}));
    let at = request.number_of("resultOffset").unwrap_or(0).min(3);
    Reply::json(&match () {
        () if !request.path.ends_with("/query") => json!({"type": "Feature Layer", "fields": fields,
            "geometryType": "esriGeometryPoint", "maxRecordCount": 10, "extent": {"spatialReference": {"wkid": 4326}}}),
        () if request.is("returnCountOnly") => json!({"count": 3}),
        () if request.is("returnIdsOnly") => json!({"error": {"code": 400, "message": "no"}}),
        () => {
            json!({"geometryType": "esriGeometryPoint", "spatialReference": {"wkid": 4326}, "fields": fields,
            "features": rows[at..]})
        }
    })
}

const TOLD: &str = "1 rows are the same as others in two pulls";

#[track_caller]
fn is_told(folder: &Folder, doubt: &str) {
    let release = folder.latest();
    let report: Value = serde_json::from_slice(&fs::read(release.join("report.json")).unwrap()).unwrap();
    assert!(
        report["layers"][0]["doubts"][0]
            .as_str()
            .unwrap_or_default()
            .contains(doubt),
        "{report:#}"
    );
    for file in ["README.md", "report.html"] {
        let text = fs::read_to_string(release.join(file)).unwrap();
        assert!(text.contains("Doubts") && text.contains(doubt), "{file}:\n{text}");
    }
}

#[test]
fn rows_that_can_not_be_told_apart_are_told_of_and_stay_so() {
    let up = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let is_up = std::sync::Arc::clone(&up);
    let server = Server::start(move |request| {
        if is_up.load(std::sync::atomic::Ordering::SeqCst) {
            service(request)
        } else {
            Reply::status(404)
        }
    });
    let folder = Folder::new();
    folder.schema("points", "point", "");
    let url = server.url("/FeatureServer/0");
    let good = "[[layer]]\nid = \"good\"\nschema = \"points\"\nsource.csv = { path = \"g.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }\n";
    folder.write("g.csv", "ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n1,A,48001,1,-95,35\n");
    folder.pipeline(&format!(
        "[[layer]]\nid = \"points\"\nsource.arcgis = {{ url = \"{url}\" }}\n{good}"
    ));
    folder.run().code(0);
    is_told(&folder, TOLD);
    folder.run().code(0);
    is_told(&folder, TOLD);
    up.store(false, std::sync::atomic::Ordering::SeqCst);
    folder.run().code(5);
    is_told(&folder, TOLD);
    assert!(
        fs::read_to_string(folder.latest().join("README.md"))
            .unwrap()
            .contains("is carried from")
    );
}

/// A GeoPackage whose header says that a log belongs to it.
fn database() -> Vec<u8> {
    let mut bytes = fs::read(Path::new(ROOT).join("sample-data/service_territories.gpkg")).unwrap();
    bytes[18..20].copy_from_slice(&[2, 2]);
    bytes
}

/// A log of one page.
fn log() -> Vec<u8> {
    let mut bytes = 0x377f_0682_u32.to_be_bytes().to_vec();
    bytes.resize(32 + 24 + 4096, 0);
    bytes
}

fn fetched(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> (Folder, Server) {
    let server = Server::start(move |request| {
        if request.path.ends_with("-wal") {
            answer(request)
        } else {
            Reply::bytes("application/x-sqlite3", database())
        }
    });
    let folder = Folder::new();
    folder.schema("areas", "polygon", "");
    folder.pipeline(&format!(
        "[[layer]]\nid = \"areas\"\nsource.http = {{ url = \"{}\", ogr = {{}} }}\n",
        server.url("/a.gpkg?v=1")
    ));
    (folder, server)
}

#[test]
fn a_database_is_not_taken_without_its_log() {
    let (folder, server) = fetched(|_| Reply::bytes("application/octet-stream", log()));
    let told = folder.cikr(&["fetch", "pipeline.toml", "--format", "json"]);
    assert!(
        told.stdout.contains("PRAGMA wal_checkpoint(TRUNCATE)"),
        "{}\n{}",
        told.stdout,
        told.stderr
    );
    assert!(
        server
            .requests()
            .iter()
            .any(|request| request.path == "/a.gpkg-wal" && request.get("v") == Some("1"))
    );
    assert!(!folder.path().join("store/landing/areas/held.json").exists());

    for answer in [
        Reply::html(404, "no"),
        Reply::html(200, "sorry"),
        Reply::bytes("text/plain", ""),
    ] {
        let (folder, _server) = fetched(move |_| answer.clone());
        folder.cikr(&["fetch", "pipeline.toml"]);
        let held = fs::read_to_string(folder.path().join("store/landing/areas/held.json")).unwrap();
        assert!(
            held.contains("is in WAL mode and its server gives no `-wal` file"),
            "{held}"
        );
    }
}
