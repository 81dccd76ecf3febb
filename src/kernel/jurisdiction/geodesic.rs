//! How far edges are from a point, on the ellipsoid of WGS 84.
//!
//! An edge is straight in longitude and latitude, so that its nearest place is where the geodesic
//! to the point meets it at a right angle, or one of its ends.

use geo::{Bearing, Coord, Distance, Geodesic, Point};

use super::edge::Edge;

/// Square of the first eccentricity of WGS 84.
const E2: f64 = 0.006_694_379_990_14;
/// Shortest radius of curvature of WGS 84, metres: along the meridian at the equator, a (1 - e²). A little shorter here,
/// for what rounding may add to a bound.
const SHORTEST_RADIUS_M: f64 = 6_335_439.327 * (1.0 - 1e-9);
/// Degrees of a piece of an edge over which its distance has one minimum, but for its ends.
const PIECE: f64 = 2.0;
/// Degrees of longitude from which on the ends of a piece are asked, too: across a pole, its middle may be farthest.
const LONG: f64 = 0.25;
/// Cosine of the angle between an edge and the geodesic at the nearest place: off by that much, a distance is off by half its
/// square, 5e-11.
const RIGHT_ANGLE: f64 = 1e-5;
/// Steps by the slope, before the interval is halved instead.
const SLOPE_STEPS: usize = 8;
/// After so many halvings nothing is left of an interval.
const MAX_STEPS: usize = 70;

/// A point that distances are measured from.
#[derive(Debug, Clone, Copy)]
pub struct Viewpoint {
    point: Point<f64>,
    sin: f64,
    cos: f64,
}

impl Viewpoint {
    /// At a longitude and a latitude, degrees.
    pub fn new(point: Point<f64>) -> Self {
        let (sin, cos) = point.y().to_radians().sin_cos();
        Self { point, sin, cos }
    }

    /// The point.
    pub fn point(&self) -> Point<f64> {
        self.point
    }

    /// Metres that everything in a box (west, south, east, north) is away at least.
    ///
    /// On the ellipsoid no way is shorter than that between the same longitudes and latitudes on a
    /// sphere of its shortest radius of curvature.
    pub fn least_distance(&self, [west, south, east, north]: [f64; 4]) -> f64 {
        let [x, y] = [self.point.x(), self.point.y()];
        let sideways = if (east - west) >= 360.0 || degrees_east(west, x) <= east - west {
            0.0
        } else {
            degrees_east(x, west).min(degrees_east(east, x))
        };
        if sideways == 0.0 {
            let away = (south - y).max(y - north).max(0.0);
            return away.to_radians() * SHORTEST_RADIUS_M;
        }
        let turn = sideways.to_radians();
        // Along the meridian of that side, the nearest latitude.
        let nearest = self.sin.atan2(self.cos * turn.cos()).to_degrees();
        let candidates = [south, north, nearest.clamp(south, north)];
        let half_chords = candidates.map(|latitude| self.squared_half_chord(turn, latitude.to_radians()));
        let least = half_chords.into_iter().fold(f64::INFINITY, f64::min);
        2.0 * least.sqrt().min(1.0).asin() * SHORTEST_RADIUS_M
    }

    /// Of the chord of a unit sphere to a place so many radians of longitude away (haversine formula).
    fn squared_half_chord(&self, turn: f64, latitude: f64) -> f64 {
        let north = ((latitude - self.point.y().to_radians()) / 2.0).sin();
        let across = (turn / 2.0).sin();
        north * north + self.cos * latitude.cos().max(0.0) * across * across
    }

    /// Metres to the nearest place of the straight edge between two places, as [`Self::distance_to`].
    pub fn distance_between(&self, [start, end]: [Coord<f64>; 2], limit: f64) -> f64 {
        self.distance_to(Edge::new([[start.x, start.y], [end.x, end.y]]), limit)
    }

    /// Metres to the nearest place of an edge; infinitely many where that is farther than `limit`.
    ///
    /// An end that is nearest is measured as it is given, so that edges which share it tie bit for bit.
    pub(super) fn distance_to(&self, edge: Edge, limit: f64) -> f64 {
        let along = edge.high - edge.low;
        let count = (along.x.abs().max(along.y.abs()) / PIECE).ceil().max(1.0);
        let mut least = f64::INFINITY;
        let mut start = edge.low;
        let mut number = 0.0;
        while number < count {
            number += 1.0;
            let end = if number < count {
                edge.low + along * (number / count)
            } else {
                edge.high
            };
            let bounds = [
                start.x.min(end.x),
                start.y.min(end.y),
                start.x.max(end.x),
                start.y.max(end.y),
            ];
            if self.least_distance(bounds) <= limit.min(least) {
                least = least.min(self.distance_to_piece(start, end));
            }
            start = end;
        }
        least
    }

    fn distance_to_piece(&self, start: Coord<f64>, end: Coord<f64>) -> f64 {
        let nearest = self.metres_to(self.foot_on(start, end));
        if (end.x - start.x).abs() < LONG {
            return nearest;
        }
        nearest.min(self.metres_to(start)).min(self.metres_to(end))
    }

    /// Metres to a place: Karney's geodesic on WGS 84.
    pub fn metres_to(&self, place: Coord<f64>) -> f64 {
        Geodesic.distance(self.point, Point(place))
    }

    /// The place of a piece that is nearest, where there is one minimum.
    fn foot_on(&self, start: Coord<f64>, end: Coord<f64>) -> Coord<f64> {
        let along = end - start;
        let flat = Flat::new(self.point.0, start, along);
        let [mut from, mut to] = [0.0, 1.0];
        let mut share = flat.nearest_share();
        for step in 0..MAX_STEPS {
            let place = place_on(start, end, share);
            let cosine = self.cosine_of_angle(place, along);
            // The way goes on towards the end if that comes nearer; at an end that lies farther out it is over.
            let is_over = (share <= 0.0 && cosine >= 0.0) || (share >= 1.0 && cosine <= 0.0);
            if is_over || cosine.abs() < RIGHT_ANGLE || cosine.is_nan() {
                return place;
            }
            if cosine < 0.0 {
                from = share;
            } else {
                to = share;
            }
            let next = (share - flat.share_of_step(share, cosine)).clamp(0.0, 1.0);
            let is_at_end = (next <= 0.0 && from <= 0.0) || (next >= 1.0 && to >= 1.0);
            let is_between = is_at_end || (from < next && next < to);
            share = if step < SLOPE_STEPS && is_between {
                next
            } else {
                f64::midpoint(from, to)
            };
        }
        place_on(start, end, share)
    }

    /// Cosine of the angle at a place between the edge's direction and away from the point: negative where going on along the
    /// edge comes nearer.
    fn cosine_of_angle(&self, place: Coord<f64>, along: Coord<f64>) -> f64 {
        let (east, north) = Geodesic.bearing(Point(place), self.point).to_radians().sin_cos();
        let sideways = along.x * longitude_scale(place.y);
        -(along.y * north + sideways * east) / sideways.hypot(along.y)
    }
}

/// The place so far along the way from `start` to `end`; the ends themselves bit for bit.
fn place_on(start: Coord<f64>, end: Coord<f64>, share: f64) -> Coord<f64> {
    match share {
        0.0 => start,
        1.0 => end,
        _ => start + (end - start) * share,
    }
}

/// Degrees of longitude from one to another towards the east, 0 to 360.
fn degrees_east(from: f64, to: f64) -> f64 {
    (to - from).rem_euclid(360.0)
}

/// An edge in the flat frame around a point, in degrees of latitude: a first guess.
struct Flat {
    start: Coord<f64>,
    along: Coord<f64>,
}

impl Flat {
    fn new(from: Coord<f64>, start: Coord<f64>, along: Coord<f64>) -> Self {
        let scale = longitude_scale(from.y);
        let east = start.x - from.x;
        let east = east - 360.0 * (east / 360.0).round();
        Self {
            start: Coord {
                x: east * scale,
                y: start.y - from.y,
            },
            along: Coord {
                x: along.x * scale,
                y: along.y,
            },
        }
    }

    fn nearest_share(&self) -> f64 {
        let length = self.along.x * self.along.x + self.along.y * self.along.y;
        let share = -(self.start.x * self.along.x + self.start.y * self.along.y) / length;
        // An edge without length gives no number.
        if share.is_nan() {
            0.0
        } else {
            share.clamp(0.0, 1.0)
        }
    }

    /// By how much the share is too large where the angle has this cosine.
    fn share_of_step(&self, share: f64, cosine: f64) -> f64 {
        let to = self.start + self.along * share;
        cosine * to.x.hypot(to.y) / self.along.x.hypot(self.along.y)
    }
}

/// Length of a degree of longitude in degrees of latitude, on WGS 84: the ratio of the radii of curvature
/// in the prime vertical and the meridian, times the cosine.
fn longitude_scale(latitude: f64) -> f64 {
    let (sin, cos) = latitude.to_radians().sin_cos();
    cos.max(0.0) * (1.0 - E2 * sin * sin) / (1.0 - E2)
}
