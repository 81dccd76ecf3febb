//! ArcGIS pages in protocol buffers (`f=pbf`), turned into the Esri JSON that says the same.
//!
//! Shared by `fetch`, which counts a page's rows, and `source`, which reads them, so that both see
//! one page and one kind of text. Pure: imports no other room; touches no file and no network.
//! Written after Esri's FeatureCollection.proto, version 1.

mod coordinates;
mod error;
mod message;
mod page;
#[cfg(test)]
mod tests;
mod text;
mod wire;

/// Most rows that one answer of a service can have: servers give thousands at a time, and a few bytes could claim to be one.
pub const MOST_ROWS: usize = 1_000_000;

pub use error::PbfError;
pub use page::{Page, Written, is_pbf, to_json};
pub use text::{NOT_A_NUMBER, without_bare_words};
