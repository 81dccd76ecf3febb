//! Law 2: a pull that is killed goes on where it ended. The program is shot while it pulls from a service on loopback;
//! what the service was asked, before and after, is the proof.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::loopback::Request;
use crate::loopback::arcgis::{ArcGis, Layer};
use crate::program::{Folder, tiles};

const ROWS: usize = 3_000;
const PAGE_ROWS: usize = 100;
const AT_ONCE: usize = 3;

#[test]
fn a_killed_run_goes_on_where_it_ended() {
    shoot("run", 3, 11);
}

#[test]
fn a_killed_fetch_goes_on_where_it_ended() {
    shoot("fetch", 2, 12);
}

#[test]
#[ignore = "takes minutes: `make soak`"]
fn soak_twenty_kills_of_runs_and_of_fetches() {
    shoot("run", 20, 13);
    shoot("fetch", 20, 14);
}

/// Kills `command` at `moments` moments, each in a folder of its own.
fn shoot(command: &str, moments: u64, seed: u64) {
    let service = ArcGis::start(Layer::points(ROWS));
    service.quirk(|quirks| quirks.pause = Duration::from_millis(15));
    let calm = folder(&service);
    let from = Instant::now();
    calm.run().code(0);
    let (whole, undisturbed) = (from.elapsed(), contents(&calm));
    assert!(!undisturbed.is_empty() && service.pages().len() >= ROWS / PAGE_ROWS, "pulled, and published");
    let mut interrupted = 0;
    for moment in 0..moments {
        let target = folder(&service);
        service.server.forget();
        let wait = whole.mul_f64(chance(seed, moment));
        kill_after(spawn(command, &target), wait);
        let landed = landed(&target);
        interrupted += usize::from(!landed.is_empty());
        let (asked_before, place) = (service.pages().len(), format!("{command} killed after {wait:?}"));
        target.run().code(0);
        let again: Vec<Request> = service.pages().split_off(asked_before);
        let twice: Vec<_> = again.iter().filter(|request| landed.contains(&identity(request))).collect();
        assert!(twice.is_empty(), "{place}: landed and asked for again: {twice:#?}");
        // A page that came but was not down yet when the shot fell is asked for again: one per request at once.
        let pages = asked_before + again.len();
        assert!(pages <= ROWS / PAGE_ROWS + AT_ONCE, "{place}: {pages} pages asked for, {asked_before} before");
        assert!(contents(&target) == undisturbed, "{place}: other tiles than undisturbed");
    }
    assert!(interrupted > 0 || moments < 2, "no shot fell while pages were landing");
}

fn folder(service: &ArcGis) -> Folder {
    let folder = Folder::new();
    let source = format!(
        "source.arcgis = {{ url = \"{}\", page-rows = {PAGE_ROWS}, at-once = {AT_ONCE} }}",
        service.url(0)
    );
    folder.schema("points", "point", "").pipeline(&format!("\n[[layer]]\nid = \"points\"\n{source}\n"));
    folder
}

fn spawn(command: &str, folder: &Folder) -> Child {
    let mut program = Command::new(env!("CARGO_BIN_EXE_cikr"));
    program.args([command, "pipeline.toml"]).current_dir(folder.path());
    program.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// SIGKILL: no destructor runs and no buffer is flushed.
fn kill_after(mut child: Child, wait: Duration) {
    thread::sleep(wait);
    let _ = child.kill(); // it may have ended by itself
    child.wait().unwrap();
}

/// Pages that the unfinished or finished pull has down, by what was asked for.
fn landed(folder: &Folder) -> BTreeSet<String> {
    let pull = folder.path().join("store/landing/points/pull");
    let Ok(entries) = fs::read_dir(pull) else { return BTreeSet::new() };
    let names = entries.map(|entry| entry.unwrap().path()).filter(|path| !is_hidden(path));
    let urls = names.map(|path| serde_json::from_slice::<Value>(&fs::read(path).unwrap()).unwrap());
    let urls = urls.map(|entry| entry["record"]["url"].as_str().unwrap().to_owned());
    urls.filter_map(|url| url.split_once("/query?").map(|(_, query)| sorted(query))).collect()
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().unwrap().to_string_lossy().starts_with('.')
}

/// The window of rows that a request names.
fn identity(request: &Request) -> String {
    let pairs = request.parameters.iter().map(|(name, value)| format!("{name}={value}"));
    pairs.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join("&")
}

/// As `identity`, of a URL's query.
fn sorted(query: &str) -> String {
    let head = format!("GET /?{query} HTTP/1.1\r\n\r\n");
    identity(&Request::parse(0, head.as_bytes(), b""))
}

/// Bytes of every tile by path below the release.
fn contents(folder: &Folder) -> BTreeMap<PathBuf, Vec<u8>> {
    let release = folder.latest();
    let products = [release.join("facilities"), release.join("layers/points")];
    let paths = products.iter().flat_map(|product| tiles(product));
    paths.map(|path| (path.strip_prefix(&release).unwrap().to_path_buf(), fs::read(&path).unwrap())).collect()
}

/// A number from 0 to 1 that looks random and is the same in every run of the test.
fn chance(seed: u64, moment: u64) -> f64 {
    let mut state = (seed << 32 | moment).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for shift in [30, 27, 31] {
        state = (state ^ state >> shift).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    (state >> 11) as f64 / (1_u64 << 53) as f64
}
