//! Bytes that a disk gives back other than it took them, and records that are damaged: noticed, mended, told, and no reason
//! for a night to end.

mod care;
mod harm;
mod records;
mod repair;
mod rights;
mod room;
mod trial;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::program::{Folder, POINTS_LAYER};

const HEADER: &str = "ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n";

/// Rows of which two are rejected; `beds` is added to each third one's.
fn rows(beds: u32) -> String {
    let row = |id: u32| {
        let more = beds * u32::from(id.is_multiple_of(3));
        format!(
            "{id},N{id},48001,{},-{}.{id:03},3{}.5\n",
            5 + more,
            81 + id % 18,
            1 + id % 8
        )
    };
    (0..200)
        .map(row)
        .chain(["x,N,,1,500,35\n".to_owned(), ",N,,1,-95,35\n".to_owned()])
        .collect()
}

/// Two layers over files, `points` and `more`, with every product by default.
fn two_layers() -> Folder {
    let folder = Folder::new();
    folder
        .points(&rows(0))
        .schema("more", "point", "")
        .write("more.csv", format!("{HEADER}{}", rows(1)));
    folder.pipeline(&format!(
        "{POINTS_LAYER}{}",
        POINTS_LAYER.replace("points", "more")
    ));
    folder
}

/// Files below a folder, by their paths from it; none of what stands aside.
fn files(root: &Path) -> Vec<PathBuf> {
    fn walk(root: &Path, folder: &Path, found: &mut Vec<PathBuf>) {
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries {
            let path = entry.unwrap().path();
            let kind = path.symlink_metadata().unwrap().file_type();
            // Links are for looking: nothing of the program reads through them.
            if kind.is_symlink() || path.to_string_lossy().contains(".damaged") {
                continue;
            }
            if kind.is_dir() {
                walk(root, &path, found);
            } else {
                found.push(path.strip_prefix(root).unwrap().to_owned());
            }
        }
    }
    let mut found = Vec::new();
    walk(root, root, &mut found);
    found.sort();
    found
}

/// Tables of a release that tell of facilities, and not of the night: the same sources give the same bytes.
fn tables(release: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let is_table = |path: &PathBuf| {
        path.extension().is_some_and(|end| end == "parquet")
            && !path.ends_with("items.parquet")
            && !path.ends_with("quality/layers.parquet")
            && !path.ends_with("scorecard/history.parquet")
            && !path.starts_with("changes")
            && !path.to_string_lossy().contains("changes.parquet")
    };
    let paths = files(release).into_iter().filter(is_table);
    paths
        .map(|path| (path.clone(), fs::read(release.join(&path)).unwrap()))
        .collect()
}

/// Tables that differ, or that one of the two hasn't.
fn differing(a: &BTreeMap<PathBuf, Vec<u8>>, b: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<PathBuf> {
    let paths: std::collections::BTreeSet<&PathBuf> = a.keys().chain(b.keys()).collect();
    paths
        .into_iter()
        .filter(|path| a.get(*path) != b.get(*path))
        .cloned()
        .collect()
}

/// The latest release has these tables.
#[track_caller]
fn assert_tables(folder: &Folder, expected: &BTreeMap<PathBuf, Vec<u8>>, why: &str) {
    let differing = differing(&tables(&folder.latest()), expected);
    assert!(differing.is_empty(), "{differing:?}; {why}");
}

/// Changes one byte of a file, in place: all links of it change.
fn rot(path: &Path) {
    use std::os::unix::fs::FileExt;
    let file = fs::File::options().read(true).write(true).open(path).unwrap();
    let at = file.metadata().unwrap().len() / 2;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 0x04], at).unwrap();
}

/// The first tile of a layer in the latest release.
fn tile(folder: &Folder, layer: &str) -> PathBuf {
    crate::program::tiles(&folder.latest().join("layers").join(layer)).remove(0)
}
