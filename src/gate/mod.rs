//! The gate: whether what a layer's source holds today may take the place of what it held before.
//!
//! Pure: last report + this run's measures → findings. A red one holds the layer back. May use: `plan`, `feature`.
//! What was accepted, carried or published is `run`'s affair.

mod columns;
mod continuity;
mod drift;
mod finding;
mod identity;
mod measures;
mod places;
mod replaced;
mod retyped;
mod shares;
mod source_columns;
#[cfg(test)]
mod tests;
mod values;

pub use continuity::{Continuity, Exchanged, Shifted};
pub use measures::{LastGood, Measures};

use crate::feature::digest::sha256_hex;
use crate::feature::{Check, Finding, GateReport};
use crate::plan::LayerPlan;
use finding::red_finding;

/// Everything there is to find in a layer; the caller has read its whole source.
///
/// Without last good data, only what can be told of one pull alone is judged.
pub fn judge(layer: &LayerPlan, last: Option<LastGood<'_>>, now: &Measures<'_>) -> GateReport {
    // A release made under `--limit` holds a part of the source: the whole differs from it in every respect.
    let last = last.filter(|last| !last.is_limited());
    let mut findings = Vec::new();
    if let Some(last) = last {
        findings.extend(changed_row_count(layer, last, now));
        if let Some(before) = last.profile() {
            let unreadable = values::unreadable_fields(layer, last, now);
            findings.extend(drift::schema_drift(layer, before, now.profile, &unreadable));
        }
        findings.extend(identity::lost_identity(layer, last, now));
    }
    // What our own plan has changed is no change of the source.
    let alike = last
        .filter(|last| {
            last.profile()
                .is_none_or(|before| before.reading == now.profile.reading)
        })
        .filter(|last| last.report.rows_read > 0);
    if let Some(last) = alike {
        findings.extend(values::lost_values(layer, last, now));
    }
    findings.extend(shares::excessive_rejects(layer, alike, now));
    findings.extend(places::misplaced_rows(layer, alike, now));
    // Stable: within red and not, findings stay in the order of the checks.
    findings.sort_by_key(|finding| !finding.is_red);
    GateReport {
        against: last.map(|last| last.release.clone()),
        findings,
        held: None,
        accepted: None,
    }
}

/// Digest of how the plan reads a layer: schema, format and CRS, not where the bytes come from.
///
/// # Panics
/// Never: a plan has text keys only.
pub fn reading_digest(layer: &LayerPlan) -> String {
    let read = (&*layer.schema, &layer.source.format, &layer.source.crs);
    let text = serde_json::to_vec(&read).expect("a plan has text keys only, so it serializes");
    sha256_hex(text)
}

/// Rows of the source, not of the tiles: those depend on our schema.
fn changed_row_count(layer: &LayerPlan, last: LastGood<'_>, now: &Measures<'_>) -> Option<Finding> {
    let before = last.report.rows_read;
    let rows = now.rows_read;
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
    Some(red_finding(Check::Rows, what))
}
