//! One straight edge in longitude and latitude, and on which side of it a point lies.
//!
//! The one place where rounding could matter: whatever asks on which side a point is, asks here.

#![expect(
    clippy::float_cmp,
    reason = "whether a place is the very same is what is asked"
)]

use geo::kernels::{Kernel, RobustKernel};
use geo::{Coord, Orientation};

/// An edge, its lower end first (by latitude, then longitude): the same for both of its neighbours,
/// whichever way their rings turn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Edge {
    pub(super) low: Coord<f64>,
    pub(super) high: Coord<f64>,
}

/// What an edge is to a point.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Meeting {
    /// The point is on it.
    Border,
    /// A ray from the point to the east crosses it.
    Crossed,
    /// Neither.
    Apart,
}

impl Edge {
    pub(super) fn new([start, end]: [[f64; 2]; 2]) -> Self {
        let [start, end] = [start, end].map(|[x, y]| Coord { x, y });
        let (low, high) = if (start.y, start.x) <= (end.y, end.x) {
            (start, end)
        } else {
            (end, start)
        };
        Self { low, high }
    }
}

/// How the edge from `start` to `end` meets a point (even-odd rule, exact predicates).
///
/// Half-open in latitude, so that a ray through a vertex crosses one of its two edges, not both or
/// none. Both neighbours of a border see the same edge with the same ends, so that a ray crosses it
/// for both or for neither, and no point falls between two counties.
#[inline]
pub(super) fn meeting(start: [f64; 2], end: [f64; 2], p: Coord<f64>) -> Meeting {
    let is_start_south = start[1] <= p.y;
    if is_start_south == (end[1] <= p.y) {
        // Most edges end here: only a vertex or a level edge at the point's own latitude may still hold it.
        if start[1] == p.y || end[1] == p.y {
            return meeting_at_the_top(start, end, p);
        }
        return Meeting::Apart;
    }
    if start[0] < p.x && end[0] < p.x {
        return Meeting::Apart;
    }
    if start[0] > p.x && end[0] > p.x {
        return Meeting::Crossed;
    }
    let (low, high) = if is_start_south {
        (start, end)
    } else {
        (end, start)
    };
    match side(low, high, p) {
        Orientation::Collinear => Meeting::Border,
        Orientation::CounterClockwise => Meeting::Crossed,
        Orientation::Clockwise => Meeting::Apart,
    }
}

/// Whether a point is on an edge that no ray from it crosses: on its upper end, or on it where it is level.
#[cold]
fn meeting_at_the_top(start: [f64; 2], end: [f64; 2], p: Coord<f64>) -> Meeting {
    let is_end = [start, end].contains(&[p.x, p.y]);
    let is_level = start[1] == end[1];
    let is_between = start[0].min(end[0]) <= p.x && p.x <= start[0].max(end[0]);
    if is_end || (is_level && is_between) {
        Meeting::Border
    } else {
        Meeting::Apart
    }
}

/// Which side of the line from `low` to `high` a point is on, exactly.
///
/// A plain cross product takes points within a few units of the last place to the wrong side. Its
/// error is at most 3 ε times the sum of its terms (Shewchuk 1997, "Adaptive Precision Floating-Point
/// Arithmetic", section 4), so that what is beyond that is settled without the exact predicate.
#[inline]
fn side(low: [f64; 2], high: [f64; 2], p: Coord<f64>) -> Orientation {
    const ERROR: f64 = 2.0 * f64::EPSILON;
    let left = (low[0] - p.x) * (high[1] - p.y);
    let right = (low[1] - p.y) * (high[0] - p.x);
    let cross = left - right;
    let doubt = ERROR * (left.abs() + right.abs());
    if cross > doubt {
        Orientation::CounterClockwise
    } else if -cross > doubt {
        Orientation::Clockwise
    } else {
        exact_side(low, high, p)
    }
}

#[cold]
fn exact_side(low: [f64; 2], high: [f64; 2], p: Coord<f64>) -> Orientation {
    RobustKernel::orient2d(low.into(), high.into(), p)
}
