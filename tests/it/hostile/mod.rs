//! Hostile files: small ones that ask for gigabytes, never end, claim what isn't there, or are damaged anywhere.
//!
//! Each is a layer of its own beside a good one. Whatever it is, the run ends within its time and memory and without a
//! crash, the good layer is published, and the bad one is published in part with its rejects, or fails with a reason.

mod damaged;
mod parquets;
mod watch;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::program::{Folder, POINTS_LAYER, ROOT, ended};

use watch::Watched;

/// Memory that a run is given, MiB; it may take a quarter more.
const BUDGET: u64 = 512;
/// Seconds that a run may take.
const SECONDS: u64 = 60;

/// A hostile file: its name, and its source in a pipeline.
struct Hostile {
    file: String,
    source: String,
}

/// One of each kind, at every run of the tests; all of them are `make soak`.
#[test]
fn a_hostile_file_ends_its_layer_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = parquets::write(folder.path(), |name| name.starts_with("claims_a"));
    files.extend(damaged::write(folder.path(), 1).into_iter().step_by(5));
    assert!(files.len() >= 5, "{} files", files.len());
    check(folder.path(), &files);
}

/// Views that never end, one of them without a row, are read no longer than they may be, and their readers are gone.
#[test]
fn a_view_that_never_ends_is_given_up() {
    let folder = Folder::new();
    let sources = written(folder.path(), &["views"]);
    assert_eq!(sources.len(), 2);
    folder.points("1,A,48001,5,-95,35\n");
    let mut layers = POINTS_LAYER.to_owned();
    for (number, Hostile { source, .. }) in sources.iter().enumerate() {
        layers += &format!("\n[[layer]]\nid = \"view_{number}\"\nschema = \"points\"\nsource.{source}\n");
    }
    folder.pipeline(&format!("{layers}\n[limits]\nread = 3\n"));
    let ended = folder.run().code(5);
    for layer in ["view_0", "view_1"] {
        let layer = ended.layer(layer);
        let reason = layer.reason().unwrap();
        assert!(
            reason.contains("takes longer than `limits.read` allows"),
            "{reason}"
        );
    }
    assert_eq!(ended.layer("points").rows_written, 1);
}

/// Row groups on the same pages: whoever counts their rows counts some many times.
#[test]
fn pages_that_are_named_twice_are_no_rows() {
    let folder = Folder::new();
    let file = parquets::write(folder.path(), |name| name == "same_pages").remove(0);
    folder.points("1,A,48001,5,-95,35\n").pipeline(&format!(
        "{POINTS_LAYER}\n[[layer]]\nid = \"twice\"\nschema = \"points\"\nsource.{}\n",
        file.source
    ));
    let twice = folder.run().code(5).layer("twice");
    let reason = twice.reason().unwrap();
    assert!(
        reason.contains("same_pages.parquet") && reason.contains("lie in the same bytes"),
        "{reason}"
    );
}

/// Where the system allows less than a reader may take, it gets that.
#[test]
fn a_limit_that_is_there_already_is_kept() {
    let folder = Folder::new();
    let fixture = Path::new(ROOT).join("tests/fixtures/parquet/arrow_gzip.parquet");
    folder.points("1,A,48001,5,-95,35\n").pipeline(&format!(
        "{POINTS_LAYER}\n[[layer]]\nid = \"other\"\nschema = \"points\"\nsource.parquet = {{ path = \"{}\" }}\n",
        fixture.display()
    ));
    let program = env!("CARGO_BIN_EXE_cikr");
    let limited = format!("ulimit -d 400000; exec {program} run pipeline.toml --memory 2GiB --format json");
    let run = Command::new("sh")
        .args(["-c", &limited])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(ended(&run).code(0).layer("other").rows_written > 0);
}

#[test]
#[ignore = "takes minutes: `make soak`"]
fn soak_hostile_files_keep_to_their_time_and_memory() {
    let folder = tempfile::tempdir().unwrap();
    let files = written(folder.path(), &[]);
    assert!(files.len() >= 100, "{} files", files.len());
    check(folder.path(), &files);
}

#[test]
#[ignore = "takes minutes: `make soak`"]
fn soak_hostile_parquet_and_damaged_files_keep_to_their_time_and_memory() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = parquets::write(folder.path(), |_| true);
    files.extend(damaged::write(folder.path(), 8));
    assert!(files.len() >= 100, "{} files", files.len());
    check(folder.path(), &files);
}

/// Files that the script writes, and their sources.
#[track_caller]
fn written(folder: &Path, args: &[&str]) -> Vec<Hostile> {
    let script = Path::new(ROOT).join("tests/it/hostile/files.py");
    let written = Command::new("python3")
        .arg(script)
        .arg(folder)
        .args(args)
        .output()
        .unwrap();
    assert!(
        written.status.success(),
        "{}",
        String::from_utf8_lossy(&written.stderr)
    );
    let listed = String::from_utf8(written.stdout).unwrap();
    let listed = listed.lines().filter_map(|line| line.split_once('\t'));
    listed
        .map(|(file, source)| Hostile {
            file: file.to_owned(),
            source: source.to_owned(),
        })
        .collect()
}

#[track_caller]
fn check(folder: &Path, files: &[Hostile]) {
    let mut wrong = Vec::new();
    let (mut most, mut longest, mut published) = (0, 0.0_f64, 0);
    for file in files {
        let (watched, outcome) = run(folder, file);
        match judge(&watched, outcome) {
            Ok(is_published) => published += u32::from(is_published),
            Err(reason) => wrong.push(format!("{}: {reason}", file.file)),
        }
        (most, longest) = (most.max(watched.most_mib), longest.max(watched.seconds));
    }
    let told = format!(
        "{} hostile files: {published} published in part, the others failed; at most {most} MiB and {longest:.1} s\n",
        files.len()
    );
    std::io::Write::write_all(&mut std::io::stdout(), told.as_bytes()).unwrap();
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        files.len(),
        wrong.join("\n")
    );
}

/// Runs a pipeline over a hostile file and a good one; what it says of the hostile layer, where it says something.
fn run(folder: &Path, file: &Hostile) -> (Watched, Option<cikr::feature::LayerReport>) {
    let target = Folder::new();
    target.points("1,A,48001,5,-95,35\n");
    let source = file
        .source
        .replace(&file.file, &folder.join(&file.file).display().to_string());
    target.pipeline(&format!(
        "{POINTS_LAYER}\n[[layer]]\nid = \"hostile\"\nschema = \"points\"\nsource.{source}\n\
         [limits]\nmemory = \"{BUDGET} MiB\"\nread = {}\n",
        SECONDS / 2
    ));
    let watched = watch::run(target.path(), SECONDS);
    let report = fs::read(target.path().join("store/public/latest.json"))
        .ok()
        .and_then(|_| {
            let report = fs::read(target.latest().join("report.json")).ok()?;
            let report: cikr::feature::RunReport = serde_json::from_slice(&report).ok()?;
            report
                .layers
                .into_iter()
                .find(|layer| layer.id.as_str() == "hostile")
        });
    (watched, report)
}

/// Whether the hostile layer was published; else why the run is not as it should be.
fn judge(watched: &Watched, layer: Option<cikr::feature::LayerReport>) -> Result<bool, String> {
    let allowed = BUDGET + BUDGET / 4;
    if watched.most_mib > allowed {
        return Err(format!("{} MiB, over {allowed}", watched.most_mib));
    }
    if !matches!(watched.code, Some(0 | 5)) {
        return Err(format!("ended by {}; {}", watched.status, watched.stderr));
    }
    let layer = layer.ok_or("no report of it")?;
    let reason = layer.reason().unwrap_or_default().to_owned();
    match layer.rows_written {
        _ if reason.contains("panicked") => Err(reason),
        0 if reason.is_empty() => Err("neither published nor told of".to_owned()),
        rows => Ok(rows > 0),
    }
}
