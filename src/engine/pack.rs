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
use crate::kernel::pack::{Levels, Spot, cuts, shared_centres, str_order};

type BoxError = Box<dyn StdError + Send + Sync>;

/// Rows that can be packed.
pub trait Packable: Sync {
    /// Regions that have rows, as far as they are packed apart.
    fn regions(&self) -> BTreeSet<RegionId>;

    /// Spots of a region's rows, ties not settled.
    ///
    /// # Errors
    /// When rows can't be had back.
    fn spots(&self, region: &RegionId) -> Result<Vec<Spot>, EngineError>;

    /// `facility_id` of rows that have their centre in common with others, as `runs` of the spots tell.
    ///
    /// # Errors
    /// As `spots`.
    fn tied(&self, spots: &[Spot], runs: &[Range<usize>]) -> Result<Vec<String>, EngineError>;

    /// Rows in their published columns.
    ///
    /// # Errors
    /// As `spots`.
    fn rows(&self, spots: &[Spot]) -> Result<Published, EngineError>;
}

/// Row groups of a tile, one after the other.
pub type Groups<'a> = dyn Iterator<Item = Result<Published, EngineError>> + 'a;

/// Packs rows region by region and hands every tile to `sink`, several at a time; the order is that of regions and tiles.
///
/// # Errors
/// When rows can't be had back or the sink fails; a failure of the first region stands.
pub fn pack<T: Send>(
    collection: &str,
    rows: &dyn Packable,
    levels: &Levels,
    sink: impl Fn(&Tile, &mut Groups<'_>) -> Result<T, BoxError> + Sync,
) -> Result<Vec<T>, EngineError> {
    let regions: Vec<RegionId> = rows.regions().into_iter().collect();
    let tiles = regions.into_par_iter().map(|region| {
        let spots = order(rows, &region, levels)?;
        let tiles = (0..).zip(cuts(spots.len(), levels)).collect::<Vec<(u32, _)>>().into_par_iter();
        let tiles = tiles.map(|(ordinal, cut)| {
            let tile = Tile {
                collection: collection.to_owned(),
                region: region.clone(),
                ordinal,
                row_groups: cut.row_groups,
            };
            let mut rest = &spots[cut.rows];
            let mut groups = tile.row_groups.iter().map(|length| {
                let (group, others) = rest.split_at(*length);
                rest = others;
                rows.rows(group)
            });
            let sunk = sink(&tile, &mut groups);
            sunk.map_err(|source| EngineError::Sink { region: region.to_string(), source })
        });
        tiles.collect::<Result<Vec<T>, EngineError>>()
    });
    Ok(tiles.collect::<Result<Vec<Vec<T>>, EngineError>>()?.into_iter().flatten().collect())
}

/// A region's spots, in the order of its tiles.
fn order(rows: &dyn Packable, region: &RegionId, levels: &Levels) -> Result<Vec<Spot>, EngineError> {
    let mut spots = rows.spots(region)?;
    spots.par_sort_unstable_by(Spot::by_x);
    settle(rows, &mut spots)?;
    str_order(&mut spots, levels);
    Ok(spots)
}

/// Spots whose ids are asked for at a time.
const AT_ONCE: usize = 1 << 16;

/// Numbers rows that have one centre by their ids; `spots` are from west to east.
fn settle(rows: &dyn Packable, spots: &mut [Spot]) -> Result<(), EngineError> {
    let mut waiting: Vec<Range<usize>> = Vec::new();
    let mut count = 0;
    for run in shared_centres(spots) {
        count += run.len();
        waiting.push(run);
        if count >= AT_ONCE {
            number(rows, spots, &std::mem::take(&mut waiting))?;
            count = 0;
        }
    }
    if waiting.is_empty() { Ok(()) } else { number(rows, spots, &waiting) }
}

fn number(rows: &dyn Packable, spots: &mut [Spot], runs: &[Range<usize>]) -> Result<(), EngineError> {
    let tied: Vec<Spot> = runs.iter().flat_map(|run| &spots[run.clone()]).copied().collect();
    let mut start = 0;
    let together = runs.iter().map(|run| {
        let begin = start;
        start += run.len();
        begin..start
    });
    let together: Vec<Range<usize>> = together.collect();
    let ids = rows.tied(&tied, &together)?;
    for (run, together) in runs.iter().zip(together) {
        let mut by_id: Vec<usize> = (0..run.len()).collect();
        by_id.sort_unstable_by(|a, b| ids[together.start + a].cmp(&ids[together.start + b]));
        for (tie, at) in (0u32..).zip(by_id) {
            spots[run.start + at].tie = tie;
        }
    }
    Ok(())
}
