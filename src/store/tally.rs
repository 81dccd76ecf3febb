//! What was counted of tiles, for nights on which they are the same: `<store>/tallies/<collection>.json`.
//!
//! Nothing that can't be counted again: a record that is damaged or of other tiles is no record.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::StoreError;
use super::lock::Lock;
use super::regular::read_regular;
use super::{Store, check_name, disk, record};
use crate::feature::digest::sha256_hex;

#[derive(Serialize, Deserialize)]
struct TallyRecord {
    version: u32,
    /// Which tiles it is of.
    tiles: String,
    told: BTreeMap<String, Box<RawValue>>,
    /// Digest of the two, lower-case hex.
    sha256: String,
}

/// What is counted is published again: a digit that rots here must not.
fn tally_digest(tiles: &str, told: &BTreeMap<String, Box<RawValue>>) -> String {
    let parts = told.iter().flat_map(|(name, value)| [name.as_str(), value.get()]);
    let lines: Vec<&str> = std::iter::once(tiles).chain(parts).collect();
    sha256_hex(lines.join("\n"))
}

impl Store {
    /// What was told of a collection's tiles, whose digests `tiles` stands for; none where nothing was told of these.
    pub fn tally(&self, collection: &str, tiles: &str) -> Option<BTreeMap<String, Box<RawValue>>> {
        let path = self.tally_path(collection).ok()?;
        // Once: it may be long, and one of another version is worth nothing.
        let record: TallyRecord = serde_json::from_slice(&read_regular(&path).ok()?).ok()?;
        // Digested last, and only where the record is of these tiles: it may be long.
        let is_of_these = record.version == record::VERSION && record.tiles == tiles;
        (is_of_these && tally_digest(tiles, &record.told) == record.sha256).then_some(record.told)
    }

    /// Replaces what was told of a collection's tiles, whole or not at all.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn put_tally(
        &self,
        _lock: &Lock,
        collection: &str,
        tiles: &str,
        told: BTreeMap<String, Box<RawValue>>,
    ) -> Result<(), StoreError> {
        let path = self.tally_path(collection)?;
        let sha256 = tally_digest(tiles, &told);
        let record = TallyRecord {
            version: record::VERSION,
            tiles: tiles.to_owned(),
            told,
            sha256,
        };
        disk::put_file(&self.work(), &path, &record::to_json(&record))
    }

    fn tally_path(&self, collection: &str) -> Result<PathBuf, StoreError> {
        check_name("collection", collection)?;
        Ok(self.root.join("tallies").join(format!("{collection}.json")))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::fixture;
    use super::*;

    #[test]
    fn a_tally_is_of_its_tiles_alone() {
        let (_folder, store) = fixture::store();
        let lock = store.lock().unwrap();
        assert!(store.tally("dams", "one").is_none());
        let told = || {
            BTreeMap::from([(
                "quality".to_owned(),
                RawValue::from_string("[7]".to_owned()).unwrap(),
            )])
        };
        store.put_tally(&lock, "dams", "one", told()).unwrap();
        assert_eq!(store.tally("dams", "one").unwrap()["quality"].get(), "[7]");
        assert!(store.tally("dams", "two").is_none(), "other tiles");
        fs::write(store.root().join("tallies/dams.json"), "{").unwrap();
        assert!(store.tally("dams", "one").is_none(), "damaged");
        store.put_tally(&lock, "dams", "one", told()).unwrap();
        let path = store.root().join("tallies/dams.json");
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("[7]", "[8]")).unwrap();
        assert!(store.tally("dams", "one").is_none(), "one digit");
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(store.tally("dams", "one").is_none(), "a folder in its place");
        store.put_tally(&lock, "dams", "two", told()).unwrap();
        assert!(store.tally("dams", "two").is_some());
    }
}
