//! Vector tiles: OGC API – Tiles (OGC 20-057), and the addresses that maps in a browser know (XYZ, TileJSON 3.0).
//!
//! From the release's archives where it has them, else made of its rows.
//! May use: all of `serve` below `routes`, `query`, `vector_tiles`.

mod coordinates;
mod made;
mod matrix_set;
mod sets;
mod tile;
mod tilejson;

pub(super) use matrix_set::{matrix_set, matrix_sets};
pub(super) use sets::{set, sets};
pub(super) use tile::{of_matrix_set, xyz};
pub(super) use tilejson::tilejson;
