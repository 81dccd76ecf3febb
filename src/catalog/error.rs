//! Why a release could not be described.

use arrow_schema::ArrowError;

use crate::geoparquet::GeoparquetError;

/// Why a release could not be described.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// The report's start is no RFC 3339 time.
    #[error("the run's start `{started}` is no RFC 3339 time")]
    Started {
        /// The value.
        started: String,
        /// The parser's reason.
        source: chrono::ParseError,
    },
    /// The rows of `items.parquet` don't fit together.
    #[error("cannot list the items of {collection}")]
    Items {
        /// The collection.
        collection: String,
        /// Arrow's reason.
        source: ArrowError,
    },
    /// `items.parquet` can't be written.
    #[error("cannot write the items of {collection}")]
    WriteItems {
        /// The collection.
        collection: String,
        /// The writer's reason.
        source: GeoparquetError,
    },
}
