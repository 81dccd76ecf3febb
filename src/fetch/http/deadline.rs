//! Until when a source may be asked.

use std::thread;
use std::time::{Duration, Instant};

/// When the time of a source is over; never by default.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deadline {
    ends: Option<Instant>,
    allowed: Duration,
}

impl Deadline {
    /// So long from now on.
    pub fn after(allowed: Duration) -> Self {
        Self { ends: Instant::now().checked_add(allowed), allowed }
    }

    /// Seconds that were allowed.
    pub(super) fn allowed_s(&self) -> u64 {
        self.allowed.as_secs()
    }

    /// What is left of `wanted`, or none.
    pub(super) fn within(&self, wanted: Duration) -> Duration {
        self.ends.map_or(wanted, |ends| wanted.min(ends.saturating_duration_since(Instant::now())))
    }

    /// Whether the time is over.
    pub fn is_over(&self) -> bool {
        self.ends.is_some_and(|ends| ends <= Instant::now())
    }

    /// Waits, though not beyond the end.
    pub fn sleep(&self, wanted: Duration) {
        thread::sleep(self.within(wanted));
    }
}
