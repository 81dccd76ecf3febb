//! Why a tile or a table isn't there.

use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};

use arrow_schema::ArrowError;

use crate::engine::EngineError;
use crate::engine::rows::RowsError;
use crate::error::Error;
use crate::geoparquet::GeoparquetError;
use crate::store::StoreError;

/// Why a tile isn't there.
#[derive(Debug, thiserror::Error)]
pub(super) enum TileError {
    /// The store can't take it.
    #[error("cannot store a tile")]
    Store {
        /// Cause.
        #[from]
        source: StoreError,
    },
    /// Parquet can't encode or decode it.
    #[error("cannot encode or decode {}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Cause.
        source: GeoparquetError,
    },
    /// Its rows can't be had back from where they waited.
    #[error("cannot take a tile's rows")]
    Rows {
        /// Cause.
        source: EngineError,
    },
    /// What looks at its rows on the way can't make sense of them: a mistake of this program.
    #[error("cannot count a tile's rows")]
    Shown {
        /// Cause.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A table can't be put together: a mistake of this program.
    #[error("cannot make {}", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// Cause.
        source: ArrowError,
    },
    /// A tile of an earlier release tells no extent.
    #[error("{} has no GeoParquet extent", path.display())]
    Carried {
        /// The file.
        path: PathBuf,
    },
}

impl TileError {
    /// A file can't be encoded or decoded.
    pub(super) fn from_parquet(path: &Path, source: GeoparquetError) -> Self {
        Self::Parquet {
            path: path.to_owned(),
            source,
        }
    }

    /// Rows that outgrew memory can't be read back.
    pub(super) fn from_scratch(source: io::Error) -> Self {
        Self::Rows {
            source: EngineError::Rows {
                source: RowsError::Scratch { source },
            },
        }
    }
}

impl From<TileError> for Error {
    fn from(error: TileError) -> Self {
        match error {
            TileError::Store { source } => Self::Store { source },
            other => Self::Table {
                source: Box::new(other),
            },
        }
    }
}
