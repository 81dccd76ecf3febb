//! What was fetched last for a layer: `landing/<layer>/held.json`, written after all that it names.
//!
//! Fetched bytes get their name and record here, whatever way they came (`pull`, `download`).

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tracing::warn;

use super::error::StoreError;
use super::landing::{LandedFile, LandingRecord};
use super::pull::PAGES;
use super::{Store, check_name, digest, disk, record};
use crate::feature::{FetchRecord, Landed};

pub(super) const HELD: &str = "held.json";

/// The copy of a source that was fetched last.
#[derive(Debug, Clone)]
pub struct Held {
    /// Its bytes.
    pub landed: Landed,
    /// How they were got.
    pub record: FetchRecord,
}

#[derive(Debug, Serialize, Deserialize)]
struct HeldRecord {
    version: u32,
    /// Name of the landed file in the layer's folder.
    name: PathBuf,
    fetch: FetchRecord,
}

impl Store {
    /// The copy that was fetched last for `id`; none where there is none, or where it is damaged.
    ///
    /// # Errors
    /// The id is no plain name, or a file can't be read or is of a later version.
    pub fn held(&self, id: &str) -> Result<Option<Held>, StoreError> {
        check_name("layer", id)?;
        let folder = self.landing_dir(id);
        let Some((name, record)) = held_in(&folder)? else { return Ok(None) };
        let doubts = record.doubts.clone();
        Ok(landed(&folder, &name)?.map(|landed| Held { landed: Landed { doubts, ..landed }, record }))
    }

    /// Notes that the source was looked at again and is what is held; none where nothing whole is held.
    ///
    /// # Errors
    /// As `held`, or the store can't be written to.
    pub fn renew(&self, id: &str, fetch: FetchRecord) -> Result<Option<Landed>, StoreError> {
        let Some(held) = self.held(id)? else { return Ok(None) };
        let folder = self.landing_dir(id);
        let name = held.landed.path.strip_prefix(&folder).unwrap_or(&held.landed.path).to_owned();
        let FetchRecord { sha256, pages, generalised, doubts, .. } = held.record;
        let fetch = FetchRecord { sha256, pages, generalised, doubts, ..fetch };
        let record = HeldRecord { version: record::VERSION, name, fetch };
        disk::put(&self.work(), &folder.join(HELD), &record::to_json(&record))?;
        Ok(Some(held.landed))
    }

    /// Folder of a layer's landed bytes, whether or not it is there.
    pub(super) fn landing_dir(&self, id: &str) -> PathBuf {
        self.root.join("landing").join(id)
    }

    /// Records fetched files that are in place, the first of them the one to open, and holds them from now on.
    pub(super) fn hold(
        &self,
        id: &str,
        files: Vec<LandedFile>,
        fetch: FetchRecord,
    ) -> Result<Landed, StoreError> {
        let folder = self.landing_dir(id);
        let name = files[0].path.clone();
        let landed = match landed(&folder, &name)? {
            Some(landed) => landed,
            None => self.record_fetched(&folder, files, &fetch)?,
        };
        let doubts = fetch.doubts.clone();
        let held = HeldRecord { version: record::VERSION, name, fetch };
        disk::put(&self.work(), &folder.join(HELD), &record::to_json(&held))?;
        Ok(Landed { doubts, ..landed })
    }

    /// Holds a local source's copy from now on; writes nothing where it is held already.
    pub(super) fn hold_local(
        &self,
        folder: &Path,
        name: &str,
        fetch: impl FnOnce() -> FetchRecord,
    ) -> Result<(), StoreError> {
        let path = folder.join(HELD);
        let known: Option<HeldRecord> = record::read(&path).ok().flatten();
        if known.is_some_and(|known| known.name == Path::new(name)) {
            return Ok(());
        }
        let held = HeldRecord { version: record::VERSION, name: name.into(), fetch: fetch() };
        disk::put(&self.work(), &path, &record::to_json(&held))
    }

    fn record_fetched(
        &self,
        folder: &Path,
        files: Vec<LandedFile>,
        fetch: &FetchRecord,
    ) -> Result<Landed, StoreError> {
        let name = files[0].path.clone();
        let record = LandingRecord {
            version: record::VERSION,
            source: fetch.url.clone(),
            sha256: files[0].sha256.clone(),
            bytes: files.iter().map(|file| file.bytes).sum(),
            landed_at: fetch.fetched_at.clone(),
            files,
            fetch: Some(fetch.clone()),
        };
        disk::put(&self.work(), &record_path(folder, &name), &record::to_json(&record))?;
        Ok(of_record(folder, &name, record))
    }
}

/// Name of the copy that is held in a layer's folder, and how it was got; a damaged record counts as none.
pub(super) fn held_in(folder: &Path) -> Result<Option<(PathBuf, FetchRecord)>, StoreError> {
    let held: Option<HeldRecord> = match record::read(&folder.join(HELD)) {
        Err(StoreError::Record { .. }) => None,
        held => held?,
    };
    Ok(held.map(|held| (held.name, held.fetch)))
}

/// Landed bytes by name; none where the record, or a file that it names, is missing or damaged.
///
/// What was fetched is read whole, pages against the checksum that their compression ends with: a damaged copy is
/// fetched again, and not found out by a layer that fails every night. Of a local source's copy the sizes count, as
/// when it is landed again.
fn landed(folder: &Path, name: &Path) -> Result<Option<Landed>, StoreError> {
    let record: LandingRecord = match record::read(&record_path(folder, name)) {
        Ok(Some(record)) => record,
        Ok(None) | Err(StoreError::Record { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let is_fetched = record.fetch.is_some();
    for file in &record.files {
        if !is_whole(folder, file, is_fetched)? {
            let path = folder.join(&file.path);
            warn!(path = %path.display(), "a landed file is missing or damaged; its copy is not used");
            return Ok(None);
        }
    }
    Ok(Some(of_record(folder, name, record)))
}

fn is_whole(folder: &Path, file: &LandedFile, is_fetched: bool) -> Result<bool, StoreError> {
    let path = folder.join(&file.path);
    let found = fs::symlink_metadata(&path);
    let is_page = file.path.starts_with(PAGES);
    if !found.is_ok_and(|found| found.is_file() && (is_page || found.len() == file.bytes)) {
        return Ok(false);
    }
    if is_page {
        let page = File::open(&path).map_err(|source| StoreError::reading(&path, source))?;
        return Ok(zstd::stream::copy_decode(page, io::sink()).is_ok());
    }
    Ok(!is_fetched || digest::digest(&path)?.0 == file.sha256)
}

fn of_record(folder: &Path, name: &Path, record: LandingRecord) -> Landed {
    Landed {
        path: folder.join(name),
        sha256: record.sha256,
        bytes: record.bytes,
        landed_at: record.landed_at,
        doubts: record.fetch.map(|fetch| fetch.doubts).unwrap_or_default(),
    }
}

fn record_path(folder: &Path, name: &Path) -> PathBuf {
    folder.join(format!("{}.record.json", name.display()))
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn fetched(day: u32, etag: &str) -> FetchRecord {
        let fetched_at = format!("2026-01-{day:02}T03:00:00Z");
        FetchRecord { fetched_at, etag: Some(etag.to_owned()), ..FetchRecord::default() }
    }

    #[test]
    fn a_source_that_was_looked_at_again_keeps_its_copy() {
        let (_folder, store) = fixture::store();
        assert!(store.renew("dams", fetched(1, "a")).unwrap().is_none());
        let mut download = store.download("dams", "k").unwrap();
        download.append(b"abc").unwrap();
        let landed = download.accept("csv", fetched(1, "a")).unwrap();
        let renewed = store.renew("dams", fetched(2, "b")).unwrap().unwrap();
        assert_eq!((&renewed.path, &renewed.landed_at), (&landed.path, &landed.landed_at));
        let held = store.held("dams").unwrap().unwrap();
        let expected = FetchRecord { sha256: landed.sha256, pages: 1, ..fetched(2, "b") };
        assert_eq!((held.record, held.landed.path), (expected, landed.path));
    }

    #[test]
    fn a_local_source_is_held_too_and_a_damaged_record_is_none() {
        let (folder, store) = fixture::store();
        let path = folder.path().join("dams.gdb");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("a.gdbtable"), "t").unwrap();
        let landed = store.land("dams", &path, "shown", "2026-01-01T03:00:00Z").unwrap();
        let held = store.held("dams").unwrap().unwrap();
        assert_eq!((held.landed.path, held.record.url.as_str()), (landed.path.clone(), "shown"));
        fs::write(landed.path.join("a.gdbtable"), "longer").unwrap();
        assert!(store.held("dams").unwrap().is_none(), "a file of another size");
        store.land("dams", &path, "shown", "2026-01-02T03:00:00Z").unwrap();
        assert!(store.held("dams").unwrap().is_some());
        fs::write(store.root().join("landing/dams/held.json"), "{").unwrap();
        assert!(store.held("dams").unwrap().is_none());
    }
}
