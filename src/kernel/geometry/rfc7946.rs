//! A geometry as RFC 7946 has it, for whoever writes GeoJSON.

use geo::orient::{Direction, Orient};
use geo::{Coord, Geometry, MapCoords};

/// Parts of a degree that a coordinate is rounded to.
const PARTS_OF_DEGREE: f64 = 1e7;

/// A geometry in OGC:CRS84 as GeoJSON: seven decimals, about a centimetre; rings counterclockwise outside, clockwise inside.
///
/// More decimals say nothing of a facility, and are half of such a file.
///
/// ```
/// use cikr::kernel::geometry::as_geojson;
/// use geo::point;
///
/// let houston = as_geojson(&point! { x: -95.400_000_04, y: 29.8 }.into());
/// assert_eq!(houston.to_string(), r#"{"type":"Point","coordinates":[-95.4,29.8]}"#);
/// ```
pub fn as_geojson(geometry: &Geometry<f64>) -> geojson::Geometry {
    let rounded = geometry.map_coords(|Coord { x, y }| Coord {
        x: shortest_degrees(x),
        y: shortest_degrees(y),
    });
    let wound = match rounded {
        Geometry::Polygon(area) => Geometry::Polygon(area.orient(Direction::Default)),
        Geometry::MultiPolygon(areas) => Geometry::MultiPolygon(areas.orient(Direction::Default)),
        other => other,
    };
    geojson::Geometry::new((&wound).into())
}

/// A coordinate with the decimals that GeoJSON gets.
///
/// ```
/// assert_eq!(cikr::kernel::geometry::shortest_degrees(29.123_456_789), 29.123_456_8);
/// ```
pub fn shortest_degrees(degrees: f64) -> f64 {
    (degrees * PARTS_OF_DEGREE).round() / PARTS_OF_DEGREE
}
