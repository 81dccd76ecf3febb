//! How much memory rows may take, over all layers of a run: half of it while they wait, the rest on the way to their tiles.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that there are, and those that rows take which wait.
///
/// ```
/// use cikr::engine::rows::Budget;
///
/// let budget = Budget::new(1 << 30);
/// assert_eq!(budget.bytes_to_wait(), 1 << 29, "half of it, so that packing has the other half");
/// assert_eq!(budget.unused_bytes(), 1 << 30);
/// ```
#[derive(Debug)]
pub struct Budget {
    bytes: usize,
    used: AtomicUsize,
}

impl Budget {
    /// Of so many bytes.
    pub fn new(bytes: usize) -> Self {
        Self {
            bytes,
            used: AtomicUsize::new(0),
        }
    }

    /// Bytes that rows may take while they wait.
    pub fn bytes_to_wait(&self) -> usize {
        self.bytes / 2
    }

    /// Bytes that nothing waits in.
    pub fn unused_bytes(&self) -> usize {
        self.bytes.saturating_sub(self.used.load(Ordering::Relaxed))
    }

    // `Relaxed` throughout: the number guards nothing, and a store that sees it a moment late spills a batch later.

    /// Notes that more bytes are used.
    pub(super) fn note_taken(&self, bytes: usize) {
        self.used.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Notes that bytes are free again.
    pub(super) fn note_given_back(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Whether more rows wait than may.
    pub(super) fn is_spent(&self) -> bool {
        self.used.load(Ordering::Relaxed) > self.bytes_to_wait()
    }
}
