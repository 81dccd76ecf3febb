//! `public/history.json`: counts of every release, also of those that are gone.

use serde::{Deserialize, Serialize};

use super::layout::HISTORY;
use super::{Lock, Store, StoreError, record};
use crate::feature::ReleaseCounts;

/// Releases that are remembered: ten years of nights.
const MOST: usize = 3_653;

/// The record.
#[derive(Debug, Default, Serialize, Deserialize)]
struct History {
    version: u32,
    /// The oldest first.
    releases: Vec<ReleaseCounts>,
}

impl Store {
    /// Counts of the releases that are remembered, the oldest first; none where that is damaged.
    pub fn history(&self) -> Vec<ReleaseCounts> {
        let found: Option<History> = record::read_sound(&self.public().join(HISTORY));
        found.unwrap_or_default().releases
    }

    /// Remembers these releases, the oldest first; of very many the newest.
    ///
    /// # Errors
    /// The store can't be written to.
    pub fn put_history(&self, _lock: &Lock, mut releases: Vec<ReleaseCounts>) -> Result<(), StoreError> {
        releases.drain(..releases.len().saturating_sub(MOST));
        let history = History {
            version: record::VERSION,
            releases,
        };
        self.publish_file(&self.public().join(HISTORY), &record::to_json(&history))
    }
}
