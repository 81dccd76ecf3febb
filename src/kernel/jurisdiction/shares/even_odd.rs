//! Any edges as the border of what they enclose an odd number of times.
//!
//! A sweep to the north: between two latitudes at which edges begin, end or cross, the edges stand side by side, and
//! are in turn the western and the eastern border of the surface.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Range;

use geo::Coord;

use super::edge::{Edge, crossing_bits, crossing_part, pushed};
use super::tree::EdgeTree;

/// The border of the surface, which lies to the left of every edge.
pub(super) fn border_of(edges: Vec<Edge>) -> Vec<Edge> {
    let rising = rising_edges(edges);
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
    sweep.into_border()
}

/// Edges that aren't level, from south to north, by where they begin; those that come twice enclose nothing.
fn rising_edges(edges: Vec<Edge>) -> Vec<Edge> {
    let mut rising: Vec<Edge> = edges
        .into_iter()
        .map(|edge| {
            if edge.from.y <= edge.to.y {
                edge
            } else {
                edge.reversed()
            }
        })
        .filter(|edge| edge.from.y < edge.to.y)
        .collect();
    rising.sort_by(|a, b| from_south(a.from, b.from).then_with(|| from_south(a.to, b.to)));
    let alike = rising.chunk_by(|a, b| a == b);
    alike
        .filter(|same| same.len() % 2 == 1)
        .map(|same| same[0])
        .collect()
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
            if place > at && crossing_bits(edge, other) & pushed::ASKING != 0 {
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
        let first_ledge = self.ledges.len();
        push_ledges(level, &below, &above, &mut self.ledges);
        for edge in last {
            if self.edges[edge].to.y <= level {
                self.end_piece(edge, self.edges[edge].to);
            }
        }
        self.begin_pieces(level, first_ledge);
    }

    /// Begins the pieces of edges that stand above a level, unless they only go on; ledges from `first_ledge` are
    /// the level's.
    fn begin_pieces(&mut self, level: f64, first_ledge: usize) {
        let ledges = &self.ledges[first_ledge..];
        // A ledge that ends on an edge needs a corner there, bit for bit, so that the border stays closed.
        let corners: BTreeSet<u64> = ledges
            .iter()
            .flat_map(|ledge| [ledge.from.x.to_bits(), ledge.to.x.to_bits()])
            .collect();
        for place in 0..self.standing.len() {
            let edge = self.standing[place];
            let is_western = place % 2 == 0;
            let x = longitude_at(&self.edges[edge], level);
            let goes_on = self.begun[edge].is_some_and(|begun| begun.is_western == is_western);
            if goes_on && !corners.contains(&x.to_bits()) {
                continue;
            }
            let from = Coord { x, y: level };
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

    fn into_border(mut self) -> Vec<Edge> {
        self.pieces.sort_by_key(|(edge, _)| *edge);
        let pieces = self.pieces.into_iter().map(|(_, piece)| piece);
        pieces.chain(self.ledges).collect()
    }
}

/// The level pieces of a border: where the surface is on one side of a level only.
fn push_ledges(level: f64, below: &[f64], above: &[f64], ledges: &mut Vec<Edge>) {
    let mut borders: Vec<(f64, bool)> = below.iter().map(|&x| (x, false)).collect();
    borders.extend(above.iter().map(|&x| (x, true)));
    borders.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut is_inside = [false; 2];
    let mut begun: Option<(f64, bool)> = None;
    for same in borders.chunk_by(|a, b| a.0 == b.0) {
        let x = same[0].0;
        for (_, is_above) in same {
            is_inside[usize::from(*is_above)] ^= true;
        }
        let is_floor = (is_inside[0] != is_inside[1]).then_some(is_inside[1]);
        if begun.map(|(_, was_floor)| was_floor) == is_floor {
            continue;
        }
        if let Some((from, was_floor)) = begun {
            let eastward = Edge {
                from: Coord { x: from, y: level },
                to: Coord { x, y: level },
            };
            ledges.push(if was_floor { eastward } else { eastward.reversed() });
        }
        begun = is_floor.map(|is_floor| (x, is_floor));
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
