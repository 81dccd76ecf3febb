//! A release in the making: `work/<release>/tree`, of which nobody else knows.
//!
//! Files join it whole (`Staged`) or as links to those of an earlier release; `publish` ends it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::care::{Care, Checked};
use super::manifest::{self, MANIFEST, Manifest, ManifestFile, Problem};
use super::regular::read_regular;
use super::staged::{Staged, Written};
use super::{Lock, Store, StoreError, check_name, digest, disk};

/// A release in the making. Its methods may be called from several threads at once.
///
/// Dropped without `publish` it stays in `work/` until the next `begin`, and no reader sees it.
#[derive(Debug)]
pub struct Staging<'a> {
    pub(super) store: &'a Store,
    pub(super) release: String,
    /// Files so far by path; a file is on disk before it is listed here.
    files: Mutex<BTreeMap<PathBuf, ManifestFile>>,
    /// Manifests of earlier releases that files are carried from.
    earlier: Mutex<BTreeMap<String, Arc<Manifest>>>,
    /// Folder of the release before, where there is one.
    before: Option<PathBuf>,
    /// What is known of its files.
    pub(super) checked: Checked,
    linked: AtomicU64,
    digested: AtomicU64,
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
    /// The id is not a plain name or exists already, or the store can't be written to.
    pub fn begin<'a>(&'a self, held: &'a Lock, release: &str) -> Result<Staging<'a>, StoreError> {
        check_name("release", release)?;
        if self.release_dir(release).symlink_metadata().is_ok() {
            return Err(StoreError::ReleaseExists {
                release: release.to_owned(),
            });
        }
        self.clear_work()?;
        self.heal(held)?;
        let folder = self.work().join(release);
        let staging = Staging {
            store: self,
            release: release.to_owned(),
            files: Mutex::default(),
            earlier: Mutex::default(),
            // A damaged `latest.json` is for others to tell of.
            checked: self.checked(),
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
    pub fn release(&self) -> &str {
        &self.release
    }

    /// Opens a new file of the release; the folders above it are made.
    ///
    /// # Errors
    /// The path leaves the release or is taken, or the store can't be written to.
    pub fn create(&self, relative: &Path) -> Result<Staged<'_>, StoreError> {
        self.make_room(relative)?;
        Staged::new(self, relative.to_owned())
    }

    /// Writes a whole file of the release; one that the release before has, byte for byte, is linked.
    ///
    /// # Errors
    /// As `create` and `Staged::commit`.
    pub fn write(&self, relative: &Path, bytes: &[u8]) -> Result<Written, StoreError> {
        if let Some(same) = self.same_before(relative, bytes) {
            self.make_room(relative)?;
            let (path, bytes, sha256) = (
                relative.to_owned(),
                bytes.len() as u64,
                digest::digest_bytes(bytes),
            );
            let written = Written { path, bytes, sha256 };
            self.add(&written, None, || {
                disk::link_or_copy(&same, &self.path_of(relative))
            })?;
            return Ok(written);
        }
        let mut staged = self.create(relative)?;
        staged
            .write_all(bytes)
            .map_err(|source| StoreError::writing(&self.path_of(relative), source))?;
        staged.commit()
    }

    /// The file of the release before that has this path and these bytes.
    fn same_before(&self, relative: &Path, bytes: &[u8]) -> Option<PathBuf> {
        let path = self.before.as_ref()?.join(relative);
        let is_of_size = path.symlink_metadata().ok()?.len() == bytes.len() as u64;
        (is_of_size && read_regular(&path).ok()? == bytes).then_some(path)
    }

    /// Writes many whole files of the release, several at a time: small ones wait for the disk above all.
    ///
    /// # Errors
    /// As `write`; files after the first failure may be missing.
    pub fn write_all(&self, files: &[(PathBuf, Vec<u8>)]) -> Result<(), StoreError> {
        disk::at_once(files, |(path, bytes)| self.write(path, bytes).map(drop))
    }

    /// Takes over a file, or all files below a folder, of an earlier release under the same paths.
    ///
    /// Row counts are those of the earlier manifest, and so are digests, which are compared with the files as closely as
    /// `care` says.
    ///
    /// # Errors
    /// The earlier release has no such file, or not as its manifest and record say; or as `create`.
    pub fn carry(&self, from: &str, relative: &Path, care: Care) -> Result<Vec<Written>, StoreError> {
        check_name("release", from)?;
        let earlier = self.store.release_dir(from);
        let manifest = self.manifest_of(from)?;
        let (files, mut problems) = manifest::files_below(&earlier, &manifest, relative);
        if problems.is_empty() {
            let is_due = |file: &&&ManifestFile| {
                care == Care::Each
                    || !self
                        .checked
                        .vouches_for(from, &file.path, &earlier.join(&file.path))
            };
            self.linked.fetch_add(bytes_of(&files), Ordering::Relaxed);
            problems = self.digested(&earlier, files.iter().filter(is_due).copied().collect());
        }
        if !problems.is_empty() {
            return Err(StoreError::Damaged {
                release: from.to_owned(),
                problems,
            });
        }
        files
            .into_iter()
            .map(|file| self.carry_file(&earlier, file))
            .collect()
    }

    /// What is wrong with the content of staged files at some paths, or below them: those that were linked in their turn
    /// alone, and that something is to be made of.
    pub fn damaged(&self, paths: &[PathBuf]) -> Vec<Problem> {
        let files = self.files_below(paths);
        self.digested(&self.tree, files.iter().collect())
    }

    fn digested(&self, folder: &Path, files: Vec<&ManifestFile>) -> Vec<Problem> {
        self.digested.fetch_add(bytes_of(&files), Ordering::Relaxed);
        files
            .into_par_iter()
            .filter_map(|file| manifest::wrong_content(folder, file))
            .collect()
    }

    /// Bytes of the files taken over from earlier releases, and how many of them were compared with their digests.
    pub fn care_taken(&self) -> (u64, u64) {
        (
            self.linked.load(Ordering::Relaxed),
            self.digested.load(Ordering::Relaxed),
        )
    }

    /// The manifest of an earlier release, which is the one that its record tells of.
    fn manifest_of(&self, release: &str) -> Result<Arc<Manifest>, StoreError> {
        let mut known = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(manifest) = known.get(release) {
            return Ok(Arc::clone(manifest));
        }
        let manifest = Arc::new(self.store.sound_manifest(release)?);
        known.insert(release.to_owned(), Arc::clone(&manifest));
        Ok(manifest)
    }

    /// The files so far at some paths, or below them.
    pub(super) fn files_below(&self, paths: &[PathBuf]) -> Vec<ManifestFile> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let below = files
            .iter()
            .filter(|(path, _)| paths.iter().any(|above| path.starts_with(above)));
        below.map(|(_, file)| file.clone()).collect()
    }

    pub(super) fn carry_file(&self, earlier: &Path, file: &ManifestFile) -> Result<Written, StoreError> {
        let written = Written {
            path: PathBuf::from(&file.path),
            bytes: file.bytes,
            sha256: file.sha256.clone(),
        };
        self.make_room(&written.path)?;
        let link = || disk::link_or_copy(&earlier.join(&written.path), &self.path_of(&written.path));
        self.add(&written, file.rows, link)?;
        Ok(written)
    }

    /// Puts a file on disk under its name and lists it.
    pub(super) fn add(
        &self,
        written: &Written,
        rows: Option<u64>,
        place: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let path = text_of(&written.path)?;
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
        text_of(relative)?;
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

    fn make_room(&self, relative: &Path) -> Result<(), StoreError> {
        text_of(relative)?;
        let known = |files: &BTreeMap<_, _>| files.contains_key(relative);
        if relative == Path::new(MANIFEST)
            || known(&self.files.lock().unwrap_or_else(PoisonError::into_inner))
        {
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

fn bytes_of(files: &[&ManifestFile]) -> u64 {
    files.iter().map(|file| file.bytes).sum()
}

/// A path within a release as the manifest has it: plain names between `/`.
pub(super) fn text_of(relative: &Path) -> Result<String, StoreError> {
    let names = relative.components().map(|component| match component {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    let names: Option<Vec<&str>> = names.collect();
    match names {
        Some(names) if !names.is_empty() => Ok(names.join("/")),
        _ => Err(StoreError::BadPath {
            path: relative.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::super::fixture::{self, TILE};
    use super::*;

    #[test]
    fn leftovers_of_a_dead_run_are_removed() {
        let (_folder, store) = fixture::store();
        let lock = store.lock().unwrap();
        let dead = store.begin(&lock, "r1").unwrap();
        dead.write(Path::new("a/b"), b"x").unwrap();
        std::mem::forget(dead.create(Path::new("c")).unwrap());
        fs::write(store.work().join("spill"), "x").unwrap();
        fs::write(store.record_path("dangling"), "{}").unwrap();
        drop(dead);

        let staging = store.begin(&lock, "r2").unwrap();
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
        let staging = store.begin(&lock, "r1").unwrap();
        for path in ["", ".", "../x", "a/../../x", "/etc/x"] {
            let refused = staging.create(Path::new(path));
            assert!(matches!(refused, Err(StoreError::BadPath { .. })), "{path}");
        }
    }

    #[test]
    fn a_path_is_taken_once() {
        let (_folder, store) = fixture::store();
        let lock = store.lock().unwrap();
        let staging = store.begin(&lock, "r1").unwrap();
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
        let staging = store.begin(&lock, "r1").unwrap();
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
            store.record_path("r1"),
        ] {
            assert_eq!(mode(&path), mode(&plain), "{}", path.display());
        }
        assert_eq!(mode(&published.folder), mode(&store.releases_dir()));
    }

    #[test]
    fn carried_files_are_links_with_their_rows() {
        let (_folder, store) = fixture::store();
        fixture::release(&store, "r1", 1, 9).unwrap();
        let lock = store.lock().unwrap();
        let staging = store.begin(&lock, "r2").unwrap();
        let carried = staging
            .carry("r1", Path::new("layers/dams"), Care::InTurns)
            .unwrap();
        assert_eq!(carried.len(), 1);
        let published = fixture::publish(staging, 2, 9).unwrap();
        drop(lock);

        let inode = |release: &str| store.release_dir(release).join(TILE).metadata().unwrap().ino();
        assert_eq!(inode("r1"), inode("r2"));
        let manifest = manifest::read_manifest(&published.folder).unwrap();
        assert_eq!((manifest.files.len(), manifest.files[0].rows), (1, Some(7)));
        assert_eq!(fixture::assert_readable(&store), "r2");
    }

    #[test]
    fn a_file_that_the_release_before_has_is_linked_and_another_is_written() {
        let (_folder, store) = fixture::store();
        let page = |release: &str, day: u32, text: &[u8]| {
            let lock = store.lock().unwrap();
            let staging = store.begin(&lock, release).unwrap();
            let written = staging.write(Path::new(TILE), text).unwrap();
            let published = fixture::publish(staging, day, 9).unwrap();
            (published.folder.join(TILE).metadata().unwrap().ino(), written)
        };
        let (first, written) = page("r1", 1, b"same");
        assert_eq!(page("r2", 2, b"same"), (first, written));
        let (other, _) = page("r3", 3, b"else");
        assert_ne!(other, first);
        assert_eq!(fs::read(store.release_dir("r3").join(TILE)).unwrap(), b"else");
        assert_eq!(fs::read(store.release_dir("r1").join(TILE)).unwrap(), b"same");
    }

    #[test]
    fn what_is_not_as_its_manifest_says_is_not_carried() {
        let (_folder, store) = fixture::store();
        let first = fixture::release(&store, "r1", 1, 9).unwrap();
        let lock = store.lock().unwrap();
        let staging = store.begin(&lock, "r2").unwrap();
        let missing = staging
            .carry("r1", Path::new("layers/schools"), Care::InTurns)
            .unwrap_err();
        assert_eq!(
            missing.to_string(),
            "release `r1` is damaged: layers/schools: missing"
        );
        fs::write(first.folder.join(TILE), "cut").unwrap();
        assert!(matches!(
            staging.carry("r1", Path::new("layers"), Care::InTurns),
            Err(StoreError::Damaged { .. })
        ));
    }
}
