//! A release in the making: `work/<release>/tree`, of which nobody else knows.
//!
//! Files join it whole (`Staged`) or as links to those of an earlier release; `publish` ends it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use super::care::Checked;
use super::manifest::{Manifest, ManifestFile, files_with_digests};
use super::release_file::{ReleaseFile, path_in_manifest};
use super::{Lock, Store, StoreError, disk};
use crate::feature::release::paths::MANIFEST;
use crate::feature::release::{ReleaseId, data_digest};

/// A release in the making. Its methods may be called from several threads at once.
///
/// Dropped without `publish` it stays in `work/` until the next `begin_release`, and no reader sees it.
#[derive(Debug)]
pub struct Staging<'a> {
    pub(super) store: &'a Store,
    pub(super) release: ReleaseId,
    /// Files so far by path; a file is on disk before it is listed here.
    files: Mutex<BTreeMap<PathBuf, ManifestFile>>,
    /// Manifests of earlier releases that files are carried from.
    pub(super) earlier: Mutex<BTreeMap<ReleaseId, Arc<Manifest>>>,
    /// Folder of the release before, where there is one.
    pub(super) before: Option<PathBuf>,
    /// What is known of its files.
    pub(super) checked: Checked,
    /// Bytes taken over from earlier releases.
    pub(super) linked: AtomicU64,
    /// Those of them that were compared with their digests.
    pub(super) digested: AtomicU64,
    /// Rights of the folder that releases lie in.
    pub(super) mode: u32,
    tree: PathBuf,
    scratch: PathBuf,
}

impl Store {
    /// Begins a release, and removes what dead runs left behind, but for layers that are finished: whoever holds the lock is
    /// the only one alive.
    ///
    /// # Errors
    /// The id exists already, or the store can't be written to.
    pub fn begin_release<'a>(
        &'a self,
        lock: &'a Lock,
        release: &ReleaseId,
    ) -> Result<Staging<'a>, StoreError> {
        if self.release_dir(release).symlink_metadata().is_ok() {
            return Err(StoreError::ReleaseExists {
                release: release.clone(),
            });
        }
        // Room first: on a disk that a dead run has filled, records could not be made again.
        self.clear_work()?;
        self.heal(lock)?;
        let folder = self.work().join(release.as_str());
        let staging = Staging {
            store: self,
            release: release.clone(),
            files: Mutex::default(),
            earlier: Mutex::default(),
            // A damaged `latest.json` is for others to tell of.
            checked: self.load_checked(),
            linked: AtomicU64::new(0),
            digested: AtomicU64::new(0),
            mode: disk::mode_of(&self.releases_dir())?,
            before: self
                .latest()
                .ok()
                .flatten()
                .map(|latest| self.release_dir(&latest.release)),
            tree: folder.join("tree"),
            scratch: folder.join("scratch"),
        };
        disk::create_folder(&staging.tree)?;
        disk::create_folder(&staging.scratch)?;
        Ok(staging)
    }
}

impl Staging<'_> {
    /// Id of the release.
    pub fn release(&self) -> &ReleaseId {
        &self.release
    }

    /// The files so far, by path; which rows they have, only `publish` is told.
    pub fn files(&self) -> Vec<ManifestFile> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.values().cloned().collect()
    }

    /// Digest of the data so far: that of the release once all of its data are staged, for what describes them is no part
    /// of it.
    pub fn data_sha256(&self) -> String {
        data_digest(files_with_digests(&self.files()))
    }

    /// The files so far at some paths, or below them.
    pub(super) fn files_below(&self, paths: &[PathBuf]) -> Vec<ManifestFile> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files
            .iter()
            .filter(|(path, _)| paths.iter().any(|above| path.starts_with(above)))
            .map(|(_, file)| file.clone())
            .collect()
    }

    /// Puts a file on disk under its name and lists it.
    pub(super) fn add_file(
        &self,
        written: &ReleaseFile,
        rows: Option<u64>,
        place: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let path = path_in_manifest(&written.path)?;
        // Held while the file gets its name: of two threads with one path the second must find it taken, and a file
        // is listed only once it is on disk.
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if files.contains_key(&written.path) {
            return Err(StoreError::Taken {
                path: written.path.clone(),
            });
        }
        place()?;
        let file = ManifestFile {
            path,
            bytes: written.bytes,
            rows,
            sha256: written.sha256.clone(),
        };
        files.insert(written.path.clone(), file);
        Ok(())
    }

    /// The files of the release, at its end.
    pub(super) fn take_files(&self) -> BTreeMap<PathBuf, ManifestFile> {
        std::mem::take(&mut *self.files.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes back a file, or every file below a folder, of the release, as of a layer that failed half way.
    ///
    /// # Errors
    /// It can't be removed.
    pub fn discard(&self, relative: &Path) -> Result<(), StoreError> {
        path_in_manifest(relative)?;
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.retain(|path, _| !path.starts_with(relative));
        disk::remove(&self.path_of(relative))
    }

    /// Where a file of the release stands for now, to be read back.
    pub fn path_of(&self, relative: &Path) -> PathBuf {
        self.tree.join(relative)
    }

    pub(super) fn tree(&self) -> &Path {
        &self.tree
    }

    /// Where files are written before they have their name, and those that never get one.
    pub fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// Sees to it that a path is free and its folder there.
    pub(super) fn make_room(&self, relative: &Path) -> Result<(), StoreError> {
        path_in_manifest(relative)?;
        let is_taken = self
            .files
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains_key(relative);
        if is_taken || relative == Path::new(MANIFEST) {
            return Err(StoreError::Taken {
                path: relative.to_owned(),
            });
        }
        let folder = relative
            .parent()
            .map_or_else(|| self.tree.clone(), |parent| self.path_of(parent));
        disk::create_folder(&folder)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::super::fixture::{self, TILE};
    use super::*;

    #[test]
    fn leftovers_of_a_dead_run_are_removed() {
        let (_folder, store) = fixture::store();
        let lock = store.lock().unwrap();
        let dead = store.begin_release(&lock, &fixture::id("r1")).unwrap();
        dead.write(Path::new("a/b"), b"x").unwrap();
        std::mem::forget(dead.create(Path::new("c")).unwrap());
        fs::write(store.work().join("spill"), "x").unwrap();
        fs::write(store.record_path(&fixture::id("dangling")), "{}").unwrap();
        drop(dead);

        let staging = store.begin_release(&lock, &fixture::id("r2")).unwrap();
        assert_eq!(fixture::names(&store.work()), ["r2"]);
        assert!(fixture::names(staging.tree()).is_empty());
        assert!(fixture::names(&store.releases_dir()).is_empty());
    }

    #[test]
    fn a_release_is_made_once() {
        let (_folder, store) = fixture::store();
        fixture::release(&store, "r1", 1, 9).unwrap();
        let again = fixture::release(&store, "r1", 2, 9);
        assert!(matches!(again, Err(StoreError::ReleaseExists { release }) if release == "r1"));
    }

    #[test]
    fn paths_stay_within_the_release() {
        let (_folder, store) = fixture::store();
        let lock = store.lock().unwrap();
        let staging = store.begin_release(&lock, &fixture::id("r1")).unwrap();
        for path in ["", ".", "../x", "a/../../x", "/etc/x"] {
            let refused = staging.create(Path::new(path));
            assert!(matches!(refused, Err(StoreError::BadPath { .. })), "{path}");
        }
    }

    #[test]
    fn a_path_is_taken_once() {
        let (_folder, store) = fixture::store();
        let lock = store.lock().unwrap();
        let staging = store.begin_release(&lock, &fixture::id("r1")).unwrap();
        let (first, second) = (
            staging.create(Path::new("a")).unwrap(),
            staging.create(Path::new("a")).unwrap(),
        );
        first.commit().unwrap();
        assert!(matches!(second.commit(), Err(StoreError::Taken { .. })));
        assert!(matches!(
            staging.write(Path::new("a"), b""),
            Err(StoreError::Taken { .. })
        ));
        assert!(matches!(
            staging.write(Path::new("manifest.json"), b""),
            Err(StoreError::Taken { .. })
        ));
    }

    #[test]
    fn a_file_in_a_folders_place_is_named() {
        let (_folder, store) = fixture::store();
        let lock = store.lock().unwrap();
        let staging = store.begin_release(&lock, &fixture::id("r1")).unwrap();
        staging.write(Path::new("data"), b"x").unwrap();
        let refused = staging.write(Path::new("data/tile"), b"x");
        assert!(
            matches!(refused, Err(StoreError::NotAFolder { path }) if path == staging.path_of(Path::new("data")))
        );
    }

    #[test]
    fn others_may_read_what_is_published() {
        let (_folder, store) = fixture::store();
        let published = fixture::release(&store, "r1", 1, 9).unwrap();
        let plain = store.root().join("plain");
        fs::write(&plain, "x").unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        for path in [
            published.folder.join(TILE),
            published.folder.join(MANIFEST),
            store.record_path(&fixture::id("r1")),
        ] {
            assert_eq!(mode(&path), mode(&plain), "{}", path.display());
        }
        assert_eq!(mode(&published.folder), mode(&store.releases_dir()));
    }
}
