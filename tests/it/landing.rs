//! `cikr fetch` and `cikr landing`: sources landed alone, listed, and pruned by rule.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::loopback::arcgis::{ArcGis, Layer};
use crate::loopback::{Reply, Request, Server};
use crate::program::{Ended, Folder, POINTS_LAYER, ROOT, ended, tiles};

const ROWS: &str = "1,A,48001,5,-95,35\n2,B,01001,6,-85,36\n";

fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap()
}

fn statuses(ended: &Ended) -> Vec<String> {
    let value = json(ended);
    let sources = [&value["jurisdictions"], &value["layers"]];
    let sources = sources
        .into_iter()
        .flat_map(|sources| sources.as_array().unwrap());
    sources
        .map(|source| source["status"].as_str().unwrap().to_owned())
        .collect()
}

fn fetch(folder: &Folder) -> Ended {
    folder.cikr(&["fetch", "pipeline.toml", "--format", "json"])
}

fn copies(folder: &Folder, more: &[&str]) -> Vec<Value> {
    let ended = folder
        .cikr(&[&["landing", "pipeline.toml", "--format", "json"][..], more].concat())
        .code(0);
    let value = json(&ended);
    let copies = if more.is_empty() { &value } else { &value["pruned"] };
    copies.as_array().unwrap().clone()
}

fn of_points(copies: &[Value]) -> usize {
    copies.iter().filter(|copy| copy["id"] == "points").count()
}

#[test]
fn fetch_lands_every_source_and_makes_no_release() {
    let folder = Folder::new();
    folder.points(ROWS);
    assert_eq!(statuses(&fetch(&folder).code(0)), ["new"; 3]);
    assert!(!folder.path().join("store/public/latest.json").exists());
    let second = folder.cikr(&["fetch", "pipeline.toml"]).code(0).stdout;
    assert!(second.contains("0 new, 3 unchanged, 0 failed"), "{second}");
    fs::remove_file(folder.path().join("points.csv")).unwrap();
    let landed = folder
        .cikr(&["run", "pipeline.toml", "--offline", "--format", "json"])
        .code(0);
    assert_eq!(landed.layer("points").rows_written, 2);
}

/// As QGIS leaves it while it is open: the last changes are in a file beside the database, and a copy would lack them.
#[test]
fn a_database_that_is_not_closed_is_not_copied() {
    let folder = Folder::new();
    let sample = Path::new(ROOT).join("sample-data/service_territories.gpkg");
    let python = |program: &str| {
        let ran = Command::new("python3")
            .args(["-c", program])
            .current_dir(folder.path())
            .status()
            .unwrap();
        assert!(ran.success(), "{program}");
    };
    folder
        .schema("areas", "polygon", "")
        .write("a.gpkg", fs::read(sample).unwrap());
    folder.pipeline("[[layer]]\nid = \"areas\"\nsource.ogr = { path = \"a.gpkg\" }\n");
    // An exit without a close, as a kill makes it.
    python(
        "import os, sqlite3; c = sqlite3.connect('a.gpkg'); c.execute('PRAGMA journal_mode = wal'); \
         c.execute('CREATE TABLE further (x)'); c.commit(); os._exit(0)",
    );
    let ended = fetch(&folder).code(4);
    let told = json(&ended)["layers"][0]["reason"].as_str().unwrap().to_owned();
    assert!(
        told.contains("a.gpkg-wal") && told.contains("PRAGMA wal_checkpoint(TRUNCATE)"),
        "{told}"
    );
    python(
        "import zipfile; z = zipfile.ZipFile('a.zip', 'w'); z.write('a.gpkg'); z.write('a.gpkg-wal'); z.close()",
    );
    folder.pipeline("[[layer]]\nid = \"areas\"\nsource.ogr = { path = \"a.zip\" }\n");
    let ended = folder.cikr(&["run", "pipeline.toml"]).code(4);
    assert!(
        ended.stderr.contains("`a.gpkg` was packed while it was open"),
        "{}",
        ended.stderr
    );
    folder.pipeline("[[layer]]\nid = \"areas\"\nsource.ogr = { path = \"a.gpkg\" }\n");
    python("import sqlite3; sqlite3.connect('a.gpkg').execute('PRAGMA wal_checkpoint(TRUNCATE)')");
    fetch(&folder).code(0);
}

/// A view that asks itself has no end: neither its rows nor their number are asked for.
#[test]
fn a_view_is_read_only_where_it_is_allowed() {
    let folder = Folder::new();
    let sample = Path::new(ROOT).join("sample-data/service_territories.gpkg");
    folder
        .schema("areas", "polygon", "")
        .write("a.gpkg", fs::read(sample).unwrap());
    let program = "import sqlite3; c = sqlite3.connect('a.gpkg'); \
         c.execute('CREATE VIEW endless AS WITH RECURSIVE n(fid) AS (SELECT 1 UNION ALL SELECT fid + 1 FROM n) SELECT fid FROM n'); \
         c.execute('CREATE VIEW few AS SELECT * FROM service_territories LIMIT 3'); \
         [c.execute(\"INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES (?, 'attributes', ?)\", (v, v)) for v in ('endless', 'few')]; \
         c.commit(); c.close()";
    let ran = Command::new("python3")
        .args(["-c", program])
        .current_dir(folder.path())
        .status()
        .unwrap();
    assert!(ran.success());
    let told = |source: &str| {
        folder.pipeline(&format!(
            "[[layer]]\nid = \"areas\"\nsource.ogr = {{ path = \"a.gpkg\", {source} }}\n"
        ));
        let args = ["60", env!("CARGO_BIN_EXE_cikr"), "run", "pipeline.toml"];
        let ended = ended(
            &Command::new("timeout")
                .args(args)
                .current_dir(folder.path())
                .output()
                .unwrap(),
        );
        assert_ne!(ended.code, 124, "{source} never ends");
        ended.stderr
    };
    for view in ["endless", "few"] {
        let told = told(&format!("layer = \"{view}\""));
        assert!(
            told.contains("it is a view") && told.contains("allow-views"),
            "{told}"
        );
    }
    let allowed = told("layer = \"few\", allow-views = true");
    assert!(!allowed.contains("it is a view"), "{allowed}");
    let table = told("layer = \"service_territories\"");
    assert!(!table.contains("it is a view"), "{table}");
}

#[test]
fn a_source_that_fails_is_told_of_and_stops_no_other() {
    let folder = Folder::new();
    folder.points(ROWS);
    let second = POINTS_LAYER
        .replace("\"points\"", "\"second\"\nschema = \"points\"")
        .replace("points.csv", "gone.csv");
    folder.pipeline(&format!("{POINTS_LAYER}{second}"));
    let ended = fetch(&folder).code(5);
    assert_eq!(statuses(&ended), ["new", "new", "new", "failed"]);
    assert!(
        json(&ended)["layers"][1]["reason"]
            .as_str()
            .unwrap()
            .contains("gone.csv")
    );
    folder
        .cikr(&["fetch", "pipeline.toml", "--layer", "points"])
        .code(0);
    folder
        .cikr(&["fetch", "pipeline.toml", "--layer", "second"])
        .code(4);
    fs::remove_file(folder.path().join("states.geojson")).unwrap();
    assert_eq!(
        statuses(&fetch(&folder).code(4))[0],
        "failed",
        "without its boundaries a run publishes nothing"
    );
}

#[test]
fn landed_copies_are_listed_and_pruned_but_not_what_is_needed() {
    let folder = Folder::new();
    folder.points(ROWS);
    assert!(
        !folder
            .cikr(&["landing", "pipeline.toml"])
            .code(6)
            .stderr
            .is_empty(),
        "no store yet"
    );
    // The first night is published, the next three only fetched, the last of them with the first night's bytes.
    folder.run().code(0);
    let released = fs::read(folder.path().join("points.csv")).unwrap();
    for night in 0..3 {
        folder.write(
            "points.csv",
            format!("ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n{ROWS}9{night},N,,,-95,35\n"),
        );
        fetch(&folder).code(0);
    }
    assert_eq!(of_points(&copies(&folder, &[])), 4);
    let held: Vec<Value> = copies(&folder, &[])
        .into_iter()
        .filter(|copy| copy["is_held"] == true)
        .collect();
    assert_eq!(held.len(), 3, "one of each source");
    assert!(
        held.iter()
            .all(|copy| copy["checked_s"].as_i64().unwrap() < 600 && copy["sha256"].is_string())
    );

    assert_eq!(of_points(&copies(&folder, &["--keep", "1", "--dry-run"])), 2);
    assert_eq!(
        copies(&folder, &["--keep-days", "1"]).len(),
        0,
        "nothing is that old"
    );
    assert_eq!(of_points(&copies(&folder, &[])), 4);
    assert_eq!(copies(&folder, &["--keep", "1"]).len(), 2);
    let left = copies(&folder, &[]);
    assert_eq!(of_points(&left), 2, "the release's and the held one");
    let held_bytes = fs::metadata(folder.path().join("points.csv")).unwrap().len();
    assert!(
        left.iter()
            .any(|copy| copy["id"] == "points" && copy["bytes"] == released.len())
    );
    assert!(
        left.iter()
            .any(|copy| copy["is_held"] == true && copy["bytes"] == held_bytes)
    );
    folder.cikr(&["run", "pipeline.toml", "--offline"]).code(0);
    let words = folder.cikr(&["landing", "store"]).code(0).stdout;
    for word in [
        "points",
        "points.csv",
        "jurisdiction-state",
        "copy",
        "sha256",
        "checked",
    ] {
        assert!(words.contains(word), "{word}:\n{words}");
    }
    // What was landed before a release that can't tell what it was made from stays.
    fs::remove_file(folder.latest().join("report.json")).unwrap();
    let kept = folder.cikr(&["landing", "store", "--keep", "1"]).code(0);
    assert!(kept.stdout.contains("0 copies"), "{}", kept.stdout);
    kept.says("can't tell what it was made from");
}

/// Bytes of every tile of the layer, by path below the release.
fn contents(folder: &Folder) -> BTreeMap<PathBuf, Vec<u8>> {
    let release = folder.latest();
    let tiles = tiles(&release.join("layers/points")).into_iter();
    tiles
        .map(|path| {
            (
                path.strip_prefix(&release).unwrap().to_owned(),
                fs::read(&path).unwrap(),
            )
        })
        .collect()
}

/// A service and a file that hold the same rows.
fn sources() -> (ArcGis, Server) {
    let rows: String = (0..900)
        .map(|n| format!("P{n},N,48001,{n},-95,{}\n", 31.0 + f64::from(n) / 200.0))
        .collect();
    let csv = format!("ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n{rows}");
    let file = move |request: &Request| Reply::file(request, "text/csv", csv.as_bytes(), "\"v1\"");
    (ArcGis::start(Layer::points(900)), Server::start(file))
}

fn behind(source: &str) -> Folder {
    let folder = Folder::new();
    folder.schema("points", "point", "");
    folder.pipeline(&format!("\n[[layer]]\nid = \"points\"\nsource.{source}\n"));
    folder
}

fn from_service(url: &str) -> Folder {
    behind(&format!("arcgis = {{ url = \"{url}\", page-rows = 100 }}"))
}

fn from_file(url: &str) -> Folder {
    behind(&format!(
        "http = {{ url = \"{url}\", csv = {{ x = \"LON\", y = \"LAT\" }}, crs = \"EPSG:4326\" }}"
    ))
}

const OFFLINE: [&str; 4] = ["run", "pipeline.toml", "--offline", "--rebuild"];

#[test]
fn a_night_is_replayed_byte_for_byte_when_its_servers_are_gone() {
    let (service, file) = sources();
    let folders = [from_service(&service.url(0)), from_file(&file.url("/points.csv"))];
    let nights = folders.each_ref().map(|folder| {
        folder.run().code(0);
        contents(folder)
    });
    drop((service, file));
    for (folder, night) in folders.iter().zip(nights) {
        folder.cikr(&OFFLINE).code(0);
        assert!(!night.is_empty() && contents(folder) == night);
    }
}

/// Turns a bit in the middle of a file of the layer's landing that has the extension.
fn damage(folder: &Folder, place: &str, extension: &str) {
    let files = fs::read_dir(folder.path().join("store/landing/points").join(place)).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let path = paths
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .max()
        .unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
}

#[test]
fn a_damaged_copy_is_told_of_offline_and_fetched_again_online() {
    let (service, file) = sources();
    let cases = [
        (from_service(&service.url(0)), "pages", "zst"),
        (from_file(&file.url("/points.csv")), "", "csv"),
    ];
    for (folder, place, extension) in cases {
        folder.run().code(0);
        let night = contents(&folder);
        damage(&folder, place, extension);
        let ended = folder.cikr(&OFFLINE).code(4);
        assert!(
            ended.stderr.contains("points") && ended.stderr.contains("damaged"),
            "{}",
            ended.stderr
        );
        folder.cikr(&["run", "pipeline.toml", "--rebuild"]).code(0);
        assert!(contents(&folder) == night);
        folder.cikr(&OFFLINE).code(0);
    }
}

/// A pull that fails on its way, the next night's that is whole, and a prune: no page is left but those of the copy.
#[test]
fn pages_of_interrupted_and_accepted_pulls_are_pruned() {
    let service = ArcGis::start(Layer::points(900));
    let folder = from_service(&service.url(0));
    let pages = || {
        fs::read_dir(folder.path().join("store/landing/points/pages"))
            .unwrap()
            .count()
    };
    let prune = || folder.cikr(&["landing", "pipeline.toml", "--keep", "1"]).code(0);
    service.change(|service| {
        service.fault = Some(Box::new(|request| {
            (request.number_of("resultOffset") == Some(600)).then(|| Reply::status(404))
        }));
    });
    fetch(&folder).code(4);
    prune();
    let interrupted = pages();
    assert!(interrupted > 2, "they are gone on with: {interrupted}");
    service.change(|service| {
        service.fault = None;
        service.layers[0] = Layer {
            edited: Some(1_800_000_000_000),
            ..Layer::points(950)
        };
    });
    fetch(&folder).code(0);
    assert!(pages() > 11, "{}", pages());
    prune();
    assert_eq!(pages(), 11, "ten pages, and the layer's info");
    folder.cikr(&["run", "pipeline.toml", "--offline"]).code(0);
}
