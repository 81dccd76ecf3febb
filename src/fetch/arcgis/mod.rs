//! One layer of an ArcGIS FeatureServer or MapServer, pulled whole or not at all.
//!
//! `survey` asks what the layer is and how many rows it has; `Survey::pull` gets them by the first way that the
//! server masters (offsets, windows of object ids, lists of them, boxes) and accepts them only when the count before,
//! the rows, the distinct object ids and the count after are one number, and no edit came between. `land` does both and
//! brings the pages into the landing.

mod answer;
mod asker;
mod climb;
mod common;
mod error;
mod heavy;
mod info;
mod land;
mod layer;
mod page;
mod pull;
mod recut;
mod rung;
mod service;
mod span;
#[cfg(test)]
mod tests;
mod wire;
mod work;

pub use asker::Asker;
pub use error::ArcgisError;
pub use land::{Landing, fetch, land};
pub use pull::{Pulled, Survey, survey};
pub use wire::{About, BoxError, Came, Shelf, Spent, Wire, WireError};
