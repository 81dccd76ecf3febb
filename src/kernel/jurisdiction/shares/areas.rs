//! What each jurisdiction holds of a surface.

use super::edge::Push;
use super::ellipsoid::moment;
use super::faces::Faces;
use super::surface::Surface;
use super::tally::Tally;
use super::walk::walk;
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
        if faces.overlapping(face).is_empty() {
            let own = faces.get(face);
            let area = moment_within(&own.surface, surface, Push::Asked, meridian);
            tally.add_layers([(own.owner, 1)], area);
        } else {
            add_border_of_overlapping(face, surface, faces, meridian, tally);
        }
    }
}

/// Adds the surface's own border, piece by piece, to those that hold it.
fn add_own_border(surface: &Surface, near: &[u32], faces: &Faces, meridian: f64, tally: &mut Tally) {
    let terrains: Vec<&Surface> = near.iter().map(|&face| &faces.get(face).surface).collect();
    walk(surface.tree().edges(), &terrains, &mut |piece| {
        let layers = near.iter().enumerate().filter_map(|(at, &face)| {
            let turns = piece.turns(at, Push::Asking);
            (turns != 0).then(|| (faces.get(face).owner, turns))
        });
        let mut layers = layers.peekable();
        if layers.peek().is_some() {
            tally.add_layers(layers, moment(piece.edge, piece.begin, piece.end, meridian));
        }
    });
}

/// Adds the border of a polygon within the surface, where other polygons may hold the same place.
///
/// From its outer side to its inner one, the place gets one more layer: with it there is one sum, without it
/// another.
fn add_border_of_overlapping(face: u32, surface: &Surface, faces: &Faces, meridian: f64, tally: &mut Tally) {
    let own = faces.get(face);
    let others = faces.overlapping(face);
    let mut terrains = vec![surface];
    terrains.extend(others.iter().map(|&other| &faces.get(other).surface));
    own.surface.tree().each_run_in(&surface.bounds(), &mut |edges| {
        walk(edges, &terrains, &mut |piece| {
            let turns = piece.turns(0, Push::Asked);
            if turns == 0 {
                return;
            }
            let mut layers: Vec<(u32, i32)> = Vec::with_capacity(terrains.len());
            for (&other, at) in others.iter().zip(1..) {
                // Each polygon is pushed farther than those before it, and the surface farthest.
                let push = if other < face { Push::Asking } else { Push::Asked };
                layers.push((faces.get(other).owner, piece.turns(at, push)));
            }
            let area = f64::from(turns) * moment(piece.edge, piece.begin, piece.end, meridian);
            tally.add_layers(layers.iter().copied(), -area);
            layers.insert(others.partition_point(|&other| other < face), (own.owner, 1));
            tally.add_layers(layers, area);
        });
    });
}
