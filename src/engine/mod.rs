//! Engines: who calls the kernels, and where.
//!
//! *map* takes batches through the kernels, several at a time; *fold* takes them in the order of the source; rows wait in a
//! store, by region, until *pack* hands tiles to a sink. May use: `kernel`, `source` (to read), `plan`, `feature`, and
//! of `parquet` the Bloom filter. Writes
//! nothing but through what it is handed: tiles go to a sink, rows that outgrow memory to scratch files.

mod boundaries;
mod codes;
mod error;
mod fold;
mod gaps;
mod inventory;
mod jurisdictions;
mod kept_sets;
mod keys;
mod layer;
mod origins;
mod pack;
mod pipeline;
mod polygon_set;
mod rejected;
mod room;
pub mod rows;
pub mod sample;
mod seats;
mod shared;
#[cfg(test)]
mod tests;
mod tiles;

pub use boundaries::{SetRead, Sets, context_without_polygons, join_context, state_outlines};
pub use error::EngineError;
pub use inventory::{InventoryMember, InventoryRows};
pub use kept_sets::KeptSets;
pub use layer::{LayerRows, LayerWork, read_layer};
pub use pack::{PackError, Packable, Packing, RowGroup, RowGroups, pack};
pub use room::Room;
pub use shared::SharedPoints;
pub use tiles::{LayerTiles, WholeLayer};
