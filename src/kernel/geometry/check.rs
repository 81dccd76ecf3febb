//! Whether a geometry can stand in a tile.
//!
//! Looks at one geometry in OGC:CRS84; repairs nothing (`decode` has dropped degenerate parts).

use geo::{Coord, CoordsIter, Geometry, LineString, Polygon};

use super::fault::Fault;
use crate::feature::RejectReason;
use crate::plan::GeometryKind;

/// Why a geometry can't stand in a tile of a layer of this `kind`; coordinates are CRS84 degrees.
///
/// The first that holds: another family than the layer's (`ImpossibleGeometry`), no point
/// (`EmptyGeometry`), a coordinate that isn't finite (`NotANumber`), latitudes and longitudes that
/// are all valid once swapped (`SwappedCoordinates`), any other coordinate beyond ±180 / ±90
/// (`OutOfRange`), a degenerate part (`ImpossibleGeometry`): a line with less than two distinct
/// points, a ring with less than three. Readers built on GEOS refuse a whole file for one such part.
///
/// Rings may touch or cross themselves: such polygons are common, drawn as meant and located by the
/// even-odd rule.
///
/// ```
/// use cikr::feature::RejectReason;
/// use cikr::kernel::geometry::check;
/// use cikr::plan::GeometryKind;
/// use geo::point;
///
/// let houston = point! { x: -95.4, y: 29.8 }.into();
/// assert!(check(&houston, GeometryKind::Point).is_ok());
/// let fault = check(&point! { x: 29.8, y: -95.4 }.into(), GeometryKind::Point).unwrap_err();
/// assert_eq!(fault.reason, RejectReason::SwappedCoordinates);
/// ```
pub fn check(geometry: &Geometry<f64>, kind: GeometryKind) -> Result<(), Fault> {
    if let (Geometry::Point(point), GeometryKind::Point) = (geometry, kind) {
        // What most layers hold, and nearly always well.
        if is_lon_lat(point.0) {
            return Ok(());
        }
    }
    if family_of(geometry) != Some(kind) {
        return Err(Fault::impossible(match kind {
            GeometryKind::Point => "no point, in a layer of points",
            GeometryKind::Line => "no line, in a layer of lines",
            GeometryKind::Polygon => "no polygon, in a layer of polygons",
        }));
    }
    if geometry.coords_iter().next().is_none() {
        return Err(RejectReason::EmptyGeometry.into());
    }
    if geometry
        .coords_iter()
        .any(|c| !(c.x.is_finite() && c.y.is_finite()))
    {
        return Err(RejectReason::NotANumber.into());
    }
    if !geometry.coords_iter().all(is_lon_lat) {
        // Told apart, not mended: the order of axes is the source's, and one answer for all of its rows belongs into the
        // pipeline. A row at a time, those whose numbers fit either way would stay exchanged.
        let is_swapped = geometry
            .coords_iter()
            .all(|c| is_lon_lat(Coord { x: c.y, y: c.x }));
        let reason = if is_swapped {
            RejectReason::SwappedCoordinates
        } else {
            RejectReason::OutOfRange
        };
        return Err(reason.into());
    }
    let has_good_parts = match geometry {
        Geometry::LineString(line) => is_line(line),
        Geometry::MultiLineString(lines) => lines.iter().all(is_line),
        Geometry::Polygon(polygon) => is_polygon(polygon),
        Geometry::MultiPolygon(polygons) => polygons.iter().all(is_polygon),
        _ => true,
    };
    match kind {
        _ if has_good_parts => Ok(()),
        GeometryKind::Polygon => Err(Fault::impossible("a ring of fewer than three distinct points")),
        GeometryKind::Line | GeometryKind::Point => {
            Err(Fault::impossible("a line of fewer than two distinct points"))
        }
    }
}

/// Why a geometry of any family can't stand: as [`check`] of a layer of its own family.
///
/// ```
/// use cikr::kernel::geometry::check_any;
/// use geo::{point, wkt};
///
/// assert!(check_any(&wkt!(LINESTRING(-95.4 29.8,-95.3 29.7)).into()).is_ok());
/// assert!(check_any(&point! { x: 29.8, y: -95.4 }.into()).is_err());
/// ```
pub fn check_any(geometry: &Geometry<f64>) -> Result<(), Fault> {
    match family_of(geometry) {
        Some(family) => check(geometry, family),
        None => Err(Fault::impossible("a collection of several kinds of geometry")),
    }
}

/// Whether a line has two distinct points.
pub(super) fn is_line(line: &LineString<f64>) -> bool {
    line.0.iter().any(|c| *c != line.0[0])
}

/// Whether a closed ring has at least four points, three of them distinct.
pub(super) fn is_ring(ring: &LineString<f64>) -> bool {
    let Some(&first) = ring.0.first() else {
        return false;
    };
    let Some(&second) = ring.0.iter().find(|c| **c != first) else {
        return false;
    };
    ring.0.len() >= 4 && ring.0.iter().any(|c| *c != first && *c != second)
}

/// Whether every ring of a polygon stands.
pub(super) fn is_polygon(polygon: &Polygon<f64>) -> bool {
    is_ring(polygon.exterior()) && polygon.interiors().iter().all(is_ring)
}

fn is_lon_lat(c: Coord<f64>) -> bool {
    c.x.abs() <= 180.0 && c.y.abs() <= 90.0
}

fn family_of(geometry: &Geometry<f64>) -> Option<GeometryKind> {
    match geometry {
        Geometry::Point(_) | Geometry::MultiPoint(_) => Some(GeometryKind::Point),
        Geometry::LineString(_) | Geometry::MultiLineString(_) => Some(GeometryKind::Line),
        Geometry::Polygon(_) | Geometry::MultiPolygon(_) => Some(GeometryKind::Polygon),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use geo::{Geometry, wkt};

    use super::check;
    use crate::feature::RejectReason::{
        EmptyGeometry, ImpossibleGeometry, NotANumber, OutOfRange, SwappedCoordinates,
    };
    use crate::plan::GeometryKind::{Line, Point, Polygon};

    #[test]
    fn says_why_a_geometry_cannot_stand() {
        let cases: Vec<(Geometry<f64>, _, _)> = vec![
            (wkt!(POINT(-97.5 30.25)).into(), Point, Ok(())),
            (wkt!(POINT(-180. - 90.)).into(), Point, Ok(())),
            (wkt!(MULTIPOINT(1. 2., 3. 4.)).into(), Point, Ok(())),
            (wkt!(POINT(0. 0.)).into(), Line, Err(ImpossibleGeometry)),
            (
                wkt!(LINESTRING(0. 0.,1. 1.)).into(),
                Polygon,
                Err(ImpossibleGeometry),
            ),
            (wkt!(MULTIPOINT EMPTY).into(), Point, Err(EmptyGeometry)),
            (wkt!(POLYGON EMPTY).into(), Polygon, Err(EmptyGeometry)),
            (geo::Point::new(f64::NAN, 1.0).into(), Point, Err(NotANumber)),
            (geo::Point::new(1.0, f64::INFINITY).into(), Point, Err(NotANumber)),
            (wkt!(POINT(30.25 - 97.5)).into(), Point, Err(SwappedCoordinates)),
            (
                wkt!(LINESTRING(30.25 - 97.5, 30.5 - 80.)).into(),
                Line,
                Err(SwappedCoordinates),
            ),
            (
                wkt!(LINESTRING(30.25 - 97.5, 100. - 80.)).into(),
                Line,
                Err(OutOfRange),
            ),
            (
                wkt!(POINT(-10_853_000. 3_520_000.)).into(),
                Point,
                Err(OutOfRange),
            ),
            (wkt!(POINT(180.1 0.)).into(), Point, Err(OutOfRange)),
            (
                wkt!(LINESTRING(0. 0.,0. 0.)).into(),
                Line,
                Err(ImpossibleGeometry),
            ),
            (
                wkt!(MULTILINESTRING((0. 0.,1. 1.),(5. 5.,5. 5.))).into(),
                Line,
                Err(ImpossibleGeometry),
            ),
            (wkt!(POLYGON((0. 0.,1. 0.,0. 1.))).into(), Polygon, Ok(())),
            (
                wkt!(POLYGON((0. 0.,1. 0.,0. 0.))).into(),
                Polygon,
                Err(ImpossibleGeometry),
            ),
            (
                wkt!(POLYGON((0. 0.,1. 0.,1. 0.,0. 0.))).into(),
                Polygon,
                Err(ImpossibleGeometry),
            ),
            (
                wkt!(POLYGON((0. 0.,2. 2.,2. 0.,0. 2.,0. 0.))).into(),
                Polygon,
                Ok(()),
            ),
        ];
        for (geometry, kind, expected) in cases {
            assert_eq!(
                check(&geometry, kind).map_err(|fault| fault.reason),
                expected,
                "{geometry:?} as {kind:?}"
            );
        }
    }

    #[test]
    fn a_collection_is_of_no_family() {
        let collection = Geometry::GeometryCollection(vec![Geometry::Point(wkt!(POINT(0. 0.)))].into());
        for kind in [Point, Line, Polygon] {
            assert_eq!(check(&collection, kind).unwrap_err().reason, ImpossibleGeometry);
        }
    }
}
