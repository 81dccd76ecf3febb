//! What came of a join, in numbers. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::answers::Answers;
use super::polygons::PolygonSet;
use crate::feature::{Defect, RejectReason};

/// Rows that can't be placed that are told of; more are counted alone.
const TOLD: usize = 5;

/// What came of a join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Rows of the file.
    pub rows: u64,
    /// Counts of each set, in the order asked for.
    pub sets: Vec<SetTally>,
    /// Rows that can't be placed, by reason.
    pub rejects: BTreeMap<RejectReason, u64>,
    /// The first of them, in the order of the file.
    pub first_rejects: Vec<FirstReject>,
    /// Rows of which nothing can be used: no output has them.
    pub left_out: u64,
    /// Areas whose own rings cross too often to be shared out: all of each is given to what holds its first vertex.
    pub tangled: u64,
}

/// Counts of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetTally {
    /// Rows in each jurisdiction, by its rank; those that are only near it included.
    pub by_rank: Vec<u64>,
    /// Rows that a polygon holds.
    pub within: u64,
    /// Rows that have the nearest one.
    pub nearest: u64,
    /// Rows with a place that have none.
    pub outside: u64,
}

/// A row that can't be placed, as people are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstReject {
    /// The file, and the table in it.
    pub source: Arc<str>,
    /// Its row.
    pub row: u64,
    /// Why.
    pub reason: RejectReason,
    /// What stands there, shortened.
    pub value: String,
}

impl Tally {
    pub(super) fn new(sets: &[PolygonSet]) -> Self {
        let sets = sets.iter().map(|set| SetTally {
            by_rank: vec![0; set.index.names().len()],
            within: 0,
            nearest: 0,
            outside: 0,
        });
        Self {
            rows: 0,
            sets: sets.collect(),
            rejects: BTreeMap::new(),
            first_rejects: Vec::new(),
            left_out: 0,
            tangled: 0,
        }
    }

    /// Rows that can't be placed.
    pub fn count_rejected(&self) -> u64 {
        self.rejects.values().sum()
    }

    /// Counts the rows of a batch; `row_of` gives the row in the file.
    pub(super) fn note_rejects(
        &mut self,
        source: &Arc<str>,
        defects: &[Defect],
        row_of: impl Fn(usize) -> u64,
    ) {
        for defect in defects {
            *self.rejects.entry(defect.reason).or_default() += 1;
            if self.first_rejects.len() < TOLD {
                self.first_rejects.push(FirstReject {
                    source: Arc::clone(source),
                    row: row_of(defect.index),
                    reason: defect.reason,
                    value: defect.value.clone(),
                });
            }
        }
    }

    /// Adds what another thread counted of later rows.
    pub(super) fn add_tally(&mut self, more: Self) {
        self.rows += more.rows;
        self.left_out += more.left_out;
        self.tangled += more.tangled;
        for (set, more) in self.sets.iter_mut().zip(more.sets) {
            set.add_counts(&more);
        }
        for (reason, rows) in more.rejects {
            *self.rejects.entry(reason).or_default() += rows;
        }
        let room = TOLD.saturating_sub(self.first_rejects.len());
        self.first_rejects
            .extend(more.first_rejects.into_iter().take(room));
    }
}

impl SetTally {
    /// Counts the answers of a batch, of whose points so many are nowhere.
    pub(super) fn note_answers(&mut self, answers: &Answers, nowhere: usize) {
        let mut none = 0;
        for rank in &answers.ranks {
            match rank {
                Some(rank) => self.by_rank[*rank as usize] += 1,
                None => none += 1,
            }
        }
        let found = answers.ranks.len() - none;
        let away = answers.measures.iter().flatten().filter(|metres| **metres > 0.0);
        let nearest = away.count();
        self.within += (found - nearest) as u64;
        self.nearest += nearest as u64;
        self.outside += none.saturating_sub(nowhere) as u64;
    }

    /// Counts a row that is in several jurisdictions at once, each once.
    pub(super) fn note_row(&mut self, ranks: impl Iterator<Item = u32>) {
        let mut is_within = false;
        for rank in ranks {
            self.by_rank[rank as usize] += 1;
            is_within = true;
        }
        if is_within {
            self.within += 1;
        } else {
            self.outside += 1;
        }
    }

    fn add_counts(&mut self, more: &Self) {
        for (count, more) in self.by_rank.iter_mut().zip(&more.by_rank) {
            *count += more;
        }
        self.within += more.within;
        self.nearest += more.nearest;
        self.outside += more.outside;
    }
}
