//! Where two edges cross.
//!
//! With twice the digits of a double, since borders may lie along each other but for rounding: where the products of
//! differences cancel, a double would put the crossing anywhere along them, and each pair of edges elsewhere.

use geo::Coord;

use super::edge::Edge;

/// Where an edge crosses another, which it does, as a part of its way.
pub(super) fn crossing_part(edge: &Edge, other: &Edge) -> f64 {
    let begin = height_above(other, edge.from);
    let end = height_above(other, edge.to);
    let part = begin / (begin - end);
    // Both are 0 only where even twice the digits don't tell.
    if part.is_nan() { 0.5 } else { part.clamp(0.0, 1.0) }
}

/// How far a place is to the left of an edge, times the edge's length.
fn height_above(edge: &Edge, place: Coord<f64>) -> f64 {
    let east = Double::difference(edge.to.x, edge.from.x);
    let north = Double::difference(edge.to.y, edge.from.y);
    let place_east = Double::difference(place.x, edge.from.x);
    let place_north = Double::difference(place.y, edge.from.y);
    let left = east.times(place_north);
    let right = north.times(place_east);
    let heads = Double::difference(left.head, right.head);
    heads.head + (heads.tail + (left.tail - right.tail))
}

/// An unevaluated sum of two doubles, the second one the rounding error of the first.
#[derive(Clone, Copy)]
struct Double {
    head: f64,
    tail: f64,
}

impl Double {
    /// The difference of two doubles, exactly (by Knuth's two-sum).
    fn difference(minuend: f64, subtrahend: f64) -> Self {
        let head = minuend - subtrahend;
        let taken = minuend - head;
        let tail = (minuend - (head + taken)) + (taken - subtrahend);
        Self { head, tail }
    }

    fn times(self, other: Self) -> Self {
        let head = self.head * other.head;
        let tail = self.head.mul_add(other.head, -head) + (self.head * other.tail + self.tail * other.head);
        Self { head, tail }
    }
}
