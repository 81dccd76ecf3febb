//! Which edges of rings meet where they mustn't: a sweep from west to east over all of them.

use std::collections::BTreeSet;

use geo::line_intersection::{LineIntersection, line_intersection};
use geo::{Coord, Line};

/// An edge, and where it stands.
#[derive(Clone, Copy)]
struct Edge {
    line: Line<f64>,
    ring: usize,
    place: usize,
    /// Edges of its ring.
    of: usize,
}

/// Edges that meet where they mustn't, as ring and place in it: neighbours of a ring may meet in the corner that they share, edges of
/// two rings in a corner of both, and no others.
///
/// A ring that touches itself in a corner meets wrongly there; so do edges that lie on each other.
pub(super) fn edges_that_meet(rings: &[Vec<Line<f64>>]) -> BTreeSet<(usize, usize)> {
    let mut edges: Vec<Edge> = Vec::with_capacity(rings.iter().map(Vec::len).sum());
    for (ring, lines) in rings.iter().enumerate() {
        edges.extend(lines.iter().enumerate().map(|(place, line)| Edge {
            line: *line,
            ring,
            place,
            of: lines.len(),
        }));
    }
    edges.sort_by(|a, b| west_of(a).total_cmp(&west_of(b)));
    let mut wrong = BTreeSet::new();
    let mut active: Vec<Edge> = Vec::new();
    for edge in edges {
        active.retain(|other| east_of(other) >= west_of(&edge));
        for other in active.iter().filter(|other| meet_wrongly(other, &edge)) {
            wrong.extend([(other.ring, other.place), (edge.ring, edge.place)]);
        }
        active.push(edge);
    }
    wrong
}

fn west_of(edge: &Edge) -> f64 {
    edge.line.start.x.min(edge.line.end.x)
}

fn east_of(edge: &Edge) -> f64 {
    edge.line.start.x.max(edge.line.end.x)
}

fn south_of(edge: &Edge) -> f64 {
    edge.line.start.y.min(edge.line.end.y)
}

fn north_of(edge: &Edge) -> f64 {
    edge.line.start.y.max(edge.line.end.y)
}

fn ends_of(edge: &Edge) -> [Coord<f64>; 2] {
    [edge.line.start, edge.line.end]
}

fn meet_wrongly(one: &Edge, other: &Edge) -> bool {
    if south_of(one) > north_of(other) || south_of(other) > north_of(one) {
        return false;
    }
    match line_intersection(one.line, other.line) {
        None => false,
        Some(LineIntersection::Collinear { intersection }) => {
            // Lines that go straight on from each other meet in a line without length.
            intersection.start != intersection.end || !may_share_corner(one, other)
        }
        Some(LineIntersection::SinglePoint { is_proper, .. }) => is_proper || !may_share_corner(one, other),
    }
}

/// Whether two edges have a corner in common in which they may meet.
fn may_share_corner(one: &Edge, other: &Edge) -> bool {
    let is_shared = ends_of(one).iter().any(|end| ends_of(other).contains(end));
    if one.ring != other.ring {
        return is_shared;
    }
    let apart = one.place.abs_diff(other.place);
    is_shared && (apart == 1 || apart + 1 == one.of)
}

#[cfg(test)]
mod tests {
    use geo::{LineString, wkt};

    use super::edges_that_meet;

    fn keep_apart(rings: &[LineString<f64>]) -> bool {
        let lines: Vec<_> = rings.iter().map(|ring| ring.lines().collect()).collect();
        edges_that_meet(&lines).is_empty()
    }

    #[test]
    fn edges_meet_in_corners_alone() {
        let square = wkt!(LINESTRING(0. 0., 2. 0., 2. 2., 0. 2., 0. 0.));
        assert!(keep_apart(std::slice::from_ref(&square)));
        assert!(
            keep_apart(&[wkt!(LINESTRING(0. 0., 1. 0., 2. 0., 1. 2., 0. 0.))]),
            "straight on"
        );
        assert!(
            !keep_apart(&[wkt!(LINESTRING(0. 0., 2. 2., 2. 0., 0. 2., 0. 0.))]),
            "a bow"
        );
        assert!(
            !keep_apart(&[wkt!(LINESTRING(0. 0., 2. 0., 1. 0., 1. 2., 0. 0.))]),
            "back on itself"
        );
        let touching = wkt!(LINESTRING(2. 2., 3. 2., 3. 3., 2. 2.));
        assert!(
            keep_apart(&[square.clone(), touching]),
            "two rings in a corner of both"
        );
        let on_an_edge = wkt!(LINESTRING(2. 1., 3. 1., 3. 2., 2. 1.));
        assert!(!keep_apart(&[square, on_an_edge]));
    }
}
