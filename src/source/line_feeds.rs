//! A reader that turns carriage returns into line feeds.
//!
//! Text of an old Macintosh ends its lines with carriage returns alone. One byte for one, so that
//! positions in the file hold, and lines are counted as everywhere else.

use std::io::{self, Read, Seek, SeekFrom};

/// Serves `inner`, recoded or as it is.
pub(super) struct LineFeeds<R> {
    inner: R,
    recode: bool,
}

impl<R> LineFeeds<R> {
    /// Serves `inner`, carriage returns as line feeds if `recode`.
    pub(super) fn new(inner: R, recode: bool) -> Self {
        Self { inner, recode }
    }
}

impl<R: Read> Read for LineFeeds<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if self.recode {
            for byte in buffer[..read].iter_mut().filter(|byte| **byte == b'\r') {
                *byte = b'\n';
            }
        }
        Ok(read)
    }
}

impl<R: Seek> Seek for LineFeeds<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
