//! What can be wrong with a selection, and with the tiles that it is taken from.

use crate::geoparquet::GeoparquetError;

/// Why rows can't be selected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SelectError {
    /// A name that the release doesn't know.
    #[error("the release has no {what} `{written}`{hint}")]
    Unknown {
        /// What it would name: `layer`, `state`, `region`, `sector`, `column`.
        what: &'static str,
        /// As written.
        written: String,
        /// Which may be meant, after a semicolon; empty where none is near.
        hint: String,
    },
    /// A layer that failed, and that no earlier release had.
    #[error("the release has no rows of `{layer}`: {reason}")]
    Absent {
        /// The layer.
        layer: String,
        /// Why it failed.
        reason: String,
    },
    /// A value that a column can't have.
    #[error("`{written}` is no value of `{column}`: it holds {holds}")]
    Mistyped {
        /// The column.
        column: String,
        /// As written.
        written: String,
        /// What it holds, for people.
        holds: &'static str,
    },
    /// A tile or a reference table can't be read.
    #[error("cannot read the release")]
    Tile {
        /// Cause.
        source: GeoparquetError,
    },
}

impl SelectError {
    /// Whether what was asked for is wrong, and not the release.
    pub fn is_mistake(&self) -> bool {
        !matches!(self, Self::Tile { .. })
    }
}

impl From<GeoparquetError> for SelectError {
    fn from(source: GeoparquetError) -> Self {
        Self::Tile { source }
    }
}
