//! What the layers of a run share of the machine: memory, scratch files, and threads.

use std::sync::Arc;

use super::rows::Budget;
use super::seats::Seats;
use crate::feature::ScratchSpace;
use crate::feature::records::RecordBudget;

/// One part in so many of what rows may take is what a product keeps of every row.
const RECORDS_SHARE: usize = 8;
/// One part in so many is what a layer's rejects may take, and as much its flags.
const TABLES_SHARE: usize = 16;

/// What rows may take of the machine, over all layers of a run.
#[derive(Debug, Clone)]
pub struct Room {
    /// Memory for rows.
    pub budget: Arc<Budget>,
    /// Where what doesn't fit goes.
    pub space: Arc<dyn ScratchSpace>,
    /// Threads that may work on batches, over all layers.
    pub(super) seats: Arc<Seats>,
}

impl Room {
    /// So many bytes of memory, and a place for what doesn't fit.
    pub fn new(bytes: usize, space: impl ScratchSpace + 'static) -> Self {
        let seats = Arc::new(Seats::new(rayon::current_num_threads()));
        Self {
            budget: Arc::new(Budget::new(bytes)),
            space: Arc::new(space),
            seats,
        }
    }

    /// What products may keep of every row, each: the budget doesn't count it.
    pub fn for_records(&self) -> RecordBudget {
        self.share_of(RECORDS_SHARE)
    }

    /// What a table beside a layer's tiles may keep of itself: the budget doesn't count it.
    pub(super) fn for_tables(&self) -> RecordBudget {
        self.share_of(TABLES_SHARE)
    }

    fn share_of(&self, parts: usize) -> RecordBudget {
        RecordBudget {
            bytes: self.budget.bytes_to_wait() / parts,
            space: Arc::clone(&self.space),
        }
    }
}
