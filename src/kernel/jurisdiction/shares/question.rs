//! Shares of any geometry, by what it is.

use geo::{Coord, Geometry, LineString, Polygon};

use super::answer::{JurisdictionShare, Overlaps, ShareRule, Shares};
use super::areas::add_surface;
use super::cut::edges_along;
use super::edge::Edge;
use super::ellipsoid::length;
use super::faces::{Faces, SurfaceIndex};
use super::lines::add_line;
use super::members::Members;
use super::outline::surface_of_polygon;
use super::places::holders_of;
use super::surface::Surface;
use super::tally::Tally;

/// A surface that is thinner than this many degrees, a tenth of a micrometre, has no area; less is rounding.
const THINNEST: f64 = 1e-12;

/// Size of a geometry in OGC:CRS84 on WGS 84: square metres of its surfaces, else metres of its lines, else the number
/// of its points.
///
/// Edges are straight in longitude and latitude, and go the short way across ±180. Each polygon is what its
/// rings enclose by the even-odd rule; polygons of one geometry add up, even where they overlap. Members with a
/// coordinate that isn't finite count for nothing. What sums of ever shorter geodesics tend to: those of 0.005° differ
/// from it by 3e-10 of a length, and by 3e-6 of an area of less than a square kilometre.
///
/// ```
/// use cikr::kernel::jurisdiction::measure_of;
/// use geo::{Geometry, wkt};
///
/// let meridian = Geometry::LineString(wkt!(LINESTRING(7.0 0.0,7.0 90.0)));
/// assert!((measure_of(&meridian) - 10_001_965.729).abs() < 0.001, "a quarter of it");
/// ```
pub fn measure_of(geometry: &Geometry<f64>) -> f64 {
    match Members::of(geometry) {
        Members::Surfaces(polygons) => {
            let surfaces: Vec<Surface> = surfaces_of(&polygons);
            size_of(&surfaces)
        }
        Members::Lines(lines) => lines
            .iter()
            .flat_map(edges_of)
            .map(|edge| length(&edge, 0.0, 1.0))
            .sum(),
        Members::Points(points) => points.len() as f64,
    }
}

impl SurfaceIndex {
    /// Every jurisdiction touched by a line or surface, with its share of the length or area.
    ///
    /// Lengths and areas are those of [`measure_of`](super::measure_of). A line along a border lies in both sides of it,
    /// so that with [`Overlaps::Lowest`](super::Overlaps::Lowest) it counts for the lower code; a point on a border
    /// likewise. What has no length or area belongs as a whole to what holds its first vertex, with a measure of 0. What
    /// meets a jurisdiction in points or, being a surface, along its border alone isn't told.
    ///
    /// The first question makes ready what all need, on one thread; see [`Self::prepare`].
    pub fn shares_of(&self, geometry: &Geometry<f64>, rule: ShareRule) -> Shares {
        shares_of(self, geometry, rule)
    }
}

/// What each jurisdiction holds of a geometry.
pub(super) fn shares_of(surfaces: &SurfaceIndex, geometry: &Geometry<f64>, rule: ShareRule) -> Shares {
    let faces = surfaces.faces();
    let mut tally = Tally::new(rule.overlaps);
    let first_vertex = match Members::of(geometry) {
        Members::Surfaces(polygons) => {
            let surfaces = surfaces_of(&polygons);
            // Members are finite, so what has no surface here is tangled.
            if surfaces.len() < polygons.len() {
                let first_vertex = polygons[0].exterior().0[0];
                return Shares {
                    is_tangled: true,
                    ..shares_of_nothing(first_vertex, faces, rule.overlaps)
                };
            }
            if size_of(&surfaces) > 0.0 {
                for surface in &surfaces {
                    add_surface(surface, faces, &mut tally);
                }
                return tally.into_shares(rule);
            }
            polygons[0].exterior().0[0]
        }
        Members::Lines(lines) => {
            let mut has_edges = false;
            for line in &lines {
                let edges = edges_of(line);
                has_edges |= !edges.is_empty();
                add_line(&edges, faces, &mut tally);
            }
            if has_edges {
                return tally.into_shares(rule);
            }
            lines[0].0[0]
        }
        Members::Points(points) => {
            tally.add_to_whole(points.len() as f64);
            for point in points {
                tally.add(holders_of(point, faces), 1.0);
            }
            return tally.into_shares(rule);
        }
    };
    shares_of_nothing(first_vertex, faces, rule.overlaps)
}

/// All of what has no size belongs to what holds its first vertex.
fn shares_of_nothing(first_vertex: Coord<f64>, faces: &Faces, overlaps: Overlaps) -> Shares {
    let mut holders = holders_of(first_vertex, faces);
    if overlaps == Overlaps::Lowest {
        holders.truncate(1);
    }
    let parts = holders.into_iter().map(|rank| JurisdictionShare {
        rank,
        measure: 0.0,
        share: 1.0,
    });
    Shares {
        parts: parts.collect(),
        ..Shares::default()
    }
}

fn edges_of(line: &LineString<f64>) -> Vec<Edge> {
    let mut edges = Vec::with_capacity(line.0.len());
    edges_along(&line.0, &mut edges, &mut Vec::new());
    edges
}

fn surfaces_of(polygons: &[Polygon<f64>]) -> Vec<Surface> {
    polygons.iter().filter_map(surface_of_polygon).collect()
}

/// Area in square metres, 0 where it is no more than rounding.
fn size_of(surfaces: &[Surface]) -> f64 {
    let area: f64 = surfaces.iter().map(Surface::area).sum();
    let rims = surfaces
        .iter()
        .map(|surface| surface.bounds().rough_rim(THINNEST));
    if area > rims.sum::<f64>() { area } else { 0.0 }
}
