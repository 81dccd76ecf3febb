//! SHA-256 of what is written and read, on the way.
//!
//! Reads files, writes none.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::error::{IoResultExt, StoreError};
use super::landing_error::LandingError;
use super::regular::open_regular;
use crate::feature::digest::to_hex;

const CHUNK_BYTES: usize = 1 << 17;

/// Passes bytes on, counting and hashing those that were taken.
pub(super) struct Digesting<W> {
    inner: W,
    sha: Sha256,
    bytes: u64,
}

impl<W> Digesting<W> {
    pub(super) fn new(inner: W) -> Self {
        Self {
            inner,
            sha: Sha256::new(),
            bytes: 0,
        }
    }

    /// The writer, the digest (lower-case hex) and the number of bytes.
    pub(super) fn finish(self) -> (W, String, u64) {
        (self.inner, to_hex(&self.sha.finalize()), self.bytes)
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        // A writer may take less than it was given; the rest comes again.
        let taken = self.inner.write(chunk)?;
        self.sha.update(&chunk[..taken]);
        self.bytes += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Digest (lower-case hex) and size of a file of the store.
pub(super) fn digest_file(path: &Path) -> Result<(String, u64), StoreError> {
    open_regular(path).and_then(digest_reader).while_reading(path)
}

/// Whether a file has a digest (lower-case hex).
///
/// ```
/// use cikr::feature::digest::sha256_hex;
/// use cikr::store::{has_digest, write_texts};
///
/// let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("dams.csv");
/// write_texts(&[(path.clone(), "id\n1\n")], false).unwrap();
/// assert!(has_digest(&path, &sha256_hex(b"id\n1\n")));
/// assert!(!has_digest(&path, &sha256_hex(b"id\n2\n")));
/// ```
pub fn has_digest(path: &Path, sha256: &str) -> bool {
    digest_file(path).is_ok_and(|(found, _)| found == sha256)
}

/// Digest (lower-case hex) and size of a file that is not the store's.
pub(super) fn digest_source(path: &Path) -> Result<(String, u64), LandingError> {
    digest_reader(open_source(path)?).while_reading_source(path)
}

/// Opens a file that is not the store's.
pub(super) fn open_source(path: &Path) -> Result<File, LandingError> {
    open_regular(path).while_reading_source(path)
}

/// Digest (lower-case hex) and length of all that is read.
pub(super) fn digest_reader(file: impl Read) -> io::Result<(String, u64)> {
    let mut digesting = Digesting::new(io::sink());
    io::copy(&mut BufReader::with_capacity(CHUNK_BYTES, file), &mut digesting)?;
    let (_, sha256, bytes) = digesting.finish();
    Ok((sha256, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::digest::sha256_hex;

    #[test]
    fn only_the_bytes_taken_are_hashed() {
        struct OneByteAtATime;
        impl Write for OneByteAtATime {
            fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
                Ok(chunk.len().min(1))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut digesting = Digesting::new(OneByteAtATime);
        digesting.write_all(b"abc").unwrap();
        let (_, sha256, bytes) = digesting.finish();
        assert_eq!((sha256.as_str(), bytes), (&*sha256_hex(b"abc"), 3));
    }
}
