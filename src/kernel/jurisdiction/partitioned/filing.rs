//! Polygons as they come: into the scratch file, and what of them stays in memory.
#![expect(clippy::float_cmp, reason = "a box ends at a pole itself, or not")]

use rayon::prelude::*;

use super::super::boundary::Boundary;
use super::super::meridian::cut_polygon;
use super::super::outlines::index_u32;
use super::PartitionError;
use super::polygons::WaitingPolygons;
use super::squares::{COUNT, squares_along_curve, squares_met};
use crate::feature::ScratchSpace;

/// What is known of the set while its polygons come.
pub(super) struct Filing {
    polygons: WaitingPolygons,
    /// Codes and names of the boundaries, as they came.
    names: Vec<(String, Option<String>)>,
    /// Squares, and polygons that meet them.
    meetings: Vec<(u32, u32)>,
    /// Vertices of the polygons that meet each square.
    vertices: Vec<u32>,
    /// Boundaries that touch the south pole, and the north pole.
    at_poles: [Vec<u32>; 2],
}

impl Filing {
    pub(super) fn new(space: &dyn ScratchSpace) -> Result<Self, PartitionError> {
        Ok(Self {
            polygons: WaitingPolygons::new(space.create_file(0)?),
            names: Vec::new(),
            meetings: Vec::new(),
            vertices: vec![0; COUNT],
            at_poles: [vec![], vec![]],
        })
    }

    /// Files a boundary's polygons.
    pub(super) fn add(&mut self, boundary: Boundary) -> Result<(), PartitionError> {
        let number = index_u32(self.names.len());
        self.names.push((boundary.code, boundary.name));
        for lines in boundary.shape.iter().filter_map(cut_polygon) {
            let polygon = self.polygons.push(number, &lines)?;
            let places = lines.iter().flatten();
            let start = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
            let bounds = places.clone().fold(start, |[west, south, east, north], place| {
                [
                    west.min(place.x),
                    south.min(place.y),
                    east.max(place.x),
                    north.max(place.y),
                ]
            });
            let vertices = index_u32(places.count());
            for square in squares_met(bounds) {
                self.meetings.push((square, polygon));
                let total = &mut self.vertices[square as usize];
                *total = total.saturating_add(vertices);
            }
            for (touching, pole) in self.at_poles.iter_mut().zip([-90.0, 90.0]) {
                if bounds[1] == pole || bounds[3] == pole {
                    touching.push(number);
                }
            }
        }
        Ok(())
    }

    /// Settles the ranks of the codes and the partitions of the squares, once all boundaries have come.
    pub(super) fn settle(mut self, vertices_at_once: usize) -> Result<Settled, PartitionError> {
        self.polygons.write_block()?;
        let (names, ranks) = ranked(self.names);
        let partitions = assign_squares(&self.vertices, vertices_at_once);
        let mut meetings = self.meetings;
        for (square, _) in &mut meetings {
            *square = partitions[*square as usize];
        }
        meetings.par_sort_unstable();
        meetings.dedup();
        let at_poles = self.at_poles.map(|touching| {
            touching
                .into_iter()
                .map(|boundary| ranks[boundary as usize])
                .min()
        });
        Ok(Settled {
            polygons: self.polygons,
            names,
            ranks,
            partitions,
            meetings,
            at_poles,
        })
    }
}

/// A set whose polygons all wait, each for its partitions.
pub(super) struct Settled {
    pub(super) polygons: WaitingPolygons,
    /// Codes and names, by code.
    pub(super) names: Vec<(String, Option<String>)>,
    /// Of each boundary, the rank of its code.
    pub(super) ranks: Vec<u32>,
    /// Of each square, its partition.
    pub(super) partitions: Vec<u32>,
    /// Partitions, and polygons that belong to them; rising.
    pub(super) meetings: Vec<(u32, u32)>,
    /// Lowest rank that touches the south pole, and the north pole.
    pub(super) at_poles: [Option<u32>; 2],
}

/// The partition of each square, by the vertices that meet it: neighbours with about so many together.
fn assign_squares(of_squares: &[u32], vertices_at_once: usize) -> Vec<u32> {
    let mut partitions = vec![0; COUNT];
    let mut partition = 0;
    let mut gathered = 0;
    for square in squares_along_curve() {
        let vertices = of_squares[square as usize] as usize;
        if gathered > 0 && gathered + vertices > vertices_at_once {
            partition += 1;
            gathered = 0;
        }
        gathered += vertices;
        partitions[square as usize] = partition;
    }
    partitions
}

/// Codes in order with their names, each once, and the rank of each boundary.
fn ranked(names: Vec<(String, Option<String>)>) -> (Vec<(String, Option<String>)>, Vec<u32>) {
    let mut order: Vec<u32> = (0..index_u32(names.len())).collect();
    order.par_sort_unstable_by(|one, other| {
        sort_key(&names[*one as usize]).cmp(&sort_key(&names[*other as usize]))
    });
    let mut ranks = vec![0; names.len()];
    let mut firsts: Vec<u32> = Vec::new();
    for at in order {
        let is_new = firsts
            .last()
            .is_none_or(|first| names[*first as usize].0 != names[at as usize].0);
        if is_new {
            firsts.push(at);
        }
        ranks[at as usize] = index_u32(firsts.len() - 1);
    }
    let mut names = names;
    let firsts = firsts
        .into_iter()
        .map(|at| std::mem::take(&mut names[at as usize]));
    (firsts.collect(), ranks)
}

/// By code; within a code the lowest name first, none last.
fn sort_key((code, name): &(String, Option<String>)) -> (&str, bool, Option<&str>) {
    (code, name.is_none(), name.as_deref())
}
