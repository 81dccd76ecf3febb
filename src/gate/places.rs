//! Where rows lie: moved away from last good's place, or where the layer's states can't be.
//!
//! Pure.

use super::{LastGood, Measures, listed};
use crate::feature::{Check, Finding, RegionId};
use crate::plan::LayerPlan;

/// Degrees by which any core may move.
const SLACK: f64 = 1.0;

/// Rows that are elsewhere than they can be, or than they were.
pub(super) fn findings(layer: &LayerPlan, last: Option<LastGood<'_>>, now: &Measures<'_>) -> Vec<Finding> {
    let before = last.and_then(|last| Some((last.release, last.profile()?.core?)));
    let moved = before
        .zip(now.profile.core)
        .and_then(|((release, before), now)| moved(release, before, now));
    let found = [moved, far(now)].into_iter().flatten();
    let found = found.map(|finding| Finding {
        is_red: layer.gate.extent,
        ..finding
    });
    found.chain(foreign(layer, now)).collect()
}

/// The middle of today's core may not lie off the last one by more than half its size.
fn moved(release: &str, before: [f64; 4], now: [f64; 4]) -> Option<Finding> {
    if is_around(before, middle(now)) {
        return None;
    }
    let (was, is) = (shown(before), shown(now));
    let what = format!("most rows lie within {is}; in release {release} within {was}");
    Some(Finding {
        check: Check::Extent,
        is_red: true,
        what,
    })
}

fn middle([west, south, east, north]: [f64; 4]) -> [f64; 2] {
    [f64::midpoint(west, east), f64::midpoint(south, north)]
}

fn is_around([west, south, east, north]: [f64; 4], [x, y]: [f64; 2]) -> bool {
    let (wide, high) = (
        ((east - west) / 2.0).max(SLACK),
        ((north - south) / 2.0).max(SLACK),
    );
    (west - wide..=east + wide).contains(&x) && (south - high..=north + high).contains(&y)
}

fn shown([west, south, east, north]: [f64; 4]) -> String {
    format!("{west:.1} to {east:.1} east, {south:.1} to {north:.1} north")
}

/// Half of the rows and more are nowhere near a state.
fn far(now: &Measures<'_>) -> Option<Finding> {
    let far = now
        .profile
        .far
        .filter(|far| *far > 0 && far * 2 >= now.rows_good)?;
    let rows = now.rows_good;
    let what = format!(
        "{far} of {rows} rows lie more than 5 degrees from every state: is the CRS right, are x and y swapped?"
    );
    Some(Finding {
        check: Check::States,
        is_red: true,
        what,
    })
}

/// Rows in states that the pipeline says the layer doesn't have.
fn foreign(layer: &LayerPlan, now: &Measures<'_>) -> Option<Finding> {
    let gate = &layer.gate;
    let is_foreign = |state: &&str| {
        *state != RegionId::UNASSIGNED && !gate.states.iter().any(|declared| declared == state)
    };
    let states: Vec<&str> = now.states.keys().map(String::as_str).filter(is_foreign).collect();
    let rows: u64 = states.iter().filter_map(|state| now.states.get(*state)).sum();
    let share = if now.rows_good == 0 {
        0.0
    } else {
        rows as f64 / now.rows_good as f64 * 100.0
    };
    if gate.states.is_empty() || rows == 0 || share <= gate.outside {
        return None;
    }
    let (states, all, most) = (listed(&states), now.rows_good, gate.outside);
    let what = format!(
        "{rows} of {all} rows ({share:.1} %) lie in {states}, not in the layer's states (at most {most} % may)"
    );
    Some(Finding {
        check: Check::States,
        is_red: true,
        what,
    })
}
