//! A layer as the quality tables see it: what became of it, what its rows count, and what was expected of it.

use super::expected::Expected;
use super::scan::Scan;
use crate::derive::LayerTables;

/// A layer, what its rows count, and what was expected of it.
pub(super) struct Assessed<'a> {
    pub(super) layer: &'a LayerTables<'a>,
    pub(super) scan: Scan,
    pub(super) expected: Expected<'a>,
    /// Days since 1970 when the run began.
    pub(super) today: i32,
}

impl Assessed<'_> {
    /// Whole days from a day since 1970 to the day on which the run began.
    pub(super) fn age_in_days(&self, day: i32) -> i64 {
        i64::from(self.today) - i64::from(day)
    }
}
