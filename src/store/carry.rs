//! Files of an earlier release in a new one: linked, and compared with their digests as closely as `Care` says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use rayon::prelude::*;

use super::care::Care;
use super::manifest::{self, Manifest, ManifestFile};
use super::problem::Problem;
use super::release_file::ReleaseFile;
use super::{Staging, StoreError, disk};
use crate::feature::release::ReleaseId;

impl Staging<'_> {
    /// Takes over a file, or all files below a folder, of an earlier release under the same paths.
    ///
    /// Row counts are those of the earlier manifest, and so are digests, which are compared with the files as closely as
    /// `care` says.
    ///
    /// # Errors
    /// The earlier release has no such file, or not as its manifest and record say; or as `create`.
    pub fn carry(
        &self,
        from: &ReleaseId,
        relative: &Path,
        care: Care,
    ) -> Result<Vec<ReleaseFile>, StoreError> {
        let manifest = self.manifest_of(from)?;
        // Sizes first: a file that is missing or cut is told without reading the others.
        let (files, problems) = manifest::files_below(&self.store.release_dir(from), &manifest, relative);
        self.carry_listed(from, files, problems, care)
    }

    /// Takes over those files of an earlier release that a list has as well, by path and digest, and are sound; gives their
    /// paths.
    ///
    /// # Errors
    /// The earlier release has no manifest, or as `create`.
    pub fn carry_same(
        &self,
        from: &ReleaseId,
        listed: &[ManifestFile],
        care: Care,
    ) -> Result<BTreeSet<String>, StoreError> {
        let earlier = self.store.release_dir(from);
        let manifest = self.manifest_of(from)?;
        let wanted: BTreeMap<&str, &str> = listed
            .iter()
            .map(|file| (file.path.as_str(), file.sha256.as_str()))
            .collect();
        let same = manifest.files.iter().filter(|file| {
            wanted.get(file.path.as_str()) == Some(&file.sha256.as_str())
                && manifest::problem_by_size(&earlier, file).is_none()
        });
        let (sound, due): (Vec<&ManifestFile>, Vec<&ManifestFile>) =
            same.partition(|file| !self.is_due(from, file, care));
        let damaged: BTreeSet<String> = self
            .check_digests(&earlier, due.clone())
            .into_iter()
            .map(|problem| problem.path)
            .collect();
        let mut carried = BTreeSet::new();
        for file in sound.into_iter().chain(due) {
            // What has rotted here is fetched again.
            if !damaged.contains(&file.path) {
                self.carry_file(&earlier, file)?;
                self.linked.fetch_add(file.bytes, Ordering::Relaxed);
                carried.insert(file.path.clone());
            }
        }
        Ok(carried)
    }

    /// Whether the digest of a file of an earlier release is to be compared.
    fn is_due(&self, from: &ReleaseId, file: &ManifestFile, care: Care) -> bool {
        let place = self.store.release_dir(from).join(&file.path);
        care == Care::Each || !self.checked.vouches_for(from, &file.path, &place)
    }

    fn carry_listed(
        &self,
        from: &ReleaseId,
        files: Vec<&ManifestFile>,
        mut problems: Vec<Problem>,
        care: Care,
    ) -> Result<Vec<ReleaseFile>, StoreError> {
        let earlier = self.store.release_dir(from);
        if problems.is_empty() {
            self.linked.fetch_add(bytes_of(&files), Ordering::Relaxed);
            let due = files
                .iter()
                .filter(|file| self.is_due(from, file, care))
                .copied()
                .collect();
            problems = self.check_digests(&earlier, due);
        }
        if !problems.is_empty() {
            return Err(StoreError::Damaged {
                release: from.clone(),
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
    pub fn damaged_files(&self, paths: &[PathBuf]) -> Vec<Problem> {
        let files = self.files_below(paths);
        self.check_digests(self.tree(), files.iter().collect())
    }

    /// Which of some files have other content than their digests say.
    fn check_digests(&self, folder: &Path, files: Vec<&ManifestFile>) -> Vec<Problem> {
        self.digested.fetch_add(bytes_of(&files), Ordering::Relaxed);
        files
            .into_par_iter()
            .filter_map(|file| manifest::wrong_content(folder, file))
            .collect()
    }

    /// Bytes of the files taken over from earlier releases, and how many of them were compared with their digests.
    pub fn bytes_linked_and_digested(&self) -> (u64, u64) {
        (
            self.linked.load(Ordering::Relaxed),
            self.digested.load(Ordering::Relaxed),
        )
    }

    /// The manifest of an earlier release, which is the one that its record tells of.
    fn manifest_of(&self, release: &ReleaseId) -> Result<Arc<Manifest>, StoreError> {
        // Every layer asks for the same manifest, which is as long as the release has files.
        let mut known = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(manifest) = known.get(release) {
            return Ok(Arc::clone(manifest));
        }
        let manifest = Arc::new(self.store.sound_manifest(release)?);
        known.insert(release.clone(), Arc::clone(&manifest));
        Ok(manifest)
    }

    /// Links one file from the folder of an earlier release.
    pub(super) fn carry_file(&self, earlier: &Path, file: &ManifestFile) -> Result<ReleaseFile, StoreError> {
        let written = ReleaseFile {
            path: PathBuf::from(&file.path),
            bytes: file.bytes,
            sha256: file.sha256.clone(),
        };
        self.make_room(&written.path)?;
        self.add_file(&written, file.rows, || {
            disk::link_or_copy(&earlier.join(&written.path), &self.path_of(&written.path))
        })?;
        Ok(written)
    }
}

fn bytes_of(files: &[&ManifestFile]) -> u64 {
    files.iter().map(|file| file.bytes).sum()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    use super::super::fixture::{self, TILE};
    use super::*;

    #[test]
    fn carried_files_are_links_with_their_rows() {
        let (_folder, store) = fixture::store();
        fixture::release(&store, "r1", 1, 9).unwrap();
        let lock = store.lock().unwrap();
        let staging = store.begin_release(&lock, &fixture::id("r2")).unwrap();
        let carried = staging
            .carry(&fixture::id("r1"), Path::new("layers/dams"), Care::InTurns)
            .unwrap();
        assert_eq!(carried.len(), 1);
        let published = fixture::publish(staging, 2, 9).unwrap();
        drop(lock);

        let inode = |release: &str| {
            store
                .release_dir(&fixture::id(release))
                .join(TILE)
                .metadata()
                .unwrap()
                .ino()
        };
        assert_eq!(inode("r1"), inode("r2"));
        let manifest = manifest::read_manifest(&published.folder).unwrap();
        assert_eq!((manifest.files.len(), manifest.files[0].rows), (1, Some(7)));
        assert_eq!(fixture::assert_readable(&store), "r2");
    }

    #[test]
    fn what_is_not_as_its_manifest_says_is_not_carried() {
        let (_folder, store) = fixture::store();
        let first = fixture::release(&store, "r1", 1, 9).unwrap();
        let lock = store.lock().unwrap();
        let staging = store.begin_release(&lock, &fixture::id("r2")).unwrap();
        let missing = staging
            .carry(&fixture::id("r1"), Path::new("layers/schools"), Care::InTurns)
            .unwrap_err();
        assert_eq!(
            missing.to_string(),
            "release `r1` is damaged: layers/schools: missing"
        );
        fs::write(first.folder.join(TILE), "cut").unwrap();
        assert!(matches!(
            staging.carry(&fixture::id("r1"), Path::new("layers"), Care::InTurns),
            Err(StoreError::Damaged { .. })
        ));
    }
}
