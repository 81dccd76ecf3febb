//! Order and cuts of rows: a packed R-tree whose nodes are tiles, row groups and pages.
//!
//! Sort-Tile-Recursive (Leutenegger, Lopez and Edgington, ICDE 1997), from the top down: tiles are
//! the leaves of one packing, row groups those of one packing per tile, pages of one per group.
//! Sees centres of boxes and counts; columns are the caller's to take in the order given.

use std::cmp::Ordering;
use std::ops::Range;

use rayon::prelude::*;

use crate::plan::Output;

/// How many rows each level of the tree holds at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Levels {
    /// Row ceiling of a tile.
    pub tile_rows: usize,
    /// Row ceiling of a row group.
    pub group_rows: usize,
    /// Rows of a page: every page but a tile set's last is full.
    pub page_rows: usize,
}

impl From<&Output> for Levels {
    fn from(output: &Output) -> Self {
        Self {
            tile_rows: output.tile_rows,
            group_rows: output.group_rows,
            page_rows: output.page_rows,
        }
    }
}

/// One tile's rows, and the lengths of its row groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TileCut {
    /// Its rows, as positions in the order of `str_order`.
    pub rows: Range<usize>,
    /// Row-group lengths; they add up to `rows`.
    pub row_groups: Vec<usize>,
}

/// Where to cut rows that `str_order` has put in order.
///
/// ```
/// use cikr::kernel::pack::{Levels, cut_tiles};
///
/// let levels = Levels { tile_rows: 1_000, group_rows: 400, page_rows: 100 };
/// let tiles = cut_tiles(1_150, &levels);
/// assert_eq!(tiles[0].rows, 0..600, "two halves, not a thousand rows and a crumb");
/// assert_eq!(tiles[0].row_groups, [300, 300]);
/// assert_eq!(tiles[1].row_groups, [300, 250], "the last takes the broken page");
/// ```
///
/// Tiles, and row groups within a tile, are as even as whole pages allow: just above a ceiling come
/// two halves, no crumb. Ceilings are rounded down to whole pages; a page above a ceiling shrinks
/// to it; a ceiling of 0 counts as 1.
pub fn cut_tiles(rows: usize, levels: &Levels) -> Vec<TileCut> {
    let Levels {
        tile_rows,
        group_rows,
        page_rows,
    } = levels.in_whole_pages();
    let mut start = 0;
    even_runs(rows, tile_rows, page_rows)
        .into_iter()
        .map(|length| {
            let rows = start..start + length;
            start = rows.end;
            TileCut {
                rows,
                row_groups: even_runs(length, group_rows, page_rows),
            }
        })
        .collect()
}

/// Where a row's box is centred, and where the row is to be had.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    /// Longitude of the centre.
    pub x: f64,
    /// Latitude of the centre.
    pub y: f64,
    /// What settles ties: the place of the row's id among those that share its centre.
    pub tie: u32,
    /// Which part of the rows it is in; means nothing here.
    pub part: u32,
    /// Which row of that part.
    pub row: u32,
}

/// Rows that are side by side from west to east: whole tiles, which nothing else of the order depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// Its rows, as positions from west to east ([`Spot::by_x`]).
    pub rows: Range<usize>,
    /// Its tiles; their rows are positions as in [`cut_tiles`].
    pub tiles: Vec<TileCut>,
}

/// The slices of so many rows, from west to east.
pub fn slices(rows: usize, levels: &Levels) -> Vec<Slice> {
    let mut tiles = cut_tiles(rows, levels).into_iter();
    let counts = slice_counts(tiles.len());
    counts
        .into_iter()
        .map(|count| {
            let tiles: Vec<TileCut> = tiles.by_ref().take(count).collect();
            let ends = tiles.first().zip(tiles.last());
            Slice {
                rows: ends.map_or(0..0, |(first, last)| first.rows.start..last.rows.end),
                tiles,
            }
        })
        .collect()
}

/// Puts the spots of a slice, which come in any order, in that of its tiles, row groups and pages.
///
/// By the centres of the boxes, ties by the other axis and then by `tie`: with ties settled, the
/// order of the input and the number of threads leave no trace. Works on rayon's current pool.
pub fn order_slice(spots: &mut [Spot], slice: &Slice, levels: &Levels) {
    let page_rows = levels.in_whole_pages().page_rows;
    let lengths: Vec<usize> = slice.tiles.iter().map(|tile| tile.rows.len()).collect();
    partition_into_runs(spots, &lengths, Spot::by_y);
    split_runs(spots, lengths)
        .into_par_iter()
        .zip(&slice.tiles)
        .for_each(|(tile, cut)| {
            str_leaves(tile, &cut.row_groups);
            split_runs(tile, cut.row_groups.iter().copied())
                .into_par_iter()
                .for_each(|group| {
                    let pages = even_runs(group.len(), page_rows, page_rows);
                    str_leaves(group, &pages);
                    // Within a page from south to north: neighbours compress well.
                    split_runs(group, pages)
                        .into_par_iter()
                        .for_each(|page| page.sort_unstable_by(Spot::by_y));
                });
        });
}

/// Puts spots in the order in which the tiles, row groups and pages of `cuts` are leaves of one packed R-tree.
///
/// ```
/// use cikr::kernel::pack::{Levels, Spot, str_order};
///
/// let spot = |(x, y): (f64, f64)| Spot { x, y, tie: 0, part: 0, row: 0 };
/// let mut spots = [(3.0, 1.0), (1.0, 3.0), (3.0, 3.0), (1.0, 1.0)].map(spot);
/// let levels = Levels { tile_rows: 1, group_rows: 1, page_rows: 1 };
/// str_order(&mut spots, &levels);
/// let order = spots.map(|spot| (spot.x, spot.y));
/// assert_eq!(order, [(1.0, 1.0), (1.0, 3.0), (3.0, 1.0), (3.0, 3.0)], "two slices, each from the south");
/// ```
pub fn str_order(spots: &mut [Spot], levels: &Levels) {
    order_slices(spots, &slices(spots.len(), levels), levels);
}

/// Puts the spots of slices that follow each other, which come in any order, in that of their tiles, row groups and pages.
pub fn order_slices(spots: &mut [Spot], slices: &[Slice], levels: &Levels) {
    let lengths: Vec<usize> = slices.iter().map(|slice| slice.rows.len()).collect();
    partition_into_runs(spots, &lengths, Spot::by_x);
    let spots = split_runs(spots, lengths).into_par_iter();
    spots
        .zip(slices)
        .for_each(|(spots, slice)| order_slice(spots, slice, levels));
}

/// Runs of spots with one centre, as ranges of the spots in the order of [`Spot::by_x`], and longer than one.
///
/// ```
/// use cikr::kernel::pack::{Spot, shared_centres};
///
/// let spot = |x: f64, row: u32| Spot { x, y: 29.8, tie: 0, part: 0, row };
/// let spots = [spot(-95.4, 0), spot(-95.3, 1), spot(-95.3, 2), spot(-95.2, 3)];
/// assert_eq!(shared_centres(&spots), [1..3]);
/// ```
pub fn shared_centres(spots: &[Spot]) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut start = 0;
    for end in 1..=spots.len() {
        if end == spots.len() || !spots[end].has_centre_of(&spots[start]) {
            if end - start > 1 {
                runs.push(start..end);
            }
            start = end;
        }
    }
    runs
}

// `total_cmp` in both orders: a NaN has its place there, where `partial_cmp` would leave the order to chance.
impl Spot {
    /// West to east, then south to north.
    pub fn by_x(&self, other: &Self) -> Ordering {
        self.x
            .total_cmp(&other.x)
            .then_with(|| self.y.total_cmp(&other.y))
            .then(self.tie.cmp(&other.tie))
    }

    fn by_y(&self, other: &Self) -> Ordering {
        self.y
            .total_cmp(&other.y)
            .then_with(|| self.x.total_cmp(&other.x))
            .then(self.tie.cmp(&other.tie))
    }

    fn has_centre_of(&self, other: &Self) -> bool {
        self.x.total_cmp(&other.x).is_eq() && self.y.total_cmp(&other.y).is_eq()
    }
}

impl Levels {
    /// The same with no level empty and none wider than its parent, in whole pages.
    fn in_whole_pages(self) -> Self {
        let tile_rows = self.tile_rows.max(1);
        let group_rows = self.group_rows.clamp(1, tile_rows);
        let page_rows = self.page_rows.clamp(1, group_rows);
        Self {
            tile_rows: tile_rows - tile_rows % page_rows,
            group_rows: group_rows - group_rows % page_rows,
            page_rows,
        }
    }
}

/// Parts rows so that runs of these lengths are the leaves of one STR packing.
///
/// Slices along x hold whole leaves, in number as even as can be; each slice is cut along y.
fn str_leaves(spots: &mut [Spot], leaves: &[usize]) {
    if leaves.len() < 2 {
        return;
    }
    let mut rest = leaves;
    let slices = slice_counts(leaves.len()).into_iter().map(|count| {
        let (slice, others) = rest.split_at(count);
        rest = others;
        slice
    });
    let slices: Vec<&[usize]> = slices.collect();
    let lengths: Vec<usize> = slices.iter().map(|slice| slice.iter().sum()).collect();
    partition_into_runs(spots, &lengths, Spot::by_x);
    let spots = split_runs(spots, lengths).into_par_iter();
    spots
        .zip(slices)
        .for_each(|(spots, leaves)| partition_into_runs(spots, leaves, Spot::by_y));
}

/// Parts rows into runs of these lengths, each before the next in an order of all; within a run there is none yet.
fn partition_into_runs(spots: &mut [Spot], lengths: &[usize], order: fn(&Spot, &Spot) -> Ordering) {
    if lengths.len() < 2 {
        return;
    }
    // By selection from the middle outwards, which is linear in the rows for each level of halving: what is within a run is
    // ordered by the next level of the tree, and sorting it here would be work that is thrown away.
    let (before, after) = lengths.split_at(lengths.len() / 2);
    let middle = before.iter().sum();
    spots.select_nth_unstable_by(middle, order);
    let (low, high) = spots.split_at_mut(middle);
    rayon::join(
        || partition_into_runs(low, before, order),
        || partition_into_runs(high, after, order),
    );
}

/// How many of so many leaves each slice along x holds: as many slices as leaves in a slice, as even as can be.
fn slice_counts(leaves: usize) -> Vec<usize> {
    // ⌈√n⌉ slices, as in the paper: about as many leaves from west to east as from south to north, so that they are square.
    let slices = leaves.isqrt() + usize::from(leaves.isqrt().pow(2) < leaves);
    if leaves == 0 {
        vec![]
    } else {
        even_runs(leaves, leaves.div_ceil(slices), 1)
    }
}

/// Lengths of the fewest runs of at most `most` rows, as even as whole units allow; the last takes
/// the broken unit. `most` is a multiple of `unit`.
fn even_runs(rows: usize, most: usize, unit: usize) -> Vec<usize> {
    let units = rows.div_ceil(unit);
    let runs = units.div_ceil(most / unit);
    let mut left = rows;
    (0..runs)
        .map(|run| {
            let length = (units / runs + usize::from(run < units % runs)) * unit;
            let length = length.min(left);
            left -= length;
            length
        })
        .collect()
}

/// Cuts a slice into runs of these lengths.
fn split_runs<T>(mut rows: &mut [T], lengths: impl IntoIterator<Item = usize>) -> Vec<&mut [T]> {
    lengths
        .into_iter()
        .map(|length| rows.split_off_mut(..length).unwrap_or_default())
        .collect()
}

#[cfg(test)]
mod tests;
