//! The filter: a uniform grid over the extent of a polygon set.
//!
//! Each cell lists the polygons whose edges may touch it, to be asked, and those that hold all of
//! it, which needs no asking. Cells are found by one rising function of each coordinate, for edges
//! and for points alike, so that no rounding can put a point beyond an edge of its cell.

use geo::{Area, BoundingRect, Coord, MultiPoint, Rect};
use rayon::prelude::*;

use super::part::{Edge, Part};

/// Ceiling of the number of cells: 32 MB of offsets.
const MAX_CELLS: f64 = 8e6;
/// Layers of boxes that each cell may hold before cells grow.
const LAYERS: f64 = 8.0;
/// Shortest side of a cell, degrees: far above the rounding of a coordinate.
const MIN_CELL: f64 = 1e-9;

/// Cells over an extent, each with its polygons by rank of code.
pub(super) struct Grid {
    frame: Frame,
    /// Where each cell's entries begin, and the end of the last.
    cells: Vec<u32>,
    entries: Vec<Entry>,
}

/// A polygon in a cell.
#[derive(Clone, Copy)]
struct Entry {
    part: u32,
    owner: u32,
    /// It holds the whole cell.
    is_full: bool,
}

struct Frame {
    extent: Rect<f64>,
    columns: usize,
    rows: usize,
}

impl Grid {
    /// Files polygons, which are sorted by owner; about one cell per edge.
    pub(super) fn build(parts: &[Part]) -> Self {
        let frame = Frame::around_parts(parts);
        let lists: Vec<Vec<(usize, Entry)>> = parts
            .par_iter()
            .enumerate()
            .map(|(at, part)| frame.file_part(at, part))
            .collect();
        // A counting sort into one flat list: a list of its own for each of some millions of cells would cost more
        // memory than its entries. It is stable, so that each cell's entries stay in the order of their owners, and the
        // first that holds a point is the lowest.
        let mut cells = vec![0u32; frame.columns * frame.rows + 1];
        for (cell, _) in lists.iter().flatten() {
            cells[cell + 1] += 1;
        }
        for cell in 1..cells.len() {
            cells[cell] += cells[cell - 1];
        }
        let mut next = cells.clone();
        let blank = Entry {
            part: 0,
            owner: 0,
            is_full: false,
        };
        let mut entries = vec![blank; lists.iter().map(Vec::len).sum()];
        for (cell, entry) in lists.into_iter().flatten() {
            entries[next[cell] as usize] = entry;
            next[cell] += 1;
        }
        Self {
            frame,
            cells,
            entries,
        }
    }

    /// The lowest owner of a polygon that holds the point.
    pub(super) fn locate(&self, p: Coord<f64>, parts: &[Part]) -> Option<u32> {
        let min = self.frame.extent.min();
        let max = self.frame.extent.max();
        // Written such that a coordinate that is no number is outside.
        if !(p.x >= min.x && p.x <= max.x && p.y >= min.y && p.y <= max.y) {
            return None;
        }
        let cell = self.frame.row_of(p.y) * self.frame.columns + self.frame.column_of(p.x);
        self.entries[self.cells[cell] as usize..self.cells[cell + 1] as usize]
            .iter()
            .find(|entry| entry.is_full || parts[entry.part as usize].covers(p))
            .map(|entry| entry.owner)
    }
}

impl Frame {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 1 and MAX_CELLS, never NaN"
    )]
    fn around_parts(parts: &[Part]) -> Self {
        let corners: MultiPoint<f64> = parts
            .iter()
            .flat_map(|part| [part.bounds.min(), part.bounds.max()])
            .collect();
        let Some(extent) = corners.bounding_rect() else {
            let nowhere = Coord { x: 0.0, y: 0.0 };
            return Self {
                extent: Rect::new(nowhere, nowhere),
                columns: 1,
                rows: 1,
            };
        };
        let edges = parts.iter().map(Part::filed_edges).sum::<usize>() as f64;
        // How often the boxes cover the extent: where they lie in layers, cells must be fewer.
        let layers =
            parts.iter().map(|part| part.bounds.unsigned_area()).sum::<f64>() / extent.unsigned_area();
        let cells = (edges / (layers / LAYERS).max(1.0)).min(MAX_CELLS);
        let columns = (cells * extent.width() / extent.height())
            .sqrt()
            .min(extent.width() / MIN_CELL);
        let columns = columns.clamp(1.0, cells.max(1.0));
        let rows = (cells / columns).min(extent.height() / MIN_CELL).max(1.0);
        Self {
            extent,
            columns: columns as usize,
            rows: rows as usize,
        }
    }

    /// The polygon's entries: cells its edges may touch, and cells it holds.
    fn file_part(&self, at: usize, part: &Part) -> Vec<(usize, Entry)> {
        let west = self.column_of(part.bounds.min().x);
        let east = self.column_of(part.bounds.max().x);
        let south = self.row_of(part.bounds.min().y);
        let north = self.row_of(part.bounds.max().y);
        let width = east - west + 1;
        let mut touched = vec![false; width * (north - south + 1)];
        for Edge { low, high } in part.edges_between(f64::NEG_INFINITY, f64::INFINITY) {
            // All cells of the edge's box, though the edge runs through few of them: to follow it from cell to cell
            // would round at each border, and one cell missed is a facility in the wrong county. Edges of boundaries are
            // short; a cell too many costs a test.
            let from = self.column_of(low.x.min(high.x)) - west;
            let to = self.column_of(low.x.max(high.x)) - west;
            for row in self.row_of(low.y)..=self.row_of(high.y) {
                touched[(row - south) * width..][from..=to].fill(true);
            }
        }
        let part_number = u32::try_from(at).expect("a set has less than 2^32 polygons");
        let mut entries = Vec::new();
        for row in south..=north {
            // Neighbours that no edge touches lie on one side of the border together.
            let mut holds = None;
            for column in west..=east {
                let is_touched = touched[(row - south) * width + column - west];
                let is_full = !is_touched && *holds.get_or_insert_with(|| self.holds_cell(part, column, row));
                if is_touched {
                    holds = None;
                }
                if is_touched || is_full {
                    let entry = Entry {
                        part: part_number,
                        owner: part.owner,
                        is_full,
                    };
                    entries.push((row * self.columns + column, entry));
                }
            }
        }
        entries
    }

    /// Whether a polygon without an edge in a cell holds the cell.
    fn holds_cell(&self, part: &Part, column: usize, row: usize) -> bool {
        let min = self.extent.min();
        let x = min.x + self.extent.width() * (column as f64 + 0.5) / self.columns as f64;
        let y = min.y + self.extent.height() * (row as f64 + 0.5) / self.rows as f64;
        part.covers(Coord { x, y })
    }

    fn column_of(&self, x: f64) -> usize {
        step_of_share((x - self.extent.min().x) / self.extent.width(), self.columns)
    }

    fn row_of(&self, y: f64) -> usize {
        step_of_share((y - self.extent.min().y) / self.extent.height(), self.rows)
    }
}

/// Which of `count` equal steps a share of the whole is in; 0 where the whole is nothing.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates"
)]
fn step_of_share(share: f64, count: usize) -> usize {
    ((share * count as f64) as usize).min(count - 1)
}
