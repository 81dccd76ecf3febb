//! Any edges as the border of what they enclose an odd number of times.
//!
//! A sweep to the north: between two latitudes at which edges begin, end or cross, the edges stand side by side, and
//! are in turn the western and the eastern border of the surface.

use std::cmp::Ordering;
use std::ops::Range;

use geo::Coord;

use super::crossing::crossing_part;
use super::edge::{Edge, crossings};
use super::tree::EdgeTree;

/// Places where a shape's own edges cross or touch that are sorted out, at most, for each edge and beside that: rings drawn
/// around the cells of a raster touch in every corner, some four for each edge; a scribble of 100 edges has 50.
const CROSSINGS_OF_EDGE: usize = 8;
const FEW_CROSSINGS: usize = 1_000;
/// Edges that stand between two levels, added up over all levels, at most, for each edge and beside that: 320,000 edges of
/// rings that touch in every corner stay below, and take 18 s. A row of 16 MiB, which is the longest read, has three times as many.
const STEPS_OF_EDGE: usize = 4_000;
const FEW_STEPS: usize = 10_000_000;

/// The border of the surface, which lies to the left of every edge; none where edges cross too often to be sorted out.
pub(super) fn border_of(edges: Vec<Edge>) -> Option<Vec<Edge>> {
    let (rising, order) = rising_edges(edges);
    let levels = levels_of(&rising)?;
    let mut sweep = Sweep {
        edges: &rising,
        standing: Vec::new(),
        begun: vec![None; rising.len()],
        pieces: Vec::new(),
        ledges: Vec::new(),
    };
    let mut next = 0;
    let mut steps = 0;
    for (at, &level) in levels.iter().enumerate() {
        let first = next;
        while rising.get(next).is_some_and(|edge| edge.from.y <= level) {
            next += 1;
        }
        sweep.pass(level, levels.get(at + 1).copied(), first..next);
        // What comes from outside may be made to keep a night busy.
        steps += sweep.standing.len();
        if steps > FEW_STEPS + STEPS_OF_EDGE * rising.len() {
            return None;
        }
    }
    Some(sweep.into_border(&order))
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

/// Latitudes at which edges begin, end or cross; none where they cross too often.
fn levels_of(edges: &[Edge]) -> Option<Vec<f64>> {
    let mut levels: Vec<f64> = edges.iter().flat_map(|edge| [edge.from.y, edge.to.y]).collect();
    let tree = EdgeTree::new(edges.to_vec());
    for (at, edge) in edges.iter().enumerate() {
        let bounds = edge.bounds();
        tree.see_edges(&|other| other.meets(&bounds), &mut |place, other| {
            if place > at && crossings(edge, other).asking != 0 {
                levels.push(edge.at(crossing_part(edge, other)).y);
            }
        });
        if levels.len() > FEW_CROSSINGS + (2 + CROSSINGS_OF_EDGE) * edges.len() {
            return None;
        }
    }
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    Some(levels)
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
        let mut changes = Vec::new();
        let mut standing = std::mem::take(&mut self.standing);
        standing.retain(|&edge| {
            let end = self.edges[edge].to;
            if end.y <= level {
                self.end_piece(edge, end, &mut changes);
            }
            end.y > level
        });
        standing.extend(beginning);
        if let Some(next_level) = next_level {
            standing = self.ordered_from_west(&standing, level, next_level);
        }
        self.standing = standing;
        self.begin_pieces(level, &mut changes);
        push_ledges(level, changes, &mut self.ledges);
    }

    /// Edges in the order in which they stand between two levels.
    fn ordered_from_west(&self, standing: &[usize], level: f64, next_level: f64) -> Vec<usize> {
        let mut middles: Vec<(f64, usize)> = standing
            .iter()
            .map(|&at| {
                let edge = &self.edges[at];
                (longitude_at(edge, level) + longitude_at(edge, next_level), at)
            })
            .collect();
        // Nearly in order from the level before, which makes this one pass or two.
        middles.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        middles.into_iter().map(|(_, at)| at).collect()
    }

    /// Begins the pieces of edges that stand above a level, unless they only go on.
    fn begin_pieces(&mut self, level: f64, changes: &mut Vec<(f64, i32)>) {
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
            self.end_piece(edge, from, changes);
            self.begun[edge] = Some(Begun { from, is_western });
            changes.push((from.x, if is_western { 1 } else { -1 }));
        }
    }

    /// Ends the piece of an edge, if one has begun; tells of the layers that end with it, see [`push_ledges`].
    fn end_piece(&mut self, edge: usize, to: Coord<f64>, changes: &mut Vec<(f64, i32)>) {
        let Some(Begun { from, is_western }) = self.begun[edge].take() else {
            return;
        };
        let rising = Edge { from, to };
        // The surface is to the left of what goes down its western border.
        let piece = if is_western { rising.reversed() } else { rising };
        self.pieces.push((edge, piece));
        changes.push((to.x, if is_western { -1 } else { 1 }));
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
/// Takes longitudes, and by how much the layers above less the layers below change there; edges that only go on change
/// nothing. Rounding may have exchanged neighbours: the pieces are those that close the border all the same.
fn push_ledges(level: f64, mut changes: Vec<(f64, i32)>, ledges: &mut Vec<Edge>) {
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
