//! Why packing ended early: rows that can't be had back, or a sink that failed with an error of its own kind.

use std::error::Error as StdError;

use crate::engine::EngineError;

/// Why rows could not be packed; `E` is what the sink fails with.
///
/// ```
/// use std::io;
///
/// use cikr::engine::{EngineError, PackError};
///
/// let empty = EngineError::Empty { shown: "a.csv".to_owned() };
/// let error = PackError::<io::Error>::from(empty);
/// assert!(error.to_string().starts_with("a.csv: no rows"));
/// ```
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
