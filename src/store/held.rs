//! What was fetched last for a layer: `landing/<layer>/held.json`, written after all that it names.
//!
//! Fetched bytes get their name and record here, whatever way they came (`pull`, `download`).

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tracing::warn;

use super::error::StoreError;
use super::landed::{LandedFile, LandingRecord, damaged_files, record_path};
use super::{Store, check_name, disk, record};
use crate::feature::{FetchRecord, Landed};

pub(super) const HELD: &str = "held.json";

/// The copy of a source that was fetched last.
#[derive(Debug, Clone)]
pub struct HeldCopy {
    /// Its bytes.
    pub landed: Landed,
    /// How they were got.
    pub record: FetchRecord,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct HeldRecord {
    version: u32,
    /// Name of the landed file in the layer's folder.
    pub(super) name: PathBuf,
    fetch: FetchRecord,
}

impl Store {
    /// The copy that was fetched last for `id`; none where there is none, or where it is damaged.
    ///
    /// # Errors
    /// The id is no plain name, or a damaged record can't be set aside.
    pub fn held_copy(&self, id: &str) -> Result<Option<HeldCopy>, StoreError> {
        check_name("layer", id)?;
        let folder = self.landing_dir(id);
        let Some((name, record)) = held_in(&folder) else {
            return Ok(None);
        };
        let doubts = record.doubts.clone();
        Ok(read_landed(&folder, &name)?.map(|landed| HeldCopy {
            landed: Landed { doubts, ..landed },
            record,
        }))
    }

    /// Notes that the source was looked at again and is what is held; none where nothing whole is held.
    ///
    /// # Errors
    /// As `held`, or the store can't be written to.
    pub fn renew(&self, id: &str, fetch: FetchRecord) -> Result<Option<Landed>, StoreError> {
        let Some(held) = self.held_copy(id)? else {
            return Ok(None);
        };
        let folder = self.landing_dir(id);
        let name = held
            .landed
            .path
            .strip_prefix(&folder)
            .unwrap_or(&held.landed.path)
            .to_owned();
        // What a look at the source tells is of tonight; what is known of the bytes themselves stays as it was found
        // then.
        let FetchRecord {
            sha256,
            pages,
            generalised,
            doubts,
            ..
        } = held.record;
        let fetch = FetchRecord {
            sha256,
            pages,
            generalised,
            doubts,
            ..fetch
        };
        let record = HeldRecord {
            version: record::VERSION,
            name,
            fetch,
        };
        disk::put_file(&self.work(), &folder.join(HELD), &record::to_json(&record))?;
        Ok(Some(held.landed))
    }

    /// Folder of a layer's landed bytes, whether or not it is there.
    pub(super) fn landing_dir(&self, id: &str) -> PathBuf {
        self.root.join("landing").join(id)
    }

    /// Records fetched files that are in place, the first of them the one to open, and holds them from now on.
    pub(super) fn hold_fetched(
        &self,
        id: &str,
        files: Vec<LandedFile>,
        fetch: FetchRecord,
    ) -> Result<Landed, StoreError> {
        let folder = self.landing_dir(id);
        let name = files[0].path.clone();
        let landed = match read_landed(&folder, &name)? {
            Some(landed) => landed,
            None => self.record_fetched(&folder, files, &fetch)?,
        };
        let doubts = fetch.doubts.clone();
        let held = HeldRecord {
            version: record::VERSION,
            name,
            fetch,
        };
        // After the record of the copy, which is after its bytes: whatever `held.json` names is there.
        disk::put_file(&self.work(), &folder.join(HELD), &record::to_json(&held))?;
        Ok(Landed { doubts, ..landed })
    }

    /// Holds a local source's copy from now on; writes nothing where it is held already.
    pub(super) fn hold_local(&self, folder: &Path, name: &str, fetch: FetchRecord) -> Result<(), StoreError> {
        let path = folder.join(HELD);
        let known: Option<HeldRecord> = record::read_sound(&path);
        if known.is_some_and(|known| known.name == Path::new(name)) {
            return Ok(());
        }
        let held = HeldRecord {
            version: record::VERSION,
            name: name.into(),
            fetch,
        };
        disk::put_file(&self.work(), &path, &record::to_json(&held))
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
        disk::put_file(
            &self.work(),
            &record_path(folder, &name),
            &record::to_json(&record),
        )?;
        Ok(landed_of(folder, &name, record))
    }
}

/// Name of the copy that is held in a layer's folder, and how it was got; a damaged record counts as none.
pub(super) fn held_in(folder: &Path) -> Option<(PathBuf, FetchRecord)> {
    record::read_sound::<HeldRecord>(&folder.join(HELD)).map(|held| (held.name, held.fetch))
}

/// Landed bytes by name; none where the record, or a file that it names, is missing or damaged.
///
/// Everything is read, and compared with the digests that the record has: a damaged copy is fetched again, and neither
/// published nor found out by a layer that fails every night. Its record is set aside, so that it counts as not landed.
fn read_landed(folder: &Path, name: &Path) -> Result<Option<Landed>, StoreError> {
    let path = record_path(folder, name);
    let Some(record) = record::read_sound_or_set_aside::<LandingRecord>(&path)? else {
        return Ok(None);
    };
    if let Some(damaged) = damaged_files(folder, &record).first() {
        let damaged = folder.join(damaged);
        warn!(path = %damaged.display(), "a landed file is missing or damaged; its copy is not used");
        disk::move_aside(&path)?;
        return Ok(None);
    }
    Ok(Some(landed_of(folder, name, record)))
}

fn landed_of(folder: &Path, name: &Path, record: LandingRecord) -> Landed {
    Landed {
        path: folder.join(name),
        sha256: record.sha256,
        bytes: record.bytes,
        landed_at: record.landed_at,
        doubts: record.fetch.map(|fetch| fetch.doubts).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::fixture;
    use super::*;

    fn fetched(day: u32, etag: &str) -> FetchRecord {
        let fetched_at = format!("2026-01-{day:02}T03:00:00Z");
        FetchRecord {
            fetched_at,
            etag: Some(etag.to_owned()),
            ..FetchRecord::default()
        }
    }

    #[test]
    fn a_source_that_was_looked_at_again_keeps_its_copy() {
        let (_folder, store) = fixture::store();
        assert!(store.renew("dams", fetched(1, "a")).unwrap().is_none());
        let mut download = store.download("dams", "k").unwrap();
        download.append(b"abc").unwrap();
        let landed = download.accept("csv", fetched(1, "a")).unwrap();
        let renewed = store.renew("dams", fetched(2, "b")).unwrap().unwrap();
        assert_eq!(
            (&renewed.path, &renewed.landed_at),
            (&landed.path, &landed.landed_at)
        );
        let held = store.held_copy("dams").unwrap().unwrap();
        let expected = FetchRecord {
            sha256: landed.sha256,
            pages: 1,
            ..fetched(2, "b")
        };
        assert_eq!((held.record, held.landed.path), (expected, landed.path));
    }

    #[test]
    fn a_local_source_is_held_too_and_a_damaged_record_is_none() {
        let (folder, store) = fixture::store();
        let path = folder.path().join("dams.gdb");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("a.gdbtable"), "t").unwrap();
        let landed = store
            .land("dams", &path, "shown", "2026-01-01T03:00:00Z")
            .unwrap();
        let held = store.held_copy("dams").unwrap().unwrap();
        assert_eq!(
            (held.landed.path, held.record.url.as_str()),
            (landed.path.clone(), "shown")
        );
        fs::write(landed.path.join("a.gdbtable"), "longer").unwrap();
        assert!(
            store.held_copy("dams").unwrap().is_none(),
            "a file of another size"
        );
        store
            .land("dams", &path, "shown", "2026-01-02T03:00:00Z")
            .unwrap();
        assert!(store.held_copy("dams").unwrap().is_some());
        fs::write(store.root().join("landing/dams/held.json"), "{").unwrap();
        assert!(store.held_copy("dams").unwrap().is_none());
    }
}
