//! Engines: who calls the kernels, and where.
//!
//! May use: `kernel`, `source` (to read), `plan`, `feature`. Writes nothing: tiles go to a sink.

mod boundaries;
mod error;
mod layer;

pub use boundaries::{BoundaryName, Sets, join_context, join_nothing, state_outlines};
pub use error::EngineError;
pub use layer::{LayerRows, cut_tiles, read_layer};
