//! Which polygons share a point with a geometry: by their edges, not by their boxes.

use std::collections::BTreeSet;

use geo::{BoundingRect, Coord, Geometry, Intersects, Line, LinesIter, Point, Rect};

use super::outlines::Outlines;
use super::tree::Tree;

/// Adds the ranks of the polygons that share a point with a geometry, their borders included, to those that hold a vertex of it.
pub(super) fn add_touching(
    outlines: &Outlines,
    tree: &Tree,
    geometry: &Geometry<f64>,
    ranks: &mut BTreeSet<u32>,
) {
    for segment in segments_of(geometry).flat_map(turns_of) {
        add_crossed(outlines, tree, segment, ranks);
    }
    let is_surface = matches!(geometry, Geometry::Polygon(_) | Geometry::MultiPolygon(_));
    if let Some(bounds) = geometry.bounding_rect().filter(|_| is_surface) {
        add_held(outlines, tree, geometry, bounds, ranks);
    }
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

/// A segment, and where it reaches beyond ±180, the same one turn back: polygons are indexed within.
fn turns_of(segment: Line<f64>) -> impl Iterator<Item = Line<f64>> {
    let west = segment.start.x.min(segment.end.x);
    let east = segment.start.x.max(segment.end.x);
    let turns = [(true, 0.0), (east > 180.0, -360.0), (west < -180.0, 360.0)];
    turns
        .into_iter()
        .filter(|(is_met, _)| *is_met)
        .map(move |(_, turn)| {
            let by = Coord { x: turn, y: 0.0 };
            Line::new(segment.start + by, segment.end + by)
        })
}

fn add_crossed(outlines: &Outlines, tree: &Tree, segment: Line<f64>, ranks: &mut BTreeSet<u32>) {
    tree.visit_meeting(box_of_rect(segment.bounding_rect()), |run| {
        let rank = outlines.owners[run.part as usize];
        if !ranks.contains(&rank)
            && run
                .edges()
                .any(|edge| line_of(outlines, edge).intersects(&segment))
        {
            ranks.insert(rank);
        }
    });
}

/// Adds polygons that a surface holds whole: where no edge of one meets the other's, any place tells.
fn add_held(
    outlines: &Outlines,
    tree: &Tree,
    surface: &Geometry<f64>,
    bounds: Rect<f64>,
    ranks: &mut BTreeSet<u32>,
) {
    let mut asked = BTreeSet::new();
    tree.visit_meeting(box_of_rect(bounds), |run| {
        let rank = outlines.owners[run.part as usize];
        if ranks.contains(&rank) || !asked.insert(run.part) {
            return;
        }
        let is_around = bounds.intersects(&outlines.rect_of(run.part));
        if is_around && surface.intersects(&Point(outlines.some_place(run.part))) {
            ranks.insert(rank);
        }
    });
}

fn line_of(outlines: &Outlines, edge: u32) -> Line<f64> {
    let [start, end] = outlines.ends(edge);
    Line::new(start, end)
}

fn box_of_rect(rect: Rect<f64>) -> [f64; 4] {
    [rect.min().x, rect.min().y, rect.max().x, rect.max().y]
}
