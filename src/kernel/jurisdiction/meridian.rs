//! Cuts rings at the meridian ±180, so that what is indexed lies within -180..=180.
//!
//! RFC 7946, section 3.1.9, asks writers to cut what crosses the antimeridian; this reads what wasn't
//! cut. Pure: one polygon in, its edges out. What they hold is told by the even-odd rule alone, so
//! that pieces need not be closed rings: every place is the end of an even number of edges.

#![expect(
    clippy::float_cmp,
    reason = "the meridian itself has two names, its neighbours have one"
)]

use geo::{Area, BoundingRect, Coord, CoordsIter, LineString, Polygon};

/// Degrees from one of the two meridians to the other, by way of Greenwich.
const TURN: f64 = 360.0;
const HALF_TURN: f64 = 180.0;
const POLE: f64 = 90.0;

/// The edges of a polygon as lines of neighbouring places; none where a coordinate isn't finite, or there is no place.
pub(super) fn cut_polygon(polygon: &Polygon<f64>) -> Option<Vec<Vec<Coord<f64>>>> {
    if polygon
        .coords_iter()
        .any(|c| !(c.x.is_finite() && c.y.is_finite()))
    {
        return None;
    }
    let mut cut = Cut::default();
    for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
        if is_cut_already(ring) || is_world_rectangle(ring) {
            cut.lines.push(ring.0.clone());
        } else {
            cut.follow_ring(ring);
        }
    }
    cut.close_seam();
    cut.lines.retain(|line| !line.is_empty());
    (!cut.lines.is_empty()).then_some(cut.lines)
}

/// Whether a polygon isn't as an index has it already.
pub(super) fn is_to_be_cut(polygon: &Polygon<f64>) -> bool {
    let mut rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
    rings.any(|ring| !is_cut_already(ring) && !is_world_rectangle(ring))
}

/// Whether no place lies beyond ±180, and no edge would be shorter the other way round.
fn is_cut_already(ring: &LineString<f64>) -> bool {
    ring.0.iter().all(|place| place.x.abs() <= HALF_TURN)
        && ring.lines().all(|edge| edge.dx().abs() <= HALF_TURN)
}

/// Whether the ring is a rectangle from exactly -180 to exactly 180, the world or a belt of it: as written, it fills its box.
fn is_world_rectangle(ring: &LineString<f64>) -> bool {
    let Some(bounds) = ring.bounding_rect() else {
        return false;
    };
    let is_from_end_to_end = bounds.min().x == -HALF_TURN && bounds.max().x == HALF_TURN;
    is_from_end_to_end && {
        let area = Polygon::new(ring.clone(), vec![]).unsigned_area();
        area >= bounds.unsigned_area() * (1.0 - 1e-12)
    }
}

/// The longitude by its number within -180..=180. Exact up to ±540, where the difference has no more digits than its terms.
pub(super) fn within_turn(longitude: f64) -> f64 {
    if longitude.abs() <= HALF_TURN {
        longitude
    } else {
        longitude - TURN * (longitude / TURN).round()
    }
}

/// How an edge meets the meridian on its shorter way.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// Not at all.
    Inland,
    /// Towards the east: from 180 on to -180.
    East,
    /// Towards the west.
    West,
}

impl Way {
    /// The way between two longitudes within -180..=180; `written` is their difference as written, which decides where
    /// both ways are equally long.
    fn between(from: f64, to: f64, written: f64) -> Self {
        let step = to - from;
        if step < -HALF_TURN || (step == -HALF_TURN && written == HALF_TURN) {
            Self::East
        } else if step > HALF_TURN || (step == HALF_TURN && written == -HALF_TURN) {
            Self::West
        } else {
            Self::Inland
        }
    }

    /// The longitude at which an edge that goes this way leaves.
    fn exit(self) -> f64 {
        if self == Self::West { -HALF_TURN } else { HALF_TURN }
    }
}

/// A polygon being cut.
#[derive(Default)]
struct Cut {
    lines: Vec<Vec<Coord<f64>>>,
    /// Latitudes at which rings cross the meridian.
    crossings: Vec<f64>,
    /// Mean latitude of each ring that goes around the world.
    belts: Vec<f64>,
}

impl Cut {
    /// Files the lines of a ring between its crossings.
    fn follow_ring(&mut self, ring: &LineString<f64>) {
        let places = &ring.0[..ring.0.len() - 1];
        // Begins off the meridian, where the side isn't in doubt.
        let first = places
            .iter()
            .position(|place| within_turn(place.x).abs() < HALF_TURN);
        let Some(first) = first else {
            // All of it lies on the meridian.
            self.lines.push(
                places
                    .iter()
                    .chain(places.first())
                    .map(|p| Coord { x: HALF_TURN, y: p.y })
                    .collect(),
            );
            return;
        };
        let mut here = Coord {
            x: within_turn(places[first].x),
            y: places[first].y,
        };
        let mut written = places[first].x;
        let mut line = vec![here];
        let mut turned = 0.0;
        let mut area = 0.0;
        for place in places[first + 1..].iter().chain(&places[..=first]) {
            let mut next = Coord {
                x: within_turn(place.x),
                y: place.y,
            };
            let way = Way::between(here.x, next.x, place.x - written);
            let mut step = next.x - here.x;
            if way != Way::Inland {
                step += if way == Way::East { TURN } else { -TURN };
                if next.x == -way.exit() {
                    // It ends on the meridian, which has two names.
                    next.x = way.exit();
                } else {
                    let latitude = crossing_latitude(here, next);
                    line.push(Coord {
                        x: way.exit(),
                        y: latitude,
                    });
                    self.crossings.push(latitude);
                    self.lines.push(std::mem::take(&mut line));
                    line.push(Coord {
                        x: -way.exit(),
                        y: latitude,
                    });
                }
            }
            turned += step;
            area += step * f64::midpoint(here.y, next.y);
            line.push(next);
            here = next;
            written = place.x;
        }
        self.lines.push(line);
        if turned.abs() > HALF_TURN {
            self.belts.push(area / turned);
        }
    }

    /// Adds the meridian's own edges, on both of its sides, wherever the polygon lies on it.
    fn close_seam(&mut self) {
        self.crossings.sort_by(f64::total_cmp);
        if self.crossings.len() % 2 == 1 {
            // A belt has no inside of its own: it holds the pole that it is nearer to.
            let mean = self.belts.iter().sum::<f64>() / self.belts.len() as f64;
            let pole = if mean < 0.0 { -POLE } else { POLE };
            self.crossings.push(pole);
            self.crossings.sort_by(f64::total_cmp);
            self.lines
                .push([-HALF_TURN, HALF_TURN].map(|x| Coord { x, y: pole }).to_vec());
        }
        for pair in self.crossings.chunks_exact(2) {
            for x in [-HALF_TURN, HALF_TURN] {
                self.lines.push(pair.iter().map(|&y| Coord { x, y }).collect());
            }
        }
    }
}

/// Where an edge crosses the meridian; the same bits whichever way it is followed, as neighbours share their edges.
fn crossing_latitude(from: Coord<f64>, to: Coord<f64>) -> f64 {
    let (west, east) = if from.x > to.x { (from, to) } else { (to, from) };
    let before = HALF_TURN - west.x;
    let share = before / (before + (east.x + HALF_TURN));
    let latitude = west.y + share * (east.y - west.y);
    latitude.clamp(west.y.min(east.y), west.y.max(east.y))
}
