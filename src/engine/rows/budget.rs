//! How much memory rows may take, over all layers of a run.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that rows may take, and those that they do.
#[derive(Debug)]
pub struct Budget {
    bytes: usize,
    used: AtomicUsize,
}

impl Budget {
    /// Of so many bytes.
    pub fn new(bytes: usize) -> Self {
        Self { bytes, used: AtomicUsize::new(0) }
    }

    /// The bytes there are.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Notes that more bytes are used.
    pub(super) fn take(&self, bytes: usize) {
        self.used.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Notes that bytes are free again.
    pub(super) fn give(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Whether more bytes are used than there are.
    pub(super) fn is_spent(&self) -> bool {
        self.used.load(Ordering::Relaxed) > self.bytes
    }
}
