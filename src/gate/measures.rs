//! The two sides that the gate compares: what a run has measured, and the layer as it was last published.
//!
//! Values only.

use std::collections::BTreeMap;

use super::continuity::Continuity;
use crate::feature::release::ReleaseId;
use crate::feature::{FieldCounts, LayerReport, SourceProfile};

/// What a run has measured of a layer before anything of it is written.
#[derive(Debug, Clone, Copy)]
pub struct Measures<'a> {
    /// Rows the source has.
    pub rows_read: u64,
    /// Rows that can be published.
    pub rows_good: u64,
    /// Rows that can't, by reason code.
    pub rejects: &'a BTreeMap<String, u64>,
    /// Rows that can, by computed state code; `unassigned` outside every state.
    pub states: &'a BTreeMap<String, u64>,
    /// Values that there are and that can't be read, by field.
    pub fields: &'a BTreeMap<String, FieldCounts>,
    /// What the source looks like.
    pub profile: &'a SourceProfile,
    /// What it has kept of the facilities of last good; none where that wasn't looked at.
    pub continuity: Option<&'a Continuity>,
}

/// The layer as it was last published.
#[derive(Debug, Clone, Copy)]
pub struct LastGood<'a> {
    /// Release its rows were made for.
    pub release: &'a ReleaseId,
    /// What its report said.
    pub report: &'a LayerReport,
}

impl LastGood<'_> {
    pub(super) fn profile(&self) -> Option<&SourceProfile> {
        self.report.profile.as_ref()
    }

    /// Whether the rows are a part of the source alone.
    pub(super) fn is_limited(&self) -> bool {
        self.profile().is_some_and(|profile| profile.limit.is_some())
    }
}
