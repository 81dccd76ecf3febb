//! One polygon over the squares of one level: which its edges may touch, and which it holds.
//!
//! A square *lists* the edges that may touch it. For any point of the square, whether the polygon holds
//! it follows from these alone: with a ray to the east, the edges that aren't listed cross it or don't
//! in a way that depends on the point's latitude only. What they add up to at the southern rim of the square
//! is its *ground*; further north it turns at every end of a listed edge that lies east of the square and in
//! its row, since every place is the end of an even number of edges. All this is decided by the
//! numbers of rows and columns, without rounding.

use super::super::outlines::Outlines;
use super::frame::Level;

/// Columns and rows of one level.
#[derive(Clone, Copy)]
pub(super) struct Squares {
    pub(super) columns: Level,
    pub(super) rows: Level,
    /// By how much rounding may misplace the rim of a row, degrees: some units of the last place.
    pub(super) slack: f64,
}

/// A window of squares, and a polygon's edges swept over it.
pub(super) struct Sweep {
    squares: Squares,
    /// West, south, and one beyond east and north.
    pub(super) window: [i32; 4],
    width: usize,
    /// Of each square: whether edges cross the rim south of it, seen to the east; once finished, its ground.
    ground: Vec<bool>,
    touched: Vec<bool>,
}

/// A row that an edge passes through, and the columns it may touch there.
struct Span {
    row: i32,
    columns: [i32; 2],
    /// Whether the edge comes in through the row's southern rim.
    is_from_south: bool,
}

impl Squares {
    /// The window around a box (west, south, east, north).
    fn window(self, bounds: [f64; 4]) -> [i32; 4] {
        let [columns, rows] = [self.columns.count(), self.rows.count()];
        [
            self.columns.step(bounds[0]).max(0),
            self.rows.step(bounds[1]).max(0),
            self.columns.step(bounds[2]).min(columns - 1) + 1,
            self.rows.step(bounds[3]).min(rows - 1) + 1,
        ]
    }

    /// Shows the spans of an edge in rows `from..to`.
    fn visit_spans(self, [start, end]: [[f64; 2]; 2], [from, to]: [i32; 2], mut visit: impl FnMut(Span)) {
        let (low, high) = if start[1] <= end[1] {
            (start, end)
        } else {
            (end, start)
        };
        let [first, last] = [self.rows.step(low[1]), self.rows.step(high[1])];
        let ends = [self.columns.step(low[0]), self.columns.step(high[0])];
        let whole = [ends[0].min(ends[1]), ends[0].max(ends[1])];
        for row in first.max(from)..(last + 1).min(to) {
            let columns = if first == last || whole[0] == whole[1] {
                whole
            } else {
                self.columns_in_row(low, high, row)
            };
            visit(Span {
                row,
                columns,
                is_from_south: row > first,
            });
        }
    }

    /// Columns that an edge may touch in a row: one more rather than one less.
    fn columns_in_row(self, low: [f64; 2], high: [f64; 2], row: i32) -> [i32; 2] {
        // The rim is rounded, and what is interpolated there as well: far less than the slack.
        let rims = [
            longitude_at(low, high, self.rows.begin(row) - self.slack),
            longitude_at(low, high, self.rows.begin(row + 1) + self.slack),
        ];
        [
            self.columns.step(rims[0].min(rims[1]) - self.slack),
            self.columns.step(rims[0].max(rims[1]) + self.slack),
        ]
    }
}

impl Sweep {
    /// Over the squares that a box of the polygon meets.
    pub(super) fn new(squares: Squares, bounds: [f64; 4]) -> Self {
        let window = squares.window(bounds);
        let [width, height] =
            [window[2] - window[0], window[3] - window[1]].map(|n| usize::try_from(n).unwrap_or(0));
        Self {
            squares,
            window,
            width,
            ground: vec![false; width * height],
            touched: vec![false; width * height],
        }
    }

    /// Sweeps one edge; `list` is told of the places in the window of the squares that list it.
    pub(super) fn add_edge(&mut self, outlines: &Outlines, edge: u32, mut list: impl FnMut(usize)) {
        let [west, south, east, north] = self.window;
        let squares = self.squares;
        squares.visit_spans(outlines.ends(edge), [south, north], |span| {
            let row = place(span.row - south) * self.width;
            let [from, to] = [span.columns[0].max(west), span.columns[1].min(east - 1)];
            for column in from..=to {
                let at = row + place(column - west);
                self.touched[at] = true;
                list(at);
            }
            // West of its columns, a ray to the east crosses the edge at the row's southern rim.
            if span.is_from_south && span.columns[0] > west {
                let nearest = span.columns[0].min(east) - 1;
                self.ground[row + place(nearest - west)] ^= true;
            }
        });
    }

    /// Turns the ground of all rows from this one on: for what lies east of all squares.
    pub(super) fn turn_rows_from(&mut self, row: i32) {
        let [_, south, east, north] = self.window;
        if self.width == 0 {
            return;
        }
        for row in row.max(south)..north {
            let at = place(row - south) * self.width + place(east - 1 - self.window[0]);
            self.ground[at] ^= true;
        }
    }

    /// Adds up what every square sees to its east.
    pub(super) fn finish(&mut self) {
        if self.width == 0 {
            return;
        }
        for row in self.ground.chunks_exact_mut(self.width) {
            let mut seen = false;
            for square in row.iter_mut().rev() {
                seen ^= *square;
                *square = seen;
            }
        }
    }

    /// Every square that the polygon may touch or holds: its place in the window, whether edges may touch it, its ground.
    pub(super) fn met(&self) -> impl Iterator<Item = (usize, bool, bool)> {
        self.touched
            .iter()
            .zip(&self.ground)
            .enumerate()
            .filter(|(_, (touched, ground))| **touched || **ground)
            .map(|(at, (touched, ground))| (at, *touched, *ground))
    }

    /// Number of a place in the window among all squares, row by row.
    pub(super) fn cell(&self, at: usize) -> u32 {
        let [column, row] = self.square(at);
        (row * self.squares.columns.count() + column).unsigned_abs()
    }

    /// Column and row of a place in the window.
    fn square(&self, at: usize) -> [i32; 2] {
        let [column, row] = [at % self.width, at / self.width].map(|n| i32::try_from(n).unwrap_or(i32::MAX));
        [self.window[0] + column, self.window[1] + row]
    }
}

/// About the longitude at which an edge is at a latitude, or that of its end which is nearer to it.
fn longitude_at(low: [f64; 2], high: [f64; 2], latitude: f64) -> f64 {
    let share = (latitude.clamp(low[1], high[1]) - low[1]) / (high[1] - low[1]);
    let longitude = low[0] + share * (high[0] - low[0]);
    longitude.clamp(low[0].min(high[0]), low[0].max(high[0]))
}

fn place(offset: i32) -> usize {
    usize::try_from(offset).unwrap_or(0)
}
