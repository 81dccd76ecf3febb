//! Whether facilities are still themselves: by their keys, and by what stands in which column.
//!
//! Pure.

use super::{LastGood, Measures};
use crate::feature::{Check, FieldCounts, Finding};
use crate::plan::LayerPlan;

/// What a source has kept of the facilities that were looked at in the last release.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// Facilities looked at.
    pub facilities: u64,
    /// Those whose id is there today.
    pub ids: u64,
    /// Of the others, those in whose place there is a facility today; counted where over half of the ids are lost.
    pub places: u64,
    /// Fields whose values seem to have changed places.
    pub exchanged: Vec<Exchanged>,
}

/// Two fields, and rows in which each has what the other had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchanged {
    /// One field.
    pub one: String,
    /// The other.
    pub other: String,
    /// Rows in which they are exchanged.
    pub rows: u64,
    /// Rows in which they differed.
    pub of: u64,
}

impl Kept {
    /// Whether over half of the ids are not there any more.
    pub fn are_ids_lost(&self) -> bool {
        self.ids * 2 < self.facilities
    }
}

/// Points of percent by which the share of values that can't be read may rise before it is red.
const UNREAD: f64 = 50.0;

/// Facilities of which there must be so many for what became of them to be told.
const FEW: u64 = 10;

/// Another key in the schema, ids that are lost while places stay, exchanged columns.
pub(super) fn findings(layer: &LayerPlan, last: LastGood<'_>, now: &Measures<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let release = last.release;
    let before = last
        .profile()
        .map(|before| before.key.as_slice())
        .unwrap_or_default();
    let key = &layer.schema.key;
    if !before.is_empty() && before != key.as_slice() {
        let [before, now] = [before.join("`, `"), key.join("`, `")];
        let what = format!(
            "the schema's key is `{now}`, which was `{before}` in release {release}: every facility gets another id"
        );
        return vec![Finding {
            check: Check::Key,
            is_red: true,
            what,
        }];
    }
    let Some(kept) = now.kept else { return found };
    let gone = kept.facilities - kept.ids;
    if kept.facilities >= FEW && kept.are_ids_lost() && kept.places * 2 > gone {
        let what = format!(
            "{gone} of {} facilities of release {release} have another key, {} of them in the same place: a prefix, lost \
             zeros, another column?",
            kept.facilities, kept.places
        );
        found.push(Finding {
            check: Check::Identity,
            is_red: true,
            what,
        });
    }
    let is_told = |pair: &&Exchanged| pair.of >= FEW && pair.rows * 2 > pair.of;
    found.extend(kept.exchanged.iter().filter(is_told).map(|pair| {
        let Exchanged { one, other, rows, of } = pair;
        let what = format!("in {rows} of {of} facilities `{one}` has what `{other}` had, and the reverse");
        Finding {
            check: Check::Exchanged,
            is_red: layer.gate.drift,
            what,
        }
    }));
    found
}

/// Fields of whose values far more can't be read than before.
pub(super) fn unread(layer: &LayerPlan, last: LastGood<'_>, now: &Measures<'_>) -> Vec<Finding> {
    let share = |counts: &FieldCounts| {
        let all = counts.unparsed + counts.values;
        if all == 0 {
            0.0
        } else {
            counts.unparsed as f64 / all as f64 * 100.0
        }
    };
    let finding = |(field, counts): (&String, &FieldCounts)| {
        let before = last.report.fields.get(field).map_or(0.0, share);
        let rise = share(counts) - before;
        if rise <= layer.gate.rise {
            return None;
        }
        let what = format!(
            "{} values of `{field}` can't be read ({:.1} %; {before:.1} % in release {})",
            counts.unparsed,
            share(counts),
            last.release
        );
        Some(Finding {
            check: Check::Unread,
            is_red: layer.gate.drift && rise >= UNREAD,
            what,
        })
    };
    now.fields.iter().filter_map(finding).collect()
}
