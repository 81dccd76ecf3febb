//! What can go wrong with deltas.

use std::path::PathBuf;

use arrow_schema::ArrowError;

use crate::geoparquet::GeoparquetError;

/// Why a delta can't be made or applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeltaError {
    /// A file can't be read or written.
    #[error("cannot read or write a table")]
    Table {
        /// Cause.
        #[from]
        source: GeoparquetError,
    },
    /// Rows can't be compared or put together.
    #[error("cannot put rows of {} together", path.display())]
    Rows {
        /// The file that they are of.
        path: PathBuf,
        /// Arrow's reason.
        source: ArrowError,
    },
    /// A delta isn't what it should be.
    #[error("{} is no delta that can be applied: {what}", path.display())]
    Recipe {
        /// The delta.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}
