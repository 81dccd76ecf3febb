//! What a layer's rows count: batch by batch, and added up in the order of the source.
//!
//! Pure. Adding is associative, so that batches may be counted anywhere and in any grouping. Rows whose key stands in
//! an earlier row must be out before they are counted.

use std::collections::{BTreeMap, BTreeSet};

use arrow_array::Array;
use geo::Rect;

use super::assemble::StageRows;
use super::boxes::box_around_two;
use super::mangled::MangledDates;
use super::profile::{self, Profiler};
use super::{KernelError, geometry};
use crate::feature::{CountyClaim, FieldCounts, LocationCounts, LocationMethod, RegionId, Repairs, Texts};

/// Counts over rows of a layer.
#[derive(Debug, Clone, Default)]
pub struct LayerTally {
    /// Rows the source had.
    pub read: u64,
    /// Rows that can be published.
    pub good: u64,
    /// What reading has left out or repaired.
    pub repairs: Repairs,
    /// Values there are and values turned to null, per field.
    pub fields: BTreeMap<String, FieldCounts>,
    /// Dates in scientific notation, per field that has any.
    pub mangled: BTreeMap<String, MangledDates>,
    /// Schema fields that no batch had; none before the first batch.
    pub missing: Option<BTreeSet<String>>,
    /// Which columns the source has, and what their values look like.
    pub profile: Profiler,
    /// Shares of lines and areas in jurisdictions that are too small to be told.
    pub slivers: u64,
    /// Points on borders, which the lowest code has; once for each polygon set.
    pub ties: u64,
    /// What the publishable rows count.
    pub rows: RowTally,
}

/// Counts over publishable rows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RowTally {
    /// How they were located.
    pub located: LocationCounts,
    /// Rows by computed state; `unassigned` outside every one.
    pub states: BTreeMap<String, u64>,
    /// Box around them, degrees.
    pub extent: Option<Rect<f64>>,
    /// Rows in no state and far from every one; none where there is no state to be far from.
    pub far: Option<u64>,
}

impl LayerTally {
    /// Fields whose dates in scientific notation can only have been midnights, every one of them, and to how many decimals
    /// their moments are known.
    pub fn recovered_dates(&self) -> BTreeMap<String, usize> {
        self.mangled
            .iter()
            .filter_map(|(field, dates)| Some((field.clone(), dates.known_decimals()?)))
            .collect()
    }

    /// Adds what later rows count.
    pub fn merge(&mut self, later: Self) {
        self.read += later.read;
        self.good += later.good;
        self.repairs.add(later.repairs);
        for (field, counts) in later.fields {
            let total = self.fields.entry(field).or_default();
            total.sentinel += counts.sentinel;
            total.unparsed += counts.unparsed;
            total.unknown_code += counts.unknown_code;
            total.values += counts.values;
        }
        for (field, dates) in later.mangled {
            self.mangled.entry(field).or_default().merge(&dates);
        }
        // A field is missing where no batch had it: those of GeoJSON come with the records that have them.
        self.missing = match (self.missing.take(), later.missing) {
            (Some(before), Some(more)) => Some(before.intersection(&more).cloned().collect()),
            (before, more) => before.or(more),
        };
        self.profile.merge(later.profile);
        self.slivers += later.slivers;
        self.ties += later.ties;
        self.rows.merge(later.rows);
    }
}

impl RowTally {
    /// Counts rows; `places` are boxes around everything that is not far.
    ///
    /// # Errors
    /// When a geometry is not as `assemble` has encoded it: a mistake of this program.
    pub fn of_rows(stage: &StageRows, places: &[Rect<f64>]) -> Result<Self, KernelError> {
        let rows = stage.rows();
        let geometry = rows.geometry().ok_or(KernelError::Geometry)?;
        let mut extent: Option<Rect<f64>> = None;
        // Exact, and not out of the published `bbox`, whose sides are rounded outward.
        for wkb in geometry.iter().flatten() {
            let bounds = geometry::wkb_bounds(wkb).ok_or(KernelError::Geometry)?;
            extent = Some(extent.map_or(bounds, |extent| box_around_two(extent, bounds)));
        }
        let claims = rows_by_text(rows.texts("county_claim"));
        let methods = rows_by_text(rows.texts("location_method"));
        let located = LocationCounts {
            within: rows_of(&methods, LocationMethod::Within.code()),
            nearest: rows_of(&methods, LocationMethod::Nearest.code()),
            overlap: rows_of(&methods, LocationMethod::Overlap.code()),
            none: rows_of(&methods, LocationMethod::None.code()),
            county_mismatch: rows_of(&claims, CountyClaim::Disagrees.code()),
            county_succession: rows_of(&claims, CountyClaim::AgreesBySuccession.code()),
        };
        let states = rows_by_text(rows.states()).into_iter();
        Ok(Self {
            located,
            states: states
                .map(|(code, n)| (code.unwrap_or(RegionId::UNASSIGNED).to_owned(), n))
                .collect(),
            extent,
            far: profile::count_far(&centres_without_state(stage), places),
        })
    }

    fn merge(&mut self, later: Self) {
        self.located.add(later.located);
        for (state, rows) in later.states {
            *self.states.entry(state).or_default() += rows;
        }
        self.extent = match (self.extent, later.extent) {
            (Some(one), Some(other)) => Some(box_around_two(one, other)),
            (one, other) => one.or(other),
        };
        // None with none, not zero: where there is no state to be far from, nothing is known.
        self.far = match (self.far, later.far) {
            (Some(one), Some(other)) => Some(one + other),
            (one, other) => one.or(other),
        };
    }
}

/// Centres of the rows in no state: a county may be in one of which there is no polygon, far from all others.
fn centres_without_state(stage: &StageRows) -> Vec<[f64; 2]> {
    let states = stage.rows().states();
    let has_no_state = |row: usize| states.is_none_or(|states| states.value(row).is_none());
    let centres = stage.centres().iter().enumerate();
    centres
        .filter(|(row, _)| has_no_state(*row))
        .map(|(_, centre)| *centre)
        .collect()
}

/// Rows with a code.
fn rows_of(counts: &BTreeMap<Option<&str>, u64>, code: &str) -> u64 {
    counts.get(&Some(code)).copied().unwrap_or(0)
}

/// Rows by text.
fn rows_by_text(texts: Option<Texts<'_>>) -> BTreeMap<Option<&str>, u64> {
    let mut counts = BTreeMap::new();
    let Some(Texts::Coded(coded)) = texts else {
        for text in texts.into_iter().flat_map(Texts::iter) {
            *counts.entry(text).or_default() += 1;
        }
        return counts;
    };
    // By key first: there are few, and comparing numbers is cheap.
    let mut by_key: Vec<u64> = vec![0; coded.values().len()];
    for key in coded.keys().iter().flatten() {
        by_key[usize::try_from(key).unwrap_or_default()] += 1;
    }
    if coded.keys().null_count() > 0 {
        counts.insert(None, coded.keys().null_count() as u64);
    }
    for (key, rows) in by_key.into_iter().enumerate().filter(|(_, rows)| *rows > 0) {
        *counts.entry(Some(coded.values().value(key))).or_default() += rows;
    }
    counts
}
