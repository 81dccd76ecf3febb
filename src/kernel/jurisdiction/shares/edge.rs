//! Edges, which side of one a place is on, and where two cross.
//!
//! Of two shapes one is *pushed*: moved east by less than any number, and north by less than that. Nothing then lies on
//! an edge of the other, and every answer fits every other.

use std::cmp::Ordering;

use geo::Coord;
use geo::kernels::{Kernel, Orientation, RobustKernel};

use super::bounds::Bounds;

/// An edge with a direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Edge {
    pub(super) from: Coord<f64>,
    pub(super) to: Coord<f64>,
}

impl Edge {
    pub(super) fn bounds(&self) -> Bounds {
        Bounds::of([self.from, self.to])
    }

    pub(super) fn reversed(self) -> Self {
        Self {
            from: self.to,
            to: self.from,
        }
    }

    /// The place at a part of the way, from 0 to 1; its ends bit for bit.
    pub(super) fn at(&self, part: f64) -> Coord<f64> {
        if part >= 1.0 {
            return self.to;
        }
        self.from + (self.to - self.from) * part
    }

    /// The part of the way at which the edge is closest to a place.
    fn closest_to(&self, place: Coord<f64>) -> f64 {
        let along = self.to - self.from;
        let offset = place - self.from;
        part_of((offset.x * along.x + offset.y * along.y) / (along.x * along.x + along.y * along.y))
    }

    /// Which side a place is on, and which it is on once it or the edge has been pushed.
    pub(super) fn side_of(&self, place: Coord<f64>) -> Side {
        if place == self.from || place == self.to {
            return Side::On;
        }
        match RobustKernel::orient2d(self.from, self.to, place) {
            Orientation::CounterClockwise => Side::Left,
            Orientation::Clockwise => Side::Right,
            Orientation::Collinear => Side::On,
        }
    }

    /// Whether a place on the line of the edge is to its left once it is pushed: east, and north by less.
    pub(super) fn has_east_on_its_left(&self) -> bool {
        match self.to.y.total_cmp(&self.from.y) {
            Ordering::Less => true,
            Ordering::Greater => false,
            Ordering::Equal => self.to.x > self.from.x,
        }
    }
}

/// Where a place is, seen along an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
    /// On the line of the edge.
    On,
}

/// Which of two shapes is pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Push {
    /// The shape that asks.
    Asking,
    /// The one that is asked; the same as pushing the first one west and south.
    Asked,
}

/// Answers for either push at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ForEach<T> {
    pub(super) asking: T,
    pub(super) asked: T,
}

impl<T: Copy> ForEach<T> {
    /// The answer for one push.
    pub(super) fn get(self, push: Push) -> T {
        match push {
            Push::Asking => self.asking,
            Push::Asked => self.asked,
        }
    }
}

/// Whether edges cross, the first one of the shape that asks: 1 where it comes to the left side of the other, −1 where
/// it leaves it, else 0.
pub(super) fn crossings(asking: &Edge, asked: &Edge) -> ForEach<i32> {
    let from = is_left(asked, asking.from, Push::Asking);
    let to = is_left(asked, asking.to, Push::Asking);
    if from == to {
        return ForEach::default();
    }
    let other_from = is_left(asking, asked.from, Push::Asked);
    let other_to = is_left(asking, asked.to, Push::Asked);
    ForEach {
        asking: i32::from(other_from.asking != other_to.asking) * change(from.asking, to.asking),
        asked: i32::from(other_from.asked != other_to.asked) * change(from.asked, to.asked),
    }
}

fn change(before: bool, after: bool) -> i32 {
    i32::from(after) - i32::from(before)
}

/// Whether a place is to the left of an edge; `eastward` is the push that moves it east, seen from the edge.
pub(super) fn is_left(edge: &Edge, place: Coord<f64>, eastward: Push) -> ForEach<bool> {
    let is_left_in_the_east = edge.has_east_on_its_left();
    let [asking, asked] = match (edge.side_of(place), eastward) {
        (Side::Left, _) => [true; 2],
        (Side::Right, _) => [false; 2],
        (Side::On, Push::Asking) => [is_left_in_the_east, !is_left_in_the_east],
        (Side::On, Push::Asked) => [!is_left_in_the_east, is_left_in_the_east],
    };
    ForEach { asking, asked }
}

/// Where two edges that cross do so, as a part of the way along the first.
///
/// The same place whichever comes first, even where they are so nearly parallel that it could be anywhere: a
/// piece that one border leaves off is one that the other takes up.
pub(super) fn crossing_part(edge: &Edge, other: &Edge) -> f64 {
    let is_first = order_of(edge, other) == Ordering::Less;
    let (first, second) = if is_first { (edge, other) } else { (other, edge) };
    let on_second = second.closest_to(first.at(part_before(first, second)));
    let on_first = first.closest_to(second.at(on_second));
    if is_first { on_first } else { on_second }
}

/// The part of the way along the first edge at which it meets the line of the second.
fn part_before(first: &Edge, second: &Edge) -> f64 {
    let begin = height_above(second, first.from);
    let end = height_above(second, first.to);
    part_of(begin / (begin - end))
}

/// How far a place is to the left of an edge, times the edge's length.
fn height_above(edge: &Edge, place: Coord<f64>) -> f64 {
    let along = edge.to - edge.from;
    let offset = place - edge.from;
    along.x * offset.y - along.y * offset.x
}

/// A part of the way, whatever rounding made of it.
fn part_of(ratio: f64) -> f64 {
    if ratio.is_nan() {
        0.5
    } else {
        ratio.clamp(0.0, 1.0)
    }
}

/// Any order that depends on the edges alone, whichever way they go.
fn order_of(edge: &Edge, other: &Edge) -> Ordering {
    let [ours, theirs] = [edge, other].map(|Edge { from, to }| {
        let mut ends = [(from.x, from.y), (to.x, to.y)];
        ends.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        ends
    });
    ours.iter()
        .flat_map(|end| [end.0, end.1])
        .zip(theirs.iter().flat_map(|end| [end.0, end.1]))
        .map(|(a, b)| a.total_cmp(&b))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}
