//! The area that two surfaces share, by the pieces of each one's border within the other.

use super::edge::pushed;
use super::ellipsoid::moment;
use super::surface::Surface;
use super::tree::Node;
use super::walk::{Terrain, walk};

/// Area in square metres that two surfaces share; the first one is pushed.
pub(super) fn common_area(first: &Surface, second: &Surface) -> f64 {
    let within_second = Terrain {
        surface: second,
        pushes: pushed::ASKING,
    };
    let within_first = Terrain {
        surface: first,
        pushes: pushed::ASKED,
    };
    let meridian = first.bounds().west.max(second.bounds().west);
    moment_within(first, within_second, meridian) + moment_within(second, within_first, meridian)
}

/// What the pieces of a border that lie within a surface add to an area, with the meridian in degrees.
pub(super) fn moment_within(border: &Surface, terrain: Terrain<'_>, meridian: f64) -> f64 {
    let root = border.tree().root();
    root.map_or(0.0, |root| moment_below(border, root, terrain, meridian))
}

fn moment_below(border: &Surface, node: Node, terrain: Terrain<'_>, meridian: f64) -> f64 {
    let Terrain { surface, pushes } = terrain;
    let bounds = border.tree().bounds_of(node);
    if !bounds.meets(&surface.bounds()) {
        return 0.0;
    }
    // Where no edge comes near, all of it is on one side.
    if !surface.tree().has_edge_in(&bounds) {
        let vertex = border.tree().first_edge(node).from;
        return if surface.locate(vertex).inside & pushes == 0 {
            0.0
        } else {
            border.moment_of(node, meridian)
        };
    }
    if !node.is_run() {
        let children = border.tree().children(node);
        return children
            .map(|child| moment_below(border, child, terrain, meridian))
            .sum();
    }
    let mut sum = 0.0;
    walk(
        &border.tree().edges()[border.tree().run(node)],
        &[terrain],
        &mut |piece| {
            if piece.is_in(0) {
                sum += moment(piece.edge, piece.begin, piece.end, meridian);
            }
        },
    );
    sum
}
