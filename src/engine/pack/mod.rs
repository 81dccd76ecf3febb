//! Pack: rows out of their stores, region by region, in the order of a packed R-tree, tile by tile to a sink.
//!
//! A region is ordered from spots alone; ids are asked for where two rows have one centre. A tile's rows are brought
//! together a row group at a time, or from a scratch file as many row groups at a time as memory allows.

mod error;
mod groups;
mod spots;

use std::collections::BTreeSet;
use std::error::Error as StdError;
use std::ops::Range;

use rayon::prelude::*;

pub use error::PackError;
use groups::{SlicedGroups, TileGroups};
use spots::{sort_from_west, spots_of_slice};

use super::EngineError;
use crate::feature::{RegionId, Tile};
use crate::kernel::pack::{Levels, Slice, Spot, TileCut, order_slice, slices};
use crate::kernel::publish::Published;

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
    fn each_spot(&self, region: &RegionId, see: &mut dyn FnMut(Spot)) -> Result<(), EngineError>;

    /// `facility_id` of rows that have their centre in common with others, as `runs` of the spots tell; without runs they
    /// have been told of before.
    ///
    /// # Errors
    /// As `each_spot`.
    fn tied_ids(&self, spots: &[Spot], runs: &[Range<usize>]) -> Result<Vec<String>, EngineError>;

    /// Bytes that a row takes, on average, that is brought into memory to be packed; none where all are there anyway.
    fn bytes_away(&self) -> usize;

    /// Brings rows together, in the order of their spots.
    ///
    /// # Errors
    /// As `each_spot`.
    fn bring_together<'r>(&'r self, spots: &[Spot]) -> Result<Box<dyn Gathered + 'r>, EngineError>;
}

/// Rows that are together in memory.
pub trait Gathered {
    /// Some of them, by where they are among those that were brought, in their published columns.
    ///
    /// # Errors
    /// When columns don't fit together.
    fn publish(&self, rows: Range<usize>) -> Result<Published, EngineError>;
}

/// A row group of a tile.
#[derive(Debug)]
pub struct RowGroup {
    /// Its rows.
    pub published: Published,
    /// Where each of them is to be had.
    pub spots: Vec<Spot>,
}

/// Row groups of a tile, one after the other.
pub type RowGroups<'a> = dyn Iterator<Item = Result<RowGroup, EngineError>> + 'a;

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
    fn tile_of(&self, region: &RegionId, ordinal: usize, cut: &TileCut) -> Tile {
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
    fn region_turns<'r>(&self, regions: &'r [RegionId], rows: &dyn Packable) -> Vec<&'r [RegionId]> {
        let mut turns = Vec::new();
        let mut start = 0;
        let mut together = 0;
        for (at, region) in regions.iter().enumerate() {
            let count = rows.rows_in(region);
            together += count;
            if at > start && !self.has_room(together) {
                turns.push(&regions[start..at]);
                start = at;
                together = count;
            }
        }
        if start < regions.len() {
            turns.push(&regions[start..]);
        }
        turns
    }
}

/// Packs rows region by region and hands every tile to `sink`, several at a time; the order is that of regions and tiles.
///
/// # Errors
/// When rows can't be had back or the sink fails.
pub fn pack<T: Send, E: StdError + Send + 'static>(
    rows: &dyn Packable,
    packing: &Packing<'_>,
    sink: impl Fn(&Tile, &mut RowGroups<'_>) -> Result<T, E> + Sync,
) -> Result<Vec<T>, PackError<E>> {
    // Results are in the order of regions and tiles whichever was done first: the catalog of a release is made of them.
    let regions: Vec<RegionId> = rows.regions().into_iter().collect();
    let mut tiles = Vec::new();
    for turn in packing.region_turns(&regions, rows) {
        let of_turn: Vec<Vec<T>> = turn
            .par_iter()
            .map(|region| pack_region(rows, region, packing, &sink))
            .collect::<Result<_, PackError<E>>>()?;
        tiles.extend(of_turn.into_iter().flatten());
    }
    Ok(tiles)
}

fn pack_region<T: Send, E: StdError + Send + 'static>(
    rows: &dyn Packable,
    region: &RegionId,
    packing: &Packing<'_>,
    sink: &(impl Fn(&Tile, &mut RowGroups<'_>) -> Result<T, E> + Sync),
) -> Result<Vec<T>, PackError<E>> {
    let count = rows.rows_in(region);
    let slices = slices(usize::try_from(count).unwrap_or(usize::MAX), &packing.levels);
    let mut tiles = Vec::new();
    // One tile that is too large even for its spots, as the one of a national file may be: its row groups are cut out of
    // the region a few at a time.
    if let [Slice { tiles: only, .. }] = slices.as_slice()
        && let [cut] = only.as_slice()
        && !packing.has_room(count)
    {
        let tile = packing.tile_of(region, 0, cut);
        let mut groups = SlicedGroups::new(rows, region, packing, cut.rows.len());
        let done = sink(&tile, &mut groups);
        return Ok(vec![done.map_err(|source| PackError::Sink {
            region: region.to_string(),
            source,
        })?]);
    }
    if packing.has_room(count) || slices.len() < 2 {
        let mut spots = Vec::with_capacity(usize::try_from(count).unwrap_or_default());
        rows.each_spot(region, &mut |spot| spots.push(spot))?;
        sort_from_west(rows, &mut spots)?;
        for slice in slices {
            let spots = &mut spots[slice.rows.clone()];
            tiles.extend(pack_slice(
                SliceWork {
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
    // Slice by slice, each cut out of the region by the longitudes of its ends. That goes over all spots again for every
    // slice: time for memory, and the tiles are the same.
    for slice in slices {
        let mut spots = spots_of_slice(rows, region, &slice)?;
        tiles.extend(pack_slice(
            SliceWork {
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

/// A slice of a region to be packed, and the number of its first tile.
#[derive(Clone, Copy)]
struct SliceWork<'a> {
    rows: &'a dyn Packable,
    region: &'a RegionId,
    packing: &'a Packing<'a>,
    slice: &'a Slice,
    first: usize,
}

fn pack_slice<T: Send, E: StdError + Send + 'static>(
    work: SliceWork<'_>,
    spots: &mut [Spot],
    sink: &(impl Fn(&Tile, &mut RowGroups<'_>) -> Result<T, E> + Sync),
) -> Result<Vec<T>, PackError<E>> {
    let SliceWork {
        rows,
        region,
        packing,
        slice,
        first,
    } = work;
    order_slice(spots, slice, &packing.levels);
    let tiles = slice.tiles.par_iter().enumerate().map(|(nth, cut)| {
        let tile = packing.tile_of(region, first + nth, cut);
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
