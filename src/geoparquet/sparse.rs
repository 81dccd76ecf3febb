//! Parts of a file that are in memory, as Parquet's decoder reads a file.
//!
//! Pure: bytes in. Whoever fetched them knows which the decoder will want; one that is wanted and isn't there is an error,
//! never a zero.

use std::ops::Range;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

/// A file of which some parts are at hand.
///
/// ```
/// use bytes::Bytes;
/// use cikr::geoparquet::SparseFile;
///
/// let file = SparseFile::new(100, vec![(90, Bytes::from_static(b"0123456789")), (0, Bytes::from_static(b"PAR1"))]);
/// assert_eq!(file.part(&(92..95)).as_deref(), Some(&b"234"[..]));
/// assert_eq!(file.part(&(2..6)), None, "only its first half is there");
/// ```
#[derive(Debug, Clone, Default)]
pub struct SparseFile {
    size: u64,
    /// Each with its place, in the order of places; shared, since each row group that is decoded has a clone.
    parts: Arc<Vec<(u64, Bytes)>>,
}

impl SparseFile {
    /// A file of so many bytes, and parts of it by their places.
    pub fn new(size: u64, mut parts: Vec<(u64, Bytes)>) -> Self {
        parts.sort_by_key(|(place, _)| *place);
        Self {
            size,
            parts: Arc::new(parts),
        }
    }

    /// Bytes of the whole file.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Bytes at hand.
    pub fn held_bytes(&self) -> u64 {
        self.parts.iter().map(|(_, part)| part.len() as u64).sum()
    }

    /// The same file with further parts.
    #[must_use]
    pub fn with_parts(&self, parts: impl IntoIterator<Item = (u64, Bytes)>) -> Self {
        Self::new(self.size, self.parts.iter().cloned().chain(parts).collect())
    }

    /// A run of its bytes; none where not all of it is at hand.
    pub fn part(&self, range: &Range<u64>) -> Option<Bytes> {
        let after = self.parts.partition_point(|(place, _)| *place <= range.start);
        // Parts may overlap, so that the last to begin before the run needn't be the one that holds it.
        self.parts[..after].iter().rev().find_map(|(place, part)| {
            let start = usize::try_from(range.start - place).ok()?;
            let end = usize::try_from(range.end - place).ok()?;
            (end <= part.len()).then(|| part.slice(start..end))
        })
    }

    fn rest_from(&self, start: u64) -> Option<Bytes> {
        let after = self.parts.partition_point(|(place, _)| *place <= start);
        self.parts[..after].iter().rev().find_map(|(place, part)| {
            let start = usize::try_from(start - place).ok()?;
            (start < part.len()).then(|| part.slice(start..))
        })
    }
}

impl Length for SparseFile {
    fn len(&self) -> u64 {
        self.size
    }
}

impl ChunkReader for SparseFile {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let rest = self.rest_from(start).ok_or_else(|| absent(start, start + 1))?;
        Ok(rest.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let end = start.saturating_add(length as u64);
        self.part(&(start..end)).ok_or_else(|| absent(start, end))
    }
}

fn absent(start: u64, end: u64) -> ParquetError {
    ParquetError::General(format!("bytes {start} to {end} are none that its index names"))
}
