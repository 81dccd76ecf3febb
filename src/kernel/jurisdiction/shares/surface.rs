//! What a polygon encloses, by its border: which side a place is on, and the area.

use geo::Coord;

use super::bounds::Bounds;
use super::edge::{Edge, Side, left_bits, pushed};
use super::ellipsoid::{moment, zone};
use super::tree::{EdgeTree, Node};

/// A surface by its border.
///
/// Its edges have the surface to their left, and form a closed border: every line that comes in goes out again. They may
/// share points.
pub(super) struct Surface {
    tree: EdgeTree,
    /// For each node of the tree, what its edges add to an area.
    sums: Vec<Vec<Sum>>,
}

/// What edges add to an area, by [`moment`].
#[derive(Clone, Copy, Default)]
struct Sum {
    /// Up to the western side of the node's box.
    moment: f64,
    /// Added for each radian that the meridian is farther west.
    zone: f64,
}

/// Where a place is: bits for each push (see [`pushed`]), and for the border.
#[derive(Clone, Copy)]
pub(super) struct Whereabouts {
    /// Inside, for the pushes whose bits are set.
    pub(super) inside: u8,
    pub(super) is_on_border: bool,
}

impl Surface {
    /// A surface of edges that have it to their left, and that form a closed border.
    pub(super) fn new(edges: Vec<Edge>) -> Self {
        let tree = EdgeTree::new(edges);
        let mut sums: Vec<Vec<Sum>> = Vec::new();
        for (level, length) in tree.level_lengths().enumerate() {
            let nodes = (0..length).map(|at| Node { level, at });
            let sums_here = nodes.map(|node| sum_of(&tree, &sums, node)).collect();
            sums.push(sums_here);
        }
        Self { tree, sums }
    }

    pub(super) fn tree(&self) -> &EdgeTree {
        &self.tree
    }

    pub(super) fn bounds(&self) -> Bounds {
        self.tree.bounds()
    }

    /// Its area in square metres.
    pub(super) fn area(&self) -> f64 {
        self.tree
            .root()
            .map_or(0.0, |root| self.moment_of(root, self.bounds().west))
    }

    /// What the edges of a node add to an area, with the meridian in degrees.
    pub(super) fn moment_of(&self, node: Node, meridian: f64) -> f64 {
        let sum = self.sums[node.level][node.at];
        sum.moment + (self.tree.bounds_of(node).west - meridian).to_radians() * sum.zone
    }

    /// Where a place is, by the even-odd rule along a ray to the east.
    pub(super) fn locate(&self, place: Coord<f64>) -> Whereabouts {
        let mut found = Whereabouts {
            inside: 0,
            is_on_border: false,
        };
        let is_ahead =
            |bounds: &Bounds| bounds.south <= place.y && place.y <= bounds.north && place.x <= bounds.east;
        self.tree.see_edges(&is_ahead, &mut |_, edge| {
            found.inside ^= ray_crosses(edge, place);
            found.is_on_border |= edge.bounds().west <= place.x && edge.has_on_its_line(place);
        });
        found
    }
}

impl Edge {
    fn has_on_its_line(&self, place: Coord<f64>) -> bool {
        place == self.from || place == self.to || self.side_of(place) == Side::On
    }
}

/// For which pushes a ray to the east crosses an edge; the place is what is pushed, or the edge.
fn ray_crosses(edge: &Edge, place: Coord<f64>) -> u8 {
    let upward = if edge.from.y <= edge.to.y {
        *edge
    } else {
        edge.reversed()
    };
    let mut levels = 0;
    // Pushed north the place is above what was level with it, and pushed south below.
    if upward.from.y <= place.y && place.y < upward.to.y {
        levels |= pushed::ASKING;
    }
    if upward.from.y < place.y && place.y <= upward.to.y {
        levels |= pushed::ASKED;
    }
    if levels == 0 || place.x < upward.from.x.min(upward.to.x) {
        return levels;
    }
    levels & left_bits(&upward, place, pushed::ASKING)
}

/// Sums the edges of a run, or the nodes below a node, which are summed already.
fn sum_of(tree: &EdgeTree, below: &[Vec<Sum>], node: Node) -> Sum {
    let west = tree.bounds_of(node).west;
    let mut sum = Sum::default();
    if node.is_run() {
        for edge in &tree.edges()[tree.run(node)] {
            sum.moment += moment(edge, 0.0, 1.0, west);
            sum.zone += zone(edge);
        }
        return sum;
    }
    for child in tree.children(node) {
        let part = below[child.level][child.at];
        sum.moment += part.moment + (tree.bounds_of(child).west - west).to_radians() * part.zone;
        sum.zone += part.zone;
    }
    sum
}
