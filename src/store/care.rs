//! How files of an earlier release are looked at before they are linked: `<store>/checked.json`.
//!
//! A disk may give other bytes than it took. A file whose digest was checked, and that has the size, the inode and the
//! times it had then, is digested again once in `NIGHTS` nights, so that a quiet night reads a share of the release; any
//! other file is digested at once. What is noted is of the latest release; losing it costs a night's reading.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::layout::CHECKED;
use super::manifest::ManifestFile;
use super::{Store, disk, record};
use crate::feature::digest::sha256_hex;
use crate::feature::release::ReleaseId;

/// Every file of a release that is linked on and on is digested at least once in so many nights.
const NIGHTS: u64 = 7;

/// How closely files are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// Those that are only linked: in turns.
    InTurns,
    /// Those that something is made of: every one.
    Each,
}

/// `checked.json`.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Checked {
    version: u32,
    /// Release whose files these are.
    release: Option<ReleaseId>,
    /// Counts the nights.
    turn: u64,
    files: BTreeMap<String, FileStamp>,
}

/// What tells that a file was written to; what a disk forgets by itself changes none of it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FileStamp {
    bytes: u64,
    inode: u64,
    /// Seconds and nanoseconds.
    modified: [i64; 2],
    changed: [i64; 2],
}

impl FileStamp {
    fn from_metadata(found: &Metadata) -> Self {
        Self {
            bytes: found.len(),
            inode: found.ino(),
            modified: [found.mtime(), found.mtime_nsec()],
            changed: [found.ctime(), found.ctime_nsec()],
        }
    }
}

impl Checked {
    /// Whether a file of a release, by its path there and where it lies, needn't be digested this night.
    pub(super) fn vouches_for(&self, release: &ReleaseId, path: &str, place: &Path) -> bool {
        self.release.as_ref() == Some(release) && !self.is_turn_of(path) && self.is_as_seen(path, place)
    }

    fn is_as_seen(&self, path: &str, place: &Path) -> bool {
        fs::symlink_metadata(place)
            .is_ok_and(|found| self.files.get(path) == Some(&FileStamp::from_metadata(&found)))
    }

    fn is_turn_of(&self, path: &str) -> bool {
        // By the digest of the path and not by its place in a list: a file keeps its turn whatever comes and goes
        // around it, and each night has about as much to read.
        let share = u64::from_str_radix(&sha256_hex(path)[..12], 16).unwrap_or_default();
        (share % NIGHTS + self.turn % NIGHTS).is_multiple_of(NIGHTS)
    }
}

impl Store {
    /// What is known of the latest release's files; nothing where that is damaged.
    pub(super) fn load_checked(&self) -> Checked {
        record::read_sound(&self.root.join(CHECKED)).unwrap_or_default()
    }

    /// Notes what the files of a release are like now that all of them were written, or looked at, by this run. Links of
    /// earlier releases that go change a file's time, so this comes after them.
    ///
    /// # Errors
    /// The store can't be written to.
    pub(super) fn note_checked(
        &self,
        release: &ReleaseId,
        before: &Checked,
        files: &[ManifestFile],
    ) -> Result<(), StoreError> {
        let folder = self.release_dir(release);
        let mut stamps = BTreeMap::new();
        for file in files {
            // A file that can't be looked at is digested the next night.
            if let Ok(found) = fs::symlink_metadata(folder.join(&file.path)) {
                stamps.insert(file.path.clone(), FileStamp::from_metadata(&found));
            }
        }
        let checked = Checked {
            version: record::VERSION,
            release: Some(release.clone()),
            turn: before.turn.wrapping_add(1),
            files: stamps,
        };
        disk::put_file(&self.work(), &self.root.join(CHECKED), &record::to_json(&checked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_its_turn_once_in_so_many_nights() {
        for file in 0..100 {
            let path = format!("layers/dams/data/region=R06/part-{file:03}.parquet");
            let turns = (0..NIGHTS).filter(|turn| {
                Checked {
                    turn: *turn,
                    ..Checked::default()
                }
                .is_turn_of(&path)
            });
            assert_eq!(turns.count(), 1, "{path}");
        }
    }
}
