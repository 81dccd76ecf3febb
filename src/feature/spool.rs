//! Rows of a table in the order in which they come, in memory that is bounded: those beyond it wait in a scratch file.

use std::io;
use std::iter;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ScratchFile;
use super::ScratchSpace;
use super::records::RecordBudget;

// Rows are JSON here for the sake of one derive: they are of any size, and zstd takes from JSON what its repeated names
// cost.

/// Rows that are written and read at a time.
const PIECE: usize = 4_096;

/// Compression of what waits, by zstd. Rejects have most of their text in common: those of 25 million rows take a seventieth
/// of the space, and no more time, for the system has less to copy.
const LEVEL: i32 = 1;

/// What can wait in a file.
pub trait Spooled: Clone + Serialize + DeserializeOwned {
    /// Bytes that it takes in memory, about.
    fn memory_bytes(&self) -> usize;
}

/// Rows that wait in memory until they are too many, and the file of those that were.
#[derive(Debug)]
pub(super) struct PendingRows<T> {
    pub(super) rows: Vec<T>,
    bytes: usize,
    /// Bytes that may wait in memory.
    most: usize,
    pub(super) file: Option<Box<dyn ScratchFile>>,
    space: Arc<dyn ScratchSpace>,
}

impl<T: Spooled> PendingRows<T> {
    pub(super) fn new(room: &RecordBudget) -> Self {
        Self {
            rows: vec![],
            bytes: 0,
            most: room.bytes,
            file: None,
            space: Arc::clone(&room.space),
        }
    }

    /// Takes one more; tells whether they are too many now.
    pub(super) fn push(&mut self, row: T) -> bool {
        self.bytes += row.memory_bytes();
        self.rows.push(row);
        // Both: with hardly any room, a piece would otherwise be a row or two, and zstd find nothing that repeats.
        self.bytes > self.most && self.rows.len() >= PIECE
    }

    /// Moves all of them to the file, in their order.
    pub(super) fn put_away(&mut self) -> io::Result<Vec<Piece>> {
        let file = match self.file.take() {
            Some(file) => file,
            None => self.space.create_file(self.bytes as u64)?,
        };
        let pieces = self
            .rows
            .chunks(PIECE)
            .map(|rows| Piece::write(rows, file.as_ref()));
        let pieces = pieces.collect::<io::Result<_>>()?;
        self.file = Some(file);
        self.rows.clear();
        self.bytes = 0;
        Ok(pieces)
    }
}

/// Rows in the order in which they came.
#[derive(Debug)]
pub struct Spool<T> {
    /// The last of them: none of these is in the file.
    newest: PendingRows<T>,
    written: Vec<Piece>,
}

/// Rows in the file: a JSON array, compressed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    at: u64,
    /// As it lies there, and as it is.
    packed: usize,
    bytes: usize,
}

impl<T: Spooled> Spool<T> {
    /// None yet.
    pub fn new(room: &RecordBudget) -> Self {
        Self {
            newest: PendingRows::new(room),
            written: vec![],
        }
    }

    /// Takes the next.
    ///
    /// # Errors
    /// When the scratch file can't be written.
    pub fn push(&mut self, row: T) -> io::Result<()> {
        if self.newest.push(row) {
            self.written.extend(self.newest.put_away()?);
        }
        Ok(())
    }

    /// All of them, one after the other; an error when the scratch file can't be read.
    pub fn rows(&self) -> impl Iterator<Item = io::Result<T>> {
        let written = self
            .newest
            .file
            .iter()
            .flat_map(|file| self.written.iter().map(move |piece| (file, *piece)));
        written
            .flat_map(|(file, piece)| rows_or_error(piece.read(file.as_ref())))
            .chain(self.newest.rows.iter().cloned().map(Ok))
    }
}

impl Piece {
    pub(super) fn write<T: Serialize>(rows: &[T], file: &dyn ScratchFile) -> io::Result<Self> {
        let bytes = serde_json::to_vec(rows)?;
        let packed = zstd::bulk::compress(&bytes, LEVEL)?;
        Ok(Self {
            at: file.append(&packed)?,
            packed: packed.len(),
            bytes: bytes.len(),
        })
    }

    pub(super) fn read<T: DeserializeOwned>(self, file: &dyn ScratchFile) -> io::Result<Vec<T>> {
        let bytes = zstd::bulk::decompress(&file.read(self.at, self.packed)?, self.bytes)?;
        Ok(serde_json::from_slice(&bytes)?)
    }
}

/// The rows, or the one error instead of them.
fn rows_or_error<T>(rows: io::Result<Vec<T>>) -> impl Iterator<Item = io::Result<T>> {
    let (rows, error) = match rows {
        Ok(rows) => (rows, None),
        Err(error) => (vec![], Some(error)),
    };
    rows.into_iter().map(Ok).chain(error.map(Err))
}

/// Rows of both, each in order already, in the order of `key`; those of the first before those of the second.
pub(super) fn in_order<T, K: Ord>(
    first: impl Iterator<Item = io::Result<T>>,
    second: impl Iterator<Item = T>,
    key: impl Fn(&T) -> K,
) -> impl Iterator<Item = io::Result<T>> {
    let mut first = first.peekable();
    let mut second = second.peekable();
    iter::from_fn(move || {
        let is_seconds_turn = match (first.peek(), second.peek()) {
            (Some(Ok(one)), Some(other)) => key(other) < key(one),
            // An error has no place in the order: it is told as soon as it is met.
            (one, _) => one.is_none(),
        };
        if is_seconds_turn {
            second.next().map(Ok)
        } else {
            first.next()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::scratch_in_memory::Memory;

    impl Spooled for String {
        fn memory_bytes(&self) -> usize {
            self.len()
        }
    }

    #[test]
    fn rows_come_back_in_their_order_whatever_the_memory() {
        let rows: Vec<String> = (0..20_000).map(|n| format!("{n} \"\u{1}é\n")).collect();
        for bytes in [0, 60_000, usize::MAX] {
            let mut spool = Spool::new(&RecordBudget {
                bytes,
                space: Arc::new(Memory),
            });
            for row in &rows {
                spool.push(row.clone()).unwrap();
            }
            assert_eq!(spool.written.is_empty(), bytes == usize::MAX);
            assert!(spool.newest.rows.len() < rows.len() || bytes == usize::MAX);
            let back: Vec<String> = spool.rows().collect::<io::Result<_>>().unwrap();
            assert!(back == rows, "{bytes} bytes");
        }
    }

    #[test]
    fn two_orders_become_one_and_an_error_is_not_passed_over() {
        let first = [1, 3, 5]
            .map(Ok)
            .into_iter()
            .chain([Err(io::Error::other("gone"))]);
        let together: Vec<Option<u8>> = in_order(first, [2, 3, 9].into_iter(), |n| *n)
            .map(Result::ok)
            .collect();
        assert_eq!(
            together,
            [Some(1), Some(2), Some(3), Some(3), Some(5), None, Some(9)]
        );
    }
}
