//! Along edges through surfaces: which pieces are in which.

use std::ops::Range;

use geo::Coord;

use super::bounds::Bounds;
use super::edge::{Edge, crossing_bits, crossing_part};
use super::surface::Surface;
use super::tree::RUN;

/// A surface that is walked through.
#[derive(Clone, Copy)]
pub(super) struct Terrain<'a> {
    pub(super) surface: &'a Surface,
    /// The pushes (see [`super::edge::pushed`]) that count; a piece is inside if it is so for any of them.
    pub(super) pushes: u8,
}

/// A piece of an edge on which nothing changes.
pub(super) struct Piece<'a> {
    pub(super) edge: &'a Edge,
    /// Where it begins and ends, as parts of the edge.
    pub(super) begin: f64,
    pub(super) end: f64,
    /// For each surface, for which pushes the piece is inside.
    inside: &'a [u8],
    terrains: &'a [Terrain<'a>],
}

impl Piece<'_> {
    /// Whether the piece lies in the surface of this place in the list.
    pub(super) fn is_in(&self, terrain: usize) -> bool {
        self.inside[terrain] & self.terrains[terrain].pushes != 0
    }
}

/// Where an edge of a run crosses the border of a surface.
struct Crossing {
    edge: usize,
    part: f64,
    terrain: usize,
    pushes: u8,
}

/// Shows every piece of the edges, in order.
///
/// What a piece is in is looked up where edges begin that don't follow the ones before, and changes at crossings alone.
pub(super) fn walk(edges: &[Edge], terrains: &[Terrain<'_>], see: &mut impl FnMut(&Piece<'_>)) {
    let mut inside = vec![0; terrains.len()];
    let mut crossings = Vec::new();
    let mut last_end: Option<Coord<f64>> = None;
    for run in edges.chunks(RUN) {
        crossings.clear();
        find_crossings(run, terrains, &mut crossings);
        crossings.sort_by(|a, b| a.edge.cmp(&b.edge).then(a.part.total_cmp(&b.part)));
        let mut passed = 0;
        for (at, edge) in run.iter().enumerate() {
            if last_end != Some(edge.from) {
                locate_in_all(edge.from, terrains, &mut inside);
            }
            last_end = Some(edge.to);
            let mut begin = 0.0;
            for crossing in &crossings[crossings_of(at, &crossings, &mut passed)] {
                if crossing.part > begin {
                    see(&Piece {
                        edge,
                        begin,
                        end: crossing.part,
                        inside: &inside,
                        terrains,
                    });
                    begin = crossing.part;
                }
                inside[crossing.terrain] ^= crossing.pushes;
            }
            see(&Piece {
                edge,
                begin,
                end: 1.0,
                inside: &inside,
                terrains,
            });
        }
    }
}

/// Which of the sorted crossings are on an edge, where `passed` are on the ones before.
fn crossings_of(edge: usize, crossings: &[Crossing], passed: &mut usize) -> Range<usize> {
    let first = *passed;
    while crossings
        .get(*passed)
        .is_some_and(|crossing| crossing.edge == edge)
    {
        *passed += 1;
    }
    first..*passed
}

fn locate_in_all(place: Coord<f64>, terrains: &[Terrain<'_>], inside: &mut [u8]) {
    let spot = Bounds::of([place]);
    for (terrain, inside) in terrains.iter().zip(inside) {
        *inside = if terrain.surface.bounds().meets(&spot) {
            terrain.surface.locate(place).inside
        } else {
            0
        };
    }
}

fn find_crossings(run: &[Edge], terrains: &[Terrain<'_>], found: &mut Vec<Crossing>) {
    let bounds = run
        .iter()
        .fold(Bounds::EMPTY, |all, edge| all.joined(&edge.bounds()));
    for (terrain, Terrain { surface, .. }) in terrains.iter().enumerate() {
        let is_near = |other: &Bounds| other.meets(&bounds);
        surface.tree().see_edges(&is_near, &mut |_, other| {
            let reach = other.bounds();
            for (at, edge) in run.iter().enumerate() {
                if !edge.bounds().meets(&reach) {
                    continue;
                }
                let pushes = crossing_bits(edge, other);
                if pushes != 0 {
                    found.push(Crossing {
                        edge: at,
                        part: crossing_part(edge, other),
                        terrain,
                        pushes,
                    });
                }
            }
        });
    }
}
