//! Any edges as the border of what they enclose an odd number of times.
//!
//! A sweep to the north: between two latitudes at which edges begin, end or cross, the edges stand side by side, and
//! are in turn the western and the eastern border of the surface.

use std::cmp::Ordering;
use std::ops::Range;

use geo::Coord;

use super::edge::{Edge, crossing_part, crossings};
use super::tree::EdgeTree;

/// The border of the surface, which lies to the left of every edge.
pub(super) fn border_of(edges: Vec<Edge>) -> Vec<Edge> {
    let (rising, order) = rising_edges(edges);
    let levels = levels_of(&rising);
    let mut sweep = Sweep {
        edges: &rising,
        standing: Vec::new(),
        begun: vec![None; rising.len()],
        pieces: Vec::new(),
        ledges: Vec::new(),
    };
    let mut next = 0;
    for (at, &level) in levels.iter().enumerate() {
        let first = next;
        while rising.get(next).is_some_and(|edge| edge.from.y <= level) {
            next += 1;
        }
        sweep.pass(level, levels.get(at + 1).copied(), first..next);
    }
    sweep.into_border(&order)
}

/// Edges that aren't level, from south to north, by where they begin; those that come twice enclose nothing.
///
/// With them, where each stood before.
fn rising_edges(edges: Vec<Edge>) -> (Vec<Edge>, Vec<usize>) {
    let upward = edges.into_iter().map(|edge| {
        if edge.from.y <= edge.to.y {
            edge
        } else {
            edge.reversed()
        }
    });
    let mut rising: Vec<(Edge, usize)> = upward
        .zip(0..)
        .filter(|(edge, _)| edge.from.y < edge.to.y)
        .collect();
    rising.sort_by(|(a, _), (b, _)| from_south(a.from, b.from).then_with(|| from_south(a.to, b.to)));
    rising
        .chunk_by(|(a, _), (b, _)| a == b)
        .filter(|same| same.len() % 2 == 1)
        .map(|same| same[0])
        .unzip()
}

fn from_south(a: Coord<f64>, b: Coord<f64>) -> Ordering {
    a.y.total_cmp(&b.y).then(a.x.total_cmp(&b.x))
}

/// Latitudes at which edges begin, end or cross.
fn levels_of(edges: &[Edge]) -> Vec<f64> {
    let mut levels: Vec<f64> = edges.iter().flat_map(|edge| [edge.from.y, edge.to.y]).collect();
    let tree = EdgeTree::new(edges.to_vec());
    for (at, edge) in edges.iter().enumerate() {
        let bounds = edge.bounds();
        tree.see_edges(&|other| other.meets(&bounds), &mut |place, other| {
            if place > at && crossings(edge, other).asking != 0 {
                levels.push(edge.at(crossing_part(edge, other)).y);
            }
        });
    }
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    levels
}

/// A piece of an edge that has begun.
#[derive(Clone, Copy)]
struct Begun {
    from: Coord<f64>,
    is_western: bool,
}

struct Sweep<'a> {
    edges: &'a [Edge],
    /// Edges that the last level left standing, from west to east.
    standing: Vec<usize>,
    begun: Vec<Option<Begun>>,
    /// Pieces of edges, with their edges.
    pieces: Vec<(usize, Edge)>,
    /// Level pieces, which close the surface above and below.
    ledges: Vec<Edge>,
}

impl Sweep<'_> {
    /// Passes a level, at which some edges begin and others end.
    fn pass(&mut self, level: f64, next_level: Option<f64>, beginning: Range<usize>) {
        let below = self.longitudes_at(level);
        let last: Vec<usize> = std::mem::take(&mut self.standing);
        let kept = last.iter().copied().chain(beginning);
        self.standing = kept.filter(|&edge| self.edges[edge].to.y > level).collect();
        if let Some(next_level) = next_level {
            let edges = self.edges;
            self.standing.sort_by(|&a, &b| {
                let middles = [a, b]
                    .map(|edge| longitude_at(&edges[edge], level) + longitude_at(&edges[edge], next_level));
                middles[0].total_cmp(&middles[1]).then(a.cmp(&b))
            });
        }
        let above = self.longitudes_at(level);
        push_ledges(level, &below, &above, &mut self.ledges);
        for edge in last {
            if self.edges[edge].to.y <= level {
                self.end_piece(edge, self.edges[edge].to);
            }
        }
        self.begin_pieces(level);
    }

    /// Begins the pieces of edges that stand above a level, unless they only go on.
    fn begin_pieces(&mut self, level: f64) {
        for place in 0..self.standing.len() {
            let edge = self.standing[place];
            let is_western = place % 2 == 0;
            if self.begun[edge].is_some_and(|begun| begun.is_western == is_western) {
                continue;
            }
            let from = Coord {
                x: longitude_at(&self.edges[edge], level),
                y: level,
            };
            self.end_piece(edge, from);
            self.begun[edge] = Some(Begun { from, is_western });
        }
    }

    fn longitudes_at(&self, level: f64) -> Vec<f64> {
        let edges = self.standing.iter().map(|&edge| &self.edges[edge]);
        edges.map(|edge| longitude_at(edge, level)).collect()
    }

    fn end_piece(&mut self, edge: usize, to: Coord<f64>) {
        let Some(Begun { from, is_western }) = self.begun[edge].take() else {
            return;
        };
        let rising = Edge { from, to };
        // The surface is to the left of what goes down its western border.
        let piece = if is_western { rising.reversed() } else { rising };
        self.pieces.push((edge, piece));
    }

    /// The border, its pieces in the order in which their edges came.
    fn into_border(mut self, order: &[usize]) -> Vec<Edge> {
        // What was next to each other stays so: boxes of runs are small, and walks seldom begin anew.
        self.pieces.sort_by_key(|(edge, _)| order[*edge]);
        let pieces: Vec<Edge> = self.pieces.into_iter().map(|(_, piece)| piece).collect();
        let backward = pieces.chunk_by(|piece, next| piece.from == next.to && piece.to != next.from);
        let forward = backward.flat_map(|pieces| pieces.iter().rev().copied());
        forward.chain(self.ledges).collect()
    }
}

/// The level pieces of a border: where the surface is on one side of a level only.
///
/// Where the edges stand, from west to east, below the level and above it. Rounding may have exchanged neighbours: the
/// pieces are those that close the border all the same.
fn push_ledges(level: f64, below: &[f64], above: &[f64], ledges: &mut Vec<Edge>) {
    // Layers above less layers below, and by how much that changes at each longitude.
    let mut changes: Vec<(f64, i32)> = above.iter().copied().zip([1, -1].into_iter().cycle()).collect();
    changes.extend(below.iter().copied().zip([-1, 1].into_iter().cycle()));
    changes.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut layers = 0_i32;
    let mut from = 0.0;
    for (x, change) in changes {
        if x > from || layers == 0 {
            let eastward = Edge {
                from: Coord { x: from, y: level },
                to: Coord { x, y: level },
            };
            let ledge = if layers > 0 { eastward } else { eastward.reversed() };
            ledges.extend(std::iter::repeat_n(ledge, layers.unsigned_abs() as usize));
            from = x;
        }
        layers += change;
    }
}

/// Longitude of a rising edge at a latitude; those of its ends bit for bit.
fn longitude_at(edge: &Edge, latitude: f64) -> f64 {
    if latitude <= edge.from.y {
        return edge.from.x;
    }
    if latitude >= edge.to.y {
        return edge.to.x;
    }
    let part = (latitude - edge.from.y) / (edge.to.y - edge.from.y);
    edge.from.x + part * (edge.to.x - edge.from.x)
}
