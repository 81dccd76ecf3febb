//! The nearest polygon: an R-tree over polygons, then their edges.
//!
//! For points outside every polygon, and distances of some kilometres.

use geo::{Coord, Distance, Geodesic, Point, Rect};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use super::part::{Edge, Part};

/// Metres of the shortest degree of latitude on WGS 84 (110,574 at the equator), rounded down.
const DEGREE_M: f64 = 110_500.0;

/// Polygons by their boxes.
pub(super) struct Nearby {
    tree: RTree<GeomWithData<Rectangle<[f64; 2]>, u32>>,
}

impl Nearby {
    pub(super) fn build(parts: &[Part]) -> Self {
        let mut boxes = Vec::with_capacity(parts.len());
        for (part, at) in parts.iter().zip(0u32..) {
            let min = part.bounds.min();
            let max = part.bounds.max();
            let rectangle = Rectangle::from_corners([min.x, min.y], [max.x, max.y]);
            boxes.push(GeomWithData::new(rectangle, at));
        }
        Self {
            tree: RTree::bulk_load(boxes),
        }
    }

    /// Places of the polygons whose boxes meet a box.
    pub(super) fn parts_meeting(&self, bounds: Rect<f64>) -> impl Iterator<Item = u32> {
        let min = bounds.min();
        let max = bounds.max();
        let envelope = AABB::from_corners([min.x, min.y], [max.x, max.y]);
        self.tree
            .locate_in_envelope_intersecting(&envelope)
            .map(|candidate| candidate.data)
    }

    /// Owner of the nearest edge and its geodesic distance, if within `max_m` metres.
    pub(super) fn nearest_owner(&self, point: Point<f64>, max_m: f64, parts: &[Part]) -> Option<(u32, f64)> {
        if !(max_m > 0.0 && point.x().is_finite() && point.y().is_finite()) {
            return None;
        }
        // The same point one turn to the west and to the east meets what lies across ±180.
        [-360.0, 0.0, 360.0]
            .into_iter()
            .map(|turn| Coord {
                x: point.x() + turn,
                y: point.y(),
            })
            .flat_map(|from| self.owners_near(from, max_m, parts))
            .filter(|(_, metres)| *metres <= max_m)
            // Equally near is common: counties share their corners, and a shared corner ties bit for bit.
            .min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)))
    }

    /// Owner and distance of each polygon near `from`.
    fn owners_near(&self, from: Coord<f64>, max_m: f64, parts: &[Part]) -> impl Iterator<Item = (u32, f64)> {
        let reach = Reach::new(from, max_m);
        self.tree
            .locate_in_envelope_intersecting(&reach.envelope())
            .filter_map(move |candidate| {
                let part = &parts[candidate.data as usize];
                Some((part.owner, reach.distance_to(part)?))
            })
    }
}

/// A point and the box around it that holds everything within a distance.
struct Reach {
    from: Coord<f64>,
    dx: f64,
    dy: f64,
}

impl Reach {
    fn new(from: Coord<f64>, max_m: f64) -> Self {
        let dy = max_m / DEGREE_M;
        // Degrees of longitude are shortest at the end of the box that is nearer to a pole; at the pole itself they have
        // no length, and the box goes all around.
        let farthest = (from.y.abs() + dy).min(90.0).to_radians();
        Self {
            from,
            dx: (dy / farthest.cos().max(1e-9)).min(180.0),
            dy,
        }
    }

    fn envelope(&self) -> AABB<[f64; 2]> {
        let Self { from, dx, dy } = self;
        AABB::from_corners([from.x - dx, from.y - dy], [from.x + dx, from.y + dy])
    }

    /// Geodesic distance to the closest of a polygon's edges; none within reach.
    ///
    /// The flat frame finds the closest point of each edge; among the edges that come near the
    /// best there, the geodesic decides, for over tens of kilometres the frame is off by some per mille.
    fn distance_to(&self, part: &Part) -> Option<f64> {
        let Self { from, dx, dy } = self;
        let scale = longitude_scale(from.y);
        let ends: Vec<(Coord<f64>, f64)> = part
            .edges_between(from.y - dy, from.y + dy)
            .iter()
            .filter(|Edge { low, high }| {
                high.y >= from.y - dy
                    && low.y <= from.y + dy
                    && low.x.max(high.x) >= from.x - dx
                    && low.x.min(high.x) <= from.x + dx
            })
            .map(|edge| closest_on(*edge, *from, scale))
            .collect();
        let best = ends.iter().map(|(_, squared)| *squared).min_by(f64::total_cmp)?;
        ends.into_iter()
            .filter(|(_, squared)| *squared <= best * NEARLY)
            .map(|(to, _)| Geodesic.distance(Point(*from), Point(to)))
            .min_by(f64::total_cmp)
    }
}

/// How much larger a squared distance in the flat frame may be and still be the shortest in truth.
const NEARLY: f64 = 1.05;

/// Length of a degree of longitude in degrees of latitude, on WGS 84: the ratio of the radii of curvature
/// in the prime vertical and the meridian, times the cosine.
fn longitude_scale(latitude: f64) -> f64 {
    const E2: f64 = 0.006_694_379_990_14;
    let (sin, cos) = latitude.to_radians().sin_cos();
    cos * (1.0 - E2 * sin * sin) / (1.0 - E2)
}

/// The point of an edge closest to `from`, and its squared distance; longitudes count `scale` times.
///
/// An end that is closest is given back bit for bit, so that edges which share it tie.
fn closest_on(Edge { low: a, high: b }: Edge, from: Coord<f64>, scale: f64) -> (Coord<f64>, f64) {
    let start = flat_offset(a, from, scale);
    let end = flat_offset(b, from, scale);
    let along = end - start;
    let length = along.x * along.x + along.y * along.y;
    // An edge without length gives a share that is no number, which falls to the last arm: both its ends are one.
    let share = -(start.x * along.x + start.y * along.y) / length;
    let to = if share >= 1.0 {
        b
    } else if share > 0.0 {
        a + (b - a) * share
    } else {
        a
    };
    let offset = flat_offset(to, from, scale);
    (to, offset.x * offset.x + offset.y * offset.y)
}

/// Where a place lies from another in the flat frame: degrees of latitude, both ways.
fn flat_offset(place: Coord<f64>, from: Coord<f64>, scale: f64) -> Coord<f64> {
    Coord {
        x: (place.x - from.x) * scale,
        y: place.y - from.y,
    }
}
