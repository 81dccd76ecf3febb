//! Pack: rows out of their stores, region by region, in the order of a packed R-tree, tile by tile to a sink.
//!
//! A region is ordered from spots alone; ids are asked for where two rows have one centre. A tile's rows are taken a row
//! group at a time, so that memory holds no more of a tile than that.

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::ops::Range;

use rayon::prelude::*;

use super::EngineError;
use crate::feature::{RegionId, Tile};
use crate::kernel::assemble::Published;
use crate::kernel::core::ranked;
use crate::kernel::pack::{Levels, Slice, Spot, order_slice, shared_centres, slices};

type BoxError = Box<dyn StdError + Send + Sync>;

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

    /// Rows in their published columns.
    ///
    /// # Errors
    /// As `each`.
    fn rows(&self, spots: &[Spot]) -> Result<Published, EngineError>;
}

/// A row group of a tile.
#[derive(Debug)]
pub struct Group<'a> {
    /// Its rows.
    pub published: Published,
    /// Where each of them is to be had.
    pub spots: &'a [Spot],
}

/// Row groups of a tile, one after the other.
pub type Groups<'a> = dyn Iterator<Item = Result<Group<'a>, EngineError>> + 'a;

/// How rows are packed.
#[derive(Debug, Clone, Copy)]
pub struct Packing<'a> {
    /// Collection that the tiles are of.
    pub collection: &'a str,
    /// How many rows each level of the tree holds.
    pub levels: Levels,
    /// Memory that spots may take, bytes.
    pub memory: usize,
}

impl Packing<'_> {
    fn has_room(&self, rows: u64) -> bool {
        rows * size_of::<Spot>() as u64 <= self.memory as u64
    }
}

/// Packs rows region by region and hands every tile to `sink`, several at a time; the order is that of regions and tiles.
///
/// # Errors
/// When rows can't be had back or the sink fails.
pub fn pack<T: Send>(
    rows: &dyn Packable,
    packing: &Packing<'_>,
    sink: impl Fn(&Tile, &mut Groups<'_>) -> Result<T, BoxError> + Sync,
) -> Result<Vec<T>, EngineError> {
    let regions: Vec<RegionId> = rows.regions().into_iter().collect();
    let one = |region: &RegionId| pack_region(rows, region, packing, &sink);
    // Side by side where the spots of all of them fit.
    let tiles: Result<Vec<Vec<T>>, EngineError> =
        if packing.has_room(regions.iter().map(|region| rows.rows_in(region)).sum()) {
            regions.par_iter().map(one).collect()
        } else {
            regions.iter().map(one).collect()
        };
    Ok(tiles?.into_iter().flatten().collect())
}

fn pack_region<T: Send>(
    rows: &dyn Packable,
    region: &RegionId,
    packing: &Packing<'_>,
    sink: &(impl Fn(&Tile, &mut Groups<'_>) -> Result<T, BoxError> + Sync),
) -> Result<Vec<T>, EngineError> {
    let count = rows.rows_in(region);
    let slices = slices(usize::try_from(count).unwrap_or(usize::MAX), &packing.levels);
    let mut tiles = Vec::new();
    if packing.has_room(count) || slices.len() < 2 {
        let mut spots = Vec::with_capacity(usize::try_from(count).unwrap_or_default());
        rows.each(region, &mut |spot| spots.push(spot))?;
        from_west(rows, &mut spots)?;
        for slice in slices {
            let spots = &mut spots[slice.rows.clone()];
            tiles.extend(pack_slice(
                Part { rows, region, packing, slice: &slice, first: tiles.len() },
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
            Part { rows, region, packing, slice: &slice, first: tiles.len() },
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
    settle(rows, &mut spots, slice.rows.start - before..slice.rows.end - before)?;
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

fn pack_slice<T: Send>(
    part: Part<'_>,
    spots: &mut [Spot],
    sink: &(impl Fn(&Tile, &mut Groups<'_>) -> Result<T, BoxError> + Sync),
) -> Result<Vec<T>, EngineError> {
    let Part { rows, region, packing, slice, first } = part;
    order_slice(spots, slice, &packing.levels);
    let tiles = slice.tiles.par_iter().enumerate().map(|(nth, cut)| {
        let tile = Tile {
            collection: packing.collection.to_owned(),
            region: region.clone(),
            ordinal: u32::try_from(first + nth).expect("a region has less than 2^32 tiles"),
            row_groups: cut.row_groups.clone(),
        };
        let mut rest = &spots[cut.rows.start - slice.rows.start..cut.rows.end - slice.rows.start];
        let mut groups = cut.row_groups.iter().map(|length| {
            let (group, others) = rest.split_at(*length);
            rest = others;
            Ok(Group { published: rows.rows(group)?, spots: group })
        });
        let done = sink(&tile, &mut groups);
        done.map_err(|source| EngineError::Sink { region: region.to_string(), source })
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
        if own.contains(&run.start) { &mut shown } else { &mut others }.push(run);
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
