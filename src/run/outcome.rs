//! What a run has published, and whether that is all that it should have.

use std::path::PathBuf;

use crate::feature::{LayerReport, QualityReport, RunReport};

/// What a run published.
#[derive(Debug)]
pub struct Outcome {
    /// Content of `report.json`.
    pub report: RunReport,
    /// Folder of the release.
    pub release: PathBuf,
    /// Counts that may be other than expected; none for any number.
    pub(super) unmet: Option<u64>,
}

impl Outcome {
    /// Whether every layer and its boundaries are of this run, and no more counts than allowed
    /// are other than expected.
    pub fn is_complete(&self) -> bool {
        let is_fresh = self.report.layers.iter().all(LayerReport::is_published);
        let is_placed = self.report.jurisdictions.iter().all(|set| set.stale.is_none());
        let unmet = self.report.quality.as_ref().map_or(0, QualityReport::unmet);
        is_fresh && is_placed && self.unmet.is_none_or(|allowed| unmet <= allowed)
    }
}
