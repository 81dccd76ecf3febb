//! What a layer's folder in the landing holds: copies under their digests, and the record of each.
//!
//! Reads records and files; writes none.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::folder::folder_names;
use super::{digest, record};
use crate::feature::FetchRecord;

/// Folder of the unfinished pull.
pub(super) const PULL_FOLDER: &str = "pull";
/// Folder of the pages of pulls.
pub(super) const PAGES: &str = "pages";
/// What the name of a landed copy's record ends with.
pub(super) const RECORD: &str = ".record.json";

/// What is known about landed bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LandingRecord {
    pub(super) version: u32,
    /// The source as the pipeline gives it, or its URL without secrets.
    pub(super) source: String,
    pub(super) sha256: String,
    pub(super) bytes: u64,
    /// When the bytes were landed first, RFC 3339 UTC.
    pub(super) landed_at: String,
    pub(super) files: Vec<LandedFile>,
    /// How they were got that first time; none for a local source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) fetch: Option<FetchRecord>,
}

/// One landed file, relative to the layer's folder.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LandedFile {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

/// Record of a landed copy, by the copy's name: its extension is part of that, since the same bytes may be opened as two
/// formats.
pub(super) fn record_path(folder: &Path, name: &Path) -> PathBuf {
    folder.join(format!("{}{RECORD}", name.display()))
}

/// Records of a layer's folder by the name of what they tell of; damaged ones count as none.
pub(super) fn landing_records(folder: &Path) -> Result<Vec<(PathBuf, LandingRecord)>, StoreError> {
    let mut records = Vec::new();
    for name in folder_names(folder)? {
        let Some(copy) = name.strip_suffix(RECORD) else {
            continue;
        };
        if let Some(record) = record::read_sound(&folder.join(&name)) {
            records.push((PathBuf::from(copy), record));
        }
    }
    Ok(records)
}

/// Files of a landed copy that are not as they came, by their paths in the layer's folder.
pub(super) fn damaged_files(folder: &Path, record: &LandingRecord) -> Vec<PathBuf> {
    record
        .files
        .par_iter()
        .filter(|file| !is_whole(folder, file))
        .map(|file| file.path.clone())
        .collect()
}

/// Whether a landed file has the size and the digest that its record says; a page before it was compressed.
pub(super) fn is_whole(folder: &Path, file: &LandedFile) -> bool {
    let path = folder.join(&file.path);
    let Ok(found) = fs::symlink_metadata(&path) else {
        return false;
    };
    if file.path.starts_with(PAGES) {
        return found.is_file() && page_is_whole(&path, file).unwrap_or(false);
    }
    found.is_file() && found.len() == file.bytes && digest::has_digest(&path, &file.sha256)
}

/// No more of a damaged page is unpacked than it had.
fn page_is_whole(path: &Path, page: &LandedFile) -> io::Result<bool> {
    let unpacked = zstd::Decoder::new(File::open(path)?)?.take(page.bytes.saturating_add(1));
    Ok(digest::digest_reader(unpacked)? == (page.sha256.clone(), page.bytes))
}
