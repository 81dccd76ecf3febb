//! Facilities of one layer that stand at exactly the same point: counted, and the first of them flagged.
//!
//! Such rows are in one region and side by side when it is ordered, so that nothing is kept for them before.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::{Mutex, PoisonError};

use super::origins::Origins;
use crate::feature::{Flag, FlagCode, Flags};

/// Column that the flags are on.
const FIELD: &str = "geometry";

/// Rows that share their point with others, those of the lowest positions.
#[derive(Debug, Default)]
pub struct SharedPoints(Mutex<SharingRows>);

#[derive(Debug, Default)]
struct SharingRows {
    rows: u64,
    first: BinaryHeap<SharingRow>,
}

/// A row, in the order of positions.
#[derive(Debug)]
pub(super) struct SharingRow {
    /// Where it stood in the source.
    pub(super) position: u64,
    /// Its `facility_id`.
    pub(super) id: String,
    /// Longitude and latitude, degrees.
    pub(super) point: [f64; 2],
    /// Rows of the layer that stand there.
    pub(super) sharing: usize,
}

impl Ord for SharingRow {
    fn cmp(&self, other: &Self) -> Ordering {
        self.position.cmp(&other.position)
    }
}

impl PartialOrd for SharingRow {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for SharingRow {
    fn eq(&self, other: &Self) -> bool {
        self.position == other.position
    }
}

impl Eq for SharingRow {}

impl SharedPoints {
    /// Notes rows in any order.
    pub(super) fn note_rows(&self, rows: impl Iterator<Item = SharingRow>) {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            found.rows += 1;
            // Which rows are flagged must not depend on which tile was packed first: those of the lowest positions stay. A
            // heap has the highest of them at hand.
            let is_full = found.first.len() as u64 == Flags::KEPT;
            if is_full
                && found
                    .first
                    .peek()
                    .is_some_and(|last| last.position < row.position)
            {
                continue;
            }
            found.first.push(row);
            if is_full {
                found.first.pop();
            }
        }
    }

    /// Counts the rows among a layer's flags; gives the flags of the first of them, in the order of the source.
    pub(super) fn into_flags<'o>(
        self,
        flags: &mut Flags,
        origins: &'o Origins,
    ) -> impl Iterator<Item = Flag> + use<'o> {
        let found = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        flags.count(FlagCode::SharedCoordinates, FIELD, found.rows);
        found
            .first
            .into_sorted_vec()
            .into_iter()
            .filter_map(|row| row.into_flag(origins))
    }
}

impl SharingRow {
    fn into_flag(self, origins: &Origins) -> Option<Flag> {
        let [x, y] = self.point;
        Some(Flag {
            origin: origins.origin_at(self.position)?,
            facility_id: self.id,
            field: FIELD.to_owned(),
            value: format!("POINT({x} {y})"),
            code: FlagCode::SharedCoordinates,
            detail: format!("{} facilities", self.sharing),
        })
    }
}
