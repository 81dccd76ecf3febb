//! Which rows of a layer are selected: told of a tile by its path, of a row group by its statistics, of a row by itself.
//!
//! Pure.

use std::collections::BTreeSet;
use std::path::Path;

use arrow_array::BooleanArray;

use super::Window;
use crate::feature::release::paths::region_of;
use crate::feature::{FacilityRows, RegionId, Texts};
use crate::geoparquet::RowGroups;
use crate::kernel::geometry::wkb_bounds;

/// Rows of layers, all where nothing is said. States and regions are those that were computed, sectors the main ones; of
/// a window are the rows whose box meets it.
#[derive(Debug, Clone, Default)]
pub struct RowFilter {
    pub(super) states: Option<BTreeSet<String>>,
    pub(super) regions: Option<BTreeSet<String>>,
    /// Regions in which all rows of the states lie.
    pub(super) regions_of_states: Option<BTreeSet<String>>,
    pub(super) sectors: Option<BTreeSet<String>>,
    pub(super) window: Option<Window>,
}

impl RowFilter {
    /// Whether a tile may have such rows, by its path.
    pub(super) fn may_be_in_tile(&self, tile: &Path) -> bool {
        let Some(region) = region_of(tile) else {
            return true;
        };
        let allow = |regions: &Option<BTreeSet<String>>| {
            regions.as_ref().is_none_or(|regions| regions.contains(&region))
        };
        allow(&self.regions) && allow(&self.regions_of_states)
    }

    /// Whether a row group may have such rows, by its statistics.
    pub(super) fn may_be_in_group(&self, tile: &RowGroups, group: usize) -> bool {
        let is_in_window = match (self.window, tile.extent(group)) {
            (Some(window), Some(extent)) => window.meets(extent.map(f64::from)),
            _ => true,
        };
        is_in_window
            && may_be_among(self.states.as_ref(), tile.text_range(group, "state_code"))
            && may_be_among(self.sectors.as_ref(), tile.text_range(group, "sector_code"))
    }

    /// The selected ones of some rows.
    pub(super) fn marks(&self, rows: &FacilityRows) -> BooleanArray {
        let states = self.states.as_ref().map(|wanted| (wanted, rows.states()));
        let sectors = self
            .sectors
            .as_ref()
            .map(|wanted| (wanted, rows.texts("sector_code")));
        let marks = (0..rows.num_rows()).map(|row| {
            let are_codes = [&states, &sectors].into_iter().flatten();
            are_codes
                .into_iter()
                .all(|(wanted, texts)| is_among(wanted, texts.as_ref(), row))
                && self.window.is_none_or(|window| is_in(window, rows, row))
        });
        BooleanArray::from(marks.collect::<Vec<bool>>())
    }

    /// Whether every row is selected.
    pub(super) fn takes_all(&self) -> bool {
        // Regions are told by the path alone.
        self.states.is_none() && self.sectors.is_none() && self.window.is_none()
    }
}

/// Whether one of some codes may stand between two texts; a row without one isn't in the statistics.
fn may_be_among(wanted: Option<&BTreeSet<String>>, range: Option<(&[u8], &[u8])>) -> bool {
    let Some((wanted, (least, greatest))) = wanted.zip(range) else {
        return true;
    };
    wanted
        .iter()
        .any(|code| code == RegionId::UNASSIGNED || (least <= code.as_bytes() && code.as_bytes() <= greatest))
}

fn is_among(wanted: &BTreeSet<String>, texts: Option<&Texts<'_>>, row: usize) -> bool {
    let code = texts.and_then(|texts| texts.value(row));
    wanted.contains(code.unwrap_or(RegionId::UNASSIGNED))
}

/// By the geometry itself: the covering is rounded outward, and would bring in what lies a hand's breadth outside.
fn is_in(window: Window, rows: &FacilityRows, row: usize) -> bool {
    let geometry = rows.geometry().map(|geometry| geometry.value(row));
    geometry
        .and_then(wkb_bounds)
        .is_some_and(|bounds| window.meets_rect(bounds))
}
