//! What one polygon set answers for every row of a batch.
//!
//! Pure. Ranks in, ranks out: what they are called, `lists` knows.

use std::collections::{BTreeMap, BTreeSet};

use geo::{Intersects, Point};

use super::context::{Gap, JoinSet};
use super::lists::{SetLists, null_column};
use crate::kernel::CodedArray;

/// What a set answers for every row: the rank found, and how far away it is where no polygon holds the point.
#[derive(Debug, Clone, Default)]
pub(super) struct Answers {
    pub(super) ranks: Vec<Option<u32>>,
    /// Metres, by row; only rows outside every polygon are here.
    pub(super) away: BTreeMap<usize, f64>,
    /// Rows outside every polygon, but not surely outside one that can't be used.
    pub(super) missing: BTreeSet<usize>,
}

impl Answers {
    /// Asks for every point, in this order.
    pub(super) fn of_set(points: &[Point<f64>], order: &[u32], set: &JoinSet) -> Self {
        let mut answers = Self::without_set(points.len());
        for row in order.iter().map(|row| *row as usize) {
            answers.locate_row(row, points[row], set);
        }
        answers
    }

    fn without_set(rows: usize) -> Self {
        Self {
            ranks: vec![None; rows],
            ..Self::default()
        }
    }

    fn locate_row(&mut self, row: usize, point: Point<f64>, set: &JoinSet) {
        if let Some(rank) = set.index.rank_at(point) {
            self.ranks[row] = Some(rank);
            return;
        }
        // A row that may be in a polygon which can't be used gets no neighbour's code in its place: null and flagged is
        // true, the next polygon's code would be a guess. A vague gap is as large as a state or the world, so that it
        // takes only the nearest code away, and says nothing of rows that are near to no polygon.
        let gap = gap_around(point, &set.gaps);
        if gap.is_some_and(|gap| !gap.is_vague) {
            self.missing.insert(row);
            return;
        }
        if set.plan.nearest_m <= 0.0 {
            return;
        }
        let Some((near, metres)) = set.index.nearest_rank(point, set.plan.nearest_m) else {
            return;
        };
        if gap.is_some() {
            self.missing.insert(row);
            return;
        }
        self.ranks[row] = Some(near);
        self.away.insert(row, metres);
    }
}

/// The gap that a point lies in, one that is not vague before others.
fn gap_around(point: Point<f64>, gaps: &[Gap]) -> Option<&Gap> {
    gaps.iter()
        .filter(|gap| gap.bounds.intersects(&point))
        .min_by_key(|gap| gap.is_vague)
}

/// A set, if there is one, and its answers.
pub(super) struct SetAnswers<'a> {
    lists: Option<&'a SetLists>,
    pub(super) answers: Answers,
}

impl<'a> SetAnswers<'a> {
    pub(super) fn new(points: &[Point<f64>], order: &[u32], set: Option<&'a (JoinSet, SetLists)>) -> Self {
        match set {
            Some((set, lists)) => Self {
                lists: Some(lists),
                answers: Answers::of_set(points, order, set),
            },
            None => Self {
                lists: None,
                answers: Answers::without_set(points.len()),
            },
        }
    }

    pub(super) fn code_column(&self) -> CodedArray {
        let ranks = &self.answers.ranks;
        match self.lists {
            Some(lists) => lists.codes.to_column(ranks),
            None => null_column(ranks.len()),
        }
    }

    pub(super) fn name_column(&self) -> CodedArray {
        let ranks = &self.answers.ranks;
        match self.lists {
            Some(lists) => lists.names.to_column(ranks),
            None => null_column(ranks.len()),
        }
    }
}
