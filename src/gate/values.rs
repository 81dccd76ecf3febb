//! Fields that have lost their values, by what became of them: not read, taken for nothing, without a meaning.
//!
//! Pure.

use std::collections::BTreeSet;

use super::{LastGood, Measures, drift};
use crate::feature::{Check, FieldCounts, Finding};
use crate::plan::{Field, LayerPlan};

/// Points of percent by which such a share may rise before it is red.
const MOST: f64 = 50.0;

/// A way in which values are lost.
struct Loss {
    /// What the values are.
    what: &'static str,
    /// How many of them a field has.
    count: fn(&FieldCounts) -> u64,
    /// Whether what was blank may be written so: nothing is lost then.
    may_be_blank: bool,
}

const LOSSES: [Loss; 3] = [
    Loss {
        what: "can't be read",
        count: |counts| counts.unparsed,
        may_be_blank: false,
    },
    Loss {
        what: "stand for nothing, as the schema says",
        count: |counts| counts.sentinel,
        may_be_blank: true,
    },
    Loss {
        what: "are codes without a meaning",
        count: |counts| counts.unknown_code,
        may_be_blank: false,
    },
];

/// Fields of whose values far more are lost than before.
pub(super) fn findings(layer: &LayerPlan, last: LastGood<'_>, now: &Measures<'_>) -> Vec<Finding> {
    let fields = layer.schema.fields.iter();
    fields
        .flat_map(|field| {
            LOSSES
                .iter()
                .filter_map(|loss| finding(layer, field, loss, last, now))
        })
        .collect()
}

/// Fields of whose values far more can't be read than before, and those of the key where ids are lost or weren't looked for.
pub(super) fn lost<'l>(layer: &'l LayerPlan, last: LastGood<'_>, now: &Measures<'_>) -> BTreeSet<&'l str> {
    let is_unread = |field: &&Field| {
        rise(field, &LOSSES[0], last, now).is_some_and(|[before, now]| now - before > layer.gate.rise)
    };
    let is_key = |field: &&Field| {
        layer.schema.key.contains(&field.name) && now.kept.is_none_or(super::Kept::are_ids_lost)
    };
    let fields = layer
        .schema
        .fields
        .iter()
        .filter(|field| is_unread(field) || is_key(field));
    fields.map(|field| field.name.as_str()).collect()
}

fn finding(
    layer: &LayerPlan,
    field: &Field,
    loss: &Loss,
    last: LastGood<'_>,
    now: &Measures<'_>,
) -> Option<Finding> {
    let [before, share] = rise(field, loss, last, now)?;
    let rise = share - before;
    if rise <= layer.gate.rise || loss.may_be_blank && !has_fewer(field, last, now) {
        return None;
    }
    let count = (loss.count)(now.fields.get(&field.name)?);
    let what = format!(
        "{count} values of `{}` {} ({share:.1} %; {before:.1} % in release {})",
        field.name, loss.what, last.release
    );
    Some(Finding {
        check: Check::Unread,
        is_red: layer.gate.drift && rise >= MOST,
        what,
    })
}

/// Percent of a field's values that are lost: before, and now.
fn rise(field: &Field, loss: &Loss, last: LastGood<'_>, now: &Measures<'_>) -> Option<[f64; 2]> {
    let now = now.fields.get(&field.name)?;
    // Reports tell of fields of which there is something to tell.
    let before = last.report.fields.get(&field.name).copied().unwrap_or_default();
    Some([share(&before, loss), share(now, loss)])
}

fn share(counts: &FieldCounts, loss: &Loss) -> f64 {
    match written(counts) {
        0 => 0.0,
        all => (loss.count)(counts) as f64 / all as f64 * 100.0,
    }
}

/// Values that the source has, whatever becomes of them.
fn written(counts: &FieldCounts) -> u64 {
    counts.sentinel + counts.unparsed + counts.values
}

/// Whether a smaller part of the rows has a value than before.
fn has_fewer(field: &Field, last: LastGood<'_>, now: &Measures<'_>) -> bool {
    let Some(profile) = last.profile().filter(|profile| profile.looked_at > 0) else {
        return true;
    };
    let filled = drift::read(&profile.columns, field)
        .iter()
        .map(|column| column.values())
        .max()
        .unwrap_or(0);
    let before = last.report.fields.get(&field.name);
    let read = before.map_or(1.0, |counts| counts.values as f64 / written(counts).max(1) as f64);
    let was = filled as f64 / profile.looked_at as f64 * read;
    let values = now.fields.get(&field.name).map_or(0, |counts| counts.values);
    let is = values as f64 / now.rows_good.max(1) as f64;
    is < was
}
