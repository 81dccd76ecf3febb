//! The area that two surfaces share, by the pieces of each one's border within the other.

use super::edge::Push;
use super::ellipsoid::moment;
use super::surface::Surface;
use super::tree::Node;
use super::walk::walk;

/// Area in square metres that two surfaces share; the first one is pushed.
pub(super) fn common_area(first: &Surface, second: &Surface) -> f64 {
    let meridian = first.bounds().west.max(second.bounds().west);
    moment_within(first, second, Push::Asking, meridian) + moment_within(second, first, Push::Asked, meridian)
}

/// What the pieces of a border that lie within a surface add to an area, with the meridian in degrees.
pub(super) fn moment_within(border: &Surface, surface: &Surface, push: Push, meridian: f64) -> f64 {
    let within = Within {
        border,
        surface,
        push,
        meridian,
    };
    border.tree().root().map_or(0.0, |root| within.moment_below(root))
}

struct Within<'a> {
    border: &'a Surface,
    surface: &'a Surface,
    push: Push,
    meridian: f64,
}

impl Within<'_> {
    fn moment_below(&self, node: Node) -> f64 {
        let tree = self.border.tree();
        let bounds = tree.bounds_of(node);
        if !bounds.meets(&self.surface.bounds()) {
            return 0.0;
        }
        // Where no edge comes near, all of it is on one side.
        if !self.surface.tree().has_edge_in(&bounds) {
            let vertex = tree.first_edge(node).from;
            let turns = self.surface.locate(vertex).turns.get(self.push);
            return f64::from(turns) * self.border.moment_of(node, self.meridian);
        }
        if !node.is_run() {
            let children = tree.children(node);
            return children.map(|child| self.moment_below(child)).sum();
        }
        let mut sum = 0.0;
        walk(&tree.edges()[tree.run(node)], &[self.surface], &mut |piece| {
            let turns = piece.turns(0, self.push);
            if turns != 0 {
                sum += f64::from(turns) * moment(piece.edge, piece.begin, piece.end, self.meridian);
            }
        });
        sum
    }
}
