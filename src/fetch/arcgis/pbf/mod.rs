//! Pages in protocol buffers (`f=pbf`), turned into the Esri JSON that says the same: what is landed has one form.
//!
//! Pure: touches no file and no network. Written after Esri's FeatureCollection.proto, version 1. A pipeline asks for them
//! (`pages = "pbf"`): they are smaller on the wire, and quantised, so that they aren't the default.

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
pub(in crate::fetch::arcgis) use limits::MAX_PAGE_ROWS;
pub use page::{is_pbf, to_json};
