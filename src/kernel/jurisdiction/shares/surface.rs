//! What a polygon encloses, by its border: which side a place is on, and the area.

use geo::Coord;

use super::bounds::Bounds;
use super::edge::{Edge, ForEach, Push, Side, is_left};
use super::ellipsoid::{moment, zone};
use super::tree::{EdgeTree, Node};

/// A surface by its border.
///
/// Its edges have the surface to their left, and form closed rings. They may share points, and cross by rounding: places
/// then count as often as the border turns around them, so that areas lose nothing.
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

/// Where a place is.
#[derive(Clone, Copy)]
pub(super) struct Whereabouts {
    /// How often the border turns around it: 1 inside, 0 outside.
    pub(super) turns: ForEach<i32>,
    pub(super) is_on_border: bool,
}

impl Surface {
    /// A surface of edges that have it to their left, and that form closed rings.
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

    /// Where a place is, by what crosses a ray to the east.
    pub(super) fn locate(&self, place: Coord<f64>) -> Whereabouts {
        let mut found = Whereabouts {
            turns: ForEach::default(),
            is_on_border: false,
        };
        let is_ahead =
            |bounds: &Bounds| bounds.south <= place.y && place.y <= bounds.north && place.x <= bounds.east;
        self.tree.see_edges(&is_ahead, &mut |_, edge| {
            let crossed = turns_by(edge, place);
            found.turns.asking += crossed.asking;
            found.turns.asked += crossed.asked;
            found.is_on_border |= edge.bounds().west <= place.x && edge.side_of(place) == Side::On;
        });
        found
    }
}

/// What an edge adds to the turns around a place: 1 where it goes north across a ray to the east, −1 where south.
fn turns_by(edge: &Edge, place: Coord<f64>) -> ForEach<i32> {
    let is_upward = edge.from.y <= edge.to.y;
    let upward = if is_upward { *edge } else { edge.reversed() };
    // Pushed north the place is above what was level with it, and pushed south below.
    let is_level = ForEach {
        asking: upward.from.y <= place.y && place.y < upward.to.y,
        asked: upward.from.y < place.y && place.y <= upward.to.y,
    };
    if is_level == ForEach::default() {
        return ForEach::default();
    }
    let is_west = if place.x < upward.from.x.min(upward.to.x) {
        ForEach {
            asking: true,
            asked: true,
        }
    } else {
        is_left(&upward, place, Push::Asking)
    };
    let turn = if is_upward { 1 } else { -1 };
    ForEach {
        asking: i32::from(is_level.asking && is_west.asking) * turn,
        asked: i32::from(is_level.asked && is_west.asked) * turn,
    }
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
