//! Which polygons hold one point.

use std::ops::ControlFlow;

use geo::Coord;

use super::frame::cell_in_tile;
use super::record::visit_holders;
use super::{EMPTY, Grid, RECORD};

impl Grid {
    /// The lowest rank of a polygon that holds the point, its border included.
    pub(in super::super) fn lowest_at(&self, p: Coord<f64>, places: &[[f64; 2]]) -> Option<u32> {
        let mut lowest = None;
        self.visit_at(p, places, |rank| {
            lowest = Some(rank);
            ControlFlow::Break(())
        });
        lowest
    }

    /// Shows the ranks of all polygons that hold the point, rising; a rank of several polygons several times.
    pub(in super::super) fn visit_at(
        &self,
        p: Coord<f64>,
        places: &[[f64; 2]],
        mut visit: impl FnMut(u32) -> ControlFlow<()>,
    ) {
        let word = self.word_at(p);
        if word == EMPTY {
            return;
        }
        if word & RECORD == 0 {
            let _ = visit(word);
            return;
        }
        visit_holders(&self.records[(word & !RECORD) as usize..], p, places, visit);
    }

    /// The word of the point's cell.
    fn word_at(&self, p: Coord<f64>) -> u32 {
        let [west, south, east, north] = self.extent;
        // Written such that a coordinate that is no number is outside.
        if !(p.x >= west && p.x <= east && p.y >= south && p.y <= north) {
            return EMPTY;
        }
        let [x, y] = [self.columns.place(p.x), self.rows.place(p.y)];
        let [column, row] = [self.columns.tile(x), self.rows.tile(y)];
        let [first, side] = self.tiles[(row * self.columns.tiles + column) as usize];
        let cell = cell_in_tile(y - f64::from(row), side) * side + cell_in_tile(x - f64::from(column), side);
        self.cells[(first + cell) as usize]
    }
}
