//! How far a geometry is from a point, on the ellipsoid of WGS 84.
//!
//! Pure. Edges are straight in longitude and latitude, as everywhere here; a point within an area is at no distance from it.

use geo::{CoordsIter, Geometry, Intersects, LineString};

use super::geometry::{decode, plain_point};
use super::jurisdiction::Viewpoint;

/// Metres from a viewpoint to the nearest place of a geometry in WKB; infinitely many where that is farther than `limit`, none
/// where the bytes are no geometry.
///
/// ```
/// use cikr::kernel::distance::metres_to_wkb;
/// use cikr::kernel::geometry::encode;
/// use cikr::kernel::jurisdiction::Viewpoint;
/// use geo::{Point, wkt};
///
/// let here = Viewpoint::new(Point::new(-95.0, 30.0));
/// let mut wkb = Vec::new();
/// encode(&wkt!(POINT(-95. 31.)).into(), &mut wkb);
/// let metres = metres_to_wkb(&here, &wkb, f64::INFINITY).ok_or("no geometry")?;
/// assert!((metres - 110_861.0).abs() < 1.0, "a degree of latitude: {metres}");
/// assert_eq!(metres_to_wkb(&here, &wkb, 1_000.0), Some(f64::INFINITY));
/// # Ok::<(), &str>(())
/// ```
pub fn metres_to_wkb(from: &Viewpoint, wkb: &[u8], limit: f64) -> Option<f64> {
    if let Some([x, y]) = plain_point(wkb) {
        return Some(metres_to_place(from, geo::coord! { x: x, y: y }, limit));
    }
    Some(metres_to(from, &decode(wkb).ok()?, limit))
}

/// Metres from a viewpoint to the nearest place of a geometry; infinitely many where that is farther than `limit`.
///
/// ```
/// use cikr::kernel::distance::metres_to;
/// use cikr::kernel::jurisdiction::Viewpoint;
/// use geo::{Geometry, Point, wkt};
///
/// let area: Geometry<f64> = wkt!(POLYGON((-96. 29.,-94. 29.,-94. 31.,-96. 31.,-96. 29.))).into();
/// let within = Viewpoint::new(Point::new(-95.0, 30.0));
/// assert_eq!(metres_to(&within, &area, f64::INFINITY), 0.0);
/// let north = Viewpoint::new(Point::new(-95.0, 32.0));
/// assert!((metres_to(&north, &area, f64::INFINITY) - 110_870.0).abs() < 20.0, "to its upper edge");
/// ```
pub fn metres_to(from: &Viewpoint, geometry: &Geometry<f64>, limit: f64) -> f64 {
    match geometry {
        Geometry::Point(point) => metres_to_place(from, point.0, limit),
        Geometry::MultiPoint(points) => least(points.iter(), limit, |point, limit| {
            metres_to_place(from, point.0, limit)
        }),
        Geometry::Line(line) => from.distance_between([line.start, line.end], limit),
        Geometry::LineString(line) => metres_to_line(from, line, limit),
        Geometry::MultiLineString(lines) => least(lines.iter(), limit, |line, limit| {
            metres_to_line(from, line, limit)
        }),
        Geometry::Polygon(_) | Geometry::MultiPolygon(_) | Geometry::Rect(_) | Geometry::Triangle(_)
            if geometry.intersects(&from.point()) =>
        {
            0.0
        }
        Geometry::Polygon(polygon) => least(
            [polygon.exterior()].into_iter().chain(polygon.interiors()),
            limit,
            |ring, limit| metres_to_line(from, ring, limit),
        ),
        Geometry::MultiPolygon(polygons) => {
            let rings = polygons
                .iter()
                .flat_map(|polygon| [polygon.exterior()].into_iter().chain(polygon.interiors()));
            least(rings, limit, |ring, limit| metres_to_line(from, ring, limit))
        }
        Geometry::Rect(rect) => metres_to(from, &rect.to_polygon().into(), limit),
        Geometry::Triangle(triangle) => metres_to(from, &triangle.to_polygon().into(), limit),
        Geometry::GeometryCollection(members) => least(members.iter(), limit, |member, limit| {
            metres_to(from, member, limit)
        }),
    }
}

fn metres_to_place(from: &Viewpoint, place: geo::Coord<f64>, limit: f64) -> f64 {
    // The bound is cheap, and rules out most of what is asked.
    if from.least_distance([place.x, place.y, place.x, place.y]) > limit {
        return f64::INFINITY;
    }
    let metres = from.metres_to(place);
    if metres <= limit { metres } else { f64::INFINITY }
}

fn metres_to_line(from: &Viewpoint, line: &LineString<f64>, limit: f64) -> f64 {
    if line.0.len() < 2 {
        return least(line.coords_iter(), limit, |place, limit| {
            metres_to_place(from, place, limit)
        });
    }
    let edges = line.0.windows(2);
    let metres = least(edges, limit, |edge, limit| {
        let [start, end] = [edge[0], edge[1]];
        let bounds = [
            start.x.min(end.x),
            start.y.min(end.y),
            start.x.max(end.x),
            start.y.max(end.y),
        ];
        if from.least_distance(bounds) > limit {
            return f64::INFINITY;
        }
        from.distance_between([start, end], limit)
    });
    if metres <= limit { metres } else { f64::INFINITY }
}

/// The least distance of some parts, each asked for only up to the least of those before.
fn least<T>(parts: impl IntoIterator<Item = T>, limit: f64, metres: impl Fn(T, f64) -> f64) -> f64 {
    let parts = parts.into_iter();
    parts.fold(f64::INFINITY, |least, part| {
        least.min(metres(part, limit.min(least)))
    })
}
