//! One file in the making: whole under its name, or not there.
//!
//! Hashes and counts on the way, so no file is read again for its digest.

use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use super::digest::{Digesting, digest_file};
use super::disk::Readers;
use super::error::{IoResultExt, StoreError};
use super::regular::read_regular;
use super::release_file::ReleaseFile;
use super::{Staging, disk};
use crate::feature::digest::sha256_hex;

const BUFFER_BYTES: usize = 1 << 17;

/// A file of a release that is being written; without `commit` it is removed.
///
/// Errors of its `Write` are a `StoreError` within the `io::Error`.
pub struct Staged<'a> {
    staging: &'a Staging<'a>,
    writer: BufWriter<Digesting<File>>,
    temp: TempPath,
    relative: PathBuf,
}

impl<'a> Staged<'a> {
    pub(super) fn new(staging: &'a Staging<'a>, relative: PathBuf) -> Result<Self, StoreError> {
        let (file, temp) = disk::temp_file(staging.scratch(), Readers::Of(staging.mode))?;
        let writer = BufWriter::with_capacity(BUFFER_BYTES, Digesting::new(file));
        Ok(Self {
            staging,
            writer,
            temp,
            relative,
        })
    }

    /// Gives the file its name. After `Ok` its bytes are complete and on the disk.
    ///
    /// # Errors
    /// The disk is full or fails, or the release has a file of this name.
    pub fn commit(self) -> Result<ReleaseFile, StoreError> {
        let Self {
            staging,
            writer,
            temp,
            relative,
        } = self;
        let path = staging.path_of(&relative);
        let digesting = writer
            .into_inner()
            .map_err(|e| StoreError::writing(&path, e.into_error()))?;
        let (file, sha256, bytes) = digesting.finish();
        // Before the name is given: the folders are synced once, when the release is published.
        disk::sync_file(&file, &path)?;
        let written = ReleaseFile {
            path: relative,
            bytes,
            sha256,
        };
        staging.add_file(&written, None, || disk::name_new(temp, &path))?;
        Ok(written)
    }
}

impl Staging<'_> {
    /// Opens a new file of the release; the folders above it are made.
    ///
    /// # Errors
    /// The path leaves the release or is taken, or the store can't be written to.
    pub fn create(&self, relative: &Path) -> Result<Staged<'_>, StoreError> {
        self.make_room(relative)?;
        Staged::new(self, relative.to_owned())
    }

    /// Takes in a file that is made already, on the same disk as the release, such as in its scratch folder.
    ///
    /// # Errors
    /// As `create` and `Staged::commit`.
    pub fn adopt(&self, made: &Path, relative: &Path) -> Result<ReleaseFile, StoreError> {
        self.make_room(relative)?;
        let (sha256, bytes) = digest_file(made)?;
        let path = self.path_of(relative);
        disk::set_mode(made, self.mode & 0o666)?;
        disk::sync_file(&File::open(made).while_reading(made)?, &path)?;
        let written = ReleaseFile {
            path: relative.to_owned(),
            bytes,
            sha256,
        };
        let temp = TempPath::try_from_path(made).while_writing(&path)?;
        self.add_file(&written, None, || disk::name_new(temp, &path))?;
        Ok(written)
    }

    /// Writes a whole file of the release; one that the release before has, byte for byte, is linked.
    ///
    /// # Errors
    /// As `create` and `Staged::commit`.
    pub fn write(&self, relative: &Path, bytes: &[u8]) -> Result<ReleaseFile, StoreError> {
        // Pages of the catalog are most of a quiet night's files, and most of them are those of the night before:
        // comparing is cheaper than waiting until they are on the disk.
        if let Some(same) = self.same_before(relative, bytes) {
            self.make_room(relative)?;
            let written = ReleaseFile {
                path: relative.to_owned(),
                bytes: bytes.len() as u64,
                sha256: sha256_hex(bytes),
            };
            self.add_file(&written, None, || {
                disk::link_or_copy(&same, &self.path_of(relative))
            })?;
            return Ok(written);
        }
        let mut staged = self.create(relative)?;
        staged.write_all(bytes).while_writing(&self.path_of(relative))?;
        staged.commit()
    }

    /// The file of the release before that has this path and these bytes.
    fn same_before(&self, relative: &Path, bytes: &[u8]) -> Option<PathBuf> {
        let path = self.before.as_ref()?.join(relative);
        // Not by digest: the manifest may say what the file no longer is.
        let is_of_size = path.symlink_metadata().ok()?.len() == bytes.len() as u64;
        (is_of_size && read_regular(&path).ok()? == bytes).then_some(path)
    }

    /// Writes many whole files of the release, several at a time: small ones wait for the disk above all.
    ///
    /// # Errors
    /// As `write`; files after the first failure may be missing.
    pub fn write_all(&self, files: &[(PathBuf, Vec<u8>)]) -> Result<(), StoreError> {
        disk::for_each_at_once(files, |(path, bytes)| self.write(path, bytes).map(drop))
    }
}

impl Write for Staged<'_> {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        self.writer
            .write(chunk)
            .map_err(|source| StoreError::writing_io(&self.relative, source))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer
            .flush()
            .map_err(|source| StoreError::writing_io(&self.relative, source))
    }
}

impl fmt::Debug for Staged<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Staged")
            .field("relative", &self.relative)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    use super::super::fixture::{self, TILE};
    use super::*;

    #[test]
    fn a_file_without_commit_leaves_nothing() {
        let (_folder, store) = fixture::store();
        let lock = store.lock().unwrap();
        let staging = store.begin_release(&lock, &fixture::id("r1")).unwrap();
        let mut staged = staging.create(Path::new("a.parquet")).unwrap();
        staged.write_all(b"half").unwrap();
        drop(staged);
        assert!(fixture::names(staging.tree()).is_empty());
        assert!(fixture::names(staging.scratch()).is_empty());
    }

    #[test]
    fn commit_tells_size_and_digest() {
        let (_folder, store) = fixture::store();
        let lock = store.lock().unwrap();
        let staging = store.begin_release(&lock, &fixture::id("r1")).unwrap();
        let mut staged = staging.create(Path::new("data/abc")).unwrap();
        staged.write_all(b"ab").unwrap();
        staged.flush().unwrap();
        staged.write_all(b"c").unwrap();
        let written = staged.commit().unwrap();
        // NIST FIPS 180-4, the example of one block.
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned();
        assert_eq!(
            written,
            ReleaseFile {
                path: "data/abc".into(),
                bytes: 3,
                sha256
            }
        );
        assert_eq!(fs::read(staging.path_of(&written.path)).unwrap(), b"abc");
    }

    #[test]
    fn a_full_disk_is_named_through_the_writer() {
        let (_folder, store) = fixture::store();
        let lock = store.lock().unwrap();
        let staging = store.begin_release(&lock, &fixture::id("r1")).unwrap();
        let mut staged = staging.create(Path::new("a.parquet")).unwrap();
        let full = File::options().write(true).open("/dev/full").unwrap();
        staged.writer = BufWriter::new(Digesting::new(full));

        staged.write_all(b"kept in the buffer").unwrap();
        let error = staged.flush().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(error.to_string(), "no space left to write a.parquet");
        assert!(matches!(staged.commit(), Err(StoreError::Full { .. })));
        assert!(fixture::names(staging.scratch()).is_empty());
    }

    #[test]
    fn a_staged_file_may_go_to_another_thread() {
        fn is_send<T: Send>() {}
        fn is_sync<T: Sync>() {}
        is_send::<Staged<'_>>();
        is_sync::<Staging<'_>>();
    }

    #[test]
    fn a_file_that_the_release_before_has_is_linked_and_another_is_written() {
        let (_folder, store) = fixture::store();
        let page = |release: &str, day: u32, text: &[u8]| {
            let lock = store.lock().unwrap();
            let staging = store.begin_release(&lock, &fixture::id(release)).unwrap();
            let written = staging.write(Path::new(TILE), text).unwrap();
            let published = fixture::publish(staging, day, 9).unwrap();
            (published.folder.join(TILE).metadata().unwrap().ino(), written)
        };
        let (first, written) = page("r1", 1, b"same");
        assert_eq!(page("r2", 2, b"same"), (first, written));
        let (other, _) = page("r3", 3, b"else");
        assert_ne!(other, first);
        assert_eq!(
            fs::read(store.release_dir(&fixture::id("r3")).join(TILE)).unwrap(),
            b"else"
        );
        assert_eq!(
            fs::read(store.release_dir(&fixture::id("r1")).join(TILE)).unwrap(),
            b"same"
        );
    }
}
