//! What can go wrong with the archive of a collection.

use crate::geoparquet::GeoparquetError;
use crate::select::SelectError;
use crate::vector_tiles::VectorTilesError;

/// Why a collection can't be put into vector tiles.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MapError {
    /// It isn't there.
    #[error(transparent)]
    Select {
        /// Cause.
        #[from]
        source: SelectError,
    },
    /// Its tiles can't be read.
    #[error(transparent)]
    Tile {
        /// Cause.
        #[from]
        source: GeoparquetError,
    },
    /// Its rows can't be put into tiles.
    #[error(transparent)]
    Tiles {
        /// Cause.
        #[from]
        source: VectorTilesError,
    },
}
