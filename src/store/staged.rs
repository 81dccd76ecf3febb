//! One file in the making: whole under its name, or not there.
//!
//! Hashes and counts on the way, so no file is read again for its digest.

use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use tempfile::TempPath;

use super::digest::Digesting;
use super::disk::Readers;
use super::error::StoreError;
use super::{Staging, disk};

const BUFFER_BYTES: usize = 1 << 17;

/// A file that stands in a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Path relative to the release.
    pub path: PathBuf,
    /// Size.
    pub bytes: u64,
    /// SHA-256, lower-case hex.
    pub sha256: String,
}

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
    pub fn commit(self) -> Result<Written, StoreError> {
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
        disk::sync_file(&file, &path)?;
        let written = Written {
            path: relative,
            bytes,
            sha256,
        };
        staging.add(&written, None, || disk::name_new(temp, &path))?;
        Ok(written)
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
    use std::path::Path;

    use super::super::fixture;
    use super::*;

    #[test]
    fn a_file_without_commit_leaves_nothing() {
        let (_folder, store) = fixture::store();
        let lock = store.lock().unwrap();
        let staging = store.begin(&lock, "r1").unwrap();
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
        let staging = store.begin(&lock, "r1").unwrap();
        let mut staged = staging.create(Path::new("data/abc")).unwrap();
        staged.write_all(b"ab").unwrap();
        staged.flush().unwrap();
        staged.write_all(b"c").unwrap();
        let written = staged.commit().unwrap();
        // NIST FIPS 180-4, the example of one block.
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".to_owned();
        assert_eq!(
            written,
            Written {
                path: "data/abc".into(),
                bytes: 3,
                sha256
            }
        );
        assert_eq!(std::fs::read(staging.path_of(&written.path)).unwrap(), b"abc");
    }

    #[test]
    fn a_full_disk_is_named_through_the_writer() {
        let (_folder, store) = fixture::store();
        let lock = store.lock().unwrap();
        let staging = store.begin(&lock, "r1").unwrap();
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
}
