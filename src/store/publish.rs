//! The end of a release in the making: manifest, record, folder, and last of all `latest.json`.
//!
//! Each step leaves a store in which the last release can be read; the order is the point of this file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::disk::Readers;
use super::keep::Keep;
use super::manifest::{self, Manifest, ManifestFile};
use super::prune::{prune_releases, warn_unless_done};
use super::{Latest, Staging, StoreError, disk, record};
use crate::feature::Frozen;
use crate::feature::digest::sha256_hex;
use crate::feature::release::ReleaseId;
use crate::feature::release::paths::MANIFEST;

/// What only the run knows about its release.
#[derive(Debug, Clone, Copy)]
pub struct Publication<'a> {
    /// Rows of the Parquet files, by path relative to the release; carried files keep theirs.
    pub rows: &'a BTreeMap<PathBuf, u64>,
    /// Tiles in the release.
    pub tiles: u64,
    /// Facilities in the release.
    pub facilities: u64,
    /// Which earlier releases stay.
    pub keep: Keep,
    /// Time of publication, RFC 3339 UTC.
    pub now: &'a str,
}

/// A release of another store, whose files are staged.
#[derive(Debug, Clone, Copy)]
pub struct ReleaseCopy<'a> {
    /// Its record there.
    pub latest: &'a Latest,
    /// Its manifest.
    pub manifest: &'a Manifest,
    /// The manifest's bytes, whose digest the record has.
    pub manifest_bytes: &'a [u8],
    /// Which earlier releases stay here.
    pub keep: Keep,
    /// The time, RFC 3339 UTC.
    pub now: &'a str,
}

/// A release that readers of `latest.json` now see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Its folder.
    pub folder: PathBuf,
    /// Its record: what `latest.json` says when it points here.
    pub latest: Latest,
    /// Why it isn't the latest, where somebody has frozen another.
    pub frozen: Option<Frozen>,
    /// Ids of old releases that were removed.
    pub pruned: Vec<ReleaseId>,
    /// What could not be cleaned up; the release stands all the same.
    pub warnings: Vec<String>,
}

impl Staging<'_> {
    /// Publishes the release, then removes old ones. After `Ok` it survives a power cut.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use std::path::Path;
    /// use cikr::feature::release::ReleaseId;
    /// use cikr::store::{Keep, Publication, Store};
    ///
    /// let folder = tempfile::tempdir().unwrap();
    /// let store = Store::open(folder.path()).unwrap();
    /// let lock = store.lock().unwrap();
    /// let id = ReleaseId::parse("20260105T030000Z").unwrap();
    /// let staging = store.begin_release(&lock, &id).unwrap();
    /// staging.write(Path::new("README.md"), b"dams").unwrap();
    /// assert_eq!(store.latest().unwrap(), None, "a release in the making is seen by nobody");
    ///
    /// let publication = Publication {
    ///     rows: &BTreeMap::new(),
    ///     tiles: 0,
    ///     facilities: 0,
    ///     keep: Keep { changed: 7, days: None },
    ///     now: "2026-01-05T03:20:00Z",
    /// };
    /// let published = staging.publish(&publication).unwrap();
    /// assert_eq!(store.latest().unwrap(), Some(published.latest));
    /// assert_eq!(store.check_release(&id).unwrap(), []);
    /// ```
    ///
    /// # Errors
    /// Rows were given for a file that isn't there, or the store can't be written to; `latest.json` then
    /// still points to the release before (if its own rename had come through, to this one, which is whole).
    pub fn publish(self, publication: &Publication<'_>) -> Result<Published, StoreError> {
        let files = self.manifest_files(publication.rows)?;
        self.sync_folders(&files)?;
        let bytes = files.iter().map(|file| file.bytes).sum();
        let manifest = self.write_manifest(files, publication.now)?;
        let data_sha256 = manifest.0.data_sha256();
        let latest = Latest {
            version: record::VERSION,
            release: self.release.clone(),
            published: publication.now.to_owned(),
            manifest_sha256: manifest.1,
            tiles: publication.tiles,
            rows: publication.facilities,
            bytes,
            changed: self.has_changed(&data_sha256),
            data_sha256: Some(data_sha256),
        };

        self.put_in_place(latest, &manifest.0.files, publication.keep, publication.now)
    }

    /// Publishes a release of another store as it is there: its manifest byte for byte, under its id.
    ///
    /// # Errors
    /// What is staged isn't what the manifest lists, or the store can't be written to, as with `publish`.
    pub fn publish_copy(self, copy: &ReleaseCopy<'_>) -> Result<Published, StoreError> {
        let files = self.manifest_files(&BTreeMap::new())?;
        let differing = manifest::differing_files(&copy.manifest.files, &files);
        if !differing.is_empty() {
            return Err(StoreError::Damaged {
                release: self.release.clone(),
                problems: differing,
            });
        }
        self.sync_folders(&files)?;
        let path = self.path_of(Path::new(MANIFEST));
        disk::put_file_for(Readers::Of(self.mode), self.scratch(), &path, copy.manifest_bytes)?;
        self.put_in_place(copy.latest.clone(), &copy.manifest.files, copy.keep, copy.now)
    }

    /// Gives a whole tree its place, and has readers see it.
    fn put_in_place(
        self,
        latest: Latest,
        files: &[ManifestFile],
        keep: Keep,
        now: &str,
    ) -> Result<Published, StoreError> {
        let store = self.store;
        let folder = store.release_dir(&self.release);
        // The record first: a folder under its final name always has one, so that nobody lists a release without
        // knowing what its manifest must be. `begin_release` removes a record that a run has left without its folder.
        store.publish_file(&store.record_path(&self.release), &record::to_json(&latest))?;
        disk::rename(self.tree(), &folder)?;
        disk::sync_folder_of(&folder)?;
        // Last, and in one rename: until here a reader of `latest.json` sees the release before, from here on this
        // one, whole. Frozen, it stays with the other.
        let frozen = store.frozen();
        if frozen.is_none() {
            store.point_to(&latest)?;
        }

        // What follows only cleans up. The release stands, so a failure here must not make the night one that failed.
        let mut warnings = Vec::new();
        if frozen.is_none() {
            warn_unless_done(&mut warnings, store.note_pointed(&self.release, now));
            warn_unless_done(&mut warnings, store.link_latest(&self.release));
        }
        warn_unless_done(
            &mut warnings,
            disk::remove(&store.work().join(self.release.as_str())),
        );
        warn_unless_done(&mut warnings, store.clear_finished());
        let pruned = prune_releases(store, &self.release, keep, now, &mut warnings);
        warn_unless_done(
            &mut warnings,
            store.note_checked(&self.release, &self.checked, files),
        );
        Ok(Published {
            folder,
            latest,
            frozen,
            pruned,
            warnings,
        })
    }

    fn manifest_files(&self, rows: &BTreeMap<PathBuf, u64>) -> Result<Vec<ManifestFile>, StoreError> {
        let mut files = self.take_files();
        for (path, rows) in rows {
            let file = files
                .get_mut(path)
                .ok_or_else(|| StoreError::NotStaged { path: path.clone() })?;
            file.rows = Some(*rows);
        }
        let mut files: Vec<_> = files.into_values().collect();
        // As text: paths are ordered component by component in the map, so `a/b` comes before `a-b` there and after
        // it here.
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// Whether the data are others than those of the release made before; true where that can't be told.
    fn has_changed(&self, data_sha256: &str) -> bool {
        let releases = self.store.releases().unwrap_or_default();
        let manifest = releases
            .first()
            .map(|before| self.store.sound_manifest(&before.id));
        !manifest.is_some_and(|manifest| manifest.is_ok_and(|before| before.data_sha256() == data_sha256))
    }

    fn write_manifest(&self, files: Vec<ManifestFile>, now: &str) -> Result<(Manifest, String), StoreError> {
        let manifest = Manifest {
            version: record::VERSION,
            release: self.release.clone(),
            published: now.to_owned(),
            files,
        };
        let text = record::to_json(&manifest);
        let readers = Readers::Of(self.mode);
        disk::put_file_for(readers, self.scratch(), &self.path_of(Path::new(MANIFEST)), &text)?;
        Ok((manifest, sha256_hex(&text)))
    }

    /// The files' bytes were synced one by one; their names are still to be. Folders, and files linked from earlier
    /// releases, get the rights that those of this one have.
    fn sync_folders(&self, files: &[ManifestFile]) -> Result<(), StoreError> {
        let above = files
            .iter()
            .flat_map(|file| Path::new(&file.path).ancestors().skip(1));
        let folders: BTreeSet<&Path> = above.collect();
        let folders: Vec<PathBuf> = folders.into_iter().map(|folder| self.path_of(folder)).collect();
        files
            .iter()
            .try_for_each(|file| disk::set_mode(&self.path_of(Path::new(&file.path)), self.mode & 0o666))?;
        folders
            .iter()
            .try_for_each(|folder| disk::set_mode(folder, self.mode))?;
        disk::sync_folders(&folders)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::fixture::{self, TILE};
    use super::super::{Care, Store, fault, read_manifest};
    use super::*;

    #[test]
    fn a_release_is_whole_and_the_latest() {
        let (_folder, store) = fixture::store();
        let published = fixture::release(&store, "r1", 1, 9).unwrap();
        assert_eq!(published.warnings, [""; 0]);
        assert_eq!(fixture::assert_readable(&store), "r1");
        assert_eq!(store.latest().unwrap(), Some(published.latest));
        assert!(fixture::names(&store.work()).is_empty());

        let manifest = read_manifest(&published.folder).unwrap();
        let files: Vec<_> = manifest
            .files
            .iter()
            .map(|f| (f.path.as_str(), f.bytes, f.rows))
            .collect();
        assert_eq!(files, [("README.md", 5, None), (TILE, 13, Some(7))]);
    }

    #[test]
    fn rows_of_a_file_that_is_not_there_are_an_error() {
        let (_folder, store) = fixture::store();
        let lock = store.lock().unwrap();
        let staging = store.begin_release(&lock, &fixture::id("r1")).unwrap();
        let refused = fixture::publish(staging, 1, 9);
        assert!(matches!(refused, Err(StoreError::NotStaged { path }) if path == Path::new(TILE)));
    }

    #[test]
    fn old_releases_go_but_never_the_latest() {
        let (_folder, store) = fixture::store();
        for day in 1..=3 {
            fixture::release(&store, &format!("r{day}"), day, 9).unwrap();
        }
        let published = fixture::release(&store, "r4", 4, 2).unwrap();
        assert_eq!(published.pruned, ["r1", "r2"]);
        assert_eq!(
            fixture::names(&store.releases_dir()),
            ["r3", "r3.json", "r4", "r4.json"]
        );

        // A clock set back: the release just made is not the newest by date, and stays all the same; none is a day old.
        let published = fixture::release(&store, "r0", 1, 1).unwrap();
        assert_eq!(published.pruned, [""; 0]);
        assert_eq!(fixture::assert_readable(&store), "r0");
        assert_eq!(fixture::names(&store.work()), [""; 0]);
    }

    #[test]
    fn a_failed_prune_is_a_warning() {
        let (_folder, store) = fixture::store();
        fixture::release(&store, "r1", 1, 9).unwrap();
        fixture::release(&store, "r2", 2, 9).unwrap();
        // A file stands where the old release is moved before it is removed.
        let lock = store.lock().unwrap();
        let staging = store.begin_release(&lock, &fixture::id("r3")).unwrap();
        staging.write(Path::new(TILE), b"x").unwrap();
        fs::write(store.work().join("pruned-r1"), "x").unwrap();
        let published = fixture::publish(staging, 4, 1).unwrap();
        assert_eq!(published.pruned, [""; 0]);
        assert_eq!(published.warnings.len(), 1, "{:?}", published.warnings);
        assert!(
            published.warnings[0].starts_with("cannot clean up: "),
            "{:?}",
            published.warnings
        );
        assert_eq!(fixture::assert_readable(&store), "r3");
    }

    /// One night: lock, begin, write, carry, publish, prune.
    fn night(store: &Store) -> Result<Published, StoreError> {
        let lock = store.lock()?;
        let staging = store.begin_release(&lock, &fixture::id("r2"))?;
        staging.write(Path::new(TILE), b"new tile")?;
        staging.carry(&fixture::id("r1"), Path::new("README.md"), Care::Each)?;
        fixture::publish(staging, 2, 1)
    }

    /// Law 2: a run that ends at any step leaves a release to read, and the next run works.
    #[test]
    fn a_run_cut_short_at_any_step_leaves_a_whole_release() {
        let (mut before, mut after) = (0, 0);
        for step in 0.. {
            let (_folder, store) = fixture::store();
            fixture::release(&store, "r1", 1, 9).unwrap();

            let (done, is_cut) = fault::after(step, || night(&store));
            let latest = fixture::assert_readable(&store);
            assert!(done.is_err() || latest == "r2", "step {step}: {latest}");
            if let Err(error) = done {
                assert!(matches!(error, StoreError::Full { .. }), "step {step}: {error:?}");
            }
            *(if latest == "r1" { &mut before } else { &mut after }) += 1;

            fixture::release(&store, "r3", 3, 1).unwrap();
            fixture::release(&store, "r4", 9, 1).unwrap();
            assert_eq!(fixture::assert_readable(&store), "r4", "step {step}");
            assert_eq!(
                fixture::names(&store.releases_dir()),
                ["r3", "r3.json", "r4", "r4.json"],
                "step {step}"
            );
            assert!(fixture::names(&store.work()).is_empty(), "step {step}");
            if !is_cut {
                break;
            }
        }
        assert!(
            before > 20 && after > 4,
            "{before} steps before the swap, {after} after"
        );
    }

    #[test]
    fn a_release_of_the_same_data_is_told_as_such_and_not_counted() {
        let (_folder, store) = fixture::store();
        fixture::release(&store, "r1", 1, 9).unwrap();
        let night = |name: &str, day: u32, tile: &[u8]| {
            let lock = store.lock().unwrap();
            let staging = store.begin_release(&lock, &fixture::id(name)).unwrap();
            staging.write(Path::new("report.json"), name.as_bytes()).unwrap();
            staging.write(Path::new(TILE), tile).unwrap();
            fixture::publish(staging, day, 2).unwrap()
        };
        for day in 5..9 {
            assert!(
                !night(&format!("q{day}"), day, b"tile of day 1").latest.changed,
                "{day}"
            );
        }
        let changed = night("r9", 20, b"another");
        assert!(changed.latest.changed);
        assert_eq!(
            changed.pruned,
            ["q7"],
            "the others went a day after they were the latest; q8 was it just now"
        );
        assert!(store.has_release(&fixture::id("r1")));
    }

    #[test]
    fn nights_after_a_rollback_are_published_and_not_the_latest() {
        let (_folder, store) = fixture::store();
        for day in 1..=3 {
            fixture::release(&store, &format!("r{day}"), day, 9).unwrap();
        }
        let lock = store.lock().unwrap();
        store.rollback(&lock, &fixture::frozen("r1")).unwrap();
        drop(lock);
        let link = store.public().join("latest");
        assert!(link.join("README.md").is_file() && fs::read_link(&link).unwrap().ends_with("r1"));
        for day in 20..24 {
            let published = fixture::release(&store, &format!("n{day}"), day, 1).unwrap();
            assert_eq!(published.frozen, Some(fixture::frozen("r1")));
            assert_eq!(fixture::assert_readable(&store), "r1");
        }
        // Neither does damage to `latest.json` end it, nor a folder that is no release go with the old ones.
        let foreign = store.releases_dir().join("a0");
        fs::create_dir(&foreign).unwrap();
        for damage in ["garbage", "gone"] {
            match damage {
                "gone" => fs::remove_file(store.latest_path()).unwrap(),
                garbage => fs::write(store.latest_path(), garbage).unwrap(),
            }
            fixture::release(&store, &format!("d{}", damage.len()), 24, 1).unwrap();
            assert_eq!(fixture::assert_readable(&store), "r1", "{damage}");
        }
        assert!(foreign.is_dir());
        fs::remove_dir(&foreign).unwrap();
        // Damage to the record of the freeze doesn't end it.
        fs::write(store.root().join("frozen.json"), "{").unwrap();
        fixture::release(&store, "n24", 25, 1).unwrap();
        assert_eq!(fixture::assert_readable(&store), "r1");
        assert_eq!(store.frozen().unwrap().by, "somebody");

        let lock = store.lock().unwrap();
        let latest = store.follow(&lock, "2026-01-25T04:00:00Z").unwrap();
        drop(lock);
        assert_eq!((latest.release.as_str(), store.frozen()), ("n24", None));
        assert!(fs::read_link(&link).unwrap().ends_with("n24"));
        fixture::release(&store, "n30", 30, 1).unwrap();
        assert_eq!(fixture::assert_readable(&store), "n30");
        assert!(
            !store.has_release(&fixture::id("r1")),
            "it ceased to be the latest five days ago"
        );
    }
}
