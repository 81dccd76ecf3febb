//! Law of the stream: no file that a run has written into its release is opened again before the release is verified.
//!
//! Watches the program's opens by strace. Files linked from earlier releases are not this run's.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{Folder, POINTS_LAYER, ended};

const HEADER: &str = "ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n";

/// Two layers with an inventory, national files and every product by default.
fn folder() -> Folder {
    let folder = Folder::new();
    folder
        .points(&rows(0))
        .schema("more", "point", "")
        .write("more.csv", format!("{HEADER}{}", rows(0)));
    folder.pipeline(&format!(
        "{POINTS_LAYER}{}\n[output]\nnational = true\n",
        POINTS_LAYER.replace("points", "more")
    ));
    folder
}

/// Rows of which one in three has so many beds more; two are rejected.
fn rows(beds: u32) -> String {
    let row = |id: u32| {
        format!(
            "{id},N{id},,{},-{}.{id},35\n",
            id + beds * u32::from(id.is_multiple_of(3)),
            81 + id % 18
        )
    };
    (0..300)
        .map(row)
        .chain(["x,N,,1,500,35\n".to_owned(), ",N,,1,-95,35\n".to_owned()])
        .collect()
}

/// Files below the release to be that one run opened to read, by their paths in the release; folders are synced so, too.
fn opened(folder: &Folder, args: &[&str]) -> BTreeSet<PathBuf> {
    let log = folder.path().join("opens.txt");
    let traced = Command::new("strace")
        .args([
            "-f",
            "-qq",
            "-e",
            "trace=open,openat",
            "-e",
            "signal=none",
            "-s",
            "4096",
            "-o",
        ])
        .arg(&log)
        .arg(env!("CARGO_BIN_EXE_cikr"))
        .args(["run", "pipeline.toml", "--format", "json"])
        .args(args)
        .current_dir(folder.path())
        .output()
        .expect("strace is there; `tests/setup.sh test` installs it");
    ended(&traced).code(0);
    let release = folder.latest();
    let tree = Path::new("store/work")
        .join(release.file_name().unwrap())
        .join("tree");
    let log = fs::read_to_string(log).unwrap();
    let opens: Vec<&str> = log.lines().filter(|line| line.contains("open")).collect();
    let is_here = |part: &str| opens.iter().any(|line| line.contains(part));
    assert!(
        is_here("points.csv") && is_here("store/public/latest.json"),
        "strace tells of no opens:\n{log}"
    );
    let path = |line: &str| -> Option<PathBuf> {
        let path = line.split('"').nth(1)?;
        let at = path.find(tree.to_str().unwrap())?;
        let is_read = line.contains("O_RDONLY") || line.contains("O_RDWR") && !line.contains("O_CREAT");
        is_read.then(|| Path::new(&path[at..]).strip_prefix(&tree).unwrap().to_owned())
    };
    let read = opens.iter().filter_map(|line| path(line));
    read.filter(|path| release.join(path).is_file()).collect()
}

/// Those that this run wrote: no earlier release has them.
fn own(folder: &Folder, opened: BTreeSet<PathBuf>) -> Vec<PathBuf> {
    let release = folder.latest();
    opened
        .into_iter()
        .filter(|path| fs::metadata(release.join(path)).unwrap().nlink() == 1)
        .collect()
}

#[test]
fn nothing_that_a_run_has_written_is_opened_again() {
    let folder = folder();
    let first = opened(&folder, &[]);
    assert!(first.is_empty(), "in a first night: {first:?}");
    // Some rows of one layer differ, so that there is something to compare; the other is linked.
    folder.write("points.csv", format!("{HEADER}{}", rows(1)));
    let second = opened(&folder, &[]);
    assert!(!second.is_empty(), "linked tiles are read for the inventory");
    let second = own(&folder, second);
    assert!(second.is_empty(), "in a second night: {second:?}");
    let rebuilt = opened(&folder, &["--rebuild"]);
    assert!(rebuilt.is_empty(), "made again: {rebuilt:?}");
    // What has spilled is read from scratch files.
    folder.write("points.csv", format!("{HEADER}{}", rows(2)));
    let spilled = opened(&folder, &["--memory", "128MiB", "--rebuild"]);
    assert!(spilled.is_empty(), "with little memory: {spilled:?}");
    folder.cikr(&["verify", "store"]).code(0);
}
