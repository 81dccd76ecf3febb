//! Which rows of a layer are selected: told of a tile by its path and its box, of a row group and a page by their statistics, of
//! a row by itself.
//!
//! Pure.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use arrow_array::BooleanArray;
use arrow_schema::Schema;

use super::runs::{common_runs, joined};
use super::{Condition, Filter, SelectError, Window};
use crate::feature::FacilityRows;
use crate::feature::release::paths::region_of;
use crate::geoparquet::{GroupIndex, RowGroups, TileIndex};
use crate::kernel::geometry::wkb_bounds;

/// Rows of layers, all where nothing is said. States and regions are those that were computed, sectors the main ones; of
/// a window are the rows whose box meets it. A row is selected if all of it holds.
#[derive(Debug, Clone, Default)]
pub struct RowFilter {
    pub(super) regions: Option<BTreeSet<String>>,
    /// Regions in which all rows of the states lie.
    pub(super) regions_of_states: Option<BTreeSet<String>>,
    pub(super) conditions: Vec<Condition>,
    pub(super) window: Option<Window>,
    pub(super) filter: Option<Filter>,
}

impl RowFilter {
    /// The same rows, of which a further condition holds.
    #[must_use]
    pub fn with_condition(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// The same rows, of which only those are meant that lie in one of some regions' tiles.
    #[must_use]
    pub fn with_regions(mut self, regions: BTreeSet<String>) -> Self {
        self.regions = Some(match self.regions {
            Some(others) => others.intersection(&regions).cloned().collect(),
            None => regions,
        });
        self
    }

    /// Holds the conditions against a layer's columns.
    ///
    /// # Errors
    /// At the first that names no column, or a value that is none of its column's type.
    pub fn check(&self, schema: &Schema) -> Result<(), SelectError> {
        self.conditions
            .iter()
            .try_for_each(|condition| condition.check(schema))?;
        self.filter.as_ref().map_or(Ok(()), |filter| filter.check(schema))
    }

    /// Columns that have to be read to tell of a row.
    pub fn columns(&self) -> BTreeSet<&str> {
        let conditions = self.conditions.iter().map(Condition::column);
        let of_filter = self.filter.iter().flat_map(Filter::columns);
        conditions
            .chain(self.window.map(|_| "geometry"))
            .chain(of_filter)
            .collect()
    }

    /// Whether the rows' own values have to be looked at beside their geometry.
    pub fn has_conditions(&self) -> bool {
        !self.conditions.is_empty() || self.filter.is_some()
    }

    /// Whether a tile may have such rows, by its path.
    pub fn may_be_in_tile(&self, tile: &Path) -> bool {
        let Some(region) = region_of(tile) else {
            return true;
        };
        let allow = |regions: &Option<BTreeSet<String>>| {
            regions.as_ref().is_none_or(|regions| regions.contains(&region))
        };
        allow(&self.regions) && allow(&self.regions_of_states)
    }

    /// Whether a box `[xmin, ymin, xmax, ymax]` may have such rows, degrees.
    pub fn may_be_in_box(&self, bounds: [f64; 4]) -> bool {
        self.window.is_none_or(|window| window.meets(bounds))
            && self
                .filter
                .as_ref()
                .is_none_or(|filter| filter.may_be_in_box(bounds))
    }

    /// Whether a row group may have such rows, by its statistics.
    pub(super) fn may_be_in_group(&self, tile: &RowGroups, group: usize) -> bool {
        let extent = tile.extent(group).map(|extent| extent.map(f64::from));
        extent.is_none_or(|extent| self.may_be_in_box(extent))
            && self.conditions.iter().all(|condition| {
                tile.bounds(group, condition.column())
                    .is_none_or(|bounds| condition.may_hold(&bounds))
            })
            && self
                .filter
                .as_ref()
                .is_none_or(|filter| filter.may_hold(&|column| tile.bounds(group, column)))
    }

    /// The same of a row group of a tile that was fetched.
    pub fn may_be_in_group_of(&self, tile: &TileIndex, group: usize) -> bool {
        tile.extent(group).is_none_or(|extent| self.may_be_in_box(extent))
            && self.conditions.iter().all(|condition| {
                tile.bounds(group, &[condition.column()])
                    .is_none_or(|bounds| condition.may_hold(&bounds))
            })
            && self
                .filter
                .as_ref()
                .is_none_or(|filter| filter.may_hold(&|column| tile.bounds(group, &[column])))
    }

    /// The runs of rows of a row group that may be such, by the statistics of its pages.
    pub fn runs_in_pages(&self, group: &GroupIndex) -> Vec<Range<usize>> {
        let mut runs = joined(std::iter::once(0..group.rows()));
        if let Some(window) = self.window.filter(|_| !group.leaves().is_empty()) {
            let leaves = group.leaves().iter();
            let met = leaves.filter(|leaf| window.meets(leaf.bounds));
            runs = joined(met.map(|leaf| leaf.rows.clone()));
        }
        for condition in &self.conditions {
            let Some(pages) = group.pages(&[condition.column()]) else {
                continue;
            };
            let may_hold = pages
                .iter()
                .filter(|page| page.bounds.is_none_or(|bounds| condition.may_hold(&bounds)));
            runs = common_runs(&runs, &joined(may_hold.map(|page| page.rows.clone())));
        }
        if let Some(filter) = &self.filter {
            runs = common_runs(&runs, &filter.runs_in_pages(group));
        }
        runs
    }

    /// The selected ones of some rows.
    pub fn marks(&self, rows: &FacilityRows) -> BooleanArray {
        let mut marks = vec![true; rows.num_rows()];
        for condition in &self.conditions {
            condition.unmark(rows, &mut marks);
        }
        if let Some(window) = self.window {
            let geometry = rows.geometry();
            for (row, mark) in marks.iter_mut().enumerate().filter(|(_, mark)| **mark) {
                *mark = geometry.is_some_and(|geometry| is_in(window, geometry.value(row)));
            }
        }
        if let Some(filter) = &self.filter {
            filter.unmark(rows, &mut marks);
        }
        BooleanArray::from(marks)
    }

    /// Whether every row is selected.
    pub fn takes_all(&self) -> bool {
        // Regions are told by the path alone.
        !self.has_conditions() && self.window.is_none()
    }
}

/// By the geometry itself: the covering is rounded outward, and would bring in what lies a hand's breadth outside.
fn is_in(window: Window, wkb: &[u8]) -> bool {
    wkb_bounds(wkb).is_some_and(|bounds| window.meets_rect(bounds))
}
