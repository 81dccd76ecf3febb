//! ArcGIS pages in protocol buffers (`f=pbf`), turned into the Esri JSON that says the same.
//!
//! Shared by `fetch`, which counts a page's rows, and `source`, which reads them, so that both see
//! one page and one kind of text. Pure: imports no other room; touches no file and no network.
//! Written after Esri's FeatureCollection.proto, version 1.

mod coordinates;
mod error;
mod limits;
mod message;
mod page;
#[cfg(test)]
mod tests;
mod text;
mod wire;

pub use error::PbfError;
pub use limits::MAX_PAGE_ROWS;
pub use page::{Page, WrittenRow, is_pbf, to_json};
pub use text::{NOT_A_NUMBER, without_bare_words};
