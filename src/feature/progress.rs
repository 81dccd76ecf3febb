//! How the stages tell how far they are.
//!
//! LEAF.

/// Follows the run's work; implemented for terminals and logs by `report`.
pub trait Progress: Sync {
    /// A stage begins on `what`; `total` units if known (rows, bytes or tiles). It ends when the task is dropped.
    fn start(&self, stage: &'static str, what: &str, total: Option<u64>) -> Box<dyn Task>;
}

/// A stage at work on something.
pub trait Task: Send + Sync {
    /// `n` more units are done.
    fn advance(&self, n: u64);
}
