//! Along edges through surfaces: which pieces are in which.

use std::ops::Range;

use geo::Coord;

use super::bounds::Bounds;
use super::crossing::crossing_part;
use super::edge::{Edge, ForEach, Push, crossings};
use super::surface::Surface;
use super::tree::RUN;

/// A piece of an edge on which nothing changes.
pub(super) struct Piece<'a> {
    pub(super) edge: &'a Edge,
    /// Where it begins and ends, as parts of the edge.
    pub(super) begin: f64,
    pub(super) end: f64,
    /// How often the border of each surface turns around it.
    turns: &'a [ForEach<i32>],
}

impl Piece<'_> {
    /// How often the border of the surface at this place of the list turns around the piece: 1 if it lies within.
    pub(super) fn turns(&self, terrain: usize, push: Push) -> i32 {
        self.turns[terrain].get(push)
    }

    /// Whether the piece lies within a surface or along its border.
    pub(super) fn touches(&self, terrain: usize) -> bool {
        self.turns[terrain] != ForEach::default()
    }
}

/// Where an edge of a run crosses the border of a surface.
struct Crossing {
    edge: usize,
    part: f64,
    terrain: usize,
    change: ForEach<i32>,
}

/// Shows every piece of the edges, in order.
///
/// What a piece is in is looked up where edges begin that don't follow the ones before, and changes at crossings alone.
pub(super) fn walk(edges: &[Edge], terrains: &[&Surface], see: &mut impl FnMut(&Piece<'_>)) {
    let mut turns = vec![ForEach::default(); terrains.len()];
    let mut crossings_here = Vec::new();
    let mut last_end: Option<Coord<f64>> = None;
    for run in edges.chunks(RUN) {
        crossings_here.clear();
        find_crossings(run, terrains, &mut crossings_here);
        crossings_here.sort_by(|a, b| a.edge.cmp(&b.edge).then(a.part.total_cmp(&b.part)));
        let mut passed = 0;
        for (at, edge) in run.iter().enumerate() {
            if last_end != Some(edge.from) {
                locate_in_all(edge.from, terrains, &mut turns);
            }
            last_end = Some(edge.to);
            let mut begin = 0.0;
            for crossing in &crossings_here[crossings_of(at, &crossings_here, &mut passed)] {
                if crossing.part > begin {
                    see(&Piece {
                        edge,
                        begin,
                        end: crossing.part,
                        turns: &turns,
                    });
                    begin = crossing.part;
                }
                let turns = &mut turns[crossing.terrain];
                turns.asking += crossing.change.asking;
                turns.asked += crossing.change.asked;
            }
            see(&Piece {
                edge,
                begin,
                end: 1.0,
                turns: &turns,
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

fn locate_in_all(place: Coord<f64>, terrains: &[&Surface], turns: &mut [ForEach<i32>]) {
    let spot = Bounds::of([place]);
    for (terrain, turns) in terrains.iter().zip(turns) {
        *turns = if terrain.bounds().meets(&spot) {
            terrain.locate(place).turns
        } else {
            ForEach::default()
        };
    }
}

fn find_crossings(run: &[Edge], terrains: &[&Surface], found: &mut Vec<Crossing>) {
    let bounds = run
        .iter()
        .fold(Bounds::EMPTY, |all, edge| all.joined(&edge.bounds()));
    for (terrain, surface) in terrains.iter().enumerate() {
        let is_near = |other: &Bounds| other.meets(&bounds);
        surface.tree().see_edges(&is_near, &mut |_, other| {
            let reach = other.bounds();
            for (at, edge) in run.iter().enumerate() {
                if !edge.bounds().meets(&reach) {
                    continue;
                }
                let change = crossings(edge, other);
                if change != ForEach::default() {
                    found.push(Crossing {
                        edge: at,
                        part: crossing_part(edge, other),
                        terrain,
                        change,
                    });
                }
            }
        });
    }
}
