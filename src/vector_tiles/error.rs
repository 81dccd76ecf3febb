//! What can go wrong with tiles and archives.

use std::io;

use arrow_schema::ArrowError;

/// Why tiles can't be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VectorTilesError {
    /// Rows without a column that tiles need.
    #[error("the rows have no column `{column}`")]
    NoColumn {
        /// The column.
        column: String,
    },
    /// A geometry that isn't as tiles of a release have it.
    #[error("a geometry can't be understood: {reason}")]
    Geometry {
        /// Code of what is wrong with it, as rejects have it.
        reason: &'static str,
    },
    /// Some of the rows can't be told from the others, which would be a mistake of this program.
    #[error("the rows can't be chosen from")]
    Rows {
        /// Cause.
        source: ArrowError,
    },
    /// What outgrows memory can't be put away, or had back.
    #[error("the scratch file fails")]
    Scratch {
        /// Cause.
        source: io::Error,
    },
    /// The archive can't be written.
    #[error("cannot write the archive")]
    Write {
        /// Cause.
        source: io::Error,
    },
    /// The metadata can't be put into words, which would be a mistake of this program.
    #[error("cannot describe the archive")]
    Metadata {
        /// Cause.
        source: serde_json::Error,
    },
}

impl VectorTilesError {
    pub(super) fn scratch(source: io::Error) -> Self {
        Self::Scratch { source }
    }

    pub(super) fn write(source: io::Error) -> Self {
        Self::Write { source }
    }
}
