//! What each jurisdiction holds of a surface.

use super::edge::Push;
use super::ellipsoid::moment;
use super::faces::Faces;
use super::layers::{Layer, add_layers};
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
            tally.add_part(own.owner, area, area);
        } else {
            add_border_of_overlapping(face, surface, &near, faces, tally);
        }
    }
}

/// Adds the surface's own border, piece by piece, to those that hold it.
fn add_own_border(surface: &Surface, near: &[u32], faces: &Faces, meridian: f64, tally: &mut Tally) {
    let terrains: Vec<&Surface> = near.iter().map(|&face| &faces.get(face).surface).collect();
    let mut layers = Vec::new();
    walk(surface.tree().edges(), &terrains, &mut |piece| {
        layers.clear();
        layers.extend(near.iter().zip(0..).filter_map(|(&face, at)| {
            let turns = piece.turns(at, Push::Asking);
            (turns != 0).then_some(Layer { face, turns })
        }));
        if !layers.is_empty() {
            let area = moment(piece.edge, piece.begin, piece.end, meridian);
            add_layers(&layers, area, faces, tally);
        }
    });
}

/// Adds the border of a polygon within the surface, where other polygons may hold the same place.
///
/// From its outer side to its inner one, the place gets one more layer: with it there is one sum, without it
/// another.
fn add_border_of_overlapping(face: u32, surface: &Surface, near: &[u32], faces: &Faces, tally: &mut Tally) {
    let others = others_that_matter(face, near, faces);
    let mut terrains = vec![surface];
    terrains.extend(others.iter().map(|&other| &faces.get(other).surface));
    let bounds = surface.bounds();
    let meridian = f64::midpoint(bounds.west, bounds.east);
    let own_place = others.partition_point(|&other| other < face);
    faces.get(face).surface.tree().each_run_in(&bounds, &mut |edges| {
        walk(edges, &terrains, &mut |piece| {
            let turns = piece.turns(0, Push::Asked);
            if turns == 0 {
                return;
            }
            let mut layers: Vec<Layer> = Vec::with_capacity(terrains.len());
            for (&other, at) in others.iter().zip(1..) {
                // Each polygon is pushed farther than those before it, and the surface farthest.
                let push = if other < face { Push::Asking } else { Push::Asked };
                layers.push(Layer {
                    face: other,
                    turns: piece.turns(at, push),
                });
            }
            let area = f64::from(turns) * moment(piece.edge, piece.begin, piece.end, meridian);
            add_layers(&layers, -area, faces, tally);
            layers.insert(own_place, Layer { face, turns: 1 });
            add_layers(&layers, area, faces, tally);
        });
    });
}

/// The polygons on which it depends what one adds to the sums: those that overlap it, and those that overlap these.
fn others_that_matter(face: u32, near: &[u32], faces: &Faces) -> Vec<u32> {
    let overlapping = faces.overlapping(face);
    let further = overlapping.iter().flat_map(|&other| faces.overlapping(other));
    let mut others: Vec<u32> = overlapping.iter().chain(further).copied().collect();
    others.sort_unstable();
    others.dedup();
    others.retain(|other| *other != face && near.binary_search(other).is_ok());
    others
}
