//! Down the tree: from the items of a layer to the runs of rows that may be meant.
//!
//! Reads footers and page indexes, no rows.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::QueryError;
use super::constants::ConstantColumns;
use super::items::TileItem;
use super::project::Projection;
use super::reach::Reach;
use super::reader::{GroupsOf, Reader};
use crate::geoparquet::{GroupIndex, TileIndex};
use crate::select::RowFilter;

/// Rows of a unit at most: what is decoded at a time by a thread.
const UNIT_ROWS: usize = 32_768;
/// Rows of a unit at least, however few are asked for: those of a page, which is decoded as a whole.
const LEAST_UNIT_ROWS: usize = 1_024;

/// A question that the release has understood.
#[derive(Debug, Clone)]
pub(super) struct Resolved {
    pub(super) reader: Reader,
    pub(super) filter: RowFilter,
    pub(super) reach: Option<Reach>,
    pub(super) columns: Projection,
    pub(super) constants: Arc<ConstantColumns>,
    /// Rows of the layer before this one aren't meant.
    pub(super) from_row: u64,
    /// Rows that are decoded at a time by a thread, at most.
    pub(super) unit_rows: usize,
    /// Whether those of one unit may be all that is asked for.
    pub(super) are_few: bool,
}

/// Rows of a row group that may be meant: what is fetched and decoded as one.
#[derive(Debug, Clone)]
pub(super) struct Unit {
    pub(super) path: String,
    pub(super) tile: Arc<TileIndex>,
    pub(super) group: Arc<GroupIndex>,
    /// Runs of rows within the row group, in ascending order.
    pub(super) runs: Vec<Range<usize>>,
    /// Rows of the layer before the row group's first.
    pub(super) first_row: u64,
}

/// Whether a tile may have rows that are meant, by its item.
pub(super) fn may_be_in_item(item: &TileItem, filter: &RowFilter, reach: Option<&Reach>) -> bool {
    filter.may_be_in_tile(Path::new(&item.path))
        && filter.may_be_in_box(item.bounds)
        && reach.is_none_or(|reach| reach.least(item.bounds) <= reach.radius_m())
}

/// Rows of a unit where so many are asked for.
pub(super) fn unit_rows(limit: Option<u64>) -> usize {
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    limit.map_or(UNIT_ROWS, |limit| limit.clamp(LEAST_UNIT_ROWS, UNIT_ROWS))
}

impl Resolved {
    /// The units of some tiles, in the order of their rows.
    pub(super) fn units(&self, items: &[&TileItem]) -> Result<Vec<Unit>, QueryError> {
        let tiles = self.reader.tiles(items)?;
        let asked: Vec<GroupsOf<'_>> = tiles
            .iter()
            .zip(items)
            .map(|(tile, item)| {
                let mut groups = self.groups_of(tile);
                groups.retain(|group| {
                    first_row_of(tile, item, *group) + tile.rows(*group) as u64 > self.from_row
                });
                GroupsOf { tile, groups }
            })
            .collect();
        let found = self.reader.groups(&asked)?;
        let mut units = Vec::new();
        for ((tile, groups), item) in tiles.iter().zip(found).zip(items) {
            self.reader.meter.tile(tile.groups());
            for group in groups {
                self.reader.meter.group(group.leaves().len().max(1));
                let first_row = first_row_of(tile, item, group.group());
                let left_out = self.from_row.saturating_sub(first_row);
                let wanted = usize::try_from(left_out).unwrap_or(usize::MAX)..group.rows();
                let runs = crate::select::common_runs(&self.runs_of(&group), &[wanted]);
                units.extend(cut(runs, self.unit_rows).into_iter().map(|runs| Unit {
                    path: tile.path().display().to_string(),
                    tile: Arc::clone(tile),
                    group: Arc::clone(&group),
                    runs,
                    first_row,
                }));
            }
        }
        Ok(units)
    }

    /// Row groups of a tile that may have rows that are meant.
    pub(super) fn groups_of(&self, tile: &TileIndex) -> Vec<usize> {
        let groups = (0..tile.groups()).filter(|group| self.filter.may_be_in_group_of(tile, *group));
        let is_near = |group: &usize| match (&self.reach, tile.extent(*group)) {
            (Some(reach), Some(extent)) => reach.least(extent) <= reach.radius_m(),
            _ => true,
        };
        groups.filter(is_near).collect()
    }

    /// Runs of rows of a row group that may be meant, by its pages.
    fn runs_of(&self, group: &GroupIndex) -> Vec<Range<usize>> {
        let runs = self.filter.runs_in_pages(group);
        let Some(reach) = self.reach.filter(|_| !group.leaves().is_empty()) else {
            return runs;
        };
        let near = group
            .leaves()
            .iter()
            .filter(|leaf| reach.least(leaf.bounds) <= reach.radius_m());
        let near: Vec<Range<usize>> = near.map(|leaf| leaf.rows.clone()).collect();
        crate::select::common_runs(&runs, &near)
    }
}

/// Rows of the layer before a row group of a tile.
fn first_row_of(tile: &TileIndex, item: &TileItem, group: usize) -> u64 {
    let before: usize = (0..group).map(|group| tile.rows(group)).sum();
    item.first_row + before as u64
}

impl Unit {
    /// Numbers of its rows in the layer.
    pub(super) fn numbers(&self) -> impl Iterator<Item = i64> + '_ {
        let first = i64::try_from(self.first_row).unwrap_or(i64::MAX);
        let rows = self.runs.iter().cloned().flatten();
        rows.map(move |row| first.saturating_add(i64::try_from(row).unwrap_or(i64::MAX)))
    }

    /// Pages of the covering that its rows are in; one where there is no index.
    pub(super) fn pages(&self) -> usize {
        let leaves = self.group.leaves().iter();
        let met = leaves.filter(|leaf| {
            self.runs
                .iter()
                .any(|run| run.start < leaf.rows.end && leaf.rows.start < run.end)
        });
        met.count().max(1)
    }

    pub(super) fn rows(&self) -> usize {
        self.runs.iter().map(ExactSizeIterator::len).sum()
    }
}

/// Runs put together to lists of about so many rows each; a run isn't cut unless it alone is longer.
fn cut(runs: Vec<Range<usize>>, most: usize) -> Vec<Vec<Range<usize>>> {
    let mut lists: Vec<Vec<Range<usize>>> = Vec::new();
    let mut room = 0;
    for run in runs {
        let mut start = run.start;
        while start < run.end {
            let end = run.end.min(start + most);
            if room < end - start || lists.is_empty() {
                lists.push(Vec::new());
                room = most;
            }
            room = room.saturating_sub(end - start);
            if let Some(last) = lists.last_mut() {
                last.push(start..end);
            }
            start = end;
        }
    }
    lists
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_have_every_row_once_and_no_more_than_they_may() {
        let lists = cut(vec![0..4, 6..9, 20..45], 10);
        let expected = "[[0..4, 6..9], [20..30], [30..40], [40..45]]";
        assert_eq!(format!("{lists:?}"), expected);
        assert!(cut(vec![], 10).is_empty());
    }
}
