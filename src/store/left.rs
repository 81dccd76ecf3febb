//! Layers that a run had finished when it died: `work/<release>/finished/<layer>.json`, beside the files that they are.
//!
//! The next run takes them over where they are what it would make; whatever is not whole is no layer. The end of a run
//! that publishes is the end of all of them.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::manifest::ManifestFile;
use super::{Staging, Store, StoreError, Written, check_name, digest, disk, record};
use crate::feature::LayerReport;

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
    pub fn finish(&self, print: &str, report: &LayerReport, paths: &[PathBuf]) -> Result<(), StoreError> {
        check_name("layer", &report.id)?;
        let finished = Finished {
            version: record::VERSION,
            print: print.to_owned(),
            report: report.clone(),
            files: self.files_below(paths),
        };
        let folder = self.store.work().join(&self.release).join(FOLDER);
        disk::create_folder(&folder)?;
        disk::put(self.scratch(), &folder.join(format!("{}.json", report.id)), &record::to_json(&finished))
    }

    /// Takes over the files of a layer that a dead run had finished, and what it told of it; none where there is none such,
    /// or a file of it is not as it was written.
    ///
    /// # Errors
    /// When the store can't be written to.
    pub fn take_over(
        &self,
        layer: &str,
        print: &str,
    ) -> Result<Option<(LayerReport, Vec<Written>)>, StoreError> {
        check_name("layer", layer)?;
        for dead in self.store.dead(&self.release)? {
            let path = dead.join(FOLDER).join(format!("{layer}.json"));
            // One that can't be read is none: it costs the work, nothing else.
            let Ok(Some(finished)) = record::read::<Finished>(&path) else { continue };
            let tree = dead.join("tree");
            let is_whole = |file: &ManifestFile| {
                let found = digest::digest(&tree.join(&file.path));
                found.is_ok_and(|(sha256, bytes)| sha256 == file.sha256 && bytes == file.bytes)
            };
            if finished.print == print && finished.files.iter().all(is_whole) {
                let files = finished.files.iter().map(|file| self.carry_file(&tree, file));
                return Ok(Some((finished.report, files.collect::<Result<_, _>>()?)));
            }
        }
        Ok(None)
    }
}

impl Store {
    /// Folders of runs that died; `alive` is none of them.
    fn dead(&self, alive: &str) -> Result<Vec<PathBuf>, StoreError> {
        let work = self.work();
        let reading = |source| StoreError::reading(&work, source);
        let entries =
            fs::read_dir(&work).map_err(reading)?.collect::<Result<Vec<_>, _>>().map_err(reading)?;
        let folders = entries.into_iter().map(|entry| entry.path()).filter(|path| path.is_dir());
        Ok(folders.filter(|path| !path.ends_with(alive)).collect())
    }

    /// Removes what dead runs left in `work/`, but for the newest of those that had finished a layer; that one, too, unless
    /// `may_stay`.
    ///
    /// # Errors
    /// When something can't be removed.
    pub(super) fn clear_work(&self, may_stay: bool) -> Result<(), StoreError> {
        let work = self.work();
        let reading = |source| StoreError::reading(&work, source);
        let entries =
            fs::read_dir(&work).map_err(reading)?.collect::<Result<Vec<_>, _>>().map_err(reading)?;
        let mut entries: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
        // Releases are called after the time of their beginning.
        entries.sort();
        let stays = entries.iter().rev().find(|path| may_stay && has_finished(path)).cloned();
        for path in entries {
            if Some(&path) == stays.as_ref() {
                disk::remove_folder(&path.join("scratch"))?;
            } else if path.is_dir() {
                disk::remove_folder(&path)?;
            } else {
                disk::remove_file(&path)?;
            }
        }
        Ok(())
    }
}

fn has_finished(run: &Path) -> bool {
    fs::read_dir(run.join(FOLDER)).is_ok_and(|mut layers| layers.next().is_some())
}
