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

use super::digest::digest_bytes;
use super::error::StoreError;
use super::manifest::ManifestFile;
use super::{Store, disk, record};

pub(super) const CHECKED: &str = "checked.json";

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
    release: String,
    /// Counts the nights.
    turn: u64,
    files: BTreeMap<String, Seen>,
}

/// What tells that a file was written to; what a disk forgets by itself changes none of it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    bytes: u64,
    inode: u64,
    /// Seconds and nanoseconds.
    modified: [i64; 2],
    changed: [i64; 2],
}

impl Seen {
    fn of(found: &Metadata) -> Self {
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
    pub(super) fn vouches_for(&self, release: &str, path: &str, place: &Path) -> bool {
        let is_as_seen = || {
            let found = fs::symlink_metadata(place).ok();
            found.is_some_and(|found| self.files.get(path) == Some(&Seen::of(&found)))
        };
        self.release == release && !self.is_turn_of(path) && is_as_seen()
    }

    fn is_turn_of(&self, path: &str) -> bool {
        let share = u64::from_str_radix(&digest_bytes(path.as_bytes())[..12], 16).unwrap_or_default();
        (share % NIGHTS + self.turn % NIGHTS).is_multiple_of(NIGHTS)
    }
}

impl Store {
    /// What is known of the latest release's files; nothing where that is damaged.
    pub(super) fn checked(&self) -> Checked {
        record::sound(&self.root.join(CHECKED)).unwrap_or_default()
    }

    /// Notes what the files of a release are like now that all of them were written, or looked at, by this run. Links of
    /// earlier releases that go change a file's time, so this comes after them.
    ///
    /// # Errors
    /// The store can't be written to.
    pub(super) fn note_checked(
        &self,
        release: &str,
        before: &Checked,
        files: &[ManifestFile],
    ) -> Result<(), StoreError> {
        let folder = self.release_dir(release);
        let seen = |file: &ManifestFile| {
            let found = fs::symlink_metadata(folder.join(&file.path)).ok()?;
            Some((file.path.clone(), Seen::of(&found)))
        };
        let (version, turn) = (record::VERSION, before.turn.wrapping_add(1));
        let files = files.iter().filter_map(seen).collect();
        let checked = Checked {
            version,
            release: release.to_owned(),
            turn,
            files,
        };
        disk::put(&self.work(), &self.root.join(CHECKED), &record::to_json(&checked))
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
