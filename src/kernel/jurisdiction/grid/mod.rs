//! The index over points: tiles over the extent of a set, cells in every tile that has an edge.
//!
//! A cell that lies in one polygon, or in none, is one word and answers at once. One that a border passes through
//! has a record with the few edges that may touch it, see `record`; these decide exactly. A tile has about four
//! cells for each of its edges, so that cells are small where borders are dense, and oceans cost a word a tile.

mod batch;
mod build;
mod frame;
mod lookup;
mod record;
mod stored;
mod sweep;
mod tile;

use frame::Axis;

/// The word of a cell that no polygon meets.
const EMPTY: u32 = u32::MAX;
/// Set in the word of a cell that has a record: the other bits are its place. Without it, the word is a rank.
const RECORD: u32 = 1 << 31;

/// Tiles and cells over the extent of a polygon set.
pub(super) struct Grid {
    columns: Axis,
    rows: Axis,
    /// West, south, east, north, degrees.
    extent: [f64; 4],
    /// Of each tile, row by row from the south: its first cell and the cells along its side; with a side of 0, its one word.
    tiles: Vec<[u32; 2]>,
    /// Words of the cells, tile by tile, row by row.
    cells: Vec<u32>,
    /// Records of cells, see `record`.
    records: Vec<u32>,
}
// BENCH
impl Grid { pub(super) fn sizes(&self)->String { let inner=self.cells.iter().filter(|w| **w & RECORD==0).count(); let rec=self.cells.iter().filter(|w| **w & RECORD!=0 && **w!=EMPTY).count(); format!("tiles {} ({:.1} MB), cells {} ({:.1} MB; {} whole {} records), records {:.1} MB", self.tiles.len(), self.tiles.len() as f64*8e-6, self.cells.len(), self.cells.len() as f64*4e-6, inner, rec, self.records.len() as f64*4e-6) } }
