//! Circular arcs, elliptic arcs and Bézier curves → straight segments.
//!
//! LEAF. Pure geometry, after Esri's description of curve segments (`c`, `a`, `b`). Arcs are cut into steps of two
//! degrees, so that no point is farther from the curve than 0.00016 of its radius (8 cm on a bend of 500 m);
//! Bézier curves as finely as that asks of their control polygon.

use std::f64::consts::{PI, TAU};

use geo::Coord;

/// Longest step of an arc, radians.
const STEP: f64 = PI / 90.0;

/// Farthest that a Bézier curve may be from its segments, as a share of the control polygon's length.
const SHARE: f64 = 1e-4;

/// Segments of one Bézier curve at most: what the share asks of any.
const MOST: f64 = 128.0;

/// A curve from where the line has got to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Segment {
    /// A circular arc through a point on its way.
    Through {
        /// Where it ends.
        end: Coord,
        /// A point on it.
        on: Coord,
    },
    /// An arc of an ellipse.
    Arc {
        /// Where it ends.
        end: Coord,
        /// Centre of the ellipse.
        centre: Coord,
        /// Whether it runs clockwise.
        is_clockwise: bool,
        /// Angle of the main axis from x, radians.
        rotation: f64,
        /// Minor axis over major axis; 1 for a circle.
        ratio: f64,
    },
    /// A cubic Bézier curve.
    Bezier {
        /// Where it ends.
        end: Coord,
        /// Its control points.
        control: [Coord; 2],
    },
}

impl Segment {
    /// The curve of `kind` with these points and numbers; none where they don't make one.
    pub fn from_esri(kind: &str, points: &[Coord], numbers: &[f64]) -> Option<Self> {
        match (kind, points) {
            ("c", [end, on, ..]) => Some(Self::Through { end: *end, on: *on }),
            ("b", [end, a, b, ..]) => Some(Self::Bezier {
                end: *end,
                control: [*a, *b],
            }),
            // After the points: whether it is the minor arc, whether clockwise, and for an ellipse the main
            // axis's angle, its half length, and the ratio of the axes.
            ("a", [end, centre, ..]) => Some(Self::Arc {
                end: *end,
                centre: *centre,
                is_clockwise: numbers.get(1).is_some_and(|flag| *flag != 0.0),
                rotation: numbers.get(2).copied().unwrap_or(0.0),
                ratio: numbers.get(4).copied().unwrap_or(1.0),
            }),
            _ => None,
        }
    }

    /// Where it ends.
    pub fn end(&self) -> Coord {
        match self {
            Self::Through { end, .. } | Self::Arc { end, .. } | Self::Bezier { end, .. } => *end,
        }
    }

    /// Whether all of its numbers can be calculated with.
    pub fn is_finite(&self) -> bool {
        match self {
            Self::Through { end, on } => are_finite(&[*end, *on]),
            Self::Arc {
                end,
                centre,
                rotation,
                ratio,
                ..
            // A ratio of zero presses the ellipse flat: there is no circle to turn it back into.
            } => {
                are_finite(&[*end, *centre]) && rotation.is_finite() && ratio.is_finite() && *ratio > 0.0
            }
            Self::Bezier { end, control: [a, b] } => are_finite(&[*end, *a, *b]),
        }
    }
}

fn are_finite(points: &[Coord]) -> bool {
    points
        .iter()
        .all(|point| point.x.is_finite() && point.y.is_finite())
}

/// Appends the curve from `start` to the line, its end exactly.
///
/// ```
/// use cikr::feature::curves::{Segment, linearise};
/// use geo::coord;
///
/// let segment = Segment::Through { end: coord! { x: 1.0, y: 0.0 }, on: coord! { x: 0.0, y: 1.0 } };
/// let mut line = vec![coord! { x: -1.0, y: 0.0 }];
/// linearise(line[0], &segment, &mut line);
/// assert_eq!(line.len(), 91, "half a circle in steps of two degrees");
/// assert_eq!(line[90], segment.end());
/// ```
pub fn linearise(start: Coord, segment: &Segment, line: &mut Vec<Coord>) {
    match *segment {
        Segment::Through { end, on } => push_arc_through(start, on, end, line),
        Segment::Arc {
            end,
            centre,
            is_clockwise,
            rotation,
            ratio,
        } => {
            let ellipse = Ellipse {
                centre,
                rotation,
                ratio,
            };
            let sweep = sweep_about_centre(start, end, &ellipse, is_clockwise);
            push_arc(start, end, &ellipse, sweep, line);
        }
        Segment::Bezier { end, control: [a, b] } => push_bezier([start, a, b, end], line),
    }
    // The end as it was written, not as it was calculated: the next segment, or the ring's first point, is the same.
    line.push(segment.end());
}

/// How far an arc turns, radians; negative where it runs clockwise. Whether it is the minor arc follows from that, so that
/// Esri's flag for it isn't asked for.
fn sweep_about_centre(start: Coord, end: Coord, ellipse: &Ellipse, is_clockwise: bool) -> f64 {
    let turn = ellipse.turn(start, end);
    // An arc that ends where it begins goes all the way round.
    let turn = if turn == 0.0 || start == end { TAU } else { turn };
    if is_clockwise && turn < TAU {
        turn - TAU
    } else if is_clockwise {
        -TAU
    } else {
        turn
    }
}

/// An ellipse as a circle, turned and pressed.
struct Ellipse {
    centre: Coord,
    rotation: f64,
    ratio: f64,
}

impl Ellipse {
    /// Angle and radius of a point on the circle.
    fn polar_of(&self, point: Coord) -> (f64, f64) {
        let (sin, cos) = self.rotation.sin_cos();
        let from = point - self.centre;
        let x = from.x * cos + from.y * sin;
        let y = (from.y * cos - from.x * sin) / self.ratio;
        (y.atan2(x), x.hypot(y))
    }

    /// Angle from one point to another, counter-clockwise.
    fn turn(&self, start: Coord, end: Coord) -> f64 {
        let (from, _) = self.polar_of(start);
        let (to, _) = self.polar_of(end);
        (to - from).rem_euclid(TAU)
    }

    /// The point of a polar one.
    fn point_at(&self, angle: f64, radius: f64) -> Coord {
        let (sin, cos) = self.rotation.sin_cos();
        let x = radius * angle.cos();
        let y = radius * angle.sin() * self.ratio;
        self.centre
            + Coord {
                x: x * cos - y * sin,
                y: x * sin + y * cos,
            }
    }
}

/// The points between `start` and `end`; where their radii differ, the radius goes over from one to the other.
fn push_arc(start: Coord, end: Coord, ellipse: &Ellipse, sweep: f64, line: &mut Vec<Coord>) {
    let (from, r0) = ellipse.polar_of(start);
    let (_, r1) = ellipse.polar_of(end);
    if r0 == 0.0 || !sweep.is_finite() {
        return;
    }
    let steps = (sweep.abs() / STEP).ceil();
    let mut step = 1.0;
    while step < steps {
        let share = step / steps;
        // Coordinates are rounded: both ends are hardly ever equally far from the centre. One radius for all would
        // leave a jump before the end.
        line.push(ellipse.point_at(from + sweep * share, r0 + (r1 - r0) * share));
        step += 1.0;
    }
}

/// The circle through three points, from the first by the second to the third; nothing between them where they
/// lie in a row.
fn push_arc_through(start: Coord, on: Coord, end: Coord, line: &mut Vec<Coord>) {
    if start == end {
        // The point on the way is the opposite one.
        let ellipse = Ellipse {
            centre: (start + on) / 2.0,
            rotation: 0.0,
            ratio: 1.0,
        };
        return push_arc(start, end, &ellipse, TAU, line);
    }
    // The circumcentre, with the first point as origin: coordinates of a projected CRS are millions of metres, and their
    // squares would leave few digits for a bend of some metres.
    let b = on - start;
    let c = end - start;
    let cross = b.x * c.y - b.y * c.x;
    let bb = b.x * b.x + b.y * b.y;
    let cc = c.x * c.x + c.y * c.y;
    let from_start = Coord {
        x: (c.y * bb - b.y * cc) / (2.0 * cross),
        y: (b.x * cc - c.x * bb) / (2.0 * cross),
    };
    if cross == 0.0 || !from_start.x.is_finite() || !from_start.y.is_finite() {
        return;
    }
    let ellipse = Ellipse {
        centre: start + from_start,
        rotation: 0.0,
        ratio: 1.0,
    };
    // The three points turn left where the arc runs counter-clockwise.
    let turn = ellipse.turn(start, end);
    let sweep = if cross > 0.0 { turn } else { turn - TAU };
    push_arc(start, end, &ellipse, sweep, line);
}

fn push_bezier([p0, p1, p2, p3]: [Coord; 4], line: &mut Vec<Coord>) {
    let polygon = length_of(p1 - p0) + length_of(p2 - p1) + length_of(p3 - p2);
    // The second derivative is largest at an end; the distance to a chord of n parts is at most its eighth over n².
    let at_start = 6.0 * length_of(p0 - p1 * 2.0 + p2);
    let at_end = 6.0 * length_of(p1 - p2 * 2.0 + p3);
    let most = at_start.max(at_end);
    let steps = (most / (8.0 * SHARE * polygon)).sqrt().ceil();
    // All four points are one: nothing lies between them.
    if !steps.is_finite() {
        return;
    }
    let steps = steps.clamp(1.0, MOST);
    let mut step = 1.0;
    while step < steps {
        let t = step / steps;
        let u = 1.0 - t;
        line.push(p0 * (u * u * u) + p1 * (3.0 * u * u * t) + p2 * (3.0 * u * t * t) + p3 * (t * t * t));
        step += 1.0;
    }
}

fn length_of(vector: Coord) -> f64 {
    vector.x.hypot(vector.y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::coord;

    fn line(start: (f64, f64), segment: Segment) -> Vec<Coord> {
        let mut line = vec![start.into()];
        linearise(start.into(), &segment, &mut line);
        line
    }

    fn at(x: f64, y: f64) -> Coord {
        coord! { x: x, y: y }
    }

    /// Farthest that the middle of a segment is from the circle.
    fn off(line: &[Coord], centre: Coord, radius: f64) -> f64 {
        let distance = |point: Coord| ((point - centre).x.hypot((point - centre).y) - radius).abs();
        line.windows(2)
            .map(|pair| distance((pair[0] + pair[1]) / 2.0))
            .fold(0.0, f64::max)
    }

    #[test]
    fn an_arc_through_a_point_keeps_to_its_circle() {
        let upper = line(
            (-1.0, 0.0),
            Segment::Through {
                end: at(1.0, 0.0),
                on: at(0.0, 1.0),
            },
        );
        assert!(
            upper.iter().all(|point| point.y >= 0.0) && upper.len() == 91,
            "{}",
            upper.len()
        );
        assert!(off(&upper, at(0.0, 0.0), 1.0) < 1.6e-4);
        assert_eq!(upper.last(), Some(&at(1.0, 0.0)));
        let lower = line(
            (-1.0, 0.0),
            Segment::Through {
                end: at(1.0, 0.0),
                on: at(0.0, -1.0),
            },
        );
        assert!(lower.iter().all(|point| point.y <= 0.0));
        let most = line(
            (1.0, 0.0),
            Segment::Through {
                end: at(0.0, 1.0),
                on: at(-1.0, 0.0),
            },
        );
        assert!(most.len() > 130 && off(&most, at(0.0, 0.0), 1.0) < 1.6e-4);
        let straight = line(
            (0.0, 0.0),
            Segment::Through {
                end: at(2.0, 0.0),
                on: at(1.0, 0.0),
            },
        );
        assert_eq!(straight.len(), 2);
        let circle = line(
            (1.0, 0.0),
            Segment::Through {
                end: at(1.0, 0.0),
                on: at(-1.0, 0.0),
            },
        );
        assert!(circle.len() == 181 && off(&circle, at(0.0, 0.0), 1.0) < 1.6e-4);
    }

    #[test]
    fn an_arc_about_a_centre_runs_the_way_it_says() {
        let quarter = |clockwise: f64| {
            let segment = Segment::from_esri("a", &[at(0.0, 1.0), at(0.0, 0.0)], &[1.0, clockwise]).unwrap();
            line((1.0, 0.0), segment)
        };
        assert_eq!(quarter(0.0).len(), 46);
        assert_eq!(quarter(1.0).len(), 136, "the long way round");
        let circle = line(
            (1.0, 0.0),
            Segment::from_esri("a", &[at(1.0, 0.0), at(0.0, 0.0)], &[0.0, 1.0]).unwrap(),
        );
        assert_eq!(circle.len(), 181);
        assert!(circle[1].y < 0.0, "clockwise");
    }

    #[test]
    fn an_ellipse_keeps_to_its_axes() {
        // Half of an ellipse 4 by 2, its main axis along y.
        let points = [at(0.0, -2.0), at(0.0, 0.0)];
        let segment = Segment::from_esri("a", &points, &[0.0, 0.0, PI / 2.0, 2.0, 0.5]).unwrap();
        let half = line((0.0, 2.0), segment);
        assert!(half.len() == 91 && half.iter().all(|point| point.x <= 1e-12));
        for point in &half {
            assert!(
                (point.x.powi(2) + (point.y / 2.0).powi(2) - 1.0).abs() < 1e-9,
                "{point:?}"
            );
        }
        assert!(
            !Segment::from_esri("a", &points, &[0.0, 0.0, 0.0, 2.0, 0.0])
                .unwrap()
                .is_finite()
        );
    }

    #[test]
    fn a_bezier_curve_is_cut_as_finely_as_it_bends() {
        let curve = Segment::from_esri("b", &[at(3.0, 0.0), at(1.0, 2.0), at(2.0, 2.0)], &[]).unwrap();
        let curved = line((0.0, 0.0), curve);
        let middle = at(1.5, 1.5);
        let nearest = curved
            .iter()
            .map(|p| (*p - middle).x.hypot((*p - middle).y))
            .fold(9.0, f64::min);
        assert!(
            (20..=128).contains(&curved.len()) && nearest < 0.05,
            "{} {nearest}",
            curved.len()
        );
        let straight = line(
            (0.0, 0.0),
            Segment::Bezier {
                end: at(3.0, 0.0),
                control: [at(1.0, 0.0), at(2.0, 0.0)],
            },
        );
        assert_eq!(straight.len(), 2);
        let none = line(
            (0.0, 0.0),
            Segment::Bezier {
                end: at(0.0, 0.0),
                control: [at(0.0, 0.0); 2],
            },
        );
        assert_eq!(none.len(), 2);
        assert_eq!(Segment::from_esri("b", &[at(3.0, 0.0)], &[]), None);
    }
}
