//! Directories of an archive (PMTiles 3): which tile is where, packed, in leaves of which the root tells.
//!
//! Written here, not by the `pmtiles` crate: its writer holds an entry of 24 bytes for every tile in memory until the end, and
//! as many again for the leaves, where an archive of points may have tens of millions. Here entries go by as a stream.

use std::io;

use bytes::Bytes;

use super::byte_log::{ByteLog, Chunks};
use super::gzip::Gzip;
use super::protobuf::{push_varint, take_varint};

/// Entries of a leaf, where the root has room for all leaves.
const LEAST_LEAF: u64 = 4096;
/// Leaves that the root surely has room for: an entry is 7 bytes before gzip.
const MOST_LEAVES: u64 = 2048;
/// Bytes that header and root may take together (PMTiles 3).
const FIRST_READ: usize = 16_384;
/// Bytes of the header.
pub(super) const HEADER_BYTES: usize = 127;

/// An entry: a run of tiles that are the same to the byte, or a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    /// Number of the first tile.
    tile: u64,
    /// Tiles of the run; 0 of a leaf.
    run: u64,
    offset: u64,
    length: u64,
}

/// Entries of tiles in the order of their numbers, as they are written.
#[derive(Debug)]
pub(super) struct EntryLog {
    log: ByteLog,
    /// The last, which may still grow.
    last: Option<(u64, u64, u64)>,
    written: u64,
    before: u64,
    tiles: u64,
}

impl EntryLog {
    pub(super) fn new(log: ByteLog) -> Self {
        Self {
            log,
            last: None,
            written: 0,
            before: 0,
            tiles: 0,
        }
    }

    /// Adds a tile of so many bytes.
    pub(super) fn push(&mut self, tile: u64, length: u64) -> io::Result<()> {
        self.put_last()?;
        self.last = Some((tile, 1, length));
        self.tiles += 1;
        Ok(())
    }

    /// Whether a tile comes right after the last.
    pub(super) fn is_next(&self, tile: u64) -> bool {
        self.last.is_some_and(|(first, run, _)| first + run == tile)
    }

    /// Adds a tile that is the same as the last, and comes right after it.
    pub(super) fn repeat_last(&mut self) {
        if let Some((_, run, _)) = &mut self.last {
            *run += 1;
            self.tiles += 1;
        }
    }

    /// How many tiles there are.
    pub(super) fn tiles(&self) -> u64 {
        self.tiles
    }

    /// How many entries they take.
    pub(super) fn entries(&self) -> u64 {
        self.written + u64::from(self.last.is_some())
    }

    fn put_last(&mut self) -> io::Result<()> {
        let Some((tile, run, length)) = self.last.take() else {
            return Ok(());
        };
        let mut bytes = Vec::with_capacity(16);
        push_varint(&mut bytes, tile - self.before);
        push_varint(&mut bytes, run);
        push_varint(&mut bytes, length);
        self.before = tile;
        self.written += 1;
        self.log.push(&bytes)
    }

    fn into_entries(mut self) -> io::Result<Entries> {
        self.put_last()?;
        Ok(Entries {
            chunks: self.log.into_chunks(),
            chunk: Bytes::new(),
            tile: 0,
        })
    }
}

/// Entries read back.
struct Entries {
    chunks: Chunks,
    chunk: Bytes,
    tile: u64,
}

impl Iterator for Entries {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.chunk.is_empty() {
            match self.chunks.next()? {
                Ok(chunk) => self.chunk = chunk,
                Err(error) => return Some(Err(error)),
            }
        }
        let chunk = self.chunk.clone();
        let mut rest = &chunk[..];
        let entry = self.take_entry(&mut rest);
        self.chunk = chunk.slice(chunk.len() - rest.len()..);
        Some(entry.ok_or_else(|| io::ErrorKind::UnexpectedEof.into()))
    }
}

impl Entries {
    fn take_entry(&mut self, bytes: &mut &[u8]) -> Option<Entry> {
        self.tile += take_varint(bytes)?;
        Some(Entry {
            tile: self.tile,
            run: take_varint(bytes)?,
            offset: 0,
            length: take_varint(bytes)?,
        })
    }
}

/// The root, packed, and the leaves that it tells of.
#[derive(Debug)]
pub(super) struct Directories {
    pub(super) root: Vec<u8>,
    pub(super) leaves: ByteLog,
}

/// Puts the entries of an archive, zoom by zoom, into directories; `leaves` takes those that the root has no room for.
pub(super) fn write_directories(zooms: Vec<EntryLog>, mut leaves: ByteLog) -> io::Result<Directories> {
    let count: u64 = zooms.iter().map(EntryLog::entries).sum();
    let leaf = LEAST_LEAF.max(count.div_ceil(MOST_LEAVES));
    let mut gzip = Gzip::default();
    let mut of_leaf: Vec<Entry> = Vec::new();
    let mut of_root: Vec<Entry> = Vec::new();
    // Tiles lie one after the other, zoom by zoom.
    let mut offset = 0;
    for zoom in zooms {
        for entry in zoom.into_entries()? {
            let entry = Entry { offset, ..entry? };
            offset += entry.length;
            of_leaf.push(entry);
            if of_leaf.len() as u64 == leaf {
                of_root.push(put_leaf(&of_leaf, &mut leaves, &mut gzip)?);
                of_leaf.clear();
            }
        }
    }
    if of_root.is_empty() {
        let root = packed(&of_leaf, &mut gzip);
        if root.len() <= FIRST_READ - HEADER_BYTES {
            return Ok(Directories { root, leaves });
        }
    }
    if !of_leaf.is_empty() {
        of_root.push(put_leaf(&of_leaf, &mut leaves, &mut gzip)?);
    }
    let root = packed(&of_root, &mut gzip);
    Ok(Directories { root, leaves })
}

/// Writes a leaf; its entry in the root.
fn put_leaf(entries: &[Entry], leaves: &mut ByteLog, gzip: &mut Gzip) -> io::Result<Entry> {
    let bytes = packed(entries, gzip);
    let offset = leaves.len();
    leaves.push(&bytes)?;
    Ok(Entry {
        tile: entries.first().map_or(0, |entry| entry.tile),
        run: 0,
        offset,
        length: bytes.len() as u64,
    })
}

/// Entries as a directory has them: column by column, numbers as steps from the one before, in gzip.
fn packed(entries: &[Entry], gzip: &mut Gzip) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(entries.len() * 6);
    push_varint(&mut bytes, entries.len() as u64);
    let mut before = 0;
    for entry in entries {
        push_varint(&mut bytes, entry.tile - before);
        before = entry.tile;
    }
    for entry in entries {
        push_varint(&mut bytes, entry.run);
    }
    for entry in entries {
        push_varint(&mut bytes, entry.length);
    }
    let mut end = None;
    for entry in entries {
        // 0 stands for: right after the one before.
        let offset = if end == Some(entry.offset) {
            0
        } else {
            entry.offset + 1
        };
        push_varint(&mut bytes, offset);
        end = Some(entry.offset + entry.length);
    }
    let mut out = Vec::new();
    gzip.push_compressed(&bytes, &mut out);
    out
}
