//! STAC API 1.0: core, collections, features and item search, over the items that the release has.
//!
//! An item is a tile. What the release's own catalog says is told as it is; links lead to the service, and assets to the files.
//! May use: all of `serve` below `routes`.

mod about;
mod collections;
mod places;
mod search;

pub(super) use about::{conformance, landing};
pub(super) use collections::{collection, collections, item, items};
pub(super) use search::search;
