//! Records that are damaged: set aside, and made again where others tell what stood in them.
//!
//! Every run begins with it, so that a damaged record costs the care that it was for, and not the night.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::warn;

use super::care::Care;
use super::folder::folder_names;
use super::gate::GateRecord;
use super::held::{HELD, HeldRecord};
use super::{Latest, Lock, Store, StoreError, disk, manifest, record};
use crate::feature::digest::sha256_hex;
use crate::feature::error_chain;
use crate::feature::release::ReleaseId;
use crate::feature::release::paths::{MANIFEST, is_of_inventory, is_tile};

/// Something damaged, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repair {
    /// Path relative to the store.
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// What was done about it, or would be; none where it can't be mended.
    pub done: Option<String>,
}

/// What is looked for in a store, and whether all is only told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Healing<'a> {
    pub(super) store: &'a Store,
    pub(super) is_dry: bool,
}

impl Store {
    /// Sets aside the damaged records of the gate, of the landing and of releases, and makes those of releases and
    /// `latest.json` again where that is possible; warns of each.
    ///
    /// # Errors
    /// A folder can't be listed, or the store can't be written to.
    pub fn heal(&self, _lock: &Lock) -> Result<(), StoreError> {
        let healing = Healing {
            store: self,
            is_dry: false,
        };
        let mut found = healing.set_aside_small_records()?;
        // Those a run left that died between record and release, or while pruning.
        healing.remove_dangling_records()?;
        found.extend(healing.remake_release_records()?);
        found.extend(healing.heal_latest(Care::InTurns)?);
        self.mend_link();
        for Repair { path, what, done } in found {
            warn!(
                path,
                what,
                done = done.as_deref().unwrap_or("can't be mended"),
                "a damaged record"
            );
        }
        Ok(())
    }
}

impl Healing<'_> {
    /// Records of the gate, and of which copy of a source is held.
    pub(super) fn set_aside_small_records(self) -> Result<Vec<Repair>, StoreError> {
        let root = self.store.root();
        let mut found = Vec::new();
        let gate = root.join("gate");
        for name in folder_names(&gate)? {
            let path = gate.join(name);
            if path.extension().is_some_and(|extension| extension == "json") {
                found.extend(self.unless_sound::<GateRecord>(&path)?);
            }
        }
        for id in folder_names(&root.join("landing"))? {
            found.extend(self.unless_sound::<HeldRecord>(&self.store.landing_dir(&id).join(HELD))?);
        }
        Ok(found)
    }

    /// Sets a record aside that can't be read.
    pub(super) fn unless_sound<T: DeserializeOwned>(self, path: &Path) -> Result<Option<Repair>, StoreError> {
        match record::read::<T>(path) {
            Ok(_) => Ok(None),
            Err(error) => self.set_record_aside(path, error_chain(&error)).map(Some),
        }
    }

    pub(super) fn set_record_aside(self, path: &Path, what: String) -> Result<Repair, StoreError> {
        if !self.is_dry {
            disk::move_aside(path)?;
        }
        Ok(self.repair_note(path, what, Some("set aside")))
    }

    pub(super) fn repair_note(self, path: &Path, what: String, done: Option<&str>) -> Repair {
        let path = path
            .strip_prefix(self.store.root())
            .unwrap_or(path)
            .display()
            .to_string();
        Repair {
            path,
            what,
            done: done.map(str::to_owned),
        }
    }

    /// Removes records without a release.
    pub(super) fn remove_dangling_records(self) -> Result<Vec<Repair>, StoreError> {
        let mut found = Vec::new();
        let folders = self.store.release_folders()?;
        for name in folder_names(&self.store.releases_dir())? {
            let Some(id) = name.strip_suffix(".json") else {
                continue;
            };
            if !folders.iter().any(|folder| folder.as_str() == id) {
                let path = self.store.releases_dir().join(&name);
                if !self.is_dry {
                    disk::remove(&path)?;
                }
                found.push(self.repair_note(&path, "there is no such release".to_owned(), Some("removed")));
            }
        }
        Ok(found)
    }

    /// Makes the record of a release again where it is damaged or missing.
    pub(super) fn remake_release_records(self) -> Result<Vec<Repair>, StoreError> {
        let latest = record::read::<Latest>(&self.store.latest_path()).ok().flatten();
        let mut found = Vec::new();
        for id in self.store.release_folders()? {
            found.extend(self.release_record(&id, latest.as_ref())?);
        }
        Ok(found)
    }

    fn release_record(self, id: &ReleaseId, latest: Option<&Latest>) -> Result<Option<Repair>, StoreError> {
        let path = self.store.record_path(id);
        let what = match record::read::<Latest>(&path) {
            Ok(Some(told)) if told.release == *id => return Ok(None),
            Ok(Some(told)) => format!("it tells of release `{}`", told.release),
            Ok(None) => "missing".to_owned(),
            Err(error) => error_chain(&error),
        };
        if !self.is_dry && path.symlink_metadata().is_ok() {
            disk::move_aside(&path)?;
        }
        let told = latest
            .filter(|told| told.release == *id && self.store.fits_manifest(told))
            .cloned();
        let Some(record) = told.or_else(|| self.record_by_manifest(id)) else {
            let what =
                format!("{what}; the release isn't listed, for its files are not as its manifest says");
            return Ok(Some(self.repair_note(&path, what, None)));
        };
        if !self.is_dry {
            self.store.publish_file(&path, &record::to_json(&record))?;
        }
        Ok(Some(self.repair_note(&path, what, Some("made again"))))
    }

    /// The record of a release by its manifest; none where one of its files is not as that says.
    fn record_by_manifest(self, id: &ReleaseId) -> Option<Latest> {
        let folder = self.store.release_dir(id);
        let text = super::read_regular(&folder.join(MANIFEST)).ok()?;
        let manifest = manifest::read_manifest(&folder)
            .ok()
            .filter(|manifest| manifest.release == *id)?;
        // Without its record nothing vouches for the manifest but the files themselves: only if all are as it says is
        // it believed.
        if !manifest::check_manifest(&folder).ok()?.is_empty() {
            return None;
        }
        let tiles: Vec<_> = manifest
            .files
            .iter()
            .filter(|file| is_tile(Path::new(&file.path)))
            .collect();
        // The inventory has every facility once; without one, the layers' rows are what is known.
        let has_inventory = tiles.iter().any(|file| is_of_inventory(Path::new(&file.path)));
        let counted = tiles
            .iter()
            .filter(|file| is_of_inventory(Path::new(&file.path)) == has_inventory);
        Some(Latest {
            version: record::VERSION,
            release: id.clone(),
            manifest_sha256: sha256_hex(&text),
            data_sha256: Some(manifest.data_sha256()),
            tiles: tiles.len() as u64,
            rows: counted.filter_map(|file| file.rows).sum(),
            bytes: manifest.files.iter().map(|file| file.bytes).sum(),
            published: manifest.published,
            // What it was compared with may be gone by now.
            changed: true,
        })
    }

    /// Makes `latest.json` point to a release as that is; where it leads nowhere, to the newest one that is sound, by size
    /// or, with all care, by digest.
    pub(super) fn heal_latest(self, care: Care) -> Result<Option<Repair>, StoreError> {
        let store = self.store;
        let path = store.latest_path();
        let told = record::read::<Latest>(&path).ok().flatten();
        let record = told
            .as_ref()
            .filter(|told| store.release_dir(&told.release).is_dir());
        let record =
            record.and_then(|told| record::read::<Latest>(&store.record_path(&told.release)).ok()?);
        if told.is_some() && told == record {
            return Ok(None);
        }
        let wrong = store.check_latest()?;
        if wrong.is_empty() {
            return Ok(None);
        }
        // Both can be read and differ: the one that fits the manifest is right, and the other is made again from it.
        if let Some(told) = told.filter(|told| record.is_some() && store.fits_manifest(told)) {
            // The record is what differs.
            let path = store.record_path(&told.release);
            if !self.is_dry {
                store.publish_file(&path, &record::to_json(&told))?;
            }
            return Ok(Some(self.repair_note(
                &path,
                wrong.join("; "),
                Some("made again from latest.json"),
            )));
        }
        let Some(to) = record
            .filter(|record| store.fits_manifest(record))
            .or_else(|| self.frozen_if_sound(care))
            .or_else(|| self.newest_sound(care))
        else {
            return Ok(Some(self.repair_note(
                &path,
                format!("{}; no release is sound", wrong.join("; ")),
                None,
            )));
        };
        if !self.is_dry {
            // Kept and replaced in one step: at no moment is there no `latest.json` for a reader.
            disk::copy_aside(&path)?;
            store.point_to(&to)?;
        }
        let done = format!("made again; it points to release {}", to.release);
        Ok(Some(self.repair_note(&path, wrong.join("; "), Some(&done))))
    }

    /// The release that somebody has frozen: damage to `latest.json` must not undo that.
    fn frozen_if_sound(self, care: Care) -> Option<Latest> {
        let frozen = self.store.frozen()?.release;
        if !self.store.has_release(&frozen) || !self.is_sound(&frozen, care) {
            return None;
        }
        record::read::<Latest>(&self.store.record_path(&frozen)).ok()?
    }

    fn newest_sound(self, care: Care) -> Option<Latest> {
        let store = self.store;
        for release in store.releases().ok()? {
            if self.is_sound(&release.id, care) {
                return record::read::<Latest>(&store.record_path(&release.id)).ok()?;
            }
        }
        None
    }

    fn is_sound(self, release: &ReleaseId, care: Care) -> bool {
        let problems = match care {
            Care::Each => self.store.check_release(release),
            Care::InTurns => self
                .store
                .sound_manifest(release)
                .and_then(|manifest| manifest::check_sizes(&self.store.release_dir(release), &manifest)),
        };
        problems.is_ok_and(|problems| problems.is_empty())
    }
}
