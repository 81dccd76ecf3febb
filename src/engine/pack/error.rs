//! Why packing ended early: rows that can't be had back, or a sink that failed with an error of its own kind.

use std::error::Error as StdError;

use crate::engine::EngineError;

/// Why rows could not be packed; `E` is what the sink fails with.
#[derive(Debug, thiserror::Error)]
pub enum PackError<E: StdError + 'static> {
    /// Rows can't be had back, or put in order.
    #[error(transparent)]
    Engine {
        /// Cause.
        #[from]
        source: EngineError,
    },
    /// The sink failed.
    #[error("cannot write a tile of region {region}")]
    Sink {
        /// Region of the tile.
        region: String,
        /// Cause.
        source: E,
    },
}
