//! A store and small releases for the tests of this room.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{Keep, Publication, Published, Staging, Store, StoreError};
use crate::feature::Frozen;
use crate::feature::release::ReleaseId;

pub(super) const TILE: &str = "layers/dams/data/region=R06/part-000.parquet";

/// A fresh store, gone with the folder.
pub(super) fn store() -> (TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("store")).unwrap();
    (folder, store)
}

/// A name for a release.
pub(super) fn id(name: &str) -> ReleaseId {
    ReleaseId::parse(name).unwrap()
}

/// A wish to stay with a release.
pub(super) fn frozen(name: &str) -> Frozen {
    Frozen {
        release: id(name),
        by: "ada".to_owned(),
        at: "2026-01-09T03:00:00Z".to_owned(),
        reason: "the dams are mirrored".to_owned(),
    }
}

/// Publishes a release of two files; `day` makes its time and content.
pub(super) fn release(store: &Store, name: &str, day: u32, keep: usize) -> Result<Published, StoreError> {
    let lock = store.lock()?;
    let staging = store.begin_release(&lock, &id(name))?;
    staging.write(Path::new("README.md"), b"dams\n")?;
    staging.write(Path::new(TILE), format!("tile of day {day}").as_bytes())?;
    publish(staging, day, keep)
}

/// Publishes what is staged, with 7 rows in the tile.
pub(super) fn publish(staging: Staging<'_>, day: u32, keep: usize) -> Result<Published, StoreError> {
    let rows = BTreeMap::from([(PathBuf::from(TILE), 7)]);
    let now = format!("2026-01-{day:02}T03:00:00Z");
    staging.publish(&Publication {
        rows: &rows,
        tiles: 1,
        facilities: 7,
        keep: Keep {
            changed: keep,
            days: None,
        },
        now: &now,
    })
}

/// Names in a folder, sorted.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

/// The store as a reader sees it: every release listed is whole, and `latest.json` names one of them.
pub(super) fn assert_readable(store: &Store) -> String {
    let latest = store.latest().unwrap().expect("something was published");
    let releases = store.releases().unwrap();
    for release in &releases {
        assert_eq!(store.check_release(&release.id).unwrap(), [], "{}", release.id);
    }
    let marked: Vec<_> = releases
        .iter()
        .filter(|release| release.is_latest)
        .map(|r| &r.id)
        .collect();
    assert_eq!(marked, [&latest.release]);
    latest.release.as_str().to_owned()
}
