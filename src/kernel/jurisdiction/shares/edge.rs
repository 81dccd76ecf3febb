//! Edges, which side of one a place is on, and whether two cross.
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
