//! Rings as the border of a surface, which lies to the left of every edge.
//!
//! Rings that touch nothing but themselves end to end are taken as they are, or turned. All others, and those that
//! cross ±180, are sorted out by the even-odd rule.

use std::ops::Range;

use geo::{Coord, Polygon};

use super::bounds::Bounds;
use super::edge::{Edge, Side};
use super::even_odd;
use super::surface::Surface;
use super::tree::{EdgeTree, RUN};
use crate::kernel::jurisdiction::meridian;

/// The surface of a polygon, cut at ±180 as an index cuts it; none where a coordinate isn't finite, or its rings cross too
/// often.
pub(super) fn surface_of_polygon(polygon: &Polygon<f64>) -> Option<Surface> {
    if !meridian::is_to_be_cut(polygon) {
        return surface_on_plane(polygon);
    }
    let lines = meridian::cut_polygon(polygon)?;
    let ends = lines.iter().flat_map(|line| line.windows(2));
    // Adding zero makes one zero of both, so that equal places have equal bits.
    let ends = ends.map(|ends| [ends[0] + Coord::zero(), ends[1] + Coord::zero()]);
    let edges = ends
        .filter(|[from, to]| from != to)
        .map(|[from, to]| Edge { from, to });
    even_odd::border_of(edges.collect()).map(Surface::new)
}

/// The surface of a polygon as it stands on the plane.
fn surface_on_plane(polygon: &Polygon<f64>) -> Option<Surface> {
    let rings = closed_rings(polygon)?;
    let mut outline = Outline::default();
    for ring in &rings {
        outline.add_ring(|edges| {
            let ends = ring.windows(2).filter(|ends| ends[0] != ends[1]);
            edges.extend(ends.map(|ends| Edge {
                from: ends[0],
                to: ends[1],
            }));
        });
    }
    outline.into_surface()
}

fn closed_rings(polygon: &Polygon<f64>) -> Option<Vec<Vec<Coord<f64>>>> {
    let lines = std::iter::once(polygon.exterior()).chain(polygon.interiors());
    let rings = lines.map(|line| {
        // Adding zero makes one zero of both, so that equal places have equal bits.
        let mut ring: Vec<_> = line.0.iter().map(|&vertex| vertex + Coord::zero()).collect();
        ring.extend(ring.first().copied());
        ring.iter()
            .all(|vertex| vertex.x.is_finite() && vertex.y.is_finite())
            .then_some(ring)
    });
    rings.collect()
}

/// Edges ring by ring.
#[derive(Default)]
struct Outline {
    edges: Vec<Edge>,
    /// Where the edges of each ring begin.
    starts: Vec<usize>,
}

impl Outline {
    fn add_ring(&mut self, push_edges: impl FnOnce(&mut Vec<Edge>)) {
        let start = self.edges.len();
        push_edges(&mut self.edges);
        if self.edges.len() > start {
            self.starts.push(start);
        }
    }

    fn into_surface(self) -> Option<Surface> {
        let tree = EdgeTree::new(self.edges);
        let rings = Rings {
            tree: &tree,
            starts: &self.starts,
        };
        if rings.are_apart() {
            return Some(Surface::new(rings.turned()));
        }
        even_odd::border_of(tree.edges().to_vec()).map(Surface::new)
    }
}

/// Rings in a tree.
struct Rings<'a> {
    tree: &'a EdgeTree,
    starts: &'a [usize],
}

impl Rings<'_> {
    fn edges_of(&self, ring: usize) -> Range<usize> {
        let end = self.starts.get(ring + 1).copied();
        self.starts[ring]..end.unwrap_or(self.tree.edges().len())
    }

    /// Whether edges share no point but the one between neighbours.
    fn are_apart(&self) -> bool {
        let edges = self.tree.edges();
        for (run, first) in edges.chunks(RUN).zip((0..).step_by(RUN)) {
            let mut are_apart = true;
            let bounds = run
                .iter()
                .fold(Bounds::EMPTY, |all, edge| all.joined(&edge.bounds()));
            let may_touch = |other: &Bounds| other.meets(&bounds);
            self.tree.see_edges(&may_touch, &mut |later, other| {
                let reach = other.bounds();
                for (edge, at) in run.iter().zip(first..later) {
                    are_apart &= !edge.bounds().meets(&reach)
                        || self.may_meet(at, later)
                        || !share_a_point(edge, other);
                }
            });
            if !are_apart {
                return false;
            }
        }
        true
    }

    /// Whether two edges, the first one earlier, are neighbours in a ring that doesn't turn back between them.
    fn may_meet(&self, first: usize, second: usize) -> bool {
        let ring = self.starts.partition_point(|start| *start <= first) - 1;
        let edges = self.edges_of(ring);
        let follows = second == first + 1 && second < edges.end;
        let closes = first == edges.start && second + 1 == edges.end;
        let all = self.tree.edges();
        (follows && !turns_back(&all[first], &all[second]))
            || (closes && !follows && !turns_back(&all[second], &all[first]))
    }

    /// All edges, turned ring by ring so that the surface is to their left.
    fn turned(&self) -> Vec<Edge> {
        let mut edges = Vec::with_capacity(self.tree.edges().len());
        for ring in 0..self.starts.len() {
            let range = self.edges_of(ring);
            let is_hole = self.starts.len() > 1 && self.is_within_others(range.clone());
            let own = &self.tree.edges()[range];
            if is_hole == turns_left(own) {
                edges.extend(own.iter().rev().map(|edge| edge.reversed()));
            } else {
                edges.extend_from_slice(own);
            }
        }
        edges
    }

    /// Whether a ring lies within an odd number of the others.
    fn is_within_others(&self, own: Range<usize>) -> bool {
        let vertex = self.tree.edges()[own.start].from;
        let mut is_within = false;
        self.tree.see_edges(
            &|bounds| bounds.south <= vertex.y && vertex.y <= bounds.north && vertex.x <= bounds.east,
            &mut |place, edge| is_within ^= !own.contains(&place) && is_east_of(edge, vertex),
        );
        is_within
    }
}

/// Whether a ray to the east from a place that is not on the edge crosses it.
fn is_east_of(edge: &Edge, place: Coord<f64>) -> bool {
    let is_crossed = (edge.from.y <= place.y) != (edge.to.y <= place.y);
    let side_of_west = if edge.from.y <= edge.to.y {
        Side::Left
    } else {
        Side::Right
    };
    is_crossed && edge.side_of(place) == side_of_west
}

fn share_a_point(edge: &Edge, other: &Edge) -> bool {
    // All four are on one line only where the boxes, which meet, meet on that line.
    !are_beside(edge, other) && !are_beside(other, edge)
}

/// Whether an edge lies to one side of the line of another.
fn are_beside(edge: &Edge, line: &Edge) -> bool {
    let side = line.side_of(edge.from);
    side != Side::On && side == line.side_of(edge.to)
}

/// Whether the second of two neighbours goes back along the first.
fn turns_back(first: &Edge, second: &Edge) -> bool {
    let before = first.to - first.from;
    let after = second.to - second.from;
    before.x * after.x + before.y * after.y < 0.0 && first.side_of(second.to) == Side::On
        || second.to == first.from
}

/// Whether a ring turns left, as exteriors do.
fn turns_left(ring: &[Edge]) -> bool {
    let origin = ring[0].from;
    let doubled: f64 = ring
        .iter()
        .map(|edge| {
            let from = edge.from - origin;
            let to = edge.to - origin;
            from.x * to.y - from.y * to.x
        })
        .sum();
    doubled >= 0.0
}
