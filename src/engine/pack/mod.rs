//! Pack: rows out of their stores, region by region, in the order of a packed R-tree, tile by tile to a sink.
//!
//! A region is ordered from spots alone; ids are asked for where two rows have one centre. A tile's rows are brought
//! together a row group at a time, or from a scratch file as many row groups at a time as memory allows.

mod error;
mod groups;

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::ops::Range;

use rayon::prelude::*;

pub use error::PackError;
use groups::{SlicedGroups, TileGroups};

use super::EngineError;
use crate::feature::{RegionId, Tile};
use crate::kernel::assemble::Published;
use crate::kernel::core::ranked;
use crate::kernel::pack::{Levels, Slice, Spot, TileCut, order_slice, shared_centres, slices};

/// Rows that can be packed.
pub trait Packable: Sync {
    /// Regions that have rows, as far as they are packed apart.
    fn regions(&self) -> BTreeSet<RegionId>;

    /// Rows of a region.
    fn rows_in(&self, region: &RegionId) -> u64;

    /// Shows the spot of every row of a region, in no particular order and with no tie settled.
    ///
    /// # Errors
    /// When rows can't be had back.
    fn each(&self, region: &RegionId, see: &mut dyn FnMut(Spot)) -> Result<(), EngineError>;

    /// `facility_id` of rows that have their centre in common with others, as `runs` of the spots tell; without runs they
    /// have been told of before.
    ///
    /// # Errors
    /// As `each`.
    fn tied(&self, spots: &[Spot], runs: &[Range<usize>]) -> Result<Vec<String>, EngineError>;

    /// Bytes that a row takes, on average, that is brought into memory to be packed; none where all are there anyway.
    fn bytes_away(&self) -> usize;

    /// Brings rows together, in the order of their spots.
    ///
    /// # Errors
    /// As `each`.
    fn bring<'r>(&'r self, spots: &[Spot]) -> Result<Box<dyn Brought + 'r>, EngineError>;
}

/// Rows that are together in memory.
pub trait Brought {
    /// Some of them, by where they are among those that were brought, in their published columns.
    ///
    /// # Errors
    /// When columns don't fit together.
    fn publish(&self, rows: Range<usize>) -> Result<Published, EngineError>;
}

/// A row group of a tile.
#[derive(Debug)]
pub struct Group {
    /// Its rows.
    pub published: Published,
    /// Where each of them is to be had.
    pub spots: Vec<Spot>,
}

/// Row groups of a tile, one after the other.
pub type Groups<'a> = dyn Iterator<Item = Result<Group, EngineError>> + 'a;

/// How rows are packed.
#[derive(Debug, Clone, Copy)]
pub struct Packing<'a> {
    /// Collection that the tiles are of.
    pub collection: &'a str,
    /// How many rows each level of the tree holds.
    pub levels: Levels,
    /// Memory that spots and rows on the way to a tile may take, bytes: half of it each.
    pub memory: usize,
}

impl Packing<'_> {
    /// Whether the spots of so many rows fit.
    fn has_room(&self, rows: u64) -> bool {
        rows * size_of::<Spot>() as u64 <= self.memory as u64 / 2
    }

    /// A tile of a region by its number there.
    fn tile(&self, region: &RegionId, ordinal: usize, cut: &TileCut) -> Tile {
        Tile {
            collection: self.collection.to_owned(),
            region: region.clone(),
            ordinal: u32::try_from(ordinal).expect("a region has less than 2^32 tiles"),
            row_groups: cut.row_groups.clone(),
        }
    }

    /// Rows that a tile may bring at a time: every thread has a tile, and rows are there twice while they are brought.
    fn rows_at_once(&self, bytes_away: usize) -> usize {
        let bytes = self.memory / 4 / rayon::current_num_threads();
        bytes.checked_div(bytes_away).unwrap_or_default()
    }

    /// Regions in turns: those of a turn are packed side by side, for the spots of all of them fit.
    fn turns<'r>(&self, regions: &'r [RegionId], rows: &dyn Packable) -> Vec<&'r [RegionId]> {
        let mut together = 0;
        let fits = |region: &RegionId| {
            let count = rows.rows_in(region);
            together += count;
            let fits = self.has_room(together);
            if !fits {
                together = count;
            }
            fits
        };
        let mut fits = regions.iter().map(fits).collect::<Vec<_>>().into_iter().skip(1);
        regions.chunk_by(|_, _| fits.next().unwrap_or_default()).collect()
    }
}

/// Packs rows region by region and hands every tile to `sink`, several at a time; the order is that of regions and tiles.
///
/// # Errors
/// When rows can't be had back or the sink fails.
pub fn pack<T: Send, E: StdError + Send + 'static>(
    rows: &dyn Packable,
    packing: &Packing<'_>,
    sink: impl Fn(&Tile, &mut Groups<'_>) -> Result<T, E> + Sync,
) -> Result<Vec<T>, PackError<E>> {
    let regions: Vec<RegionId> = rows.regions().into_iter().collect();
    let one = |region: &RegionId| pack_region(rows, region, packing, &sink);
    let mut tiles = Vec::new();
    for turn in packing.turns(&regions, rows) {
        let of_turn: Vec<Vec<T>> = turn.par_iter().map(one).collect::<Result<_, PackError<E>>>()?;
        tiles.extend(of_turn.into_iter().flatten());
    }
    Ok(tiles)
}

fn pack_region<T: Send, E: StdError + Send + 'static>(
    rows: &dyn Packable,
    region: &RegionId,
    packing: &Packing<'_>,
    sink: &(impl Fn(&Tile, &mut Groups<'_>) -> Result<T, E> + Sync),
) -> Result<Vec<T>, PackError<E>> {
    let count = rows.rows_in(region);
    let slices = slices(usize::try_from(count).unwrap_or(usize::MAX), &packing.levels);
    let mut tiles = Vec::new();
    if let [Slice { tiles: only, .. }] = slices.as_slice()
        && let [cut] = only.as_slice()
        && !packing.has_room(count)
    {
        let tile = packing.tile(region, 0, cut);
        let mut groups = SlicedGroups::new(rows, region, packing, cut.rows.len());
        let done = sink(&tile, &mut groups);
        return Ok(vec![done.map_err(|source| PackError::Sink {
            region: region.to_string(),
            source,
        })?]);
    }
    if packing.has_room(count) || slices.len() < 2 {
        let mut spots = Vec::with_capacity(usize::try_from(count).unwrap_or_default());
        rows.each(region, &mut |spot| spots.push(spot))?;
        from_west(rows, &mut spots)?;
        for slice in slices {
            let spots = &mut spots[slice.rows.clone()];
            tiles.extend(pack_slice(
                Part {
                    rows,
                    region,
                    packing,
                    slice: &slice,
                    first: tiles.len(),
                },
                spots,
                sink,
            )?);
        }
        return Ok(tiles);
    }
    // Slice by slice, each cut out of the region by the longitudes of its ends.
    for slice in slices {
        let mut spots = slice_of(rows, region, &slice)?;
        tiles.extend(pack_slice(
            Part {
                rows,
                region,
                packing,
                slice: &slice,
                first: tiles.len(),
            },
            &mut spots,
            sink,
        )?);
    }
    Ok(tiles)
}

/// Spots from west to east, ties settled.
fn from_west(rows: &dyn Packable, spots: &mut [Spot]) -> Result<(), EngineError> {
    spots.par_sort_unstable_by(Spot::by_x);
    let all = 0..spots.len();
    settle(rows, spots, all)
}

/// The spots of one slice of a region.
fn slice_of(rows: &dyn Packable, region: &RegionId, slice: &Slice) -> Result<Vec<Spot>, EngineError> {
    let ends = [slice.rows.start, slice.rows.end - 1].map(|rank| (0, rank as u64));
    let ends = ranked(&ends, &|see| rows.each(region, &mut |spot| see([spot.x, spot.y])))?;
    let mut before = 0;
    let mut spots = Vec::with_capacity(slice.rows.len());
    rows.each(region, &mut |spot| {
        if spot.x.total_cmp(&ends[0]).is_lt() {
            before += 1;
        } else if spot.x.total_cmp(&ends[1]).is_le() {
            spots.push(spot);
        }
    })?;
    // Rows on the meridians of its ends may belong to its neighbours: which do is settled on each side alike, and told
    // of once, by the slice that has the first of them.
    spots.par_sort_unstable_by(Spot::by_x);
    settle(
        rows,
        &mut spots,
        slice.rows.start - before..slice.rows.end - before,
    )?;
    spots.truncate(slice.rows.end - before);
    spots.drain(..slice.rows.start - before);
    Ok(spots)
}

/// A slice of a region, and the number of its first tile.
#[derive(Clone, Copy)]
struct Part<'a> {
    rows: &'a dyn Packable,
    region: &'a RegionId,
    packing: &'a Packing<'a>,
    slice: &'a Slice,
    first: usize,
}

fn pack_slice<T: Send, E: StdError + Send + 'static>(
    part: Part<'_>,
    spots: &mut [Spot],
    sink: &(impl Fn(&Tile, &mut Groups<'_>) -> Result<T, E> + Sync),
) -> Result<Vec<T>, PackError<E>> {
    let Part {
        rows,
        region,
        packing,
        slice,
        first,
    } = part;
    order_slice(spots, slice, &packing.levels);
    let tiles = slice.tiles.par_iter().enumerate().map(|(nth, cut)| {
        let tile = packing.tile(region, first + nth, cut);
        let own = &spots[cut.rows.start - slice.rows.start..cut.rows.end - slice.rows.start];
        let mut groups = TileGroups::new(rows, own.into(), cut.row_groups.clone().into(), packing);
        let done = sink(&tile, &mut groups);
        done.map_err(|source| PackError::Sink {
            region: region.to_string(),
            source,
        })
    });
    tiles.collect()
}

/// Spots whose ids are asked for at a time.
const AT_ONCE: usize = 1 << 16;

/// Numbers rows that have one centre by their ids; `spots` are from west to east, and those at `own` are the caller's:
/// rows that share a centre are shown to whom the first of them belongs.
fn settle(rows: &dyn Packable, spots: &mut [Spot], own: Range<usize>) -> Result<(), EngineError> {
    let (mut shown, mut others) = (Vec::new(), Vec::new());
    for run in shared_centres(spots) {
        if own.contains(&run.start) {
            &mut shown
        } else {
            &mut others
        }
        .push(run);
    }
    for (runs, is_shown) in [(shown, true), (others, false)] {
        let mut waiting: Vec<Range<usize>> = Vec::new();
        let mut count = 0;
        for run in runs {
            count += run.len();
            waiting.push(run);
            if count >= AT_ONCE {
                number(rows, spots, &std::mem::take(&mut waiting), is_shown)?;
                count = 0;
            }
        }
        number(rows, spots, &waiting, is_shown)?;
    }
    Ok(())
}

fn number(
    rows: &dyn Packable,
    spots: &mut [Spot],
    runs: &[Range<usize>],
    is_shown: bool,
) -> Result<(), EngineError> {
    if runs.is_empty() {
        return Ok(());
    }
    let tied: Vec<Spot> = runs.iter().flat_map(|run| &spots[run.clone()]).copied().collect();
    let mut start = 0;
    let together = runs.iter().map(|run| {
        let begin = start;
        start += run.len();
        begin..start
    });
    let together: Vec<Range<usize>> = together.collect();
    let ids = rows.tied(&tied, if is_shown { &together } else { &[] })?;
    for (run, together) in runs.iter().zip(together) {
        let mut by_id: Vec<usize> = (0..run.len()).collect();
        by_id.sort_unstable_by(|a, b| ids[together.start + a].cmp(&ids[together.start + b]));
        for (tie, at) in (0u32..).zip(by_id) {
            spots[run.start + at].tie = tie;
        }
        spots[run.clone()].sort_unstable_by(Spot::by_x);
    }
    Ok(())
}
