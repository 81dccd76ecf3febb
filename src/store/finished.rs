//! Layers that a run had finished when it died: `work/<release>/finished/<layer>.json`, beside the files that they are.
//!
//! The next run takes them over where they are what it would make; whatever is not whole is no layer. The end of a run
//! that publishes is the end of all of them.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::folder::folder_paths;
use super::manifest::ManifestFile;
use super::release_file::{ReleaseFile, path_in_manifest};
use super::{Lock, Staging, Store, StoreError, check_name, digest, disk, record};
use crate::feature::LayerReport;
use crate::feature::release::ReleaseId;

/// A finished layer.
#[derive(Debug, Serialize, Deserialize)]
struct Finished {
    version: u32,
    /// What it was made of, and how.
    print: String,
    report: LayerReport,
    files: Vec<ManifestFile>,
}

const FOLDER: &str = "finished";

impl Staging<'_> {
    /// Notes that a layer is finished: all files of the release so far at some paths, or below them. `print` stands for what
    /// it was made of, and how.
    ///
    /// # Errors
    /// When the store can't be written to.
    pub fn finish_layer(
        &self,
        print: &str,
        report: &LayerReport,
        paths: &[PathBuf],
    ) -> Result<(), StoreError> {
        check_name("layer", report.id.as_str())?;
        let finished = Finished {
            version: record::VERSION,
            print: print.to_owned(),
            report: report.clone(),
            files: self.files_below(paths),
        };
        let folder = self.store.work().join(self.release.as_str()).join(FOLDER);
        disk::create_folder(&folder)?;
        disk::put_file(
            self.scratch(),
            &folder.join(format!("{}.json", report.id)),
            &record::to_json(&finished),
        )
    }

    /// Takes over the files of a layer that a dead run had finished, and what it told of it; none where there is none such,
    /// or a file of it is not as it was written.
    ///
    /// # Errors
    /// When the store can't be written to.
    pub fn take_over_layer(
        &self,
        layer: &str,
        print: &str,
    ) -> Result<Option<(LayerReport, Vec<ReleaseFile>)>, StoreError> {
        check_name("layer", layer)?;
        for dead in self.store.dead_runs(Some(self.release.as_str()))? {
            let path = dead.join(FOLDER).join(format!("{layer}.json"));
            // One that can't be read is none: it costs the work, nothing else.
            let Ok(Some(finished)) = record::read::<Finished>(&path) else {
                continue;
            };
            let tree = dead.join("tree");
            let is_same = finished.print == print;
            if is_same && finished.files.iter().all(|file| is_as_written(&tree, file)) {
                let files = finished.files.iter().map(|file| self.carry_file(&tree, file));
                return Ok(Some((finished.report, files.collect::<Result<_, _>>()?)));
            }
        }
        Ok(None)
    }
}

impl Store {
    /// Folders of runs that died, all but that of the one that is `alive`.
    fn dead_runs(&self, alive: Option<&str>) -> Result<Vec<PathBuf>, StoreError> {
        let mut folders = folder_paths(&self.work())?;
        folders.retain(|path| path.is_dir() && alive.is_none_or(|alive| !path.ends_with(alive)));
        Ok(folders)
    }

    /// Removes what dead runs left in `work/`, but for the newest of those that had finished a layer.
    ///
    /// # Errors
    /// When something can't be removed.
    pub(super) fn clear_work(&self) -> Result<(), StoreError> {
        // Releases are called after the time of their beginning, so the last in order is the newest.
        let entries = folder_paths(&self.work())?;
        // One at most: each holds what a night had made, as large as a release, and the newest is the likeliest to
        // fit.
        let stays = entries.iter().rfind(|path| has_finished(path)).cloned();
        for path in entries {
            if Some(&path) == stays.as_ref() {
                disk::remove(&path.join("scratch"))?;
            } else {
                disk::remove(&path)?;
            }
        }
        Ok(())
    }

    /// Removes what a run that failed has made so far.
    ///
    /// # Errors
    /// Something can't be removed.
    pub fn abandon(&self, _lock: &Lock, release: &ReleaseId) -> Result<(), StoreError> {
        disk::remove(&self.work().join(release.as_str()))
    }

    /// Removes what dead runs had finished: a release is published that has it, or wants it no more.
    ///
    /// # Errors
    /// When it can't be removed.
    pub(super) fn clear_finished(&self) -> Result<(), StoreError> {
        self.dead_runs(None)?
            .into_iter()
            .filter(|run| has_finished(run))
            .try_for_each(|run| disk::remove(&run))
    }
}

/// Whether a file that a dead run has listed lies in its tree with the size and the digest that it had.
fn is_as_written(tree: &Path, file: &ManifestFile) -> bool {
    // A record that has rotten could name a path outside the tree.
    path_in_manifest(Path::new(&file.path)).is_ok()
        && digest::digest_file(&tree.join(&file.path))
            .is_ok_and(|(sha256, bytes)| sha256 == file.sha256 && bytes == file.bytes)
}

fn has_finished(run: &Path) -> bool {
    fs::read_dir(run.join(FOLDER)).is_ok_and(|mut layers| layers.next().is_some())
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;
    use crate::feature::{LayerId, Standing};

    const TILE: &str = "layers/dams/data/part-000.parquet";

    /// A run that dies after its layer is finished, and the store.
    fn dead() -> (tempfile::TempDir, Store) {
        let (folder, store) = fixture::store();
        {
            let lock = store.lock().unwrap();
            let staging = store.begin_release(&lock, &fixture::id("r1")).unwrap();
            staging.write(Path::new(TILE), b"rows").unwrap();
            staging.write(Path::new("layers/other/x"), b"x").unwrap();
            let report = LayerReport::new(LayerId::new("dams"), Standing::made());
            staging
                .finish_layer("print", &report, &[PathBuf::from("layers/dams")])
                .unwrap();
        }
        (folder, store)
    }

    #[test]
    fn a_finished_layer_is_taken_over_under_its_print_alone() {
        let (_folder, store) = dead();
        let lock = store.lock().unwrap();
        for (release, print, is_taken) in [("r2", "another", false), ("r3", "print", true)] {
            let staging = store.begin_release(&lock, &fixture::id(release)).unwrap();
            let taken = staging.take_over_layer("dams", print).unwrap();
            let files = taken.map(|(_, files)| files.into_iter().map(|file| file.path).collect::<Vec<_>>());
            assert_eq!(files, is_taken.then(|| vec![PathBuf::from(TILE)]), "{print}");
            let tile = staging.path_of(Path::new(TILE));
            assert_eq!(fs::read(tile).ok(), is_taken.then(|| b"rows".to_vec()));
            assert!(
                staging.take_over_layer("levees", print).unwrap().is_none(),
                "never finished"
            );
        }
    }

    #[test]
    fn a_layer_that_is_not_whole_is_none() {
        let (_folder, store) = dead();
        let lock = store.lock().unwrap();
        fs::write(store.work().join("r1/tree").join(TILE), b"ruws").unwrap();
        let staging = store.begin_release(&lock, &fixture::id("r2")).unwrap();
        assert!(staging.take_over_layer("dams", "print").unwrap().is_none());
    }

    #[test]
    fn of_dead_runs_the_newest_that_had_finished_a_layer_stays_until_one_publishes() {
        let (_folder, store) = dead();
        {
            let lock = store.lock().unwrap();
            for (release, left) in [("r2", ["r1", "r2"]), ("r3", ["r1", "r3"])] {
                drop(store.begin_release(&lock, &fixture::id(release)).unwrap());
                assert_eq!(fixture::names(&store.work()), left);
            }
        }
        fixture::release(&store, "r4", 1, 9).unwrap();
        assert!(fixture::names(&store.work()).is_empty(), "published");
    }
}
