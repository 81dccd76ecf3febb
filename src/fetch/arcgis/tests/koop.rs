//! The puller against a running Koop, Esri's own FeatureServer, through the HTTP client and into a store.
//!
//! `CIKR_KOOP=http://host:port/path/FeatureServer/0 cargo test --lib koop -- --ignored --nocapture`

use std::time::Instant;

use super::{Unseen, plan};
use crate::fetch::arcgis::{Asker, Landing, land};
use crate::fetch::http::{Client, ClientSettings};
use crate::store::Store;

#[test]
#[ignore = "needs a running Koop"]
#[expect(clippy::print_stdout, reason = "measures")]
fn a_koop_layer_is_pulled_whole() {
    let plan = plan(&std::env::var("CIKR_KOOP").unwrap());
    let client = Client::new(&ClientSettings::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let now = || "2026-01-02T03:00:00Z".to_owned();
    let timer = Instant::now();
    let landing = Landing { store: &store, id: "koop", progress: &Unseen, now: &now };
    let landed = land(&plan, &Asker::new(&client, &plan), &landing).unwrap();
    let seconds = timer.elapsed().as_secs_f64();
    let record = store.held("koop").unwrap().unwrap().record;
    println!("{} {record:?} in {seconds:.2} s", landed.sha256);
}
