//! Nights that go wrong in every way, one after the other over one store: kills, faults at every call, servers that fail.
//!
//! A file behind HTTP, an ArcGIS layer and a local file have rows that carry the number of their edition. Whatever has
//! happened, what is published is whole: every layer has the rows of one edition, all of them, and a calm night brings
//! the newest.

mod calls;
mod endurance;
mod kills;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use serde_json::{Value, json};

use crate::loopback::arcgis::{ArcGis, Layer, Row, Rows};
use crate::loopback::{Reply, Request, Server};
use crate::program::{Ended, Folder, by_id, program};

/// Rows of each layer.
const ROWS: u32 = 400;
/// The layers: behind HTTP, of a service, on disk.
const LAYERS: [&str; 3] = ["file", "service", "points"];

/// An answer instead of the server's own.
type Fault = dyn Fn(&Request) -> Option<Reply> + Send + Sync;

/// A store, and the agencies that its pipeline asks.
struct Nights {
    folder: Folder,
    edition: Arc<AtomicU32>,
    service: ArcGis,
    /// Must live as long as it is asked.
    _server: Server,
    fault: Arc<RwLock<Option<Box<Fault>>>>,
}

impl Nights {
    /// A store without a release, and the first edition.
    fn new() -> Self {
        let edition = Arc::new(AtomicU32::new(1));
        let fault: Arc<RwLock<Option<Box<Fault>>>> = Arc::default();
        let (of_file, fault_of_file) = (Arc::clone(&edition), Arc::clone(&fault));
        let server = Server::start(move |request| {
            let answer = fault_of_file
                .read()
                .unwrap()
                .as_ref()
                .and_then(|fault| fault(request));
            answer.unwrap_or_else(|| {
                let edition = of_file.load(Ordering::SeqCst);
                let tag = format!("\"{edition}\"");
                Reply::file(request, "text/csv", csv(edition).as_bytes(), &tag)
                    .slow(8_192, Duration::from_millis(1))
            })
        });
        let service = ArcGis::start(layer(1));
        let fault_of_service = Arc::clone(&fault);
        service.change(|service| {
            service.fault = Some(Box::new(move |request| {
                fault_of_service
                    .read()
                    .unwrap()
                    .as_ref()
                    .and_then(|fault| fault(request))
            }));
        });
        let folder = Folder::new();
        folder.schema("points", "point", "");
        folder.pipeline(&layers(&server.url("/file.csv"), &service.url(0)));
        let text = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
        folder.write("pipeline.toml", format!("keep = 2\n{text}"));
        let nights = Self {
            folder,
            edition,
            service,
            _server: server,
            fault,
        };
        nights.publish(1);
        nights
    }

    /// The agencies publish another edition.
    fn publish(&self, edition: u32) {
        self.edition.store(edition, Ordering::SeqCst);
        self.service.change(|service| service.layers[0] = layer(edition));
        self.folder.write("points.csv", csv(edition));
    }

    /// Requests are answered by `fault` where it has an answer.
    fn disturb(&self, fault: Option<Box<Fault>>) {
        *self.fault.write().unwrap() = fault;
    }

    fn command(&self) -> Command {
        let mut command = Command::new(program());
        command
            .args(["run", "pipeline.toml", "--quiet"])
            .current_dir(self.folder.path());
        command
    }

    fn spawn(&self) -> Child {
        self.command()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// A night in which nothing happens: it ends well, with the newest edition.
    #[track_caller]
    fn calm(&self, why: &str) {
        self.disturb(None);
        let ended = self.folder.run();
        assert_eq!(ended.code, 0, "{why}:\n{}", ended.stderr);
        let newest = self.edition.load(Ordering::SeqCst);
        for (layer, edition) in LAYERS.iter().zip(self.editions(why)) {
            assert_eq!(edition, Some(newest), "{why}: `{layer}`");
        }
        let work = self.folder.path().join("store/work");
        let left: Vec<PathBuf> = fs::read_dir(work)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert!(left.is_empty(), "{why}: {left:?}");
    }

    /// The edition of each layer that is published; none where there is no release, or the layer isn't in it.
    #[track_caller]
    fn editions(&self, why: &str) -> Vec<Option<u32>> {
        if !self.folder.path().join("store/public/latest.json").exists() {
            return vec![None; LAYERS.len()];
        }
        let release = self.folder.latest();
        let edition = |layer: &&str| {
            let folder = release.join("layers").join(layer);
            if !folder.join("data").exists() {
                return None;
            }
            let names = by_id(&folder, "name");
            assert_eq!(
                names.len(),
                ROWS as usize,
                "{why}: rows of `{layer}` are lost or doubled"
            );
            let editions: BTreeSet<String> = names.into_values().flatten().collect();
            assert_eq!(editions.len(), 1, "{why}: `{layer}` mixes {editions:?}");
            editions
                .first()
                .and_then(|name| name.strip_prefix("EDITION "))?
                .parse()
                .ok()
        };
        LAYERS.iter().map(edition).collect()
    }

    /// What is published is sound, by the program's own word.
    #[track_caller]
    fn verify(&self, why: &str) {
        let Ended { code, stderr, stdout } = self.folder.cikr(&["verify", "store"]);
        assert_eq!(code, 0, "{why}:\n{stdout}\n{stderr}");
    }
}

fn layers(file: &str, service: &str) -> String {
    format!(
        r#"
[[layer]]
id = "file"
schema = "points"
source.http = {{ url = "{file}", csv = {{ x = "LON", y = "LAT" }}, crs = "EPSG:4326" }}

[[layer]]
id = "service"
schema = "points"
source.arcgis = {{ url = "{service}", page-rows = 50, at-once = 2 }}

[[layer]]
id = "points"
source.csv = {{ path = "points.csv", x = "LON", y = "LAT", crs = "EPSG:4326" }}
"#
    )
}

/// Where a row stands.
fn place(row: u32) -> (f64, f64) {
    (
        f64::from(row % 199) / 10.0 - 99.9,
        f64::from(row % 97) / 10.0 + 30.1,
    )
}

fn csv(edition: u32) -> String {
    let mut csv = String::from("ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n");
    for row in 0..ROWS {
        let (x, y) = place(row);
        writeln!(csv, "{row},EDITION {edition},48001,{},{x:.1},{y:.1}", row % 500).unwrap();
    }
    csv
}

fn layer(edition: u32) -> Layer {
    let mut layer = Layer::of(Rows::generated(ROWS as usize, move |at| {
        let (x, y) = place(at as u32);
        let attributes = json!({ "ID": at.to_string(), "NAME": format!("EDITION {edition}"), "COUNTYFIPS": "48001", "BEDS": at % 500 });
        let Value::Object(attributes) = attributes else {
            unreachable!("written as an object")
        };
        Row {
            oid: at as i64 + 1,
            attributes,
            geometry: json!({ "x": x, "y": y }),
        }
    }));
    layer.edited = Some(1_700_000_000_000 + i64::from(edition) * 1_000);
    (layer.quirks.page_cap, layer.quirks.max_record_count) = (50, Some(50));
    layer
}
