//! Until when a source may be asked.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
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
    ///
    /// ```
    /// use std::time::Duration;
    /// use cikr::fetch::http::Deadline;
    ///
    /// assert!(Deadline::after(Duration::ZERO).is_over());
    /// assert!(!Deadline::after(Duration::from_secs(60)).is_over());
    /// assert!(!Deadline::default().is_over(), "no limit");
    /// ```
    pub fn after(allowed: Duration) -> Self {
        Self {
            ends: Instant::now().checked_add(allowed),
            allowed,
        }
    }

    /// Seconds that were allowed.
    pub(super) fn allowed_s(&self) -> u64 {
        self.allowed.as_secs()
    }

    /// What is left of `wanted`, or none.
    pub(super) fn remaining_of(&self, wanted: Duration) -> Duration {
        self.ends.map_or(wanted, |ends| {
            wanted.min(ends.saturating_duration_since(Instant::now()))
        })
    }

    /// The same in whole seconds, at least one.
    pub(super) fn remaining_seconds_of(&self, wanted: u32) -> u32 {
        let left = self.remaining_of(Duration::from_secs(u64::from(wanted)));
        u32::try_from(left.as_millis().div_ceil(1_000))
            .unwrap_or(wanted)
            .max(1)
    }

    /// Whether the time is over.
    pub fn is_over(&self) -> bool {
        self.ends.is_some_and(|ends| ends <= Instant::now())
    }

    /// Waits, though not beyond the end.
    pub fn sleep(&self, wanted: Duration) {
        thread::sleep(self.remaining_of(wanted));
    }
}

/// What sources have taken of their time: one that is tried again later has no more of it.
#[derive(Debug, Default)]
pub(super) struct Times {
    spent: Mutex<BTreeMap<String, Duration>>,
}

/// A source at work; its time runs until this is dropped.
#[derive(Debug)]
pub struct Time<'c> {
    times: &'c Times,
    id: &'c str,
    began: Instant,
    /// When it is over.
    pub until: Deadline,
}

impl Times {
    pub(super) fn time_of<'c>(&'c self, id: &'c str, allowed: Duration) -> Time<'c> {
        // Without this a source that fails late would have all of its time again at the end of the run.
        let spent = self
            .spent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .copied();
        let until = Deadline {
            allowed,
            ..Deadline::after(allowed.saturating_sub(spent.unwrap_or_default()))
        };
        Time {
            times: self,
            id,
            began: Instant::now(),
            until,
        }
    }
}

impl Drop for Time<'_> {
    fn drop(&mut self) {
        let mut spent = self.times.spent.lock().unwrap_or_else(PoisonError::into_inner);
        *spent.entry(self.id.to_owned()).or_default() += self.began.elapsed();
    }
}
