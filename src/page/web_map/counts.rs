//! How many facilities there are of what, and where most of them are.
//!
//! Pure. The page adds the counts up under any filter, so that its numbers are those of the rows and not of what a thinned
//! tile shows. There are no more of them than layers, states and doubts have combinations in the rows.

use std::collections::{BTreeMap, HashMap};

use super::rows::MapRow;
use crate::plan::Plan;

/// The lists that counts refer to by place.
#[derive(Debug)]
pub struct MapLists {
    /// Layers, in the order of the plan.
    pub(super) layers: Vec<String>,
    /// Codes of today's sectors.
    pub(super) sectors: Vec<String>,
    /// Lifelines, as lifeline/component.
    pub(super) lifelines: Vec<String>,
    /// Places of values in these, and of USPS codes among the states of the tables.
    places: [HashMap<String, i32>; 4],
}

/// Place of a value that is on no list.
const NOWHERE: i32 = -1;

/// Facilities that lie farther out than those of one part in so many don't widen the first view.
const OUTLIERS: u64 = 25;

/// Degrees of margin around the facilities of the first view.
const MARGIN: f64 = 3.0;

impl MapLists {
    /// Of a plan and its tables.
    pub fn of_plan(plan: &Plan) -> Self {
        let reference = &plan.reference;
        let layers: Vec<String> = plan
            .layers
            .iter()
            .map(|layer| layer.id.as_str().to_owned())
            .collect();
        let sectors: Vec<String> = reference
            .sectors
            .iter()
            .map(|sector| sector.code.clone())
            .collect();
        let lifelines = reference.lifelines.iter();
        let lifelines: Vec<String> = lifelines
            .map(|lifeline| format!("{}/{}", lifeline.lifeline, lifeline.component))
            .collect();
        let states: Vec<String> = reference.states.iter().map(|state| state.usps.clone()).collect();
        let places = [&layers, &sectors, &lifelines, &states].map(|list| places_in(list));
        Self {
            layers,
            sectors,
            lifelines,
            places,
        }
    }
}

fn places_in(list: &[String]) -> HashMap<String, i32> {
    list.iter().cloned().zip(0..).collect()
}

/// Facilities by layer, sector, lifeline, state and doubts.
#[derive(Debug, Clone, Default)]
pub struct FacilityCounts {
    by_kind: BTreeMap<[i32; 5], u64>,
    /// By whole degree of longitude, and of latitude.
    by_degree: [BTreeMap<i32, u64>; 2],
}

impl FacilityCounts {
    /// Counts a facility.
    pub fn count_row(&mut self, lists: &MapLists, row: &MapRow<'_>) {
        let values = [Some(row.layer), row.sector, row.lifeline, row.state];
        let mut kind = [row.flags; 5];
        for ((place, list), value) in kind.iter_mut().zip(&lists.places).zip(values) {
            let known = value.and_then(|value| list.get(value));
            *place = known.copied().unwrap_or(NOWHERE);
        }
        *self.by_kind.entry(kind).or_default() += 1;
        for (degrees, at) in self.by_degree.iter_mut().zip(row.at) {
            *degrees.entry(whole_degree(at)).or_default() += 1;
        }
    }

    /// These and others.
    #[must_use]
    pub fn merged_with(mut self, more: Self) -> Self {
        for (kind, n) in more.by_kind {
            *self.by_kind.entry(kind).or_default() += n;
        }
        for (mine, theirs) in self.by_degree.iter_mut().zip(more.by_degree) {
            for (degree, n) in theirs {
                *mine.entry(degree).or_default() += n;
            }
        }
        self
    }

    /// All of them.
    pub fn rows(&self) -> u64 {
        self.by_kind.values().sum()
    }

    /// Facilities of a layer, by its place in the lists.
    pub(super) fn rows_of_layer(&self, layer: i32) -> u64 {
        let kinds = self.by_kind.iter().filter(|(kind, _)| kind[0] == layer);
        kinds.map(|(_, n)| n).sum()
    }

    /// Places in the lists, doubts and number of each kind.
    pub(super) fn kinds(&self) -> impl Iterator<Item = ([i32; 5], u64)> {
        self.by_kind.iter().map(|(kind, n)| (*kind, *n))
    }

    /// West, south, east and north of what the first view shows: of nearly all facilities, so that few islands don't shrink
    /// a continent.
    pub(super) fn first_view(&self) -> [f64; 4] {
        let [longitudes, latitudes] = &self.by_degree;
        let Some(((west, east), (south, north))) = middle_of(longitudes).zip(middle_of(latitudes)) else {
            return [-125.0, 24.0, -66.0, 50.0];
        };
        [
            (west - MARGIN).max(-180.0),
            (south - MARGIN).max(-85.0),
            (east + MARGIN).min(180.0),
            (north + MARGIN).min(85.0),
        ]
    }
}

#[expect(clippy::cast_possible_truncation, reason = "degrees are small")]
fn whole_degree(at: f64) -> i32 {
    at.floor() as i32
}

/// From where to where all lie but for the outliers at both ends.
fn middle_of(by_degree: &BTreeMap<i32, u64>) -> Option<(f64, f64)> {
    let outliers = by_degree.values().sum::<u64>() / OUTLIERS;
    let first = beyond(by_degree.iter(), outliers)?;
    let last = beyond(by_degree.iter().rev(), outliers)?;
    Some((f64::from(first), f64::from(last) + 1.0))
}

/// The first degree up to which there are more than so many.
fn beyond<'a>(degrees: impl Iterator<Item = (&'a i32, &'a u64)>, outliers: u64) -> Option<i32> {
    let mut seen = 0;
    for (degree, n) in degrees {
        seen += n;
        if seen > outliers {
            return Some(*degree);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_islands_do_not_shrink_the_first_view() {
        let mut counts = FacilityCounts::default();
        let lists = MapLists::of_plan(&crate::catalog::tests::fixture::plan());
        let mut count = |at: [f64; 2], n: usize| {
            for _ in 0..n {
                let row = MapRow {
                    id: "dams:1",
                    name: None,
                    layer: "dams",
                    sector: None,
                    lifeline: None,
                    state: None,
                    flags: 0,
                    at,
                };
                counts.count_row(&lists, &row);
            }
        };
        count([-100.5, 31.5], 300);
        count([-80.5, 41.5], 300);
        count([145.5, 13.5], 3);
        assert_eq!(
            counts.first_view().map(|side| side.to_string()),
            ["-104", "28", "-77", "45"]
        );
        assert_eq!(counts.rows(), 603);
        assert_eq!(counts.clone().merged_with(counts).rows(), 1_206);
    }
}
