//! A file on its way: what has come of it stays, so that an interrupted download goes on where it ended.
//!
//! `landing/<layer>/partial` and `partial.json`, which says whose bytes they are and how many of them are
//! known to be on the disk. Bytes beyond that count as not come: a crash may have left anything there.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::{IoResultExt, StoreError};
use super::landed::LandedFile;
use super::{Store, check_name, digest, disk, record};
use crate::feature::{FetchRecord, Landed};

/// So much at most is fetched twice after a crash.
const CHECKPOINT_BYTES: u64 = 4 << 20;

/// A download that is not accepted yet.
///
/// Dropped without `accept` it stays, and opening it with the same key finds its bytes again.
#[derive(Debug)]
pub struct Download<'a> {
    store: &'a Store,
    id: String,
    key: String,
    folder: PathBuf,
    file: File,
    bytes: u64,
    /// How many of them `partial.json` vouches for.
    safe: u64,
    /// How many there are to be, where the server has said so.
    complete: Option<u64>,
    is_accepted: bool,
}

/// `partial.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Partial {
    version: u32,
    key: String,
    bytes: u64,
    #[serde(default)]
    complete: Option<u64>,
}

/// What has come of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Key of its download.
    pub key: String,
    /// Bytes that have come.
    pub bytes: u64,
    /// Length of the file, where the server has said so.
    pub complete: Option<u64>,
}

impl Store {
    /// Opens the unfinished download of a layer, or begins one; one with another key begins empty.
    ///
    /// The key stands for all that makes the bytes belong together: URL and validator. It is kept as it is, for the next
    /// attempt to go on by, so nothing secret may be in it.
    ///
    /// ```
    /// let folder = tempfile::tempdir().unwrap();
    /// let store = cikr::store::Store::open(folder.path()).unwrap();
    /// let key = "https://example.org/dams.csv\n\"tag\"";
    /// store.download("dams", key).unwrap().append(b"id,x").unwrap();
    /// assert_eq!(store.download("dams", key).unwrap().len(), 4, "it goes on where it ended");
    /// assert_eq!(store.download("dams", "another version").unwrap().len(), 0);
    /// ```
    ///
    /// # Errors
    /// The id is no plain name, or the store can't be written to.
    pub fn download(&self, id: &str, key: &str) -> Result<Download<'_>, StoreError> {
        check_name("layer", id)?;
        let folder = self.landing_dir(id);
        disk::create_folder(&folder)?;
        disk::sync_folder_of(&folder)?;
        let known = sound_partial(&folder).filter(|partial| partial.key == key);
        let bytes = known.as_ref().map_or(0, |partial| partial.bytes);
        let complete = known.and_then(|partial| partial.complete);
        let path = folder.join("partial");
        // Beyond what the note vouches for, a crash may have left nulls or nothing, whatever the length of the file
        // says.
        let file = disk::open_to_append(&path)?;
        disk::truncate_file(&file, &path, bytes)?;
        let mut download = Download {
            store: self,
            id: id.to_owned(),
            key: key.to_owned(),
            folder,
            file,
            bytes,
            safe: bytes,
            complete,
            is_accepted: false,
        };
        if bytes == 0 {
            download.checkpoint()?;
        }
        Ok(download)
    }
}

impl Store {
    /// A layer's unfinished download, as `download` would open it; none where there is none.
    ///
    /// # Errors
    /// The id is no plain name.
    pub fn unfinished(&self, id: &str) -> Result<Option<Unfinished>, StoreError> {
        check_name("layer", id)?;
        Ok(sound_partial(&self.landing_dir(id)).map(|partial| Unfinished {
            key: partial.key,
            bytes: partial.bytes,
            complete: partial.complete,
        }))
    }
}

/// What `partial.json` says, where the file beside it is as long: it may have been cut, renamed or lost since.
fn sound_partial(folder: &Path) -> Option<Partial> {
    let known: Partial = record::read(&folder.join("partial.json")).ok().flatten()?;
    let found = fs::metadata(folder.join("partial")).ok()?;
    (found.is_file() && found.len() >= known.bytes).then_some(known)
}

#[expect(
    clippy::len_without_is_empty,
    reason = "a length to go on from, not a container"
)]
impl Download<'_> {
    /// Bytes that have come so far.
    pub fn len(&self) -> u64 {
        self.bytes
    }

    /// Notes how long the whole file is, as the server says before it sends any of it.
    pub fn expect_length(&mut self, complete: Option<u64>) {
        self.complete = complete;
    }

    /// Adds bytes to the end.
    ///
    /// # Errors
    /// The store can't be written to.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        disk::append_bytes(&self.file, &self.partial_path(), bytes)?;
        self.bytes += bytes.len() as u64;
        // Waiting for the disk after every piece would slow a download down to it; what a crash may cost is bounded
        // instead.
        if self.bytes - self.safe >= CHECKPOINT_BYTES {
            self.checkpoint()
        } else {
            Ok(())
        }
    }

    /// SHA-256 of what has come so far, lower-case hex.
    ///
    /// # Errors
    /// It can't be read.
    pub fn sha256(&self) -> Result<String, StoreError> {
        Ok(digest::digest_file(&self.partial_path())?.0)
    }

    /// Its first `most` bytes, or all there are.
    ///
    /// # Errors
    /// They can't be read.
    pub fn beginning(&self, most: usize) -> Result<Vec<u8>, StoreError> {
        let mut bytes = Vec::new();
        let file = File::open(self.partial_path()).while_reading(&self.partial_path())?;
        file.take(most as u64)
            .read_to_end(&mut bytes)
            .while_reading(&self.partial_path())?;
        Ok(bytes)
    }

    /// Begins again with nothing, as when a server does not go on where it was asked to.
    ///
    /// # Errors
    /// The store can't be written to.
    pub fn restart(&mut self) -> Result<(), StoreError> {
        self.bytes = 0;
        self.complete = None;
        disk::truncate_file(&self.file, &self.partial_path(), 0)?;
        self.checkpoint()
    }

    /// Ends the download: these bytes are the layer's source from now on.
    ///
    /// # Errors
    /// The extension is no plain name, or the store can't be written to.
    pub fn accept(mut self, extension: &str, mut fetch: FetchRecord) -> Result<Landed, StoreError> {
        check_name("extension", extension)?;
        self.checkpoint()?;
        let (sha256, bytes) = digest::digest_file(&self.partial_path())?;
        let name = PathBuf::from(format!("{sha256}.{extension}"));
        // From here on dropping it must not write a note: the bytes are about to have another name.
        self.is_accepted = true;
        disk::rename(&self.partial_path(), &self.folder.join(&name))?;
        disk::sync_folder(&self.folder)?;
        fetch.sha256.clone_from(&sha256);
        fetch.pages = 1;
        let landed = self.store.hold_fetched(
            &self.id,
            vec![LandedFile {
                path: name,
                bytes,
                sha256,
            }],
            fetch,
        )?;
        // Last: a note about bytes that have gone on under their final name counts as none (`sound_partial`).
        disk::remove(&self.folder.join("partial.json"))?;
        Ok(landed)
    }

    fn checkpoint(&mut self) -> Result<(), StoreError> {
        disk::sync_file(&self.file, &self.partial_path())?;
        let partial = Partial {
            version: record::VERSION,
            key: self.key.clone(),
            bytes: self.bytes,
            complete: self.complete,
        };
        let path = self.folder.join("partial.json");
        disk::put_file(&self.store.work(), &path, &record::to_json(&partial))?;
        self.safe = self.bytes;
        Ok(())
    }

    fn partial_path(&self) -> PathBuf {
        self.folder.join("partial")
    }
}

impl Drop for Download<'_> {
    /// What came before an error is kept for the next attempt; if that fails, it is fetched again.
    fn drop(&mut self) {
        if !self.is_accepted && self.bytes != self.safe {
            self.checkpoint().unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{fault, fixture};
    use super::*;
    use crate::feature::digest::sha256_hex;

    const BODY: &[u8] = b"id,x,y\n1,2,3\n";

    /// Fetches what is missing, as a client does, in two pieces.
    fn fetch(store: &Store, key: &str, body: &[u8]) -> Result<Landed, StoreError> {
        let mut download = store.download("dams", key)?;
        let start = usize::try_from(download.len()).unwrap();
        let middle = start.max(body.len() / 2);
        download.append(&body[start..middle])?;
        download.append(&body[middle..])?;
        download.accept(
            "csv",
            FetchRecord {
                fetched_at: key.to_owned(),
                ..FetchRecord::default()
            },
        )
    }

    #[test]
    fn a_download_goes_on_with_its_key_and_begins_empty_with_another() {
        let (_folder, store) = fixture::store();
        store.download("dams", "k").unwrap().append(&BODY[..5]).unwrap();
        assert_eq!(store.download("dams", "k").unwrap().len(), 5);
        let mut again = store.download("dams", "k").unwrap();
        again.restart().unwrap();
        again.append(&BODY[..2]).unwrap();
        drop(again);
        assert_eq!(store.download("dams", "k").unwrap().len(), 2);
        assert_eq!(store.download("dams", "other").unwrap().len(), 0);
        assert_eq!(store.download("dams", "k").unwrap().len(), 0);
    }

    #[test]
    fn a_pulls_key_is_not_written_down() {
        let (_folder, store) = fixture::store();
        store.pull("dams", "token=hidden").unwrap();
        let key = fs::read_to_string(store.root().join("landing/dams/pull/.key.json")).unwrap();
        assert!(!key.contains("hidden"), "{key}");
    }

    #[test]
    fn bytes_that_no_checkpoint_vouches_for_are_cut_off() {
        let (_folder, store) = fixture::store();
        store.download("dams", "k").unwrap().append(&BODY[..5]).unwrap();
        let path = store.root().join("landing/dams/partial");
        fs::write(&path, [&BODY[..5], b"\0\0\0"].concat()).unwrap();
        assert_eq!(store.download("dams", "k").unwrap().len(), 5);
        assert_eq!(fs::read(&path).unwrap(), &BODY[..5]);
        let held = Unfinished {
            key: "k".to_owned(),
            bytes: 5,
            complete: None,
        };
        assert_eq!(store.unfinished("dams").unwrap(), Some(held));
        fs::write(&path, b"id").unwrap();
        assert_eq!(
            store.unfinished("dams").unwrap(),
            None,
            "the file decides, not the note about it"
        );
        assert_eq!(store.download("dams", "k").unwrap().len(), 0);
    }

    /// As a kill leaves it between the file's new name and the end of the note, or between a cut and the next note.
    #[test]
    fn a_note_about_bytes_that_are_gone_is_nothing_to_go_on_with() {
        let (_folder, store) = fixture::store();
        let folder = store.root().join("landing/dams");
        let mut download = store.download("dams", "k").unwrap();
        download.expect_length(Some(99));
        download.append(BODY).unwrap();
        drop(download);
        assert_eq!(
            store.unfinished("dams").unwrap().and_then(|held| held.complete),
            Some(99)
        );
        fs::rename(folder.join("partial"), folder.join("accepted.csv")).unwrap();
        assert_eq!(store.unfinished("dams").unwrap(), None);
        fs::write(folder.join("partial"), b"").unwrap();
        assert_eq!(store.unfinished("dams").unwrap(), None);
        let landed = fetch(&store, "k", BODY).unwrap();
        assert_eq!(fs::read(landed.path).unwrap(), BODY);
    }

    #[test]
    fn an_accepted_download_is_held_under_its_digest() {
        let (_folder, store) = fixture::store();
        let landed = fetch(&store, "k", BODY).unwrap();
        assert_eq!(fs::read(&landed.path).unwrap(), BODY);
        let sha256 = sha256_hex(BODY);
        assert_eq!(
            landed.path.file_name().unwrap().to_str(),
            Some(&*format!("{sha256}.csv"))
        );
        let held = store.held_copy("dams").unwrap().unwrap();
        assert_eq!(
            (held.landed.path, held.record.sha256),
            (landed.path.clone(), sha256)
        );
        let again = fetch(&store, "later", BODY).unwrap();
        assert_eq!((again.landed_at.as_str(), again.path), ("k", landed.path.clone()));
        fs::write(&landed.path, "damaged").unwrap();
        assert!(store.held_copy("dams").unwrap().is_none());
    }

    /// The last download stays held until the next is whole, and what comes of it is never a mixture.
    #[test]
    fn a_download_cut_short_at_any_step_goes_on() {
        for step in 0.. {
            let (_folder, store) = fixture::store();
            let old = fetch(&store, "old", b"old").unwrap();
            let (cut, is_cut) = fault::after(step, || fetch(&store, "new", BODY));
            if let Err(error) = &cut {
                assert!(matches!(error, StoreError::Full { .. }), "step {step}: {error:?}");
            }
            let held = store
                .held_copy("dams")
                .unwrap()
                .expect("one of the two is held")
                .landed;
            assert!(
                held.sha256 == old.sha256 || fs::read(held.path).unwrap() == BODY,
                "step {step}"
            );
            let landed = fetch(&store, "new", BODY).unwrap();
            assert_eq!(fs::read(landed.path).unwrap(), BODY, "step {step}");
            assert_eq!(
                store.held_copy("dams").unwrap().unwrap().landed.sha256,
                landed.sha256
            );
            if !is_cut {
                assert!(step > 15, "{step} steps");
                break;
            }
        }
    }
}
