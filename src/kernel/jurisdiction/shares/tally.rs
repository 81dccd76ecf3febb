//! Sums of what each jurisdiction holds, and the answer made of them.

use std::collections::BTreeMap;

use super::answer::{JurisdictionShare, Overlaps, ShareRule, Shares};

/// What is less than this part of the whole is rounding, not a sliver.
const ROUNDING: f64 = 1e-12;

/// Sums while a geometry is walked.
pub(super) struct Tally {
    overlaps: Overlaps,
    whole: f64,
    covered: f64,
    totals: BTreeMap<u32, f64>,
}

impl Tally {
    pub(super) fn new(overlaps: Overlaps) -> Self {
        Self {
            overlaps,
            whole: 0.0,
            covered: 0.0,
            totals: BTreeMap::new(),
        }
    }

    /// Adds to the size of the geometry.
    pub(super) fn add_to_whole(&mut self, measure: f64) {
        self.whole += measure;
    }

    /// Adds a piece to those that hold it, given by rank in rising order, perhaps with repetitions.
    ///
    /// Pieces of a border bound an area only together, so that one may be negative.
    pub(super) fn add(&mut self, holders: impl IntoIterator<Item = u32>, measure: f64) {
        let mut last = None;
        for holder in holders {
            if last.is_none() {
                self.covered += measure;
            } else if self.overlaps == Overlaps::Lowest || last == Some(holder) {
                continue;
            }
            *self.totals.entry(holder).or_default() += measure;
            last = Some(holder);
        }
    }

    /// The shares, largest first.
    pub(super) fn into_shares(self, rule: ShareRule) -> Shares {
        let rounding = self.whole * ROUNDING;
        let mut shares = Shares {
            whole: self.whole,
            outside: self.whole - self.covered,
            ..Shares::default()
        };
        if shares.outside < rounding {
            shares.outside = 0.0;
        }
        for (rank, measure) in self.totals {
            let share = measure / self.whole;
            if share >= rule.tolerance && measure > rounding {
                shares.parts.push(JurisdictionShare { rank, measure, share });
            } else if measure > rounding {
                shares.slivers += 1;
                shares.dropped += measure;
            }
        }
        // Stable, so that the lowest rank of equal shares stays first.
        shares.parts.sort_by(|a, b| b.measure.total_cmp(&a.measure));
        shares
    }
}
