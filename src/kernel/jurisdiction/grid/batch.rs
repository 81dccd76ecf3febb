//! Which polygon holds each of many points, whatever their order.
//!
//! A point alone waits for memory three times: for its tile, its cell, its record. Here some hundred points take
//! each step together, so that their waits overlap.

use std::hint::black_box;
use std::ops::ControlFlow;

use geo::{Coord, Point};

use super::frame::cell_in_tile;
use super::record::{places_ahead, visit_holders};
use super::{EMPTY, Grid, NO_CELL, RECORD};

/// Points that take a step together: enough for their waits to overlap, few enough that all stays in the first cache.
const STAGE: usize = 256;
/// The number of no tile.
const NOWHERE: u32 = u32::MAX;

/// What is known of the points of a stage.
struct Stage {
    /// Where in its tile, as parts of its width and height.
    at: [[f64; 2]; STAGE],
    /// Number of its tile, then the word of its cell.
    number: [u32; STAGE],
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
            number: [NOWHERE; STAGE],
            doubtful: [0; STAGE],
        };
        for (points, ranks) in points.chunks(STAGE).zip(ranks.chunks_mut(STAGE)) {
            self.find_tiles(points, &mut stage);
            self.find_words(points.len(), &mut stage);
            self.answer(points, places, &mut stage, ranks);
        }
    }

    #[expect(
        clippy::needless_bitwise_bool,
        reason = "a branch that nobody could foretell costs more"
    )]
    fn find_tiles(&self, points: &[Point<f64>], stage: &mut Stage) {
        let [west, south, east, north] = self.extent;
        for ((point, at), number) in points.iter().zip(&mut stage.at).zip(&mut stage.number) {
            let Coord { x, y } = point.0;
            // Written such that a coordinate that is no number is outside.
            let is_inside = (x >= west) & (x <= east) & (y >= south) & (y <= north);
            let [x, y] = [self.columns.place(x), self.rows.place(y)];
            let [column, row] = [self.columns.tile(x), self.rows.tile(y)];
            *at = [x - f64::from(column), y - f64::from(row)];
            let tile = row * self.columns.tiles + column;
            *number = if is_inside { tile } else { NOWHERE };
        }
    }

    fn find_words(&self, count: usize, stage: &mut Stage) {
        let numbers = &mut stage.number[..count];
        // Loops of a few instructions, as only so many can wait for memory at once.
        let mut entries = [NO_CELL; STAGE];
        for (entry, tile) in entries.iter_mut().zip(&*numbers) {
            *entry = self.tiles.get(*tile as usize).copied().unwrap_or(NO_CELL);
        }
        for (([first, side], [x, y]), number) in entries.iter().zip(&stage.at).zip(&mut *numbers) {
            *number = first + cell_in_tile(*y, *side) * side + cell_in_tile(*x, *side);
        }
        for number in numbers {
            *number = self.cells.get(*number as usize).copied().unwrap_or(EMPTY);
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
        for ((word, rank), number) in stage.number.iter().zip(ranks.iter_mut()).zip(0u32..) {
            *rank = (word & RECORD == 0).then_some(*word);
            // Written without a branch, as nobody could foretell it.
            stage.doubtful[count] = number;
            count += usize::from(word & RECORD != 0 && *word != EMPTY);
        }
        let doubtful = &stage.doubtful[..count];
        // Brings the beginnings of the records and of their edges near, of all before any is read through: what is
        // loaded here is loaded again then, without waiting.
        let mut ahead = [[0; 4]; STAGE];
        for (number, ahead) in doubtful.iter().zip(&mut ahead) {
            let record = (stage.number[*number as usize] & !RECORD) as usize;
            *ahead = places_ahead(&self.records[record..]);
        }
        for place in ahead[..count].as_flattened() {
            black_box(places.get(*place as usize).map(|place| place[1]));
        }
        for number in doubtful {
            let at = *number as usize;
            let record = &self.records[(stage.number[at] & !RECORD) as usize..];
            visit_holders(record, points[at].0, places, |rank| {
                ranks[at] = Some(rank);
                ControlFlow::Break(())
            });
        }
    }
}
