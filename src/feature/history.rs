//! Counts of releases, kept when the releases are gone.
//!
//! LEAF. Written by `run` after a publish, drawn by `page`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::outcome::{LayerReport, RunReport};
use super::release::ReleaseId;

/// What a release had of each layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseCounts {
    /// The release.
    pub release: ReleaseId,
    /// Pipeline id: a store may have served another before.
    pub pipeline: String,
    /// When its run began, RFC 3339 UTC.
    pub started: String,
    /// By layer.
    pub layers: BTreeMap<String, LayerCounts>,
}

/// What a release had of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerCounts {
    /// Rows in tiles; none where the layer was absent.
    pub rows: Option<u64>,
    /// Facilities that the release before had not; none where nothing was compared.
    pub added: Option<u64>,
    /// Facilities that only the release before had.
    pub removed: Option<u64>,
    /// Facilities of both of which the source gave another value.
    pub changed: Option<u64>,
}

impl ReleaseCounts {
    /// Of a run, as it tells.
    ///
    /// ```
    /// # let report = std::fs::read_to_string("src/feature/tests/report.json")?;
    /// use cikr::feature::{ReleaseCounts, RunReport};
    ///
    /// let report: RunReport = serde_json::from_str(&report)?;
    /// let counts = ReleaseCounts::of_report(&report);
    /// assert_eq!((&counts.release, counts.layers.len()), (&report.release, report.layers.len()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of_report(report: &RunReport) -> Self {
        let layers = report
            .layers
            .iter()
            .map(|layer| (layer.id.to_string(), LayerCounts::of_layer(layer)));
        Self {
            release: report.release.clone(),
            pipeline: report.pipeline.clone(),
            started: report.started.clone(),
            layers: layers.collect(),
        }
    }
}

impl LayerCounts {
    fn of_layer(layer: &LayerReport) -> Self {
        let changes = layer.changes.as_ref();
        Self {
            rows: (!layer.is_absent()).then_some(layer.rows_written),
            added: changes.map(|changes| changes.added),
            removed: changes.map(|changes| changes.removed),
            changed: changes.map(|changes| changes.changed),
        }
    }
}
