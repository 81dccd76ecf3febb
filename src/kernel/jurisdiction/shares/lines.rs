//! What each jurisdiction holds of a line.

use super::bounds::Bounds;
use super::edge::Edge;
use super::ellipsoid::length;
use super::faces::Faces;
use super::surface::Surface;
use super::tally::Tally;
use super::walk::walk;

/// Adds the edges of a line to the sums; what goes along ±180 counts for the side on which it is written.
///
/// A piece along a border belongs to both sides: it lies in a polygon if it does so pushed one way or the other.
pub(super) fn add_line(edges: &[Edge], faces: &Faces, tally: &mut Tally) {
    let bounds = edges
        .iter()
        .fold(Bounds::EMPTY, |all, edge| all.joined(&edge.bounds()));
    let near = faces.meeting(&bounds);
    let terrains: Vec<&Surface> = near.iter().map(|&face| &faces.get(face).surface).collect();
    walk(edges, &terrains, &mut |piece| {
        let metres = length(piece.edge, piece.begin, piece.end);
        let holders = (0..near.len()).filter(|&at| piece.touches(at));
        tally.add_to_whole(metres);
        tally.add(holders.map(|at| faces.get(near[at]).owner), metres);
    });
}
