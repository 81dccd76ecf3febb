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
    pub(super) fn add(&mut self, holders: impl IntoIterator<Item = u32>, measure: f64) {
        self.add_layers(holders.into_iter().map(|holder| (holder, 1)), measure);
    }

    /// Adds an area to those that hold it, given in layers by rank in rising order: 1 for each polygon that holds the
    /// place, 0 for others.
    ///
    /// Of several layers the first counts, and with [`Overlaps::Every`] the first of each rank. What a layer leaves to
    /// those after it is one less its number, so that every sum is linear in each layer: slivers that rounding has turned
    /// over, where the number is −1, then take away what they have added. Pieces of a border bound an area only
    /// together, so that one may be negative.
    pub(super) fn add_layers(&mut self, layers: impl IntoIterator<Item = (u32, i32)>, area: f64) {
        let mut left = 1;
        let mut left_to_rank = (None, 1);
        for (rank, layer) in layers {
            if left_to_rank.0 != Some(rank) {
                left_to_rank = (Some(rank), 1);
            }
            let part = match self.overlaps {
                Overlaps::Lowest => layer * left,
                Overlaps::Every => layer * left_to_rank.1,
            };
            if part != 0 {
                *self.totals.entry(rank).or_default() += f64::from(part) * area;
            }
            left *= 1 - layer;
            left_to_rank.1 *= 1 - layer;
        }
        self.covered += f64::from(1 - left) * area;
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
            // A sum of many pieces may be greater than the whole, by rounding.
            let share = (measure / self.whole).min(1.0);
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
