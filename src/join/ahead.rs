//! Answers of sets larger than memory, for all rows of a file before any of them is written.
//!
//! Reading a partition costs more than asking it, and rows come in any order: asked batch by batch, every partition would be
//! read for every batch. So the file is gone through once for its points alone, and each partition is read once for as many
//! of them as memory is given for. What stays is four bytes a row.

use geo::Point;

use super::asked::Detail;
use super::error::JoinError;
use super::open::Opened;
use super::polygons::PolygonSet;
use super::positions::Positions;
use super::set_index::SetIndex;
use super::stream::{Flow, for_each_batch};

/// Stands for a row that no polygon holds; a set has less than 2^31 codes.
const NONE: u32 = u32::MAX;

/// Ranks of all rows, for each set; nothing for those in memory.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    ranks: Vec<Vec<u32>>,
}

impl Ahead {
    /// Asks the sets that aren't in memory for every row of a file.
    ///
    /// # Errors
    /// Where the file can't be read, or a scratch file fails.
    pub(super) fn ask(opened: &Opened, sets: &[PolygonSet], flow: Flow<'_>) -> Result<Self, JoinError> {
        let mut ahead = Self {
            ranks: vec![vec![]; sets.len()],
        };
        let fewest = sets.iter().filter_map(points_at_once).min();
        let Some(points_at_once) = fewest else {
            return Ok(ahead);
        };
        let mut points: Vec<Point<f64>> = Vec::new();
        let flow = Flow {
            detail: Detail::None,
            ..flow
        };
        for_each_batch(
            opened,
            flow,
            &|batch, _, transform| {
                let positions = Positions::of_batch(&batch.geometry, &batch.crs, transform, &batch.defects);
                Ok(positions.points)
            },
            &mut |more| {
                if !points.is_empty() && points.len() + more.len() > points_at_once {
                    ahead.ask_points(sets, &points)?;
                    points.clear();
                }
                points.extend(more);
                Ok(())
            },
        )?;
        ahead.ask_points(sets, &points)?;
        Ok(ahead)
    }

    fn ask_points(&mut self, sets: &[PolygonSet], points: &[Point<f64>]) -> Result<(), JoinError> {
        for (set, ranks) in sets.iter().zip(&mut self.ranks) {
            if let SetIndex::Partitioned { index, .. } = &set.index {
                let found = index.ranks_of(points).map_err(|source| JoinError::Partitions {
                    shown: set.shown.to_string(),
                    source,
                })?;
                ranks.extend(found.into_iter().map(|rank| rank.unwrap_or(NONE)));
            }
        }
        Ok(())
    }

    /// Ranks of a set for the rows from `first` on; none where the file had fewer rows when they were asked for.
    pub(super) fn ranks(
        &self,
        set: usize,
        first: usize,
        rows: usize,
    ) -> Option<impl Iterator<Item = Option<u32>>> {
        let ranks = self.ranks.get(set)?.get(first..first + rows)?;
        Some(ranks.iter().map(|rank| Some(*rank).filter(|rank| *rank != NONE)))
    }
}

fn points_at_once(set: &PolygonSet) -> Option<usize> {
    match set.index {
        SetIndex::Whole(_) => None,
        SetIndex::Partitioned { points_at_once, .. } => Some(points_at_once),
    }
}
