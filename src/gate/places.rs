//! Where rows lie: moved away from last good's place, or where the layer's states can't be.
//!
//! Pure.

use super::finding::{list_names, percent_of, red_finding};
use super::{LastGood, Measures};
use crate::feature::release::ReleaseId;
use crate::feature::{Check, Finding, RegionId};
use crate::plan::LayerPlan;

/// Degrees by which any core may move.
const SLACK: f64 = 1.0;

/// Rows that are elsewhere than they can be, or than they were.
pub(super) fn misplaced_rows(
    layer: &LayerPlan,
    last: Option<LastGood<'_>>,
    now: &Measures<'_>,
) -> Vec<Finding> {
    let before = last.and_then(|last| Some((last.release, last.profile()?.core?)));
    let moved = before
        .zip(now.profile.core)
        .and_then(|((release, before), now)| moved_core(release, before, now));
    let found = moved.into_iter().chain(rows_far_from_states(now));
    let found = found.map(|finding| Finding {
        is_red: layer.gate.extent,
        ..finding
    });
    found.chain(rows_in_foreign_states(layer, now)).collect()
}

/// The middle of today's core may not lie off the last one by more than half its size.
fn moved_core(release: &ReleaseId, before: [f64; 4], now: [f64; 4]) -> Option<Finding> {
    // Whether it has moved away is asked, not whether it has grown or shrunk: a layer that gains Guam or loses Alaska
    // is judged by its rows and its states.
    if is_around(before, middle_of(now)) {
        return None;
    }
    let was = describe_box(before);
    let is = describe_box(now);
    let what = format!("most rows lie within {is}; in release {release} within {was}");
    Some(red_finding(Check::Extent, what))
}

fn middle_of([west, south, east, north]: [f64; 4]) -> [f64; 2] {
    [f64::midpoint(west, east), f64::midpoint(south, north)]
}

/// Whether a point is in a box that was grown by half its size, or by [`SLACK`] where it is small, on each side.
fn is_around([west, south, east, north]: [f64; 4], [x, y]: [f64; 2]) -> bool {
    let wide = ((east - west) / 2.0).max(SLACK);
    let high = ((north - south) / 2.0).max(SLACK);
    (west - wide..=east + wide).contains(&x) && (south - high..=north + high).contains(&y)
}

fn describe_box([west, south, east, north]: [f64; 4]) -> String {
    format!("{west:.1} to {east:.1} east, {south:.1} to {north:.1} north")
}

/// Half of the rows and more are nowhere near a state.
fn rows_far_from_states(now: &Measures<'_>) -> Option<Finding> {
    let far = now
        .profile
        .far
        .filter(|far| *far > 0 && far * 2 >= now.rows_good)?;
    let rows = now.rows_good;
    let what = format!(
        "{far} of {rows} rows lie more than 5 degrees from every state: is the CRS right, are x and y swapped?"
    );
    Some(red_finding(Check::States, what))
}

/// Rows in states that the pipeline says the layer doesn't have.
fn rows_in_foreign_states(layer: &LayerPlan, now: &Measures<'_>) -> Option<Finding> {
    let gate = &layer.gate;
    // A row outside every state is in no foreign one: it lies off shore, or a polygon is missing.
    let states: Vec<&str> = now
        .states
        .keys()
        .map(String::as_str)
        .filter(|state| *state != RegionId::UNASSIGNED)
        .filter(|state| !gate.states.iter().any(|declared| declared == state))
        .collect();
    let rows: u64 = states.iter().filter_map(|state| now.states.get(*state)).sum();
    let all = now.rows_good;
    let share = percent_of(rows, all);
    if gate.states.is_empty() || rows == 0 || share <= gate.outside {
        return None;
    }
    let states = list_names(&states);
    let most = gate.outside;
    let what = format!(
        "{rows} of {all} rows ({share:.1} %) lie in {states}, not in the layer's states (at most {most} % may)"
    );
    Some(red_finding(Check::States, what))
}
