//! What can fail where a set is kept in files.

use std::io;

use super::super::stored::StoredIndexError;

/// Why a partitioned set can't be made or asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PartitionError {
    /// The scratch file can't be written or read.
    #[error("the scratch file of a polygon set can't be used")]
    Scratch(#[from] io::Error),
    /// A partition that was written isn't what comes back.
    #[error("a partition of a polygon set can't be read back")]
    Stored(#[from] StoredIndexError),
}
