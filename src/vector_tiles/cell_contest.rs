//! Points of one tile that may be shown: each of its cells keeps one, told from the others before any becomes a feature.

use arrow_array::BooleanArray;

use super::VectorTilesError;
use super::layer_tiles::{CELL_ZOOMS, TileLayer};
use super::rows::PlacedRows;
use super::tile_id::TileId;
use crate::feature::FacilityRows;

/// Cells of a tile along one side.
const ACROSS: u32 = 1 << CELL_ZOOMS;

/// What a cell goes by: it shows the point whose id has the smallest digest, and of several of one id the first on the curve.
type Rank = (u64, u64);

/// The best point of each cell so far.
#[derive(Debug)]
pub(super) struct CellContest {
    tile: TileId,
    best: Vec<Rank>,
}

/// What a row is in the contest.
#[derive(Debug, Clone, Copy)]
enum Entrant {
    /// Of several points or none: it is looked at later.
    Unjudged,
    /// In another tile.
    Elsewhere,
    Point {
        cell: usize,
        rank: Rank,
    },
}

impl CellContest {
    pub(super) fn of_tile(tile: TileId) -> Self {
        Self {
            tile,
            best: vec![(u64::MAX, u64::MAX); 1 << (2 * CELL_ZOOMS)],
        }
    }

    /// The rows but the points that aren't the best of their cells, by all that came so far.
    ///
    /// # Errors
    /// When the rows lack `geometry` or ids.
    pub(super) fn without_losers(
        &mut self,
        layer: &TileLayer,
        rows: &FacilityRows,
    ) -> Result<FacilityRows, VectorTilesError> {
        let placed = PlacedRows::of_rows(layer, rows.as_batch())?;
        let entrants: Vec<Entrant> = (0..rows.num_rows())
            .map(|row| self.entrant(&placed, row))
            .collect();
        for entrant in &entrants {
            if let Entrant::Point { cell, rank } = *entrant {
                let best = &mut self.best[cell];
                *best = rank.min(*best);
            }
        }
        let is_left = |entrant: &Entrant| match *entrant {
            Entrant::Unjudged => true,
            Entrant::Elsewhere => false,
            Entrant::Point { cell, rank } => self.best[cell] == rank,
        };
        let marks: BooleanArray = entrants.iter().map(|entrant| Some(is_left(entrant))).collect();
        rows.filter(&marks)
            .map_err(|source| VectorTilesError::Rows { source })
    }

    fn entrant(&self, rows: &PlacedRows<'_>, row: usize) -> Entrant {
        let Some(place) = rows.plain_place(row) else {
            return Entrant::Unjudged;
        };
        if place.cell(self.tile.zoom()) != (self.tile.x(), self.tile.y()) {
            return Entrant::Elsewhere;
        }
        let (column, line) = place.cell(self.tile.zoom() + CELL_ZOOMS);
        Entrant::Point {
            cell: (line % ACROSS * ACROSS + column % ACROSS) as usize,
            rank: (rows.digest(row), place.on_curve()),
        }
    }
}
