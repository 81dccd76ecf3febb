//! A box that may be empty.

use geo::Coord;

/// Square metres of a square degree at the equator, rounded up.
const SQUARE_DEGREE_M2: f64 = 1.24e10;

/// A box of longitudes and latitudes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub(super) west: f64,
    pub(super) south: f64,
    pub(super) east: f64,
    pub(super) north: f64,
}

impl Bounds {
    /// The box of nothing, which meets no other.
    pub(super) const EMPTY: Self = Self {
        west: f64::INFINITY,
        south: f64::INFINITY,
        east: f64::NEG_INFINITY,
        north: f64::NEG_INFINITY,
    };

    /// The box of all of these places.
    pub(super) fn of(places: impl IntoIterator<Item = Coord<f64>>) -> Self {
        places.into_iter().fold(Self::EMPTY, |bounds, place| Self {
            west: bounds.west.min(place.x),
            south: bounds.south.min(place.y),
            east: bounds.east.max(place.x),
            north: bounds.north.max(place.y),
        })
    }

    /// The box of both.
    pub(super) fn joined(&self, other: &Self) -> Self {
        Self {
            west: self.west.min(other.west),
            south: self.south.min(other.south),
            east: self.east.max(other.east),
            north: self.north.max(other.north),
        }
    }

    /// The box of what is in both; of no use where they don't meet.
    pub(super) fn shared(&self, other: &Self) -> Self {
        Self {
            west: self.west.max(other.west),
            south: self.south.max(other.south),
            east: self.east.min(other.east),
            north: self.north.min(other.north),
        }
    }

    /// Area in square metres, roughly and rather too large: as at the equator.
    pub(super) fn rough_area(&self) -> f64 {
        (self.east - self.west) * (self.north - self.south) * SQUARE_DEGREE_M2
    }

    /// Area in square metres, as roughly, of a rim of this many degrees along two of its sides.
    pub(super) fn rough_rim(&self, degrees: f64) -> f64 {
        ((self.east - self.west) + (self.north - self.south)) * degrees * SQUARE_DEGREE_M2
    }

    /// Whether they share a point.
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.west <= other.east
            && other.west <= self.east
            && self.south <= other.north
            && other.south <= self.north
    }
}
