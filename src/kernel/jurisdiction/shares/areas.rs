//! What each jurisdiction holds of a surface.

use super::edge::pushed;
use super::ellipsoid::moment;
use super::faces::Faces;
use super::surface::Surface;
use super::tally::Tally;
use super::walk::{Terrain, walk};
use super::within::moment_within;

/// Adds a surface to the sums.
///
/// The area that a jurisdiction holds is bounded by pieces of the surface's border and pieces of its own.
pub(super) fn add_surface(surface: &Surface, faces: &Faces, tally: &mut Tally) {
    tally.add_to_whole(surface.area());
    let bounds = surface.bounds();
    let near = faces.meeting(&bounds);
    let meridian = f64::midpoint(bounds.west, bounds.east);
    add_own_border(surface, &near, faces, meridian, tally);
    for &face in &near {
        let within = Terrain {
            surface,
            pushes: pushed::ASKED,
        };
        if faces.overlapping(face).is_empty() {
            let owner = faces.get(face).owner;
            tally.add([owner], moment_within(&faces.get(face).surface, within, meridian));
        } else {
            add_border_of_overlapping(face, within, faces, meridian, tally);
        }
    }
}

/// Adds the surface's own border, piece by piece, to those that hold it.
fn add_own_border(surface: &Surface, near: &[u32], faces: &Faces, meridian: f64, tally: &mut Tally) {
    let terrains: Vec<Terrain<'_>> = near
        .iter()
        .map(|&face| Terrain {
            surface: &faces.get(face).surface,
            pushes: pushed::ASKING,
        })
        .collect();
    walk(surface.tree().edges(), &terrains, &mut |piece| {
        let mut holders = (0..near.len()).filter(|&at| piece.is_in(at)).peekable();
        if holders.peek().is_some() {
            let owners = holders.map(|at| faces.get(near[at]).owner);
            tally.add(owners, moment(piece.edge, piece.begin, piece.end, meridian));
        }
    });
}

/// Adds the border of a polygon within the surface, where other polygons may hold the same place.
///
/// Passing from its outer side to its inner one, the place gets one more holder: with it there is one sum, without it
/// another.
fn add_border_of_overlapping(
    face: u32,
    within: Terrain<'_>,
    faces: &Faces,
    meridian: f64,
    tally: &mut Tally,
) {
    let others = faces.overlapping(face);
    let mut terrains = vec![within];
    // Each polygon is pushed farther than those before it, and the surface farthest.
    terrains.extend(others.iter().map(|&other| Terrain {
        surface: &faces.get(other).surface,
        pushes: if other < face {
            pushed::ASKING
        } else {
            pushed::ASKED
        },
    }));
    let own = faces.get(face);
    let bounds = within.surface.bounds();
    own.surface.tree().each_run_in(&bounds, &mut |edges| {
        walk(edges, &terrains, &mut |piece| {
            if !piece.is_in(0) {
                return;
            }
            let holders = (0..others.len()).filter(|&at| piece.is_in(at + 1));
            let mut owners: Vec<u32> = holders.map(|at| faces.get(others[at]).owner).collect();
            let change = moment(piece.edge, piece.begin, piece.end, meridian);
            tally.add(owners.iter().copied(), -change);
            owners.insert(owners.partition_point(|&owner| owner < own.owner), own.owner);
            tally.add(owners, change);
        });
    });
}
