//! Edges in an implicit tree of boxes, in the order in which they come.
//!
//! Along a ring, what is next is near: no sorting makes the boxes tighter, and a run of edges can be walked as such.

use std::ops::Range;

use super::bounds::Bounds;
use super::edge::Edge;

/// Edges of a run, and nodes below a node.
pub(super) const RUN: usize = 8;

/// Edges and the boxes of their runs.
pub(super) struct EdgeTree {
    edges: Vec<Edge>,
    /// Boxes of runs, then of as many of these, up to the one of all.
    levels: Vec<Vec<Bounds>>,
}

/// A box of the tree.
#[derive(Clone, Copy)]
pub(super) struct Node {
    pub(super) level: usize,
    pub(super) at: usize,
}

impl Node {
    /// Whether what it holds are edges, not nodes.
    pub(super) fn is_run(self) -> bool {
        self.level == 0
    }
}

impl EdgeTree {
    pub(super) fn new(edges: Vec<Edge>) -> Self {
        let mut levels: Vec<Vec<Bounds>> = Vec::new();
        let mut boxes: Vec<Bounds> = edges.iter().map(Edge::bounds).collect();
        while boxes.len() > 1 || (levels.is_empty() && !boxes.is_empty()) {
            boxes = boxes.chunks(RUN).map(box_of_all).collect();
            levels.push(boxes.clone());
        }
        Self { edges, levels }
    }

    pub(super) fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// The node of all edges; none where there is no edge.
    pub(super) fn root(&self) -> Option<Node> {
        let level = self.levels.len().checked_sub(1)?;
        Some(Node { level, at: 0 })
    }

    /// Number of nodes of each level, runs first.
    pub(super) fn level_lengths(&self) -> impl Iterator<Item = usize> {
        self.levels.iter().map(Vec::len)
    }

    pub(super) fn bounds(&self) -> Bounds {
        self.root().map_or(Bounds::EMPTY, |root| self.bounds_of(root))
    }

    pub(super) fn bounds_of(&self, node: Node) -> Bounds {
        self.levels[node.level][node.at]
    }

    /// The nodes below a node that is no run.
    pub(super) fn children(&self, node: Node) -> impl Iterator<Item = Node> + use<> {
        let level = node.level - 1;
        let all = self.levels[level].len();
        (node.at * RUN..all.min((node.at + 1) * RUN)).map(move |at| Node { level, at })
    }

    /// Where the edges of a run are.
    pub(super) fn run(&self, node: Node) -> Range<usize> {
        node.at * RUN..self.edges.len().min((node.at + 1) * RUN)
    }

    /// The first edge of a node.
    pub(super) fn first_edge(&self, node: Node) -> &Edge {
        let first_run = (0..node.level).fold(node.at, |at, _| at * RUN);
        &self.edges[first_run * RUN]
    }

    /// Shows the edges whose boxes are wanted, and their places, in order.
    pub(super) fn see_edges(&self, is_wanted: &impl Fn(&Bounds) -> bool, see: &mut impl FnMut(usize, &Edge)) {
        if let Some(root) = self.root() {
            self.see_edges_of(root, is_wanted, see);
        }
    }

    fn see_edges_of(
        &self,
        node: Node,
        is_wanted: &impl Fn(&Bounds) -> bool,
        see: &mut impl FnMut(usize, &Edge),
    ) {
        if !is_wanted(&self.bounds_of(node)) {
            return;
        }
        if !node.is_run() {
            for child in self.children(node) {
                self.see_edges_of(child, is_wanted, see);
            }
            return;
        }
        for at in self.run(node) {
            if is_wanted(&self.edges[at].bounds()) {
                see(at, &self.edges[at]);
            }
        }
    }

    /// Shows the runs whose boxes meet a box.
    pub(super) fn each_run_in(&self, bounds: &Bounds, see: &mut impl FnMut(&[Edge])) {
        let mut open: Vec<Node> = self.root().into_iter().collect();
        while let Some(node) = open.pop() {
            if !self.bounds_of(node).meets(bounds) {
                continue;
            }
            if node.is_run() {
                see(&self.edges[self.run(node)]);
            } else {
                open.extend(self.children(node));
            }
        }
    }

    /// Whether the box of any edge meets a box.
    pub(super) fn has_edge_in(&self, bounds: &Bounds) -> bool {
        self.root().is_some_and(|root| self.has_edge_below(root, bounds))
    }

    fn has_edge_below(&self, node: Node, bounds: &Bounds) -> bool {
        if !self.bounds_of(node).meets(bounds) {
            return false;
        }
        if node.is_run() {
            let edges = &self.edges[self.run(node)];
            return edges.iter().any(|edge| edge.bounds().meets(bounds));
        }
        self.children(node)
            .any(|child| self.has_edge_below(child, bounds))
    }
}

fn box_of_all(boxes: &[Bounds]) -> Bounds {
    boxes.iter().fold(Bounds::EMPTY, |all, bounds| all.joined(bounds))
}
