//! The gate: whether what a layer's source holds today may take the place of what it held before.
//!
//! Pure: last report + this run's measures → findings. A red one holds the layer back. May use: `plan`, `feature`.
//! What was accepted, carried or published is `run`'s affair.

mod columns;
mod drift;
mod identity;
mod places;
mod shares;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

pub use columns::{Exchanged, Shifted};
pub use identity::Kept;

use crate::feature::{Check, FieldCounts, Finding, GateReport, LayerReport, SourceProfile};
use crate::plan::LayerPlan;

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
    pub kept: Option<&'a Kept>,
}

/// The layer as it was last published.
#[derive(Debug, Clone, Copy)]
pub struct LastGood<'a> {
    /// Release its rows were made for.
    pub release: &'a str,
    /// What its report said.
    pub report: &'a LayerReport,
}

impl LastGood<'_> {
    fn profile(&self) -> Option<&SourceProfile> {
        self.report.profile.as_ref()
    }

    /// Whether the rows are a part of the source alone.
    fn is_limited(&self) -> bool {
        self.profile().is_some_and(|profile| profile.limit.is_some())
    }
}

/// Everything there is to find in a layer; the caller has read its whole source.
///
/// Without last good data, only what can be told of one pull alone is judged.
pub fn judge(layer: &LayerPlan, last: Option<LastGood<'_>>, now: &Measures<'_>) -> GateReport {
    let last = last.filter(|last| !last.is_limited());
    let mut findings: Vec<Finding> = last.and_then(|last| rows(layer, last, now)).into_iter().collect();
    if let Some((last, before)) = last.as_ref().and_then(|last| Some((*last, last.profile()?))) {
        findings.extend(drift::findings(
            layer,
            before,
            now.profile,
            &values::lost(layer, last, now),
        ));
    }
    findings.extend(
        last.into_iter()
            .flat_map(|last| identity::findings(layer, last, now)),
    );
    // What our own plan has changed is no change of the source.
    let alike = last
        .filter(|last| {
            last.profile()
                .is_none_or(|before| before.reading == now.profile.reading)
        })
        .filter(|last| last.report.rows_read > 0);
    findings.extend(
        alike
            .into_iter()
            .flat_map(|last| values::findings(layer, last, now)),
    );
    findings.extend(shares::findings(layer, alike, now));
    findings.extend(places::findings(layer, alike, now));
    findings.sort_by_key(|finding| !finding.is_red);
    GateReport {
        against: last.map(|last| last.release.to_owned()),
        findings,
        held: None,
        accepted: None,
    }
}

/// Digest of how the plan reads a layer: schema, format and CRS, not where the bytes come from.
///
/// # Panics
/// Never: a plan has text keys only.
pub fn reading(layer: &LayerPlan) -> String {
    let read = (&*layer.schema, &layer.source.format, &layer.source.crs);
    let text = serde_json::to_vec(&read).expect("a plan has text keys only, so it serializes");
    Sha256::digest(&text).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Rows of the source, not of the tiles: those depend on our schema.
fn rows(layer: &LayerPlan, last: LastGood<'_>, now: &Measures<'_>) -> Option<Finding> {
    let (before, rows) = (last.report.rows_read, now.rows_read);
    if before == 0 {
        return None;
    }
    let gate = &layer.gate;
    let percent = (rows as f64 - before as f64) / before as f64 * 100.0;
    let allowed = if percent < -gate.shrink {
        format!("fewer by at most {} % are let through", gate.shrink)
    } else if percent > gate.grow {
        format!("more by at most {} % are let through", gate.grow)
    } else {
        return None;
    };
    let release = last.release;
    let what = format!("{rows} rows instead of {before} in release {release} ({percent:+.1} %; {allowed})");
    Some(Finding {
        check: Check::Rows,
        is_red: true,
        what,
    })
}

/// Names in backquotes, the first ten of them.
fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(SHOWN);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!("{}{more}", shown.join(", "))
}
