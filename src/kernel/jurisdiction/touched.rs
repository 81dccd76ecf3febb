//! Whether a geometry shares a point with a polygon: by their edges, not by their boxes.

use geo::{CoordsIter, Geometry, Intersects, Line, LinesIter, Point};

use super::part::{Edge, Part};

/// Whether a geometry shares a point with a polygon, its border included.
pub(super) fn meets(part: &Part, geometry: &Geometry<f64>) -> bool {
    geometry.coords_iter().any(|vertex| part.covers(vertex))
        || segments(geometry).any(|segment| crosses(part, segment))
        || holds(geometry, part)
}

/// The edges of lines and surfaces.
fn segments(geometry: &Geometry<f64>) -> Box<dyn Iterator<Item = Line<f64>> + '_> {
    match geometry {
        Geometry::LineString(line) => Box::new(line.lines_iter()),
        Geometry::MultiLineString(lines) => Box::new(lines.lines_iter()),
        Geometry::Polygon(polygon) => Box::new(polygon.lines_iter()),
        Geometry::MultiPolygon(polygons) => Box::new(polygons.lines_iter()),
        _ => Box::new(std::iter::empty()),
    }
}

fn crosses(part: &Part, segment: Line<f64>) -> bool {
    if !part.bounds.intersects(&segment) {
        return false;
    }
    let (south, north) = (
        segment.start.y.min(segment.end.y),
        segment.start.y.max(segment.end.y),
    );
    let edges = part.edges_between(south, north).iter();
    edges
        .into_iter()
        .any(|Edge { low, high }| Line::new(*low, *high).intersects(&segment))
}

/// Whether a surface holds the whole polygon, where no edge of one meets the other's: any vertex tells.
fn holds(geometry: &Geometry<f64>, part: &Part) -> bool {
    let bounds = part.bounds;
    let vertex = part
        .edges_between(bounds.min().y, bounds.max().y)
        .first()
        .map(|edge| Point(edge.low));
    let is_surface = matches!(geometry, Geometry::Polygon(_) | Geometry::MultiPolygon(_));
    is_surface && vertex.is_some_and(|vertex| geometry.intersects(&vertex))
}
