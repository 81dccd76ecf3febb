//! What stands in a folder of the store.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::{IoResultExt, StoreError};

/// Paths of all that is in a folder, sorted.
pub(super) fn folder_paths(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).while_reading(folder)? {
        paths.push(entry.while_reading(folder)?.path());
    }
    paths.sort();
    Ok(paths)
}

/// Names in a folder, sorted; none where there is no folder.
pub(super) fn folder_names(folder: &Path) -> Result<Vec<String>, StoreError> {
    if !folder.is_dir() {
        return Ok(vec![]);
    }
    // Sorted, since the system lists a folder in no order of its own, and what is told of it must not differ from one
    // run to the next.
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).while_reading(folder)? {
        names.push(
            entry
                .while_reading(folder)?
                .file_name()
                .to_string_lossy()
                .into_owned(),
        );
    }
    names.sort();
    Ok(names)
}
