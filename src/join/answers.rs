//! What sets answer for points, many at a time. Pure.

use geo::Point;

use super::ahead::Ahead;
use super::asked::Detail;
use super::error::JoinError;
use super::open::Opened;
use super::polygons::PolygonSet;
use super::set_index::SetIndex;
use crate::kernel::jurisdiction::JurisdictionIndex;

/// A set's answers, one for each point.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// Rank of the jurisdiction among the set's codes.
    pub(super) ranks: Vec<Option<u32>>,
    /// Metres to it, 0 inside, or its share of the row; empty where neither was asked for.
    pub(super) measures: Vec<Option<f64>>,
}

/// Who is asked, and for what.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) opened: &'a Opened,
    pub(super) sets: &'a [PolygonSet],
    /// What sets larger than memory have answered.
    pub(super) ahead: &'a Ahead,
    pub(super) detail: Detail,
}

impl Asking<'_> {
    /// Has a set answer for rows of the file, of which `first` is the first.
    ///
    /// # Errors
    /// Where a set was asked ahead, and the file has changed since.
    pub(super) fn ask_set(
        &self,
        set: usize,
        first: usize,
        points: &[Point<f64>],
        answers: &mut Answers,
    ) -> Result<(), JoinError> {
        match &self.sets[set].index {
            SetIndex::Whole(index) => answers.ask_index(index, points, self.detail),
            SetIndex::Partitioned { .. } => {
                let known = self.ahead.ranks(set, first, points.len());
                let known = known.ok_or_else(|| JoinError::Changed {
                    shown: self.opened.shown().to_string(),
                })?;
                answers.ranks.clear();
                answers.ranks.extend(known);
                answers.measures.clear();
            }
        }
        Ok(())
    }
}

impl Answers {
    /// Asks an index; points that no polygon holds get the nearest within so many metres, where that is asked for. Shares are
    /// for `shares` to ask, who has the lines.
    fn ask_index(&mut self, index: &JurisdictionIndex, points: &[Point<f64>], detail: Detail) {
        // On this thread alone: batches are asked for side by side.
        self.ranks.clear();
        self.ranks.resize(points.len(), None);
        index.fill_ranks(points, &mut self.ranks);
        self.measures.clear();
        let Detail::Nearest(nearest_m) = detail else {
            return;
        };
        for (point, rank) in points.iter().zip(&mut self.ranks) {
            let metres = if rank.is_some() {
                Some(0.0)
            } else {
                let near = index.nearest_rank(*point, nearest_m);
                *rank = near.map(|(rank, _)| rank);
                near.map(|(_, metres)| metres)
            };
            self.measures.push(metres);
        }
    }
}
