//! All that can be found damaged in a store, and mended.
//!
//! A file of a release is mended from another release that has the same bytes under another inode: hard links share their
//! bytes, so what has rotten in one release has rotten in all that link it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::care::Care;
use super::folder::folder_names;
use super::heal::{Healing, Repair};
use super::held::{HELD, HeldRecord};
use super::landed::{LandingRecord, RECORD, damaged_files, landing_records, record_path};
use super::manifest::{self, Manifest, ManifestFile};
use super::problem::{Problem, ProblemKind};
use super::{Lock, Store, StoreError, digest, disk, record};
use crate::feature::error_chain;
use crate::feature::release::ReleaseId;
use crate::feature::release::paths::MANIFEST;

/// Where files lie, by their digests.
type Places = BTreeMap<String, Vec<PathBuf>>;

impl Store {
    /// Looks at everything that the store holds, and mends what can be mended; `latest.json` last.
    ///
    /// # Errors
    /// A folder can't be listed, or the store can't be written to.
    pub fn repair(&self, _lock: &Lock, is_dry: bool) -> Result<Vec<Repair>, StoreError> {
        let healing = Healing { store: self, is_dry };
        let mut found = healing.set_aside_small_records()?;
        found.extend(healing.remove_dangling_records()?);
        found.extend(healing.remake_release_records()?);
        found.extend(healing.repair_release_files()?);
        found.extend(healing.repair_landing()?);
        found.extend(healing.repair_pins()?);
        // Last, since it goes to a release that is sound by now.
        found.extend(healing.heal_latest(Care::Each)?);
        if !is_dry {
            self.mend_link();
        }
        Ok(found)
    }

    /// What is wrong with the landing: path relative to the store, and what.
    ///
    /// # Errors
    /// A folder can't be listed.
    pub fn check_landing(&self) -> Result<Vec<(String, String)>, StoreError> {
        let healing = Healing {
            store: self,
            is_dry: true,
        };
        let found = healing
            .set_aside_small_records()?
            .into_iter()
            .filter(|found| found.path.starts_with("landing"));
        let found = found.chain(healing.repair_landing()?);
        Ok(found.map(|Repair { path, what, .. }| (path, what)).collect())
    }
}

impl Healing<'_> {
    /// The record of what is pinned, made again from the links by the names of pins. Not each night's: what was pinned without a
    /// name would go, and somebody must be told.
    fn repair_pins(self) -> Result<Option<Repair>, StoreError> {
        let Err(error) = self.store.pins() else {
            return Ok(None);
        };
        let path = self.store.pins_path();
        let pins = self.store.pins_by_links()?;
        if !self.is_dry {
            disk::copy_aside(&path)?;
            self.store.put_pins(pins)?;
        }
        let done = "made again from pins/; what was pinned without a name is not among them";
        Ok(Some(self.repair_note(&path, error_chain(&error), Some(done))))
    }

    /// Files of every release that has a record.
    fn repair_release_files(self) -> Result<Vec<Repair>, StoreError> {
        let mut found = Vec::new();
        let mut manifests = Vec::new();
        for id in self.store.release_folders()? {
            if !self.store.has_release(&id) {
                continue;
            }
            match self.store.sound_manifest(&id) {
                Ok(manifest) => manifests.push((id, manifest)),
                Err(error) => {
                    let path = self.store.release_dir(&id).join(MANIFEST);
                    let what = format!(
                        "{}; nothing tells what the release should hold",
                        error_chain(&error)
                    );
                    found.push(self.repair_note(&path, what, None));
                }
            }
        }
        let places = self.places_by_digest(&manifests);
        for (id, manifest) in &manifests {
            let folder = self.store.release_dir(id);
            for problem in manifest::check_manifest(&folder)? {
                found.push(self.repair_file(&folder, manifest, &problem, &places)?);
            }
        }
        Ok(found)
    }

    fn places_by_digest(self, manifests: &[(ReleaseId, Manifest)]) -> Places {
        let mut places = Places::new();
        for (id, manifest) in manifests {
            for ManifestFile { path, sha256, .. } in &manifest.files {
                places
                    .entry(sha256.clone())
                    .or_default()
                    .push(self.store.release_dir(id).join(path));
            }
        }
        places
    }

    fn repair_file(
        self,
        folder: &Path,
        manifest: &Manifest,
        problem: &Problem,
        places: &Places,
    ) -> Result<Repair, StoreError> {
        let path = folder.join(&problem.path);
        let what = problem.kind.to_string();
        let is_ours = !matches!(
            problem.kind,
            ProblemKind::Extra | ProblemKind::Escapes | ProblemKind::Twice
        );
        let file = manifest
            .files
            .iter()
            .find(|file| is_ours && file.path == problem.path);
        let Some(file) = file else {
            return Ok(self.repair_note(&path, what, None));
        };
        let sound = places
            .get(&file.sha256)
            .into_iter()
            .flatten()
            // By reading it: a file of another release that shares the inode is as damaged as this one.
            .find(|place| **place != path && digest::has_digest(place, &file.sha256));
        let Some(sound) = sound else {
            let why = "no other release has these bytes whole (releases share what hasn't changed); the next run makes \
                       it again";
            return Ok(self.repair_note(&path, format!("{what}; {why}"), None));
        };
        if !self.is_dry {
            self.replace_with_link(sound, &path)?;
        }
        let done = format!(
            "linked from {}",
            sound.strip_prefix(self.store.root()).unwrap_or(sound).display()
        );
        Ok(self.repair_note(&path, what, Some(&done)))
    }

    /// Puts a second name for a sound file in the place of a damaged one, in one step.
    fn replace_with_link(self, sound: &Path, path: &Path) -> Result<(), StoreError> {
        if let Some(folder) = path.parent() {
            disk::create_folder(folder)?;
        }
        let stage = disk::temp_folder(&self.store.work())?;
        let staged = stage.path().join("file");
        disk::link_or_copy(sound, &staged)?;
        // A rename would not replace it.
        if path.is_dir() {
            disk::remove(path)?;
        }
        disk::rename(&staged, path)?;
        disk::sync_folder_of(path)
    }

    /// Landed copies, by digest: the damaged ones are set aside, so that the next run fetches them.
    fn repair_landing(self) -> Result<Vec<Repair>, StoreError> {
        let mut found = Vec::new();
        for id in folder_names(&self.store.root().join("landing"))? {
            let folder = self.store.landing_dir(&id);
            for name in folder_names(&folder)? {
                if name.ends_with(RECORD) {
                    found.extend(self.unless_sound::<LandingRecord>(&folder.join(name))?);
                }
            }
            for (name, copy) in landing_records(&folder)? {
                found.extend(self.repair_copy(&folder, &name, &copy)?);
            }
            if let Ok(Some(held)) = record::read::<HeldRecord>(&folder.join(HELD))
                && !record_path(&folder, &held.name).is_file()
            {
                let what = format!("it tells of {}, which is not landed", held.name.display());
                found.push(self.set_record_aside(&folder.join(HELD), what)?);
            }
        }
        Ok(found)
    }

    fn repair_copy(
        self,
        folder: &Path,
        name: &Path,
        copy: &LandingRecord,
    ) -> Result<Vec<Repair>, StoreError> {
        let damaged = damaged_files(folder, copy);
        if damaged.is_empty() {
            return Ok(vec![]);
        }
        // First the record: without it the copy counts as not landed.
        let record = record_path(folder, name);
        let what = format!(
            "{} of the {} files of this copy are damaged",
            damaged.len(),
            copy.files.len()
        );
        let mut found = vec![self.set_record_aside(&record, what)?];
        for file in damaged {
            let path = folder.join(file);
            let is_there = path.symlink_metadata().is_ok();
            found.push(if is_there {
                self.set_record_aside(&path, "not as it came".to_owned())?
            } else {
                self.repair_note(&path, "missing".to_owned(), Some("its copy is set aside"))
            });
        }
        Ok(found)
    }
}
