//! The files of a release, read by ranges, wherever they are.
//!
//! LEAF. `query` asks; a folder of this machine or a server answers (`fetch::ranges`). Paths are those within the release.

use std::error::Error;
use std::fmt::Debug;
use std::ops::Range;

use bytes::Bytes;

/// A run of bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePart {
    /// Path of the file within the release.
    pub path: String,
    /// Which of its bytes.
    pub range: Range<u64>,
}

/// What a request costs, so that whoever asks can weigh it against bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestCost {
    /// Two parts with no more bytes than this between them are better read as one.
    pub gap_bytes: u64,
    /// Requests that one question should stay below; none where they cost next to nothing.
    pub most_requests: Option<usize>,
    /// Least bytes of a tile's end that are read at once, in the hope that its whole footer is among them.
    pub tail_bytes: u64,
    /// Most bytes of it.
    pub most_tail_bytes: u64,
}

impl RequestCost {
    /// Of files on a disk of this machine.
    pub const fn of_disk() -> Self {
        Self {
            // A read costs some microseconds, and what lies between two parts of a page of the file system comes along anyway.
            gap_bytes: 4 << 10,
            most_requests: None,
            tail_bytes: 64 << 10,
            most_tail_bytes: 64 << 10,
        }
    }
}

/// Why a file can't be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {file}")]
pub struct FileFailure {
    /// The file, as messages name it.
    pub file: String,
    /// Cause.
    pub source: Box<dyn Error + Send + Sync>,
}

/// The files of a release.
pub trait ReleaseFiles: Debug + Send + Sync {
    /// Reads parts, in the order asked for, each whole.
    ///
    /// # Errors
    /// When a file isn't there or can't be read, or ends before a part does.
    fn read_parts(&self, parts: &[FilePart]) -> Result<Vec<Bytes>, FileFailure>;

    /// Reads a whole file; none where there is no such file.
    ///
    /// # Errors
    /// When it can't be read, or is longer than `most_bytes`.
    fn read_whole(&self, path: &str, most_bytes: u64) -> Result<Option<Bytes>, FileFailure>;

    /// What a request costs here.
    fn cost(&self) -> RequestCost;
}
