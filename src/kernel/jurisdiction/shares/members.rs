//! What of a geometry counts: its members of the highest dimension.

use geo::{Coord, Geometry, LineString, Polygon};

/// Members of one dimension; those with a coordinate that isn't finite are left out.
pub(super) enum Members {
    Surfaces(Vec<Polygon<f64>>),
    Lines(Vec<LineString<f64>>),
    Points(Vec<Coord<f64>>),
}

impl Members {
    pub(super) fn of(geometry: &Geometry<f64>) -> Self {
        let mut all = All::default();
        all.add(geometry);
        if !all.surfaces.is_empty() {
            Self::Surfaces(all.surfaces)
        } else if !all.lines.is_empty() {
            Self::Lines(all.lines)
        } else {
            Self::Points(all.points)
        }
    }
}

#[derive(Default)]
struct All {
    surfaces: Vec<Polygon<f64>>,
    lines: Vec<LineString<f64>>,
    points: Vec<Coord<f64>>,
}

impl All {
    fn add(&mut self, geometry: &Geometry<f64>) {
        match geometry {
            Geometry::Point(point) => self.add_point(point.0),
            Geometry::MultiPoint(points) => points.iter().for_each(|point| self.add_point(point.0)),
            Geometry::Line(line) => self.add_line(&LineString::from(line)),
            Geometry::LineString(line) => self.add_line(line),
            Geometry::MultiLineString(lines) => lines.iter().for_each(|line| self.add_line(line)),
            Geometry::Polygon(polygon) => self.add_surface(polygon),
            Geometry::MultiPolygon(polygons) => polygons.iter().for_each(|polygon| self.add_surface(polygon)),
            Geometry::Rect(rect) => self.add_surface(&rect.to_polygon()),
            Geometry::Triangle(triangle) => self.add_surface(&triangle.to_polygon()),
            Geometry::GeometryCollection(members) => members.iter().for_each(|member| self.add(member)),
        }
    }

    fn add_point(&mut self, place: Coord<f64>) {
        if is_finite(&place) {
            self.points.push(place);
        }
    }

    fn add_line(&mut self, line: &LineString<f64>) {
        if !line.0.is_empty() && line.0.iter().all(is_finite) {
            self.lines.push(line.clone());
        }
    }

    fn add_surface(&mut self, polygon: &Polygon<f64>) {
        let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
        let is_usable = rings.flat_map(|ring| &ring.0).all(is_finite);
        if is_usable && !polygon.exterior().0.is_empty() {
            self.surfaces.push(polygon.clone());
        }
    }
}

fn is_finite(place: &Coord<f64>) -> bool {
    place.x.is_finite() && place.y.is_finite()
}
