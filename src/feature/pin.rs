//! A release that is kept for good.
//!
//! LEAF.

use serde::{Deserialize, Serialize};

use super::release::ReleaseId;

/// A release that is kept for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// The release.
    pub release: ReleaseId,
    /// What it is called, such as `v2026.11`; none where it has its id alone.
    pub name: Option<String>,
    /// Since when, RFC 3339 UTC.
    pub at: String,
}

impl Pin {
    /// Whether a word is its name or the id of its release.
    ///
    /// ```
    /// use cikr::feature::Pin;
    /// use cikr::feature::release::ReleaseId;
    ///
    /// let release = ReleaseId::parse("20261129T021500123Z")?;
    /// let pin = Pin { release, name: Some("v2026.11".to_owned()), at: "2026-11-30T09:00:00Z".to_owned() };
    /// assert!(pin.is_called("v2026.11") && pin.is_called("20261129T021500123Z"));
    /// # Ok::<(), cikr::feature::release::BadReleaseId>(())
    /// ```
    pub fn is_called(&self, word: &str) -> bool {
        self.name.as_deref() == Some(word) || self.release == *word
    }
}
