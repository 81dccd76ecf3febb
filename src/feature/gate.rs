//! What the gate knows of a layer, and what it says: part of `report.json` and of the store's records.
//!
//! LEAF. Profiles are measured by `kernel`, compared by `gate`, kept by `store`.

use std::collections::BTreeMap;

use super::release::ReleaseId;
use serde::{Deserialize, Serialize};

/// What a layer's source looked like, kept so that the next run can compare its own with it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceProfile {
    /// SHA-256 of how the plan reads the layer (schema, format, CRS): where it differs, what follows from it may too.
    pub reading: String,
    /// Fields of the schema's key; empty in records of earlier versions.
    #[serde(default)]
    pub key: Vec<String>,
    /// Rows at which reading stopped (`--limit`); none where the whole source was read.
    pub limit: Option<u64>,
    /// Rows whose values were looked at.
    pub looked_at: u64,
    /// Columns of the source, in its order.
    pub columns: Vec<SourceColumn>,
    /// Box around the published rows, degrees: `[west, south, east, north]`.
    pub extent: Option<[f64; 4]>,
    /// Box around the middle 96 % of them, by either axis: a stray row doesn't move it.
    pub core: Option<[f64; 4]>,
    /// Published rows far outside every state of the pipeline; none where it joins no states.
    pub far: Option<u64>,
}

/// A column of a source and the values looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceColumn {
    /// Name in the source.
    pub name: String,
    /// Values by kind; nulls and blanks are not counted.
    pub kinds: BTreeMap<ValueKind, u64>,
}

impl SourceColumn {
    /// Values that were there.
    pub fn values(&self) -> u64 {
        self.kinds.values().sum()
    }

    /// The kind most values are of, the stricter of two; none where there was no value.
    ///
    /// ```
    /// use cikr::feature::{SourceColumn, ValueKind};
    ///
    /// let beds = SourceColumn {
    ///     name: "BEDS".to_owned(),
    ///     kinds: [(ValueKind::Text, 3), (ValueKind::Integer, 3)].into(),
    /// };
    /// assert_eq!((beds.values(), beds.kind()), (6, Some(ValueKind::Integer)));
    /// ```
    pub fn kind(&self) -> Option<ValueKind> {
        // The map's order is that of the variants, stricter ones first: the first that has as many as any is it.
        let most = self.kinds.values().copied().max().filter(|most| *most > 0)?;
        self.kinds
            .iter()
            .find(|(_, values)| **values == most)
            .map(|(kind, _)| *kind)
    }
}

// The order of the variants is that of `SourceColumn::kind`, and the names are kept in the store: a new one goes where
// it belongs by strictness, and none is renamed.

/// What a source's value looks like: inferred, since sources are read as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueKind {
    /// `true`, `false`, `yes`, `no`, `y`, `n`, `t`, `f`.
    Boolean,
    /// Digits with or without a sign.
    Integer,
    /// Any other finite number.
    Number,
    /// A day or a moment, by the shape of its digits.
    Date,
    /// Anything else.
    Text,
}

impl ValueKind {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Date => "date",
            Self::Text => "text",
        }
    }
}

/// What the gate says of a layer in a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct GateReport {
    /// Release it was compared with; none where the layer has no last good data to compare with.
    pub against: Option<ReleaseId>,
    /// Everything it found: what holds the layer back first.
    pub findings: Vec<Finding>,
    /// What it held back; none where the layer passed.
    pub held: Option<Withheld>,
    /// What let the layer pass although a finding is red.
    pub accepted: Option<Acceptance>,
}

impl GateReport {
    /// What holds the layer back, on one line.
    pub fn red_findings(&self) -> String {
        let reds = self.findings.iter().filter(|finding| finding.is_red);
        reds.map(|finding| finding.what.as_str())
            .collect::<Vec<_>>()
            .join("; ")
    }

    /// What people should know of although it holds nothing back.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| !finding.is_red)
    }
}

/// Something that the gate found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which check.
    pub check: Check,
    /// Whether it holds the layer back.
    pub is_red: bool,
    /// What it is, in words, with the numbers.
    pub what: String,
}

/// A check of the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Rows outside the band of last good.
    Rows,
    /// A column that is gone.
    Dropped,
    /// A column that seems to go by another name now; a guess.
    Renamed,
    /// A column whose values are of another kind.
    Retyped,
    /// A column that is new.
    Added,
    /// Another key of the schema.
    Key,
    /// Facilities under other keys, in the same places.
    Identity,
    /// Two columns whose values have changed places.
    Exchanged,
    /// Many more values that can't be read.
    Unread,
    /// Too many rows without geometry.
    NullGeometry,
    /// Too many rows that repeat a key.
    DuplicateKeys,
    /// Too many rows that can't be used.
    Rejects,
    /// Rows in other places than before.
    Extent,
    /// Rows where the layer's states can't be.
    States,
}

impl Check {
    /// Stable code, as in `report.json`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Dropped => "dropped",
            Self::Renamed => "renamed",
            Self::Retyped => "retyped",
            Self::Added => "added",
            Self::Key => "key",
            Self::Identity => "identity",
            Self::Exchanged => "exchanged",
            Self::Unread => "unread",
            Self::NullGeometry => "null_geometry",
            Self::DuplicateKeys => "duplicate_keys",
            Self::Rejects => "rejects",
            Self::Extent => "extent",
            Self::States => "states",
        }
    }
}

/// A change that was held back: what an analyst may accept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withheld {
    /// Run that held it back.
    pub release: ReleaseId,
    /// When that run began, RFC 3339 UTC.
    pub at: String,
    /// SHA-256 of the landed source.
    pub sha256: String,
    /// Rows the source had.
    pub rows_read: u64,
    /// Why, on one line.
    pub reason: String,
}

/// An analyst's word that a change is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acceptance {
    /// SHA-256 of the landed source that is accepted; none for whatever the next held-back change is.
    pub sha256: Option<String>,
    /// Who accepts it.
    pub by: String,
    /// When, RFC 3339 UTC.
    pub at: String,
    /// Why.
    pub reason: String,
    /// What was held back when it was accepted, if anything.
    #[serde(default)]
    pub held: Option<Withheld>,
    /// Release that made use of it; none until then.
    #[serde(default)]
    pub used_by: Option<ReleaseId>,
}

impl Acceptance {
    /// Whether it waits for a change and this is one it covers.
    ///
    /// ```
    /// use cikr::feature::Acceptance;
    /// use cikr::feature::release::ReleaseId;
    ///
    /// let any: Acceptance = serde_json::from_value(serde_json::json!({
    ///     "sha256": null, "by": "ada", "at": "2026-11-22T03:00:00Z", "reason": "the agency has merged two lists",
    /// }))?;
    /// assert!(any.covers("5f70bf18"));
    /// let used = Acceptance { used_by: ReleaseId::parse("20261122T030000000Z").ok(), ..any };
    /// assert!(!used.covers("5f70bf18"), "once");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn covers(&self, sha256: &str) -> bool {
        // Once: what was meant of one change says nothing of the next.
        self.used_by.is_none() && self.sha256.as_deref().is_none_or(|accepted| accepted == sha256)
    }
}
