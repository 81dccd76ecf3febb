//! The spots of a region or of a slice of it, from west to east, with ties settled by the ids of their rows.

use std::ops::Range;

use rayon::prelude::*;

use super::Packable;
use crate::engine::EngineError;
use crate::feature::RegionId;
use crate::kernel::core::{LONGITUDE, ranked};
use crate::kernel::pack::{Slice, Spot, shared_centres};

/// Spots from west to east, ties settled.
pub(super) fn sort_from_west(rows: &dyn Packable, spots: &mut [Spot]) -> Result<(), EngineError> {
    spots.par_sort_unstable_by(Spot::by_x);
    let all = 0..spots.len();
    number_ties(rows, spots, all)
}

/// The spots of one slice of a region.
pub(super) fn spots_of_slice(
    rows: &dyn Packable,
    region: &RegionId,
    slice: &Slice,
) -> Result<Vec<Spot>, EngineError> {
    // Longitudes by rank, counted and not sorted: the spots of the region don't fit, or there would be no slice to cut out.
    let ends = [slice.rows.start, slice.rows.end - 1].map(|rank| (LONGITUDE, rank as u64));
    let ends = ranked(&ends, &|see| {
        rows.each_spot(region, &mut |spot| see([spot.x, spot.y]))
    })?;
    let mut before = 0;
    let mut spots = Vec::with_capacity(slice.rows.len());
    rows.each_spot(region, &mut |spot| {
        if spot.x.total_cmp(&ends[0]).is_lt() {
            before += 1;
        } else if spot.x.total_cmp(&ends[1]).is_le() {
            spots.push(spot);
        }
    })?;
    // Rows on the meridians of its ends may belong to its neighbours: which do is settled on each side alike, and told
    // of once, by the slice that has the first of them.
    spots.par_sort_unstable_by(Spot::by_x);
    number_ties(
        rows,
        &mut spots,
        slice.rows.start - before..slice.rows.end - before,
    )?;
    spots.truncate(slice.rows.end - before);
    spots.drain(..slice.rows.start - before);
    Ok(spots)
}

/// Spots whose ids are asked for at a time: those of a whole region are much memory, and those of one centre after the
/// other cost a block of the scratch file each.
const IDS_AT_ONCE: usize = 1 << 16;

/// Numbers rows that have one centre by their ids, which are the same however the rows came; `spots` are from west to
/// east, and those at `own` are the caller's: rows that share a centre are shown to whom the first of them belongs.
fn number_ties(rows: &dyn Packable, spots: &mut [Spot], own: Range<usize>) -> Result<(), EngineError> {
    let (shown, others): (Vec<_>, Vec<_>) = shared_centres(spots)
        .into_iter()
        .partition(|run| own.contains(&run.start));
    for (runs, is_shown) in [(shown, true), (others, false)] {
        let mut waiting: Vec<Range<usize>> = Vec::new();
        let mut count = 0;
        for run in runs {
            count += run.len();
            waiting.push(run);
            if count >= IDS_AT_ONCE {
                number_runs(rows, spots, &std::mem::take(&mut waiting), is_shown)?;
                count = 0;
            }
        }
        number_runs(rows, spots, &waiting, is_shown)?;
    }
    Ok(())
}

/// Numbers the rows of each run of spots with one centre, and puts the run in the order of its numbers.
fn number_runs(
    rows: &dyn Packable,
    spots: &mut [Spot],
    runs: &[Range<usize>],
    is_shown: bool,
) -> Result<(), EngineError> {
    if runs.is_empty() {
        return Ok(());
    }
    let tied: Vec<Spot> = runs.iter().flat_map(|run| &spots[run.clone()]).copied().collect();
    let mut together: Vec<Range<usize>> = Vec::with_capacity(runs.len());
    for run in runs {
        let start = together.last().map_or(0, |last| last.end);
        together.push(start..start + run.len());
    }
    let ids = rows.tied_ids(&tied, if is_shown { &together } else { &[] })?;
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
