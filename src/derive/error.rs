//! Why a product could not be made.

use std::error::Error as StdError;
use std::path::{Path, PathBuf};

use arrow_schema::ArrowError;

use crate::geoparquet::GeoparquetError;

/// What an `TableStore` may fail with; the caller knows its kinds.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a product could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeriveError {
    /// The run doesn't say when it began.
    #[error("`{started}` is no time")]
    Started {
        /// What it says.
        started: String,
        /// Cause.
        source: chrono::ParseError,
    },
    /// A tile can't be read back.
    #[error("cannot read a tile back")]
    Tile {
        /// Cause.
        source: GeoparquetError,
    },
    /// Columns don't fit together.
    #[error("cannot make {}", path.display())]
    Table {
        /// Path within the release.
        path: PathBuf,
        /// Arrow's reason.
        source: ArrowError,
    },
    /// What is kept of every row can't be put away or had back.
    #[error("cannot use a scratch file for what is kept of every row")]
    Scratch {
        /// What the system said, with the store's own error within.
        source: std::io::Error,
    },
    /// A table can't be encoded or stored.
    #[error("cannot write {}", path.display())]
    Write {
        /// Path within the release.
        path: PathBuf,
        /// Cause, of a kind that the caller knows.
        source: BoxError,
    },
}

impl DeriveError {
    pub(super) fn write_error(path: impl AsRef<Path>, source: BoxError) -> Self {
        Self::Write {
            path: path.as_ref().to_owned(),
            source,
        }
    }
}
