//! Building the grid: polygons into tiles, then every tile by itself, in parallel.

use rayon::prelude::*;

use super::super::outlines::{EdgeRun, Outlines, index_u32};
use super::frame::{Axis, Level};
use super::sweep::{Squares, Sweep};
use super::tile::{Cells, Meeting, make_cells, side_of};
use super::{EMPTY, Grid, NO_CELL, RECORD};

/// Edges for each tile, were they spread evenly: facilities and borders are not, and most tiles stay empty.
const EDGES_PER_TILE: f64 = 16.0;
/// Ceiling of the number of tiles: 8 MB of them.
const MAX_TILES: f64 = 1e6;
/// Layers of boxes that each tile may hold before tiles grow.
const LAYERS: f64 = 8.0;
/// Shortest side of a tile, degrees: far above the rounding of a coordinate.
const MIN_TILE: f64 = 1e-6;

impl Grid {
    /// Files polygons, which are sorted by owner; `runs` are all of their edges, polygon by polygon.
    pub(in super::super) fn build(outlines: &Outlines, runs: &[EdgeRun]) -> Self {
        let mut grid = Self::with_tiles(outlines, runs);
        let squares = Squares {
            columns: Level::of_tiles(grid.columns),
            rows: Level::of_tiles(grid.rows),
            slack: grid.slack(),
        };
        let mut meetings: Vec<Meeting> = runs
            .par_chunk_by(|run, next| run.part == next.part)
            .flat_map_iter(|runs| tiles_met(runs, squares, outlines))
            .collect();
        // Stable: within a tile, polygons stay in the order of their owners.
        meetings.par_sort_by_key(|meeting| meeting.tile);
        let made: Vec<(u32, Cells)> = meetings
            .par_chunk_by(|meeting, next| meeting.tile == next.tile)
            .map(|meetings| (meetings[0].tile, grid.cells_of_tile(meetings, outlines)))
            .collect();
        drop(meetings);
        grid.append_tiles(made);
        grid
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 1 and MAX_TILES, never NaN"
    )]
    fn with_tiles(outlines: &Outlines, runs: &[EdgeRun]) -> Self {
        // An extent that no number is within.
        let nowhere = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        let extent = outlines.extent().unwrap_or(nowhere);
        let [width, height] = [extent[2] - extent[0], extent[3] - extent[1]].map(|length| length.max(0.0));
        let edges: f64 = runs.iter().map(|run| f64::from(run.count)).sum();
        // How often the boxes cover the extent: where they lie in layers, tiles must be fewer.
        let boxes = outlines.bounds.iter().map(|b| (b[2] - b[0]) * (b[3] - b[1]));
        let layers = boxes.sum::<f64>() / (width * height);
        let tiles = (edges / EDGES_PER_TILE / (layers / LAYERS).max(1.0)).clamp(1.0, MAX_TILES);
        let columns = (tiles * width / height)
            .sqrt()
            .min(width / MIN_TILE)
            .clamp(1.0, tiles);
        let rows = (tiles / columns).min(height / MIN_TILE).max(1.0);
        let [columns, rows] = [columns as u32, rows as u32];
        Self {
            columns: Axis::new([extent[0], extent[2]], columns),
            rows: Axis::new([extent[1], extent[3]], rows),
            extent,
            tiles: vec![NO_CELL; columns as usize * rows as usize],
            cells: vec![EMPTY],
            records: Vec::new(),
        }
    }

    /// By how much rounding may misplace what is computed of coordinates, with room to spare.
    fn slack(&self) -> f64 {
        let largest = self.extent.into_iter().map(f64::abs).fold(1.0, f64::max);
        largest * f64::EPSILON * 16.0
    }

    fn cells_of_tile(&self, meetings: &[Meeting], outlines: &Outlines) -> Cells {
        let side = side_of(meetings);
        let tile = meetings[0].tile;
        let [column, row] = [tile % self.columns.tiles, tile / self.columns.tiles];
        let squares = Squares {
            columns: Level::of_cells(self.columns, column, side),
            rows: Level::of_cells(self.rows, row, side),
            slack: self.slack(),
        };
        make_cells(meetings, squares, side, outlines)
    }

    /// Puts the cells of all tiles one behind the other.
    fn append_tiles(&mut self, made: Vec<(u32, Cells)>) {
        self.cells
            .reserve_exact(made.iter().map(|(_, cells)| cells.words.len()).sum());
        self.records
            .reserve_exact(made.iter().map(|(_, cells)| cells.records.len()).sum());
        for (tile, cells) in made {
            let first_record = index_u32(self.records.len());
            self.tiles[tile as usize] = [index_u32(self.cells.len()), cells.side];
            self.cells
                .extend(cells.words.into_iter().map(|word| moved_word(word, first_record)));
            self.records.extend(cells.records);
        }
        assert!(
            self.records.len() < RECORD as usize,
            "a set's records have less than 2^31 words"
        );
    }
}

/// A cell's word, its record behind so many words of others.
fn moved_word(word: u32, by: u32) -> u32 {
    if word == EMPTY || word & RECORD == 0 {
        word
    } else {
        word + by
    }
}

/// The tiles that a polygon meets, with its edges in each.
fn tiles_met(runs: &[EdgeRun], squares: Squares, outlines: &Outlines) -> Vec<Meeting> {
    let part = runs[0].part;
    let mut sweep = Sweep::new(squares, outlines.bounds[part as usize]);
    let [west, south, east, north] = sweep.window;
    if east - west == 1 && north - south == 1 {
        let tile = sweep.cell(0);
        return vec![Meeting {
            tile,
            part,
            ground: false,
            edges: runs.to_vec(),
        }];
    }
    let mut lists: Vec<Vec<EdgeRun>> = Vec::new();
    lists.resize_with(
        usize::try_from((east - west) * (north - south)).unwrap_or(0),
        Vec::new,
    );
    for edge in runs.iter().flat_map(|run| run.edges()) {
        sweep.add_edge(outlines, edge, |at| match lists[at].last_mut() {
            Some(last) if last.first + last.count == edge => last.count += 1,
            _ => lists[at].push(EdgeRun {
                first: edge,
                count: 1,
                part,
            }),
        });
    }
    sweep.finish();
    sweep
        .met()
        .map(|(at, _, ground)| Meeting {
            tile: sweep.cell(at),
            part,
            ground,
            edges: std::mem::take(&mut lists[at]),
        })
        .collect()
}
