//! Law 2: a pull that is killed goes on where it ended. The program is shot while it pulls from a service on loopback;
//! what the service was asked, before and after, is the proof.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::ops::Range;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::loopback::arcgis::{ArcGis, Layer};
use crate::program::{Folder, POINTS_LAYER, tiles};

const ROWS: usize = 3_000;
const PAGE_ROWS: usize = 100;

#[test]
fn a_killed_run_goes_on_where_it_ended() {
    shoot("run", 3, 11);
}

#[test]
fn a_killed_fetch_goes_on_where_it_ended() {
    shoot("fetch", 2, 12);
}

/// What service managers and people send: told of in one line, and otherwise as a kill.
#[test]
fn a_stopped_run_says_so_and_goes_on_where_it_ended() {
    let service = ArcGis::start(Layer::points(ROWS));
    service.quirk(|quirks| quirks.pause = Duration::from_millis(15));
    let pages = {
        folder(&service).run().code(0);
        service.pages().len()
    };
    for (name, number, command) in [("TERM", 15, "run"), ("INT", 2, "fetch")] {
        let target = folder(&service);
        service.server.forget();
        let child = program(command, &target).stderr(Stdio::piped()).spawn().unwrap();
        while service.pages().len() < pages / 3 {
            thread::sleep(Duration::from_millis(1));
        }
        assert!(
            Command::new("kill")
                .args(["-s", name, &child.id().to_string()])
                .status()
                .unwrap()
                .success()
        );
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.signal(), Some(number));
        let said = String::from_utf8(ended.stderr).unwrap();
        let told: Vec<&str> = said.lines().filter(|line| line.contains("WARN")).collect();
        let [line] = told[..] else { panic!("{said}") };
        let expected =
            format!("stopped; the next run goes on from the pages that have landed signal=\"SIG{name}\"");
        assert!(line.contains(&expected), "{said}");
        let (landed, before) = (landed(&target), service.pages().len());
        target.run().code(0);
        assert_eq!(
            service.pages().len() - before,
            pages - landed,
            "{landed} of {pages} pages had landed"
        );
        assert!(landed > 0);
    }
}

#[test]
#[ignore = "takes minutes: `make soak`"]
fn soak_twenty_kills_of_runs_and_of_fetches() {
    shoot("run", 20, 13);
    shoot("fetch", 20, 14);
}

/// Rows that outgrow memory leave nothing behind, whenever the run ends, and the next one gives the same tiles.
#[test]
#[ignore = "takes minutes: `make soak`"]
fn soak_fifty_kills_of_a_run_that_spills() {
    let mut csv = String::new();
    for row in 0..150_000_u32 {
        let (x, y) = (
            f64::from(row % 19_999) / 1_000.0 - 99.999,
            f64::from(row % 9_973) / 1_000.0 + 30.001,
        );
        writeln!(csv, "{row},NAME OF {row},48001,{},{x:.4},{y:.4}", row % 500).unwrap();
    }
    let target = Folder::new();
    target.points(&csv);
    let spilling = || {
        let mut command = program("run", &target);
        command
            .args(["--memory", "128MiB", "--rebuild"])
            .stderr(Stdio::null());
        command
    };
    let from = Instant::now();
    assert!(spilling().status().unwrap().success());
    let (whole, undisturbed) = (from.elapsed(), contents(&target));
    for moment in 0..50 {
        let wait = whole.mul_f64(chance(15, moment));
        kill(spilling().spawn().unwrap(), || true, wait);
        let left: Vec<PathBuf> = walk(&target.path().join("store/work"));
        let scratch = left
            .iter()
            .filter(|path| path.components().any(|part| part.as_os_str() == "scratch"));
        // What has a name there was about to become a file of the release; rows that wait have none.
        let named: u64 = scratch.map(|path| fs::metadata(path).unwrap().len()).sum();
        assert!(named < 8 << 20, "{named} bytes left after {wait:?}: {left:?}");
        assert!(spilling().status().unwrap().success());
        assert!(
            contents(&target) == undisturbed,
            "killed after {wait:?}: other tiles than undisturbed"
        );
    }
}

/// A layer that was finished before the shot isn't made again, and nothing in the release tells of it.
#[test]
fn a_layer_that_a_killed_run_had_finished_is_taken_over() {
    const MADE: [&str; 6] = [
        "layers/points",
        "layers/many",
        "facilities",
        "changes",
        "quality/coverage.parquet",
        "links",
    ];
    let second_night = || {
        let target = Folder::new();
        let night = |ids: Range<u32>, name: &str| {
            let many = format!("ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n{}", points(0..40_000, name));
            target.points(&points(ids, name)).write("many.csv", many);
            target.pipeline(&format!("{POINTS_LAYER}{MANY}"));
        };
        night(0..2_000, "OLD");
        target.run().code(0);
        night(9..2_009, "NEW");
        target
    };
    let (calm, shot) = (second_night(), second_night());
    calm.run().code(0);
    let is_finished = || {
        let work = walk(&shot.path().join("store/work"));
        work.iter().any(|path| path.ends_with("finished/points.json"))
    };
    kill(spawn("run", &shot), is_finished, Duration::ZERO);
    assert!(is_finished(), "the shot fell before the end of the run");
    shot.run().code(0).says("taken over from a run that died");
    let made = |folder: &Folder| -> BTreeMap<PathBuf, Vec<u8>> {
        let release = folder.latest();
        let files = MADE.iter().flat_map(|path| {
            let path = release.join(path);
            if path.is_dir() { walk(&path) } else { vec![path] }
        });
        let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "parquet"));
        files
            .map(|path| {
                (
                    path.strip_prefix(&release).unwrap().into(),
                    fs::read(&path).unwrap(),
                )
            })
            .collect()
    };
    let (calm_files, shot_files) = (made(&calm), made(&shot));
    assert_eq!(
        calm_files.keys().collect::<Vec<_>>(),
        shot_files.keys().collect::<Vec<_>>()
    );
    for (path, bytes) in calm_files
        .iter()
        .filter(|(path, _)| !path.ends_with("items.parquet"))
    {
        assert!(*bytes == shot_files[path], "{}", path.display());
    }
    assert!(
        walk(&shot.path().join("store/work")).is_empty(),
        "nothing is left when it is published"
    );
}

const MANY: &str = r#"
[[layer]]
id = "many"
schema = "points"
source.csv = { path = "many.csv", x = "LON", y = "LAT", crs = "EPSG:4326" }
"#;

/// Rows of points with these ids, many of them at one place.
fn points(ids: Range<u32>, name: &str) -> String {
    let mut csv = String::new();
    for id in ids {
        let (x, y) = (
            f64::from(id % 199) / 10.0 - 99.9,
            f64::from(id % 97) / 10.0 + 30.1,
        );
        writeln!(csv, "{id},{name} {id},48001,{},{x:.1},{y:.1}", id % 500).unwrap();
    }
    csv
}

/// Files below a folder.
fn walk(folder: &std::path::Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return vec![];
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] })
        .collect()
}

/// Kills `command` at `moments` moments, each in a folder of its own.
fn shoot(command: &str, moments: u64, seed: u64) {
    let service = ArcGis::start(Layer::points(ROWS));
    service.quirk(|quirks| quirks.pause = Duration::from_millis(15));
    let calm = folder(&service);
    let from = Instant::now();
    calm.run().code(0);
    let (whole, undisturbed) = (from.elapsed(), contents(&calm));
    let pages = service.pages().len();
    assert!(
        !undisturbed.is_empty() && pages >= ROWS / PAGE_ROWS,
        "pulled, and published"
    );
    let mut interrupted = 0;
    for moment in 0..moments {
        let target = folder(&service);
        service.server.forget();
        // Every other one while the pull is at its kth page, the rest at any time.
        let (page, wait) = if moment % 2 == 0 {
            (
                (chance(seed, moment) * pages as f64) as usize,
                Duration::from_micros(moment * 1_700),
            )
        } else {
            (0, whole.mul_f64(chance(seed, moment)))
        };
        kill(spawn(command, &target), || service.pages().len() >= page, wait);
        let (landed, is_done) = (
            landed(&target),
            target.path().join("store/landing/points/held.json").exists(),
        );
        interrupted += usize::from(landed > 0);
        let (before, place) = (
            service.pages().len(),
            format!("{command} killed {wait:?} after page {page}"),
        );
        target.run().code(0);
        let again = service.pages().len() - before;
        let missing = if is_done { 0 } else { pages - landed };
        assert_eq!(
            again, missing,
            "{place}: of {pages} pages {landed} had landed, {before} been asked for"
        );
        assert!(
            contents(&target) == undisturbed,
            "{place}: other tiles than undisturbed"
        );
    }
    assert!(interrupted > 0, "no shot fell while pages were landing");
}

fn folder(service: &ArcGis) -> Folder {
    let folder = Folder::new();
    let source = format!(
        "source.arcgis = {{ url = \"{}\", page-rows = {PAGE_ROWS}, at-once = 3 }}",
        service.url(0)
    );
    folder
        .schema("points", "point", "")
        .pipeline(&format!("\n[[layer]]\nid = \"points\"\n{source}\n"));
    folder
}

fn spawn(command: &str, folder: &Folder) -> Child {
    program(command, folder).stderr(Stdio::null()).spawn().unwrap()
}

fn program(command: &str, folder: &Folder) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_cikr"));
    program
        .args([command, "pipeline.toml"])
        .current_dir(folder.path())
        .stdout(Stdio::null());
    program
}

/// SIGKILL: no destructor runs and no buffer is flushed.
fn kill(mut child: Child, is_time: impl Fn() -> bool, wait: Duration) {
    while !is_time() && child.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_millis(1));
    }
    thread::sleep(wait);
    let _ = child.kill(); // it may have ended by itself
    child.wait().unwrap();
}

/// Pages that an interrupted pull has down: those that came, not those made of them.
fn landed(folder: &Folder) -> usize {
    let Ok(entries) = fs::read_dir(folder.path().join("store/landing/points/pull")) else {
        return 0;
    };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter(|name| !name.starts_with('.') && !name.starts_with("info") && !name.starts_with("cut-"))
        .count()
}

/// Bytes of every tile by path below the release.
fn contents(folder: &Folder) -> BTreeMap<PathBuf, Vec<u8>> {
    let release = folder.latest();
    let products = [release.join("facilities"), release.join("layers/points")];
    let paths = products.iter().flat_map(|product| tiles(product));
    paths
        .map(|path| {
            (
                path.strip_prefix(&release).unwrap().to_path_buf(),
                fs::read(&path).unwrap(),
            )
        })
        .collect()
}

/// A number from 0 to 1 that looks random and is the same in every run of the test.
fn chance(seed: u64, moment: u64) -> f64 {
    let mut state = (seed << 32 | moment)
        .wrapping_add(1)
        .wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for shift in [30, 27, 31] {
        state = (state ^ state >> shift).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    (state >> 11) as f64 / (1_u64 << 53) as f64
}
