//! What can go wrong with a question.

use crate::feature::{ColumnError, FileFailure};
use crate::geoparquet::GeoparquetError;
use crate::select::SelectError;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// What is asked for isn't in the release.
    #[error(transparent)]
    Select {
        /// Cause.
        source: SelectError,
    },
    /// The question contradicts itself, or asks for more than is answered at once.
    #[error("{what}")]
    Asked {
        /// What is wrong with it, and what to ask instead.
        what: String,
    },
    /// A file of the release can't be read.
    #[error("cannot read the release")]
    File {
        /// Cause.
        source: FileFailure,
    },
    /// A tile or table can't be understood.
    #[error("cannot read the release")]
    Tile {
        /// Cause.
        source: GeoparquetError,
    },
    /// A file of the release isn't as releases have it.
    #[error("{file}: {what}")]
    Format {
        /// The file, by its path in the release.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// A bound of the answer is reached: it would be a part of the whole.
    #[error("stopped: {what}")]
    Stopped {
        /// Which, and what can be done.
        what: String,
    },
}

impl QueryError {
    /// Whether what was asked for is wrong, and not the release.
    pub fn is_mistake(&self) -> bool {
        match self {
            Self::Select { source } => source.is_mistake(),
            Self::Asked { .. } => true,
            Self::File { .. } | Self::Tile { .. } | Self::Format { .. } | Self::Stopped { .. } => false,
        }
    }

    pub(super) fn asked(what: impl Into<String>) -> Self {
        Self::Asked { what: what.into() }
    }

    pub(super) fn format(file: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Format {
            file: file.into(),
            what: what.into(),
        }
    }

    /// A column of a tile isn't as it is published.
    pub(super) fn column(file: &str, source: &ColumnError) -> Self {
        Self::format(file, source.to_string())
    }
}

impl From<SelectError> for QueryError {
    fn from(source: SelectError) -> Self {
        Self::Select { source }
    }
}

impl From<FileFailure> for QueryError {
    fn from(source: FileFailure) -> Self {
        Self::File { source }
    }
}

impl From<GeoparquetError> for QueryError {
    fn from(source: GeoparquetError) -> Self {
        Self::Tile { source }
    }
}
