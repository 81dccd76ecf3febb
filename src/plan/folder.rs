//! Files of a folder, by name alone.

use std::ffi::OsStr;
use std::fs::read_dir;
use std::path::Path;

/// Names, without extension, of a folder's files of one extension, sorted; for suggestions only.
pub(super) fn file_stems(folder: &Path, extension: &str) -> Vec<String> {
    // It serves suggestions alone: a folder that can't be read has none to give.
    let files = read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let mut stems: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|other| other == extension))
        .filter_map(|path| path.file_stem().and_then(OsStr::to_str).map(str::to_owned))
        .collect();
    // A folder lists its files in any order.
    stems.sort();
    stems
}
