//! Rows that a run of the draft would reject, as `trial` has counted them.
//!
//! Pure.

use crate::feature::{Reject, RejectReason};

/// Rows that a run would reject.
#[derive(Debug, Default)]
pub(super) struct RejectedRows {
    /// All of them, each once, whatever is wrong with it.
    pub(super) rows: u64,
    /// Those that lie beyond ±180 and ±90.
    pub(super) beyond: u64,
    /// The first of these: row, and where it lies.
    pub(super) first_beyond: Option<(u64, String)>,
}

impl RejectedRows {
    pub(super) fn note_rejects(&mut self, rejects: &[Reject]) {
        self.rows += rejects.len() as u64;
        for reject in rejects {
            if let RejectReason::OutOfRange | RejectReason::SwappedCoordinates = reject.reason {
                self.beyond += 1;
                self.first_beyond
                    .get_or_insert_with(|| (reject.origin.row, reject.value.clone()));
            }
        }
    }
}
