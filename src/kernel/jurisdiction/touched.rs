//! Whether a geometry shares a point with a polygon: by their edges, not by their boxes.

use geo::{CoordsIter, Geometry, Intersects, Line, LinesIter, Point};

use super::part::{Edge, Part};

/// Whether a geometry shares a point with a polygon, its border included.
pub(super) fn shares_a_point(part: &Part, geometry: &Geometry<f64>) -> bool {
    // Cheapest first: most lines and surfaces have a vertex in what they touch.
    geometry.coords_iter().any(|vertex| part.covers(vertex))
        || segments_of(geometry).any(|segment| crosses_an_edge(part, segment))
        || surface_holds(geometry, part)
}

/// The edges of lines and surfaces.
fn segments_of(geometry: &Geometry<f64>) -> Box<dyn Iterator<Item = Line<f64>> + '_> {
    match geometry {
        Geometry::LineString(line) => Box::new(line.lines_iter()),
        Geometry::MultiLineString(lines) => Box::new(lines.lines_iter()),
        Geometry::Polygon(polygon) => Box::new(polygon.lines_iter()),
        Geometry::MultiPolygon(polygons) => Box::new(polygons.lines_iter()),
        _ => Box::new(std::iter::empty()),
    }
}

fn crosses_an_edge(part: &Part, segment: Line<f64>) -> bool {
    if !part.bounds.intersects(&segment) {
        return false;
    }
    let south = segment.start.y.min(segment.end.y);
    let north = segment.start.y.max(segment.end.y);
    part.edges_between(south, north)
        .iter()
        .any(|Edge { low, high }| Line::new(*low, *high).intersects(&segment))
}

/// Whether a surface holds the whole polygon, where no edge of one meets the other's: any vertex tells.
fn surface_holds(geometry: &Geometry<f64>, part: &Part) -> bool {
    let bounds = part.bounds;
    let vertex = part
        .edges_between(bounds.min().y, bounds.max().y)
        .first()
        .map(|edge| Point(edge.low));
    let is_surface = matches!(geometry, Geometry::Polygon(_) | Geometry::MultiPolygon(_));
    is_surface && vertex.is_some_and(|vertex| geometry.intersects(&vertex))
}
