//! Facilities of one layer that stand at exactly the same point: counted, and the first of them flagged.
//!
//! Such rows are in one region and side by side when it is ordered, so that nothing is kept for them before.

use std::collections::BinaryHeap;
use std::sync::{Mutex, PoisonError};

use super::origins::Origins;
use crate::feature::{Flag, FlagCode, Flags};

/// Rows that share their point with others, those of the lowest positions.
#[derive(Debug, Default)]
pub struct Shared(Mutex<Found>);

#[derive(Debug, Default)]
struct Found {
    rows: u64,
    first: BinaryHeap<Row>,
}

/// A row, in the order of positions.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    /// Where it stood in the source.
    pub(super) position: u64,
    /// Its `facility_id`.
    pub(super) id: String,
    /// The point, as WKT.
    pub(super) point: String,
    /// Rows of the layer that stand there.
    pub(super) sharing: usize,
}

impl Shared {
    /// Notes rows in any order.
    pub(super) fn note(&self, rows: impl Iterator<Item = Row>) {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            found.rows += 1;
            let is_full = found.first.len() as u64 == Flags::KEPT;
            if is_full && found.first.peek().is_some_and(|last| last.position < row.position) {
                continue;
            }
            found.first.push(row);
            if is_full {
                found.first.pop();
            }
        }
    }

    /// Flags the rows, in the order of the source.
    pub(super) fn flag(self, flags: &mut Flags, origins: &Origins) {
        let found = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        flags.count(FlagCode::SharedCoordinates, "geometry", found.rows - found.first.len() as u64);
        for row in found.first.into_sorted_vec() {
            let Some(origin) = origins.at(row.position) else { continue };
            flags.push(Flag {
                origin,
                facility_id: row.id,
                field: "geometry".to_owned(),
                value: row.point,
                code: FlagCode::SharedCoordinates,
                detail: format!("{} facilities", row.sharing),
            });
        }
    }
}
