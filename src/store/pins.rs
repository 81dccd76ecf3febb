//! Releases that are kept for good, under a name where they have one: `public/pins.json`, and a link by each name.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::folder::folder_names;
use super::layout::RELEASES;
use super::{Latest, Lock, Store, StoreError, disk, link, record};
use crate::feature::Pin;
use crate::feature::release::ReleaseId;

/// Their record, in `public`.
const FILE: &str = "pins.json";
/// Folder of links by their names, in `public`.
const LINKS: &str = "pins";
/// What stands for the latest release where a release is named.
const LATEST_WORD: &str = "latest";
const LONGEST_NAME: usize = 100;

/// `pins.json`.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Pins {
    version: u32,
    pins: Vec<Pin>,
}

impl Store {
    /// What is pinned, in the order of pinning.
    ///
    /// # Errors
    /// The record can't be read: then nobody knows what must stay.
    pub fn pins(&self) -> Result<Vec<Pin>, StoreError> {
        let found: Option<Pins> = record::read(&self.pins_path())?;
        // Whoever mirrors `public/` may have removed the record: the links still tell.
        found.map_or_else(|| self.pins_by_links(), |found| Ok(found.pins))
    }

    /// Keeps a release for good, under a name where one is given; a release has one pin, and a later name replaces an earlier.
    /// `now` is RFC 3339 UTC.
    ///
    /// # Errors
    /// There is no such release, the name is none or another release's, or the store can't be written to.
    pub fn pin(
        &self,
        _lock: &Lock,
        release: &ReleaseId,
        name: Option<&str>,
        now: &str,
    ) -> Result<Pin, StoreError> {
        if !self.has_release(release) {
            return Err(self.no_release(release.as_str()));
        }
        let mut pins = self.pins()?;
        if let Some(name) = name {
            self.check_pin_name(name, release, &pins)?;
        }
        let before = pins.iter().position(|pin| pin.release == *release);
        let before = before.map(|at| pins.remove(at));
        let pin = Pin {
            release: release.clone(),
            name: name.map(str::to_owned).or_else(|| before.as_ref()?.name.clone()),
            at: now.to_owned(),
        };
        pins.push(pin.clone());
        self.put_pins(pins)?;
        let old_name = before
            .and_then(|before| before.name)
            .filter(|old| pin.name.as_ref() != Some(old));
        if let Some(old) = old_name {
            disk::remove(&self.pin_link(&old))?;
        }
        self.link_pin(&pin)?;
        Ok(pin)
    }

    /// Lets a release go with the others of its age. `word` is its id or its name.
    ///
    /// # Errors
    /// It isn't pinned, or the store can't be written to.
    pub fn unpin(&self, _lock: &Lock, word: &str) -> Result<Pin, StoreError> {
        let mut pins = self.pins()?;
        let at = pins.iter().position(|pin| pin.is_called(word));
        let Some(at) = at else {
            return Err(StoreError::NotPinned {
                name: word.to_owned(),
                store: self.root().to_owned(),
            });
        };
        let pin = pins.remove(at);
        self.put_pins(pins)?;
        if let Some(name) = &pin.name {
            disk::remove(&self.pin_link(name))?;
        }
        Ok(pin)
    }

    /// The release that a word means: an id, the name of a pin, or `latest`.
    ///
    /// # Errors
    /// None is meant, or what is pinned can't be read.
    pub fn find_release(&self, word: &str) -> Result<ReleaseId, StoreError> {
        if word == LATEST_WORD {
            let latest = self.latest()?.map(|latest| latest.release);
            return latest.ok_or_else(|| StoreError::Empty {
                store: self.root().to_owned(),
            });
        }
        let by_id = ReleaseId::parse(word).ok().filter(|id| self.has_release(id));
        if let Some(id) = by_id {
            return Ok(id);
        }
        let named = self.pins()?.into_iter().find(|pin| pin.is_called(word));
        named
            .map(|pin| pin.release)
            .filter(|release| self.has_release(release))
            .ok_or_else(|| self.no_release(word))
    }

    pub(super) fn no_release(&self, word: &str) -> StoreError {
        StoreError::NoRelease {
            release: word.to_owned(),
            store: self.root().to_owned(),
        }
    }

    fn check_pin_name(&self, name: &str, release: &ReleaseId, pins: &[Pin]) -> Result<(), StoreError> {
        let is_plain = name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        // A name that could be an id would hide which of the two is meant.
        let is_day = name.parse::<NaiveDate>().is_ok();
        let is_taken =
            is_day || name == LATEST_WORD || ReleaseId::parse(name).is_ok_and(|id| self.has_release(&id));
        if !is_plain || name.len() > LONGEST_NAME || is_taken {
            return Err(StoreError::BadPinName {
                name: name.to_owned(),
            });
        }
        let other = pins
            .iter()
            .find(|pin| pin.name.as_deref() == Some(name) && pin.release != *release);
        other.map_or(Ok(()), |other| {
            Err(StoreError::NameTaken {
                name: name.to_owned(),
                release: other.release.clone(),
            })
        })
    }

    /// Pins by their links: what of a damaged record can be made again. A release that was pinned without a name has no link.
    pub(super) fn pins_by_links(&self) -> Result<Vec<Pin>, StoreError> {
        let mut pins = Vec::new();
        let folder = self.public().join(LINKS);
        if !folder.is_dir() {
            return Ok(pins);
        }
        for name in folder_names(&folder)? {
            let target = fs::read_link(folder.join(&name)).ok();
            let release = target.and_then(|target| ReleaseId::parse(target.file_name()?.to_str()?).ok());
            let Some(release) = release.filter(|release| self.has_release(release)) else {
                continue;
            };
            let record: Option<Latest> = record::read_sound(&self.record_path(&release));
            pins.push(Pin {
                release,
                name: Some(name),
                // Since when isn't known: not since before it was published.
                at: record.map(|record| record.published).unwrap_or_default(),
            });
        }
        Ok(pins)
    }

    pub(super) fn put_pins(&self, pins: Vec<Pin>) -> Result<(), StoreError> {
        let record = Pins {
            version: record::VERSION,
            pins,
        };
        self.publish_file(&self.pins_path(), &record::to_json(&record))
    }

    fn link_pin(&self, pin: &Pin) -> Result<(), StoreError> {
        let Some(name) = &pin.name else { return Ok(()) };
        disk::create_folder(&self.public().join(LINKS))?;
        let target = Path::new("..").join(RELEASES).join(pin.release.as_str());
        if let Err(error) = link::put_link(&self.work(), &self.pin_link(name), &target) {
            super::pointer::warn_of_link(&error);
        }
        Ok(())
    }

    pub(super) fn pins_path(&self) -> PathBuf {
        self.public().join(FILE)
    }

    fn pin_link(&self, name: &str) -> PathBuf {
        self.public().join(LINKS).join(name)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::fixture::{self, id};
    use super::*;

    const NOW: &str = "2026-01-09T03:00:00Z";

    #[test]
    fn a_pinned_release_outlives_the_others_and_is_found_by_its_name() {
        let (_folder, store) = fixture::store();
        fixture::release(&store, "r1", 1, 1).unwrap();
        let lock = store.lock().unwrap();
        store.pin(&lock, &id("r1"), Some("v2026.11"), NOW).unwrap();
        drop(lock);
        for day in 3..=6 {
            fixture::release(&store, &format!("r{day}"), day, 1).unwrap();
        }
        assert_eq!(store.find_release("v2026.11").unwrap(), "r1");
        assert_eq!(store.find_release("latest").unwrap(), "r6");
        assert!(store.find_release("r3").is_err(), "it went");
        let link = store.public().join("pins/v2026.11");
        assert!(link.join(fixture::TILE).is_file());

        let lock = store.lock().unwrap();
        assert!(matches!(
            store.unpin(&lock, "v1"),
            Err(StoreError::NotPinned { .. })
        ));
        store.unpin(&lock, "v2026.11").unwrap();
        drop(lock);
        assert!(fs::symlink_metadata(link).is_err());
        fixture::release(&store, "r9", 9, 1).unwrap();
        assert!(!store.has_release(&id("r1")));
    }

    #[test]
    fn damaged_pins_remove_nothing_and_are_made_again_from_their_links() {
        let (_folder, store) = fixture::store();
        for day in 1..=3 {
            fixture::release(&store, &format!("r{day}"), day, 9).unwrap();
        }
        let lock = store.lock().unwrap();
        store.pin(&lock, &id("r1"), Some("spring"), NOW).unwrap();
        drop(lock);
        fs::write(store.pins_path(), "{").unwrap();
        let published = fixture::release(&store, "r20", 20, 1).unwrap();
        assert_eq!(published.pruned, [""; 0]);
        assert!(
            published.warnings[0].contains("pins.json"),
            "{:?}",
            published.warnings
        );

        let lock = store.lock().unwrap();
        let found = store.repair(&lock, true).unwrap();
        assert!(
            found.iter().any(|found| found.path == "public/pins.json"),
            "{found:?}"
        );
        assert!(store.pins().is_err(), "a dry run mends nothing");
        store.repair(&lock, false).unwrap();
        drop(lock);
        assert_eq!(store.find_release("spring").unwrap(), "r1");
        fixture::release(&store, "r25", 25, 1).unwrap();
        assert!(store.has_release(&id("r1")) && !store.has_release(&id("r2")));
    }

    #[test]
    fn pins_whose_record_is_gone_are_told_by_their_links() {
        let (_folder, store) = fixture::store();
        fixture::release(&store, "r1", 1, 9).unwrap();
        let lock = store.lock().unwrap();
        store.pin(&lock, &id("r1"), Some("spring"), NOW).unwrap();
        drop(lock);
        fs::remove_file(store.pins_path()).unwrap();
        fixture::release(&store, "r20", 20, 1).unwrap();
        fixture::release(&store, "r25", 25, 1).unwrap();
        assert_eq!(store.find_release("spring").unwrap(), "r1");
    }

    #[test]
    fn names_are_plain_and_one_release_s() {
        let (_folder, store) = fixture::store();
        fixture::release(&store, "r1", 1, 9).unwrap();
        fixture::release(&store, "r2", 2, 9).unwrap();
        let lock = store.lock().unwrap();
        let pin = |release: &str, name: &str| store.pin(&lock, &id(release), Some(name), NOW);
        for name in [
            "",
            "../x",
            "a/b",
            ".a",
            "latest",
            "r2",
            "2026-11-01",
            &"x".repeat(101),
        ] {
            assert!(
                matches!(pin("r1", name), Err(StoreError::BadPinName { .. })),
                "{name}"
            );
        }
        pin("r1", "spring").unwrap();
        assert!(matches!(pin("r2", "spring"), Err(StoreError::NameTaken { .. })));
        // A later name replaces the earlier one, and no name keeps it.
        pin("r1", "summer").unwrap();
        assert!(store.find_release("spring").is_err());
        assert_eq!(
            store.pin(&lock, &id("r1"), None, NOW).unwrap().name.as_deref(),
            Some("summer")
        );
        assert_eq!(fixture::names(&store.public().join("pins")), ["summer"]);
    }
}
