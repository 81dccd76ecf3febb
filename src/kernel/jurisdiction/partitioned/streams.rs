//! A part of a scratch file as a stream, to write and to read.

use std::io::{self, Read, Write};

use crate::feature::ScratchFile;

/// Bytes that are read at once.
const BLOCK: usize = 1 << 20;

/// Appends to a scratch file, and notes where it began and how much it was. Nobody else appends meanwhile.
pub(super) struct ScratchWriter<'a> {
    file: &'a dyn ScratchFile,
    /// Where it began, and its bytes so far.
    place: &'a mut Option<(u64, u64)>,
}

impl<'a> ScratchWriter<'a> {
    pub(super) fn new(file: &'a dyn ScratchFile, place: &'a mut Option<(u64, u64)>) -> Self {
        Self { file, place }
    }
}

impl Write for ScratchWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let at = self.file.append(bytes)?;
        self.place.get_or_insert((at, 0)).1 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads a part of a scratch file from its beginning to its end.
pub(super) struct ScratchReader<'a> {
    file: &'a dyn ScratchFile,
    at: u64,
    end: u64,
    block: Vec<u8>,
    /// Bytes of the block that have been handed out.
    read: usize,
}

impl<'a> ScratchReader<'a> {
    /// From a place on, so many bytes.
    pub(super) fn new(file: &'a dyn ScratchFile, (at, len): (u64, u64)) -> Self {
        Self {
            file,
            at,
            end: at + len,
            block: Vec::new(),
            read: 0,
        }
    }
}

impl Read for ScratchReader<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.read == self.block.len() {
            let len = usize::try_from(self.end - self.at).unwrap_or(BLOCK).min(BLOCK);
            self.block = self.file.read(self.at, len)?;
            self.at += len as u64;
            self.read = 0;
        }
        let rest = &self.block[self.read..];
        let count = rest.len().min(bytes.len());
        bytes[..count].copy_from_slice(&rest[..count]);
        self.read += count;
        Ok(count)
    }
}
