//! A reader that refuses to go on when one record has used up its allowance.
//!
//! So a file without an end of record doesn't fill the memory.

use std::io::{self, Read, Seek, SeekFrom};

/// Counts what it serves, against an allowance renewed for every record.
pub(super) struct Budget<R> {
    inner: R,
    left: usize,
    served: u64,
    spent: bool,
}

impl<R> Budget<R> {
    /// Nothing allowed, nothing served.
    pub(super) fn new(inner: R) -> Self {
        Self { inner, left: 0, served: 0, spent: false }
    }

    /// Allows `bytes` from here on.
    pub(super) fn allow(&mut self, bytes: usize) {
        self.left = bytes;
        self.spent = false;
    }

    /// Counts on from `byte`, where the reader has been set to.
    pub(super) fn restart(&mut self, byte: u64) {
        self.served = byte;
    }

    /// Whether the last read was refused.
    pub(super) fn is_spent(&self) -> bool {
        self.spent
    }

    /// Bytes served so far.
    pub(super) fn served(&self) -> u64 {
        self.served
    }
}

impl<R: Read> Read for Budget<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            self.spent = true;
            return Err(io::Error::other("record over the limit"));
        }
        let room = buffer.len().min(self.left);
        let read = self.inner.read(&mut buffer[..room])?;
        self.left -= read;
        self.served += read as u64;
        Ok(read)
    }
}

impl<R: Seek> Seek for Budget<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}
