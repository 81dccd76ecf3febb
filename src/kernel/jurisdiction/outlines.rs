//! The polygons of a set as flat lists: every place once, in the order of its ring.
//!
//! An edge goes by the number of the place it begins at and ends at the next one. Knows no grid and
//! no tree: both refer to edges by their numbers.

use std::ops::Range;

use geo::{Coord, Rect};
use rayon::prelude::*;

use super::boundary::Boundary;
use super::edge::Edge;
use super::meridian;

/// Polygons, by the rank of their code. Every list is flat, as it is written to files.
#[derive(Default)]
pub(super) struct Outlines {
    /// Longitude and latitude, degrees.
    pub(super) places: Vec<[f64; 2]>,
    /// Of each polygon, the rank of its code; rising.
    pub(super) owners: Vec<u32>,
    /// Of each polygon, west, south, east and north, degrees.
    pub(super) bounds: Vec<[f64; 4]>,
    /// Of each polygon, the first of its places.
    pub(super) firsts: Vec<u32>,
}

/// Neighbouring edges of one polygon: all from one line of places.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct EdgeRun {
    pub(super) first: u32,
    pub(super) count: u32,
    pub(super) part: u32,
}

impl EdgeRun {
    pub(super) fn edges(self) -> Range<u32> {
        self.first..self.first + self.count
    }
}

/// A polygon on its way into the lists.
pub(super) struct Part {
    /// Rank of its code.
    pub(super) owner: u32,
    /// As `meridian` cuts them.
    pub(super) lines: Vec<Vec<Coord<f64>>>,
}

impl Outlines {
    /// Cuts and lists polygons, and tells the run of edges of each line. `rank_of` is the rank of a code.
    pub(super) fn build(
        boundaries: Vec<Boundary>,
        rank_of: impl Fn(&str) -> u32 + Sync,
    ) -> (Self, Vec<EdgeRun>) {
        let parts: Vec<Part> = boundaries
            .into_par_iter()
            .flat_map_iter(|boundary| {
                let owner = rank_of(&boundary.code);
                boundary.shape.into_iter().filter_map(move |polygon| {
                    let lines = meridian::cut_polygon(&polygon)?;
                    Some(Part { owner, lines })
                })
            })
            .collect();
        Self::of_parts(parts)
    }

    /// Lists polygons, and tells the run of edges of each line.
    pub(super) fn of_parts(mut parts: Vec<Part>) -> (Self, Vec<EdgeRun>) {
        // By owner, as every tie asks for the lowest code; stable, so that no thread decides the order.
        parts.par_sort_by_key(|part| part.owner);
        let mut outlines = Self::default();
        let mut runs = Vec::new();
        let total = parts.iter().flat_map(|part| &part.lines).map(Vec::len).sum();
        outlines.places.reserve_exact(total);
        for part in parts {
            outlines.list_part(part, &mut runs);
        }
        (outlines, runs)
    }

    fn list_part(&mut self, part: Part, runs: &mut Vec<EdgeRun>) {
        let number = index_u32(self.owners.len());
        let mut bounds = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        self.owners.push(part.owner);
        self.firsts.push(index_u32(self.places.len()));
        for line in part.lines {
            if let Some(count @ 1..) = line.len().checked_sub(1) {
                let first = index_u32(self.places.len());
                runs.push(EdgeRun {
                    first,
                    count: index_u32(count),
                    part: number,
                });
            }
            for place in line {
                bounds = [
                    bounds[0].min(place.x),
                    bounds[1].min(place.y),
                    bounds[2].max(place.x),
                    bounds[3].max(place.y),
                ];
                self.places.push([place.x, place.y]);
            }
        }
        self.bounds.push(bounds);
    }

    /// Both ends of an edge, as its ring goes.
    #[inline]
    pub(super) fn ends(&self, edge: u32) -> [[f64; 2]; 2] {
        let at = edge as usize;
        [self.places[at], self.places[at + 1]]
    }

    /// An edge, its lower end first.
    pub(super) fn edge(&self, number: u32) -> Edge {
        Edge::new(self.ends(number))
    }

    pub(super) fn memory_bytes(&self) -> usize {
        size_of_val(self.places.as_slice())
            + size_of_val(self.owners.as_slice())
            + size_of_val(self.bounds.as_slice())
            + size_of_val(self.firsts.as_slice())
    }

    /// The box around a polygon.
    pub(super) fn rect_of(&self, part: u32) -> Rect<f64> {
        let [west, south, east, north] = self.bounds[part as usize];
        Rect::new((west, south), (east, north))
    }

    /// One place of a polygon's border.
    pub(super) fn some_place(&self, part: u32) -> Coord<f64> {
        self.places[self.firsts[part as usize] as usize].into()
    }

    /// The box around all of them; none where there is no polygon.
    pub(super) fn extent(&self) -> Option<[f64; 4]> {
        self.bounds.iter().copied().reduce(|all, next| {
            [
                all[0].min(next[0]),
                all[1].min(next[1]),
                all[2].max(next[2]),
                all[3].max(next[3]),
            ]
        })
    }

    /// Ranks with a polygon that touches a pole, rising: at a pole every longitude is the same place.
    pub(super) fn ranks_at_pole(&self, is_pole: impl Fn(f64) -> bool) -> Vec<u32> {
        let touching = self
            .bounds
            .iter()
            .zip(&self.owners)
            .filter(|(bounds, _)| is_pole(bounds[1]) || is_pole(bounds[3]));
        let mut ranks: Vec<u32> = touching.map(|(_, owner)| *owner).collect();
        ranks.dedup();
        ranks
    }
}

/// A place in a list as 32 bits.
///
/// # Panics
/// Where a set has 2^32 places or more: 64 GiB of them.
pub(super) fn index_u32(index: usize) -> u32 {
    u32::try_from(index).expect("a set has less than 2^32 places")
}
