//! The area of polygons on the ellipsoid.

use geo::{GeodesicArea, LineString, MultiPolygon, Polygon};

/// Square metres of a square kilometre.
const SQUARE_METRES: f64 = 1e6;

/// Area of polygons on WGS 84, square kilometres: outer rings less their holes, whichever way the rings run.
///
/// Edges are geodesics, as `geo` measures them (Karney 2013, *Algorithms for geodesics*): an edge that follows a parallel for
/// many degrees encloses a little more than the parallel does.
///
/// ```
/// use cikr::kernel::geometry::area_km2;
/// use geo::{MultiPolygon, polygon};
///
/// // A square degree at the equator: 12,309 km² by geographiclib.
/// let square = polygon![(x: 0.0, y: 0.0), (x: 0.0, y: 1.0), (x: 1.0, y: 1.0), (x: 1.0, y: 0.0)];
/// let area = area_km2(&MultiPolygon::from(square));
/// assert!((area - 12_308.8).abs() < 0.1, "{area}");
/// ```
pub fn area_km2(shape: &MultiPolygon<f64>) -> f64 {
    let square_metres: f64 = shape.iter().map(area_of_polygon).sum();
    square_metres / SQUARE_METRES
}

fn area_of_polygon(polygon: &Polygon<f64>) -> f64 {
    let holes: f64 = polygon.interiors().iter().map(area_in_ring).sum();
    area_in_ring(polygon.exterior()) - holes
}

/// What a ring encloses: the lesser part of the globe. Sources run their rings both ways, so that the sign tells nothing.
fn area_in_ring(ring: &LineString<f64>) -> f64 {
    Polygon::new(ring.clone(), vec![]).geodesic_area_signed().abs()
}

#[cfg(test)]
mod tests {
    use geo::wkt;

    use super::area_km2;

    #[test]
    fn holes_are_taken_off_whichever_way_they_run() {
        let whole = area_km2(&wkt!(MULTIPOLYGON(((0. 0., 2. 0., 2. 2., 0. 2., 0. 0.)))));
        let hole = area_km2(&wkt!(MULTIPOLYGON(((0.5 0.5, 1. 0.5, 1. 1., 0.5 1., 0.5 0.5)))));
        let ways = [
            wkt!(MULTIPOLYGON(((0. 0., 2. 0., 2. 2., 0. 2., 0. 0.), (0.5 0.5, 1. 0.5, 1. 1., 0.5 1., 0.5 0.5)))),
            wkt!(MULTIPOLYGON(((0. 0., 0. 2., 2. 2., 2. 0., 0. 0.), (0.5 0.5, 1. 0.5, 1. 1., 0.5 1., 0.5 0.5)))),
        ];
        for shape in ways {
            assert!((area_km2(&shape) - (whole - hole)).abs() < 1e-6);
        }
    }
}
