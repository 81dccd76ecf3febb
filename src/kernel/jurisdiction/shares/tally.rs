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
        let mut last = None;
        for holder in holders {
            let first = if last.is_none() { measure } else { 0.0 };
            if last != Some(holder) {
                self.add_part(holder, first, measure);
            }
            last = Some(holder);
        }
    }

    /// Adds to what a jurisdiction holds: `first` of it before any other, and `own` before it has held it already.
    ///
    /// Pieces of a border bound an area only together, so that one may be negative.
    pub(super) fn add_part(&mut self, holder: u32, first: f64, own: f64) {
        self.covered += first;
        let part = match self.overlaps {
            Overlaps::Lowest => first,
            Overlaps::Every => own,
        };
        if part != 0.0 {
            *self.totals.entry(holder).or_default() += part;
        }
    }

    /// The shares, largest first.
    pub(super) fn into_shares(self, rule: ShareRule) -> Shares {
        let rounding = self.whole * ROUNDING;
        let held = self.totals.into_iter().filter(|(_, measure)| *measure > rounding);
        let held: Vec<(u32, f64)> = held.collect();
        let covered = match self.overlaps {
            Overlaps::Lowest => held.iter().map(|(_, measure)| measure).sum(),
            Overlaps::Every => self.covered,
        };
        // Parts of something thin may add up to more than the whole, by rounding.
        let scale = if covered > self.whole {
            self.whole / covered
        } else {
            1.0
        };
        let outside = self.whole - covered;
        let mut shares = Shares {
            whole: self.whole,
            outside: if outside > rounding { outside } else { 0.0 },
            ..Shares::default()
        };
        for (rank, unscaled) in held {
            let measure = (unscaled * scale).min(self.whole);
            let share = measure / self.whole;
            if share >= rule.tolerance {
                shares.parts.push(JurisdictionShare { rank, measure, share });
            } else {
                shares.slivers += 1;
                shares.dropped += measure;
            }
        }
        // Stable, so that the lowest rank of equal shares stays first.
        shares.parts.sort_by(|a, b| b.measure.total_cmp(&a.measure));
        shares
    }
}
