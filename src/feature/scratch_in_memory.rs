//! Scratch space in memory, for tests.

use std::io;
use std::sync::Mutex;

use super::{ScratchFile, ScratchSpace};

/// Files that are vectors.
#[derive(Debug, Default)]
pub(crate) struct Memory;

#[derive(Debug, Default)]
struct Bytes(Mutex<Vec<u8>>);

impl ScratchSpace for Memory {
    fn create_file(&self, _need: u64) -> io::Result<Box<dyn ScratchFile>> {
        Ok(Box::new(Bytes::default()))
    }
}

impl ScratchFile for Bytes {
    fn append(&self, bytes: &[u8]) -> io::Result<u64> {
        let mut all = self.0.lock().unwrap();
        let at = all.len() as u64;
        all.extend_from_slice(bytes);
        Ok(at)
    }

    fn read(&self, at: u64, len: usize) -> io::Result<Vec<u8>> {
        let at = usize::try_from(at).unwrap();
        let all = self.0.lock().unwrap();
        all.get(at..at + len)
            .map(<[u8]>::to_vec)
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}
