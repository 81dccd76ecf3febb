//! Lengths and areas on WGS 84 of edges that are straight in longitude and latitude.
//!
//! By Gauss-Legendre quadrature over the edge itself, which is what dividing it into ever shorter geodesics
//! tends to. Against pyproj's geodesics of 0.005°: 33,642 pipelines differ by 3e-10 at most, 5,456 tribal areas and forecast
//! zones by 3e-6, the smallest most. That is the pieces' part of it, as it falls with the square of their length, to 4e-9
//! at 0.0002° and 6e-10 at 0.00005°.

use std::f64::consts::PI;

use super::edge::Edge;

/// Semi-major axis of WGS 84 in metres.
const AXIS_M: f64 = 6_378_137.0;
/// Flattening of WGS 84.
const FLATTENING: f64 = 1.0 / 298.257_223_563;
/// First eccentricity, squared.
const E2: f64 = FLATTENING * (2.0 - FLATTENING);

/// Place (−1 to 1) and weight of the nodes of the rule of two points.
const TWO_NODES: [(f64, f64); 2] = [(-0.577_350_269_189_625_8, 1.0), (0.577_350_269_189_625_8, 1.0)];
/// The same of four points.
const FOUR_NODES: [(f64, f64); 4] = [
    (-0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
    (-0.339_981_043_584_856_26, 0.652_145_154_862_546_1),
    (0.339_981_043_584_856_26, 0.652_145_154_862_546_1),
    (0.861_136_311_594_052_6, 0.347_854_845_137_453_85),
];

/// Degrees up to which two nodes are exact to 1e-13, and up to which four are.
const SHORT: f64 = 0.1;
const LONG: f64 = 2.0;
/// Degrees of latitude from which lengths change so fast that four nodes are good for `SHORT` only.
const POLAR: f64 = 75.0;

/// Length in metres of the part of an edge between two places on it (0 at its beginning, 1 at its end).
pub(super) fn length(edge: &Edge, begin: f64, end: f64) -> f64 {
    let east = edge.to.x - edge.from.x;
    let north = edge.to.y - edge.from.y;
    let extent = east.abs().max(north.abs()) * (end - begin);
    let is_polar = edge.from.y.abs().max(edge.to.y.abs()) > POLAR;
    let panels = extent / if is_polar { SHORT } else { LONG };
    let degrees = integrate(begin, end, panels, nodes_for(extent, is_polar), |at| {
        let (sin, cos) = latitude_at(edge, at).sin_cos();
        let squared = 1.0 - E2 * sin * sin;
        let prime_vertical = AXIS_M / squared.sqrt();
        let meridional = prime_vertical * (1.0 - E2) / squared;
        (meridional * north).hypot(prime_vertical * cos * east)
    });
    degrees.to_radians()
}

/// Area in square metres between an edge and a meridian (in degrees), all or a part of it.
///
/// Positive where the edge goes north, east of the meridian: added up along the border of a surface that lies to the
/// left of its edges, it is the surface's area.
pub(super) fn moment(edge: &Edge, begin: f64, end: f64, meridian: f64) -> f64 {
    let north = (edge.to.y - edge.from.y).to_radians();
    let extent = ((edge.to.y - edge.from.y) * (end - begin)).abs();
    integrate(begin, end, extent / LONG, nodes_for(extent, false), |at| {
        let east = (edge.from.x - meridian) + at * (edge.to.x - edge.from.x);
        east.to_radians() * north * zone_density(latitude_at(edge, at))
    })
}

/// Area in square metres, for each radian of longitude, of the zone between the latitudes of an edge's ends.
pub(super) fn zone(edge: &Edge) -> f64 {
    let degrees = edge.to.y - edge.from.y;
    let extent = degrees.abs();
    integrate(0.0, 1.0, extent / LONG, nodes_for(extent, false), |at| {
        degrees.to_radians() * zone_density(latitude_at(edge, at))
    })
}

/// Area of the ellipsoid for each radian of latitude and of longitude: the product of both radii of curvature and the
/// cosine.
fn zone_density(latitude: f64) -> f64 {
    let (sin, cos) = latitude.sin_cos();
    let squared = 1.0 - E2 * sin * sin;
    AXIS_M * AXIS_M * (1.0 - E2) * cos / (squared * squared)
}

/// Latitude in radians of a place on an edge; there is none beyond the poles.
fn latitude_at(edge: &Edge, at: f64) -> f64 {
    let degrees = edge.from.y + at * (edge.to.y - edge.from.y);
    degrees.to_radians().clamp(-PI / 2.0, PI / 2.0)
}

fn nodes_for(extent: f64, is_polar: bool) -> &'static [(f64, f64)] {
    if extent <= SHORT && !is_polar {
        &TWO_NODES
    } else {
        &FOUR_NODES
    }
}

/// Integral over `begin..end` in equal panels, at least as many as `panels`.
fn integrate(begin: f64, end: f64, panels: f64, nodes: &[(f64, f64)], value: impl Fn(f64) -> f64) -> f64 {
    let count = panels.ceil().clamp(1.0, MOST_PANELS);
    let half = (end - begin) / count / 2.0;
    let mut sum = 0.0;
    let mut panel = 0.0;
    while panel < count {
        let middle = begin + half * (2.0 * panel + 1.0);
        for (place, weight) in nodes {
            sum += weight * value(middle + half * place);
        }
        panel += 1.0;
    }
    sum * half
}

/// No edge has more: around the earth once, near a pole.
const MOST_PANELS: f64 = 3600.0;
