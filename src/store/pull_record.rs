//! How a pull is written down: what has come of its pages, and the list of one that is accepted.
//!
//! Reads records and pages; writes none.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::folder::folder_names;
use super::record;
use crate::feature::digest::sha256_hex;
use crate::feature::{Generalised, PageRecord};

/// A page as the list of an accepted pull has it; `path` is relative to the list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LandedPage {
    pub(super) path: PathBuf,
    pub(super) rows: u64,
    /// Size before compression.
    pub(super) bytes: u64,
    /// Digest before compression.
    pub(super) sha256: String,
}

/// `<sha256>.esri.json`.
#[derive(Debug, Serialize)]
pub(super) struct PageList {
    pub(super) version: u32,
    /// The layer's info.
    pub(super) info: LandedPage,
    /// In the order of the rows.
    pub(super) pages: Vec<LandedPage>,
    /// Rows that are not what the service has.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) generalised: Vec<Generalised>,
}

/// `pull/<name>.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PageEntry {
    pub(super) version: u32,
    pub(super) page: LandedPage,
    pub(super) record: PageRecord,
}

/// `pull/.key.json`, the digest of the pull's key; no page has such a name.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PullKey {
    pub(super) version: u32,
    pub(super) key: String,
}

/// Pages that an unfinished pull has, by their path in the layer's folder.
pub(super) fn pages_of_pull(pull: &Path) -> Result<BTreeSet<PathBuf>, StoreError> {
    let mut pages = BTreeSet::new();
    for name in folder_names(pull)? {
        // The key is no entry, and a damaged entry names no page.
        let entry: Option<PageEntry> = record::read(&pull.join(name)).ok().flatten();
        pages.extend(entry.map(|entry| entry.page.path));
    }
    Ok(pages)
}

/// When the last page of an unfinished pull came, RFC 3339 UTC; empty where none has, none where there is no pull.
pub(super) fn last_page_time(pull: &Path) -> Result<Option<String>, StoreError> {
    if !pull.is_dir() {
        return Ok(None);
    }
    let mut last = String::new();
    for name in folder_names(pull)? {
        if let Ok(Some(entry)) = record::read::<PageEntry>(&pull.join(name)) {
            last = last.max(entry.record.fetched_at);
        }
    }
    Ok(Some(last))
}

/// A page's bytes if they are those that came; no more of a damaged file is unpacked than the page had.
pub(super) fn read_page(path: &Path, page: &LandedPage) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let unpacked = File::open(path)
        .and_then(zstd::Decoder::new)
        .and_then(|unpacked| {
            unpacked
                .take(page.bytes.saturating_add(1))
                .read_to_end(&mut bytes)
        });
    let is_whole = unpacked.is_ok() && sha256_hex(&bytes) == page.sha256;
    is_whole.then_some(bytes)
}
