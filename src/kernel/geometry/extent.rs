//! What a geometry covers and where it stands: covering box, representative point, type name.
//!
//! For geometries that `check` has passed; others give some answer or none, and never a panic.

use geo::{BoundingRect, CoordsIter, Geometry, InteriorPoint, LinesIter, Point, Polygon, Rect};

/// Bounding box `[xmin, ymin, xmax, ymax]` rounded outward to `f32`; none without a point.
///
/// Outward, so that a reader who filters on the `bbox` column never loses a row
/// (GeoParquet 1.1, bounding box columns).
///
/// ```
/// use cikr::kernel::geometry::covering;
/// use geo::point;
///
/// let [xmin, ymin, xmax, ymax] = covering(&point! { x: -97.1, y: 30.3 }.into()).unwrap();
/// assert!(f64::from(xmin) <= -97.1 && -97.1 <= f64::from(xmax));
/// assert!(f64::from(ymin) <= 30.3 && 30.3 <= f64::from(ymax));
/// ```
pub fn covering(geometry: &Geometry<f64>) -> Option<[f32; 4]> {
    geometry.bounding_rect().map(round_outward)
}

/// A box as `[xmin, ymin, xmax, ymax]` rounded outward to `f32`.
///
/// ```
/// use cikr::kernel::geometry::round_outward;
/// use geo::Rect;
///
/// assert_eq!(round_outward(Rect::new((0.5, 1.0), (2.0, 3.0))), [0.5, 1.0, 2.0, 3.0], "exact as it is");
/// let [xmin, _, xmax, _] = round_outward(Rect::new((0.1, 0.0), (0.1, 0.0)));
/// assert!(f64::from(xmin) < 0.1 && 0.1 < f64::from(xmax));
/// ```
pub fn round_outward(rect: Rect<f64>) -> [f32; 4] {
    [
        round_down(rect.min().x),
        round_down(rect.min().y),
        round_up(rect.max().x),
        round_up(rect.max().y),
    ]
}

/// A point that stands for the geometry and lies on it.
///
/// Points: the lowest by x, then y. Lines: a vertex near the middle (`geo::InteriorPoint`). Polygons:
/// the middle of the widest stretch of surface on a line from west to east through their middle.
///
/// ```
/// use cikr::kernel::geometry::representative_point;
/// use geo::{point, polygon};
///
/// // A horseshoe, whose centroid lies outside of it.
/// let shape = polygon![
///     (x: 0.0, y: 0.0), (x: 5.0, y: 0.0), (x: 5.0, y: 6.0), (x: 4.0, y: 6.0),
///     (x: 4.0, y: 1.0), (x: 2.0, y: 1.0), (x: 2.0, y: 6.0), (x: 0.0, y: 6.0),
/// ];
/// assert_eq!(representative_point(&shape.into()), Some(point! { x: 1.0, y: 3.0 }));
/// ```
pub fn representative_point(geometry: &Geometry<f64>) -> Option<Point<f64>> {
    match geometry {
        Geometry::MultiPoint(points) => points
            .iter()
            .copied()
            .min_by(|a, b| a.x().total_cmp(&b.x()).then(a.y().total_cmp(&b.y()))),
        Geometry::Polygon(polygon) => surface_point(polygon).map(|(point, _)| point),
        Geometry::MultiPolygon(polygons) => {
            // `max_by` takes the last of equals; from the back, that is the first part.
            let widest = polygons
                .0
                .iter()
                .rev()
                .filter_map(surface_point)
                .max_by(|a, b| a.1.total_cmp(&b.1));
            widest.map(|(point, _)| point)
        }
        other => other.interior_point(),
    }
}

/// A point of the surface and the width of the surface there, degrees; a vertex and 0 where the
/// surface has no width.
///
/// By the even-odd rule, which has an answer for rings that cross themselves or each other; `geo`'s
/// `interior_point` relates topologies and panics on some of those (seeds of `tests/fuzz`).
fn surface_point(polygon: &Polygon<f64>) -> Option<(Point<f64>, f64)> {
    let y = scan_latitude(polygon)?;
    let mut crossings: Vec<f64> = polygon
        .lines_iter()
        .filter(|line| (line.start.y > y) != (line.end.y > y))
        .map(|line| line.start.x + (y - line.start.y) / line.dy() * line.dx())
        .collect();
    crossings.sort_unstable_by(f64::total_cmp);
    // In pairs, by the even-odd rule: from the first to the second is surface, from there to the third is none.
    let stretches = crossings.as_chunks().0.iter().rev();
    let widest = stretches.map(|[west, east]| (f64::midpoint(*west, *east), east - west));
    let widest = widest
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .filter(|(_, width)| *width > 0.0);
    match widest {
        Some((x, width)) => Some((Point::new(x, y), width)),
        None => polygon.coords_iter().next().map(|vertex| (vertex.into(), 0.0)),
    }
}

/// A latitude in the middle of the polygon, off its vertices where floating point allows.
fn scan_latitude(polygon: &Polygon<f64>) -> Option<f64> {
    let bounds = polygon.bounding_rect()?;
    let middle = f64::midpoint(bounds.min().y, bounds.max().y);
    if latitude_nearest(polygon, middle, |_| true)?
        .total_cmp(&middle)
        .is_ne()
    {
        return Some(middle);
    }
    // Half-way to the next latitude that a vertex has, there is none.
    let next = latitude_nearest(polygon, middle, |y| y.total_cmp(&middle).is_ne());
    Some(next.map_or(middle, |next| f64::midpoint(middle, next)))
}

/// The latitude of the wanted vertices that is nearest to another.
fn latitude_nearest(polygon: &Polygon<f64>, to: f64, is_wanted: impl Fn(&f64) -> bool) -> Option<f64> {
    polygon
        .coords_iter()
        .map(|c| c.y)
        .filter(is_wanted)
        .min_by(|a, b| (a - to).abs().total_cmp(&(b - to).abs()))
}

/// Name of the geometry's type in GeoParquet's `geometry_types`.
pub fn type_name(geometry: &Geometry<f64>) -> &'static str {
    match geometry {
        Geometry::Point(_) => "Point",
        Geometry::Line(_) | Geometry::LineString(_) => "LineString",
        Geometry::Polygon(_) | Geometry::Rect(_) | Geometry::Triangle(_) => "Polygon",
        Geometry::MultiPoint(_) => "MultiPoint",
        Geometry::MultiLineString(_) => "MultiLineString",
        Geometry::MultiPolygon(_) => "MultiPolygon",
        Geometry::GeometryCollection(_) => "GeometryCollection",
    }
}

fn round_down(value: f64) -> f32 {
    let near = round_nearest(value);
    if f64::from(near) > value {
        near.next_down()
    } else {
        near
    }
}

fn round_up(value: f64) -> f32 {
    let near = round_nearest(value);
    if f64::from(near) < value {
        near.next_up()
    } else {
        near
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "`round_down` and `round_up` repair the rounding"
)]
fn round_nearest(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use geo::{Geometry, Intersects, Point, wkt};
    use proptest::prelude::*;

    use super::{covering, representative_point};

    #[test]
    fn a_covering_contains_its_geometry_and_no_more_than_it_must() {
        let point: Geometry<f64> = wkt!(POINT(-97.1 30.3)).into();
        let [xmin, ymin, xmax, ymax] = covering(&point).unwrap();
        assert!(f64::from(xmin) < -97.1 && -97.1 < f64::from(xmax) && xmax <= xmin.next_up());
        assert!(f64::from(ymin) < 30.3 && 30.3 < f64::from(ymax) && ymax <= ymin.next_up());
        let exact: Geometry<f64> = wkt!(LINESTRING(-180. -90.,180. 90.)).into();
        assert_eq!(covering(&exact), Some([-180.0, -90.0, 180.0, 90.0]));
        assert_eq!(covering(&wkt!(MULTIPOINT EMPTY).into()), None);
    }

    #[test]
    fn a_representative_point_lies_on_its_geometry() {
        let cases: Vec<Geometry<f64>> = vec![
            wkt!(LINESTRING(0. 0.,1. 5.)).into(),
            wkt!(LINESTRING(0. 0.,10. 0.,10. 10.)).into(),
            wkt!(MULTILINESTRING((0. 0.,1. 1.),(5. 5.,6. 7.))).into(),
            wkt!(POLYGON((0. 0.,10. 0.,10. 10.,9. 1.,0. 1.,0. 0.))).into(),
            wkt!(POLYGON((0. 0.,9. 0.,9. 9.,0. 9.,0. 0.),(1. 1.,8. 1.,8. 8.,1. 8.,1. 1.))).into(),
            wkt!(MULTIPOLYGON(((0. 0.,1. 0.,0. 1.,0. 0.)),((5. 5.,9. 5.,5. 9.,5. 5.)))).into(),
            wkt!(POLYGON((0. 0.,1. 1.,2. 2.,0. 0.))).into(),
            // Crosses itself in the middle; touches its hole; its parts overlap.
            wkt!(POLYGON((0. 0.,2. 2.,2. 0.,0. 2.,0. 0.))).into(),
            wkt!(POLYGON((0. 0.,4. 0.,4. 4.,0. 4.,0. 0.),(0. 0.,2. 1.,0. 4.,1. 2.,0. 0.))).into(),
            wkt!(MULTIPOLYGON(((0. 0.,4. 0.,4. 4.,0. 0.)),((0. 0.,4. 0.,4. 5.,0. 0.)))).into(),
        ];
        for geometry in cases {
            let point = representative_point(&geometry).unwrap();
            assert!(geometry.intersects(&point), "{point:?} is off {geometry:?}");
        }
        let points: Geometry<f64> = wkt!(MULTIPOINT(3. 1.,2. 9.,2. 4.)).into();
        assert_eq!(representative_point(&points), Some(Point::new(2.0, 4.0)));
        assert_eq!(representative_point(&wkt!(MULTIPOLYGON EMPTY).into()), None);
    }

    proptest! {
        #[test]
        fn any_ring_has_a_point_and_a_covering(ring in prop::collection::vec((-9i8..9, -9i8..9), 3..12)) {
            let ring: Vec<(f64, f64)> = ring.into_iter().map(|(x, y)| (x.into(), y.into())).collect();
            let polygon: Geometry<f64> = geo::Polygon::new(ring.into(), vec![]).into();
            prop_assert!(representative_point(&polygon).is_some());
            prop_assert!(covering(&polygon).is_some());
        }
    }
}
