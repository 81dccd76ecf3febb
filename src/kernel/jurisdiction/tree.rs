//! An R-tree over runs of edges, packed into flat lists.
//!
//! For what the grid doesn't answer: which edges are near a point, and which may meet a box. Runs are
//! put in the order of a Morton curve once, and every sixteen of a level have a box on the next.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rayon::prelude::*;

use super::outlines::{EdgeRun, Outlines, index_u32};

/// Edges of a leaf, and boxes below a box.
const FANOUT: u32 = 16;

/// Boxes are west, south, east and north, in degrees.
#[derive(Default)]
pub(super) struct Tree {
    /// First edge, number of edges and polygon of each leaf.
    pub(super) leaves: Vec<[u32; 3]>,
    /// The boxes of all levels, that of the leaves first.
    pub(super) boxes: Vec<[f64; 4]>,
    /// Where each level begins in `boxes`, and the end of the last.
    pub(super) levels: Vec<u32>,
}

impl Tree {
    /// Over all edges of a set.
    pub(super) fn build(outlines: &Outlines, runs: &[EdgeRun]) -> Self {
        let mut leaves: Vec<(u64, EdgeRun)> = runs
            .par_iter()
            .flat_map_iter(|run| {
                run.edges().step_by(FANOUT as usize).map(|first| EdgeRun {
                    first,
                    count: FANOUT.min(run.edges().end - first),
                    part: run.part,
                })
            })
            .map(|run| (curve_key(box_of_run(outlines, run)), run))
            .collect();
        leaves.par_sort_unstable_by_key(|(key, run)| (*key, run.first));
        let mut boxes: Vec<[f64; 4]> = leaves.iter().map(|(_, run)| box_of_run(outlines, *run)).collect();
        let mut levels = vec![0, index_u32(boxes.len())];
        let mut level = 0;
        while boxes.len() - level > 1 {
            let above: Vec<[f64; 4]> = boxes[level..].chunks(FANOUT as usize).map(box_around).collect();
            level = boxes.len();
            boxes.extend(above);
            levels.push(index_u32(boxes.len()));
        }
        Self {
            leaves: leaves
                .into_iter()
                .map(|(_, run)| [run.first, run.count, run.part])
                .collect(),
            boxes,
            levels,
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        size_of_val(self.leaves.as_slice()) + size_of_val(self.boxes.as_slice())
    }

    /// Whether every level has the boxes that the one below it needs, up to a single one.
    pub(super) fn is_complete(&self) -> bool {
        let mut expected = self.leaves.len();
        let mut begin = 0;
        for end in self.levels.iter().skip(1).map(|end| *end as usize) {
            if end != begin + expected {
                return false;
            }
            begin = end;
            expected = expected.div_ceil(FANOUT as usize);
        }
        let is_topped = self
            .levels
            .iter()
            .rev()
            .take(2)
            .copied()
            .reduce(|last, before| last - before);
        self.levels.first() == Some(&0) && begin == self.boxes.len() && matches!(is_topped, Some(0 | 1))
    }

    /// Shows every leaf whose box meets a box.
    pub(super) fn visit_meeting(&self, bounds: [f64; 4], mut visit: impl FnMut(EdgeRun)) {
        let mut waiting = self.root();
        while let Some(node) = waiting.pop() {
            if !do_meet(self.boxes[node.at as usize], bounds) {
                continue;
            }
            match self.leaf(node) {
                Some(run) => visit(run),
                None => waiting.extend(self.below(node)),
            }
        }
    }

    /// Shows leaves, the nearest first, while their boxes are no farther than the limit that was last returned.
    ///
    /// `away` is at most the distance to what a box holds.
    pub(super) fn visit_nearest(
        &self,
        mut limit: f64,
        away: impl Fn([f64; 4]) -> f64,
        mut visit: impl FnMut(EdgeRun) -> f64,
    ) {
        let mut waiting: BinaryHeap<(Reverse<u64>, Node)> = self
            .root()
            .into_iter()
            .map(|node| (self.order_of(node, &away), node))
            .collect();
        while let Some((Reverse(bits), node)) = waiting.pop() {
            if f64::from_bits(bits) > limit {
                return;
            }
            match self.leaf(node) {
                Some(run) => limit = visit(run),
                None => waiting.extend(
                    self.below(node)
                        .map(|node| (self.order_of(node, &away), node))
                        .filter(|(bits, _)| f64::from_bits(bits.0) <= limit),
                ),
            }
        }
    }

    /// What the nearest box is the greatest by. Distances are never negative, so that their bits are in their order.
    fn order_of(&self, node: Node, away: impl Fn([f64; 4]) -> f64) -> Reverse<u64> {
        Reverse(away(self.boxes[node.at as usize]).to_bits())
    }

    fn root(&self) -> Vec<Node> {
        match (self.levels.len().checked_sub(2), self.boxes.len().checked_sub(1)) {
            (Some(level), Some(at)) => vec![Node {
                level: index_u32(level),
                at: index_u32(at),
            }],
            _ => vec![],
        }
    }

    fn leaf(&self, node: Node) -> Option<EdgeRun> {
        let [first, count, part] = *self.leaves.get(node.at as usize).filter(|_| node.level == 0)?;
        Some(EdgeRun { first, count, part })
    }

    /// The boxes that a box is around.
    fn below(&self, node: Node) -> impl Iterator<Item = Node> {
        let level = node.level as usize;
        let begin = self.levels[level - 1];
        let first = begin + (node.at - self.levels[level]) * FANOUT;
        let end = (first + FANOUT).min(self.levels[level]);
        (first..end).map(move |at| Node {
            level: node.level - 1,
            at,
        })
    }
}

/// A box: its level, the leaves being 0, and its place among all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Node {
    level: u32,
    at: u32,
}

pub(super) fn do_meet(one: [f64; 4], other: [f64; 4]) -> bool {
    one[0] <= other[2] && other[0] <= one[2] && one[1] <= other[3] && other[1] <= one[3]
}

/// The box around places.
pub(super) fn box_of(places: &[[f64; 2]]) -> [f64; 4] {
    let start = [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
    places.iter().fold(start, |[west, south, east, north], [x, y]| {
        [west.min(*x), south.min(*y), east.max(*x), north.max(*y)]
    })
}

fn box_of_run(outlines: &Outlines, run: EdgeRun) -> [f64; 4] {
    box_of(&outlines.places[run.first as usize..=(run.first + run.count) as usize])
}

fn box_around(boxes: &[[f64; 4]]) -> [f64; 4] {
    boxes
        .iter()
        .copied()
        .reduce(|all, next| {
            [
                all[0].min(next[0]),
                all[1].min(next[1]),
                all[2].max(next[2]),
                all[3].max(next[3]),
            ]
        })
        .unwrap_or_default()
}

/// Where the middle of a box is along a Morton curve over the world.
fn curve_key([west, south, east, north]: [f64; 4]) -> u64 {
    let column = step_of_range(f64::midpoint(west, east), 180.0);
    let row = step_of_range(f64::midpoint(south, north), 90.0);
    spread(column) | spread(row) << 1
}

/// Where a value is between `-half` and `half`, in 2^32 steps.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates"
)]
fn step_of_range(value: f64, half: f64) -> u32 {
    ((value + half) / (half * 2.0) * f64::from(u32::MAX)) as u32
}

/// The bits of a number, each followed by an empty one.
fn spread(number: u32) -> u64 {
    let mut bits = u64::from(number);
    for (shift, mask) in [
        (16, 0x0000_FFFF_0000_FFFF),
        (8, 0x00FF_00FF_00FF_00FF),
        (4, 0x0F0F_0F0F_0F0F_0F0F),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        bits = (bits | bits << shift) & mask;
    }
    bits
}
