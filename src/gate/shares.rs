//! Shares of rows that can't be used: without geometry, with a key of another row, for any reason.
//!
//! Pure.

use std::collections::BTreeMap;

use super::finding::{percent_of, red_finding};
use super::{LastGood, Measures};
use crate::feature::{Check, Finding, RejectReason};
use crate::plan::LayerPlan;

/// Shares over their limit, or well above last good's.
pub(super) fn excessive_rejects(
    layer: &LayerPlan,
    last: Option<LastGood<'_>>,
    now: &Measures<'_>,
) -> Vec<Finding> {
    let most = layer.schema.max_rejects * 100.0;
    let gate = &layer.gate;
    let special = [
        RejectShare {
            check: Check::NullGeometry,
            what: "rows without geometry",
            reasons: &[RejectReason::NullGeometry, RejectReason::EmptyGeometry],
            most: gate.null_geometry.unwrap_or(most),
        },
        RejectShare {
            check: Check::DuplicateKeys,
            what: "rows that repeat the key of another",
            reasons: &[RejectReason::DuplicateKey],
            most: gate.duplicate_keys.unwrap_or(most),
        },
    ];
    let mut found: Vec<Finding> = special
        .iter()
        .filter_map(|share| share.finding_if_excessive(gate.rise, last, now))
        .collect();
    // The same rows are in the share of all rejects: what has a finding of its own isn't told twice.
    if found.is_empty() {
        let all = RejectShare {
            check: Check::Rejects,
            what: "rejected rows",
            reasons: &[],
            most,
        };
        found.extend(all.finding_if_excessive(gate.rise, last, now));
    }
    found
}

/// Rejects of some reasons, as a share of a source's rows.
struct RejectShare {
    check: Check,
    what: &'static str,
    /// Reasons that count; all where there is none.
    reasons: &'static [RejectReason],
    /// Most percent.
    most: f64,
}

impl RejectShare {
    fn finding_if_excessive(
        &self,
        rise: f64,
        last: Option<LastGood<'_>>,
        now: &Measures<'_>,
    ) -> Option<Finding> {
        let count = self.count_rejects(now.rejects);
        let share = percent_of(count, now.rows_read);
        let before = last.map(|last| {
            let rejects = self.count_rejects(&last.report.rejects_by_reason);
            (percent_of(rejects, last.report.rows_read), last.release)
        });
        // A share may be within its limit and still be ten times last night's: the rise is asked beside the limit.
        let why = match before {
            _ if share > self.most => format!("at most {} % are let through", self.most),
            Some((before, release)) if share > before + rise => {
                format!("{before:.1} % in release {release}, and at most {rise} points more are let through")
            }
            _ => return None,
        };
        let what = format!("{count} {} of {} ({share:.1} %; {why})", self.what, now.rows_read);
        Some(red_finding(self.check, what))
    }

    fn count_rejects(&self, rejects: &BTreeMap<String, u64>) -> u64 {
        rejects
            .iter()
            .filter(|(code, _)| self.has_reason(code))
            .map(|(_, rows)| rows)
            .sum()
    }

    fn has_reason(&self, code: &str) -> bool {
        match self.reasons {
            // What a schema excludes is no fault of the source.
            [] => code != RejectReason::Excluded.code(),
            reasons => reasons.iter().any(|reason| reason.code() == code),
        }
    }
}
