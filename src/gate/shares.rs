//! Shares of rows that can't be used: without geometry, with a key of another row, for any reason.
//!
//! Pure.

use std::collections::BTreeMap;

use super::{LastGood, Measures};
use crate::feature::{Check, Finding, RejectReason};
use crate::plan::LayerPlan;

/// Shares over their limit, or well above last good's.
pub(super) fn findings(layer: &LayerPlan, last: Option<LastGood<'_>>, now: &Measures<'_>) -> Vec<Finding> {
    let most = layer.schema.max_rejects * 100.0;
    let gate = &layer.gate;
    let share = |check, what, reasons: &'static [RejectReason], most| Share {
        check,
        what,
        reasons,
        most,
    };
    let special = [
        share(
            Check::NullGeometry,
            "rows without geometry",
            &[RejectReason::NullGeometry, RejectReason::EmptyGeometry],
            gate.null_geometry.unwrap_or(most),
        ),
        share(
            Check::DuplicateKeys,
            "rows that repeat the key of another",
            &[RejectReason::DuplicateKey],
            gate.duplicate_keys.unwrap_or(most),
        ),
    ];
    let mut found: Vec<Finding> = special
        .iter()
        .filter_map(|share| share.finding(gate.rise, last, now))
        .collect();
    if found.is_empty() {
        let all = share(Check::Rejects, "rejected rows", &[], most);
        found.extend(all.finding(gate.rise, last, now));
    }
    found
}

/// A share of a source's rows.
struct Share {
    check: Check,
    what: &'static str,
    /// Reasons that count; all where there is none.
    reasons: &'static [RejectReason],
    /// Most percent.
    most: f64,
}

impl Share {
    fn finding(&self, rise: f64, last: Option<LastGood<'_>>, now: &Measures<'_>) -> Option<Finding> {
        let count = self.count(now.rejects);
        let share = percent(count, now.rows_read);
        let before = last.map(|last| {
            let share = percent(self.count(&last.report.rejects_by_reason), last.report.rows_read);
            (share, last.release)
        });
        let why = match before {
            _ if share > self.most => format!("at most {} % are let through", self.most),
            Some((before, release)) if share > before + rise => {
                format!("{before:.1} % in release {release}, and at most {rise} points more are let through")
            }
            _ => return None,
        };
        let (what, rows) = (self.what, now.rows_read);
        let what = format!("{count} {what} of {rows} ({share:.1} %; {why})");
        Some(Finding {
            check: self.check,
            is_red: true,
            what,
        })
    }

    fn count(&self, rejects: &BTreeMap<String, u64>) -> u64 {
        // What a schema excludes is no fault of the source.
        let is_fault = |code: &str| code != RejectReason::Excluded.code();
        let counts = |code: &str| match self.reasons {
            [] => is_fault(code),
            reasons => reasons.iter().any(|reason| reason.code() == code),
        };
        rejects
            .iter()
            .filter(|(code, _)| counts(code))
            .map(|(_, rows)| rows)
            .sum()
    }
}

fn percent(rows: u64, of: u64) -> f64 {
    if of == 0 {
        0.0
    } else {
        rows as f64 / of as f64 * 100.0
    }
}
