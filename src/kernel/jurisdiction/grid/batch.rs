//! Which polygon holds each of many points, whatever their order.
//!
//! A point alone waits for memory three times: for its tile, its cell, its record. Here some hundred points take
//! each step together, so that their waits overlap.

use geo::{Coord, Point};

use super::frame::cell_in_tile;
use super::record::visit_holders;
use super::{EMPTY, Grid, RECORD};
use std::ops::ControlFlow;

/// Points that take a step together: enough for their waits to overlap, few enough that all stays in the first cache.
const STAGE: usize = 256;
/// The number of no tile.
const NOWHERE: u32 = u32::MAX;

/// What is known of the points of a stage.
struct Stage {
    /// Column and row of the tile, with fractions.
    at: [[f64; 2]; STAGE],
    /// Tile, then cell, then the cell's word.
    word: [u32; STAGE],
    /// Points whose cell has a record.
    doubtful: [u32; STAGE],
}

impl Grid {
    /// Fills in the lowest rank of a polygon that holds each point; the lists are equally long.
    pub(in super::super) fn fill_lowest(
        &self,
        points: &[Point<f64>],
        places: &[[f64; 2]],
        ranks: &mut [Option<u32>],
    ) {
        let mut stage = Stage {
            at: [[0.0; 2]; STAGE],
            word: [NOWHERE; STAGE],
            doubtful: [0; STAGE],
        };
        for (points, ranks) in points.chunks(STAGE).zip(ranks.chunks_mut(STAGE)) {
            self.find_tiles(points, &mut stage);
            self.find_words(points.len(), &mut stage);
            self.answer(points, places, &mut stage, ranks);
        }
    }

    fn find_tiles(&self, points: &[Point<f64>], stage: &mut Stage) {
        let [west, south, east, north] = self.extent;
        for ((point, at), word) in points.iter().zip(&mut stage.at).zip(&mut stage.word) {
            let Coord { x, y } = point.0;
            // Written such that a coordinate that is no number is outside.
            let is_inside = (x >= west) & (x <= east) & (y >= south) & (y <= north);
            *at = [self.columns.place(x), self.rows.place(y)];
            let tile = self.rows.tile(at[1]) * self.columns.tiles + self.columns.tile(at[0]);
            *word = if is_inside { tile } else { NOWHERE };
        }
    }

    fn find_words(&self, count: usize, stage: &mut Stage) {
        let mut entries = [[EMPTY, 0]; STAGE];
        for (entry, tile) in entries.iter_mut().zip(&stage.word[..count]) {
            *entry = self.tiles.get(*tile as usize).copied().unwrap_or([EMPTY, 0]);
        }
        let steps = entries.iter().zip(&stage.at).zip(&mut stage.word[..count]);
        for (([first, side], [x, y]), word) in steps {
            *word = if *side == 0 {
                *first
            } else {
                let row = cell_in_tile(*y, self.rows.tile(*y), *side);
                let column = cell_in_tile(*x, self.columns.tile(*x), *side);
                self.cells[(first + row * side + column) as usize]
            };
        }
    }

    fn answer(
        &self,
        points: &[Point<f64>],
        places: &[[f64; 2]],
        stage: &mut Stage,
        ranks: &mut [Option<u32>],
    ) {
        let mut count = 0;
        for ((word, rank), number) in stage.word.iter().zip(ranks.iter_mut()).zip(0u32..) {
            *rank = (word & RECORD == 0).then_some(*word);
            // Written without a branch, as nobody could foretell it.
            stage.doubtful[count] = number;
            count += usize::from(word & RECORD != 0 && *word != EMPTY);
        }
        for number in &stage.doubtful[..count] {
            let at = *number as usize;
            let record = &self.records[(stage.word[at] & !RECORD) as usize..];
            visit_holders(record, points[at].0, places, |rank| {
                ranks[at] = Some(rank);
                ControlFlow::Break(())
            });
        }
    }
}
