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

/// The tile that no polygon meets: its one cell is the first, and empty.
const NO_CELL: [u32; 2] = [0, 1];

/// Tiles and cells over the extent of a polygon set.
pub(super) struct Grid {
    columns: Axis,
    rows: Axis,
    /// West, south, east, north, degrees.
    extent: [f64; 4],
    /// Of each tile, row by row from the south: its first cell and the cells along its side.
    tiles: Vec<[u32; 2]>,
    /// Words of the cells, tile by tile, row by row; the first is empty, for tiles that no polygon meets.
    cells: Vec<u32>,
    /// Records of cells, see `record`.
    records: Vec<u32>,
}

impl Grid {
    pub(super) fn memory_bytes(&self) -> usize {
        size_of_val(self.tiles.as_slice())
            + size_of_val(self.cells.as_slice())
            + size_of_val(self.records.as_slice())
    }
}
