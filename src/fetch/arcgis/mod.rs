//! One layer of an ArcGIS FeatureServer or MapServer, pulled whole or not at all.
//!
//! `survey_layer` asks what the layer is and how many rows it has; `Survey::pull_pages` gets them by the first way that the
//! server masters (offsets, windows of object ids, lists of them, boxes) and accepts them only when the count before,
//! the rows, the distinct object ids and the count after are one number, and no edit came between. `land` does both and
//! brings the pages into the landing.

mod answer;
mod asker;
mod error;
mod generalise;
mod info;
mod land;
mod layer;
mod layer_pages;
mod page;
mod paged_pull;
pub mod pbf;
mod pull;
mod received;
mod repage;
mod service;
mod shared_head;
mod span;
mod span_queue;
mod strategy;
#[cfg(test)]
mod tests;
mod wire;

pub use asker::Asker;
pub use error::ArcgisError;
pub use land::{land, land_layer};
pub use pull::{Pulled, Survey, survey_layer};
pub use wire::{BoxError, PageFacts, PageStore, RequestTotals, Response, Wire, WireError};
