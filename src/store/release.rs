//! Releases that are published: which there are, which one is the latest, and the way back.
//!
//! A release is published when both `releases/<id>/` and its record `releases/<id>.json` stand.
//! The record is written first, so a folder under its final name always has one.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::folder::folder_names;
use super::{Lock, Store, record};
use crate::feature::release::ReleaseId;
use crate::feature::release::paths::FEED;
use crate::feature::{Frozen, Pin};

/// Record of a release, and content of `latest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latest {
    /// Version of this format.
    pub version: u32,
    /// Id of the release.
    pub release: ReleaseId,
    /// When it was published, RFC 3339 UTC.
    pub published: String,
    /// SHA-256 of its `manifest.json`, lower-case hex.
    pub manifest_sha256: String,
    /// Digest of its data, to cite it by (`feature::release::data_digest`); records of before there was one have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_sha256: Option<String>,
    /// Tiles in it.
    pub tiles: u64,
    /// Facilities in it.
    pub rows: u64,
    /// Size of all its files.
    pub bytes: u64,
    /// Whether its data are others than those of the release made before it. Releases of before that was told count as
    /// changed.
    #[serde(default = "counts_as_changed")]
    pub changed: bool,
}

const fn counts_as_changed() -> bool {
    true
}

/// A release of the store, as `cikr releases` lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReleaseInfo {
    /// Id.
    pub id: ReleaseId,
    /// When it was published, RFC 3339 UTC.
    pub published: String,
    /// Tiles in it.
    pub tiles: u64,
    /// Facilities in it.
    pub rows: u64,
    /// Size of all its files.
    pub bytes: u64,
    /// Whether its data are others than those of the release made before it.
    pub changed: bool,
    /// Whether `latest.json` points to it.
    pub is_latest: bool,
    /// Whether it stays the latest, whatever nights make.
    pub is_frozen: bool,
    /// Since when it is kept for good, and under which name; none where it goes with the others of its age.
    pub pin: Option<Pin>,
}

impl Store {
    /// What `latest.json` points to; none before the first release.
    ///
    /// # Errors
    /// `latest.json` can't be read or understood, or points to a release that is not there.
    pub fn latest(&self) -> Result<Option<Latest>, StoreError> {
        let latest: Option<Latest> = record::read(&self.latest_path())?;
        match &latest {
            Some(Latest { release, .. }) if !self.release_dir(release).is_dir() => {
                Err(StoreError::NoRelease {
                    release: release.to_string(),
                    store: self.root.clone(),
                })
            }
            _ => Ok(latest),
        }
    }

    /// The releases, newest first; without those whose record is damaged, of which is warned.
    ///
    /// # Errors
    /// The folder of releases can't be listed.
    pub fn releases(&self) -> Result<Vec<ReleaseInfo>, StoreError> {
        let latest: Option<Latest> = record::read_sound(&self.latest_path());
        let latest = latest.map(|latest| latest.release);
        let frozen = self.frozen().map(|frozen| frozen.release);
        // Damaged pins are told by whoever would remove a release for them.
        let pins = self.pins().unwrap_or_default();
        let mut releases = Vec::new();
        for id in self.release_folders()? {
            let Some(told) =
                record::read_sound::<Latest>(&self.record_path(&id)).filter(|told| told.release == id)
            else {
                continue;
            };
            let Latest {
                release,
                published,
                tiles,
                rows,
                bytes,
                changed,
                ..
            } = told;
            let pin = pins.iter().find(|pin| pin.release == release).cloned();
            releases.push(ReleaseInfo {
                id,
                published,
                tiles,
                rows,
                bytes,
                changed,
                is_latest: latest.as_ref() == Some(&release),
                is_frozen: frozen.as_ref() == Some(&release),
                pin,
            });
        }
        // Times are to the second; ids begin with the time of the run, and tell two of one second apart.
        releases.sort_by(|a, b| (&b.published, &b.id).cmp(&(&a.published, &a.id)));
        Ok(releases)
    }

    /// Whether a release was published here, by its record.
    pub fn has_release(&self, release: &ReleaseId) -> bool {
        self.record_path(release).is_file()
    }

    /// Makes an earlier release the latest, and has it stay so whatever nights make, until [`Store::follow`].
    ///
    /// # Errors
    /// There is no such release, it is damaged, or the store can't be written to.
    pub fn rollback(&self, lock: &Lock, frozen: &Frozen) -> Result<Latest, StoreError> {
        let latest = self.refuse_unsound(&frozen.release)?;
        // Frozen first: a night that begins where this dies in between must not move the latest release on.
        self.freeze(frozen)?;
        self.set_latest(lock, &latest, &frozen.at)?;
        Ok(latest)
    }

    /// The folders of releases, sorted, whether or not there is a record.
    pub(super) fn release_folders(&self) -> Result<Vec<ReleaseId>, StoreError> {
        let names = folder_names(&self.releases_dir())?.into_iter();
        let mut ids: Vec<ReleaseId> = names.filter_map(|name| ReleaseId::try_from(name).ok()).collect();
        ids.retain(|id| self.release_dir(id).is_dir());
        Ok(ids)
    }

    /// Replaces the feed of releases, whole or not at all.
    ///
    /// # Errors
    /// The store can't be written to.
    pub fn put_feed(&self, _lock: &Lock, feed: &[u8]) -> Result<(), StoreError> {
        self.publish_file(&self.public().join(FEED), feed)
    }

    pub(super) fn record_path(&self, release: &ReleaseId) -> PathBuf {
        self.releases_dir().join(format!("{release}.json"))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::fixture::{self, TILE};
    use super::super::{Published, fault};
    use super::*;
    use crate::feature::release::paths::MANIFEST;

    #[test]
    fn an_empty_store_has_no_latest() {
        let (_folder, store) = fixture::store();
        assert_eq!(store.latest().unwrap(), None);
        assert_eq!(store.releases().unwrap(), []);
    }

    #[test]
    fn releases_come_newest_first() {
        let (_folder, store) = fixture::store();
        for (id, day) in [("b", 1), ("c", 3), ("a", 2)] {
            fixture::release(&store, id, day, 9).unwrap();
        }
        let releases = store.releases().unwrap();
        let listed: Vec<_> = releases.iter().map(|r| (r.id.as_str(), r.is_latest)).collect();
        assert_eq!(listed, [("c", false), ("a", true), ("b", false)]);
        assert_eq!(
            (releases[0].tiles, releases[0].rows, releases[0].bytes),
            (1, 7, 18)
        );
    }

    #[test]
    fn rollback_points_to_an_earlier_release_and_back() {
        let (_folder, store) = fixture::store();
        let Published { latest: first, .. } = fixture::release(&store, "r1", 1, 9).unwrap();
        fixture::release(&store, "r2", 2, 9).unwrap();
        let lock = store.lock().unwrap();
        assert_eq!(store.rollback(&lock, &fixture::frozen("r1")).unwrap(), first);
        assert_eq!(store.latest().unwrap(), Some(first));
        store.rollback(&lock, &fixture::frozen("r2")).unwrap();
        assert_eq!(fixture::assert_readable(&store), "r2");
    }

    #[test]
    fn rollback_refuses_what_is_not_whole() {
        let (_folder, store) = fixture::store();
        let first = fixture::release(&store, "r1", 1, 9).unwrap();
        fixture::release(&store, "r2", 2, 9).unwrap();
        let lock = store.lock().unwrap();

        assert!(matches!(
            store.rollback(&lock, &fixture::frozen("r9")),
            Err(StoreError::NoRelease { .. })
        ));
        let tile = first.folder.join(TILE);
        let content = fs::read(&tile).unwrap();
        fs::remove_file(&tile).unwrap();
        let error = store
            .rollback(&lock, &fixture::frozen("r1"))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with(&format!("release `r1` is damaged: {TILE}: missing; ")),
            "{error}"
        );
        fs::write(&tile, "tile of day 9").unwrap();
        let error = store
            .rollback(&lock, &fixture::frozen("r1"))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with(&format!("release `r1` is damaged: {TILE}: sha256 ")),
            "{error}"
        );
        fs::write(&tile, content).unwrap();

        let manifest = first.folder.join(MANIFEST);
        let text = fs::read_to_string(&manifest).unwrap();
        fs::write(&manifest, text.replace("\"rows\": 7", "\"rows\": 8")).unwrap();
        let error = store
            .rollback(&lock, &fixture::frozen("r1"))
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("release `r1` is damaged: manifest.json: sha256 "),
            "{error}"
        );
        assert_eq!(store.check_release(&fixture::id("r1")).unwrap().len(), 1);
        assert_eq!(store.latest().unwrap().unwrap().release, "r2");
    }

    #[test]
    fn a_rollback_cut_short_leaves_one_or_the_other() {
        for step in 0.. {
            let (_folder, store) = fixture::store();
            fixture::release(&store, "r1", 1, 9).unwrap();
            fixture::release(&store, "r2", 2, 9).unwrap();
            let lock = store.lock().unwrap();
            let (done, is_cut) = fault::after(step, || store.rollback(&lock, &fixture::frozen("r1")));
            let latest = fixture::assert_readable(&store);
            assert!(done.is_err() || latest == "r1", "step {step}: {latest}");
            if !is_cut {
                assert_eq!(latest, "r1");
                assert!(step > 4);
                break;
            }
        }
    }

    #[test]
    fn a_feed_cut_short_is_the_old_one_or_the_new_one() {
        for step in 0.. {
            let (_folder, store) = fixture::store();
            let lock = store.lock().unwrap();
            store.put_feed(&lock, b"old").unwrap();
            let (done, is_cut) = fault::after(step, || store.put_feed(&lock, b"new"));
            let feed = fs::read_to_string(store.public().join(FEED)).unwrap();
            assert!(
                feed == "new" || feed == "old" && done.is_err(),
                "step {step}: {feed}"
            );
            assert!(Store::open(store.root()).is_ok(), "it is no foreign file");
            if !is_cut {
                assert!(step > 3);
                break;
            }
        }
    }

    #[test]
    fn a_pointer_that_leads_nowhere_is_an_error() {
        let (_folder, store) = fixture::store();
        fixture::release(&store, "r1", 1, 9).unwrap();
        let text = fs::read_to_string(store.latest_path()).unwrap();
        for (text, expected) in [
            (text.replace("\"r1\"", "\"r9\""), "there is no release `r9`"),
            (
                text.replace("\"r1\"", "\"../r1\""),
                "latest.json is not a valid record",
            ),
            (
                text.replace("\"version\": 1", "\"version\": 2"),
                "latest.json has format version 2",
            ),
            ("{".to_owned(), "latest.json is not a valid record"),
        ] {
            fs::write(store.latest_path(), text).unwrap();
            let error = store.latest().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
