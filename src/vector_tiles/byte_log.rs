//! Bytes that are written once, piece after piece, and read back once in their order: all but the newest in a scratch file.

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use crate::feature::ScratchFile;

/// Bytes that are written, and read back, at a time.
const CHUNK: usize = 128 << 10;

/// Pieces in their order. None is cut in two: each lies whole in a chunk.
#[derive(Debug)]
pub(super) struct ByteLog {
    file: Arc<dyn ScratchFile>,
    newest: Vec<u8>,
    chunks: Vec<Chunk>,
    length: u64,
}

#[derive(Debug, Clone, Copy)]
struct Chunk {
    at: u64,
    length: usize,
}

impl ByteLog {
    /// None yet.
    pub(super) fn new(file: &Arc<dyn ScratchFile>) -> Self {
        Self {
            file: Arc::clone(file),
            newest: vec![],
            chunks: vec![],
            length: 0,
        }
    }

    /// Adds a piece.
    pub(super) fn push(&mut self, piece: &[u8]) -> io::Result<()> {
        self.newest.extend_from_slice(piece);
        self.length += piece.len() as u64;
        if self.newest.len() >= CHUNK {
            self.put_away()?;
        }
        Ok(())
    }

    /// Bytes of all pieces.
    pub(super) fn len(&self) -> u64 {
        self.length
    }

    fn put_away(&mut self) -> io::Result<()> {
        let chunk = Chunk {
            at: self.file.append(&self.newest)?,
            length: self.newest.len(),
        };
        self.chunks.push(chunk);
        self.newest.clear();
        Ok(())
    }

    /// All pieces, a chunk of them at a time.
    pub(super) fn into_chunks(self) -> Chunks {
        Chunks {
            file: self.file,
            put_away: self.chunks.into_iter(),
            newest: Some(self.newest).filter(|newest| !newest.is_empty()),
        }
    }
}

/// What was written, chunk by chunk.
#[derive(Debug)]
pub(super) struct Chunks {
    file: Arc<dyn ScratchFile>,
    put_away: std::vec::IntoIter<Chunk>,
    newest: Option<Vec<u8>>,
}

impl Iterator for Chunks {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(chunk) = self.put_away.next() {
            return Some(self.file.read(chunk.at, chunk.length).map(Bytes::from));
        }
        self.newest.take().map(|newest| Ok(Bytes::from(newest)))
    }
}
