//! Fields that have lost their values, by what became of them: not read, taken for nothing, without a meaning.
//!
//! Pure.

use std::collections::BTreeSet;

use super::source_columns::columns_of_field;
use super::{LastGood, Measures};
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

/// Values that there are and that don't parse.
const UNPARSED: Loss = Loss {
    what: "can't be read",
    count: |counts| counts.unparsed,
    may_be_blank: false,
};

/// Every way there is.
const LOSSES: [Loss; 3] = [
    UNPARSED,
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
pub(super) fn lost_values(layer: &LayerPlan, last: LastGood<'_>, now: &Measures<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for field in &layer.schema.fields {
        let findings = LOSSES
            .iter()
            .filter_map(|loss| loss_finding(layer, field, loss, last, now));
        found.extend(findings);
    }
    found
}

/// Fields of whose values far more can't be read than before, and those of the key where ids are lost or weren't looked for.
pub(super) fn unreadable_fields<'l>(
    layer: &'l LayerPlan,
    last: LastGood<'_>,
    now: &Measures<'_>,
) -> BTreeSet<&'l str> {
    // A key of another kind may parse and still be other facilities: 007 as a number is 7.
    let is_key_in_doubt = now.continuity.is_none_or(super::Continuity::are_ids_lost);
    layer
        .schema
        .fields
        .iter()
        .filter(|field| {
            is_key_in_doubt && layer.schema.key.contains(&field.name)
                || lost_shares(field, &UNPARSED, last, now)
                    .is_some_and(|[before, now]| now - before > layer.gate.rise)
        })
        .map(|field| field.name.as_str())
        .collect()
}

fn loss_finding(
    layer: &LayerPlan,
    field: &Field,
    loss: &Loss,
    last: LastGood<'_>,
    now: &Measures<'_>,
) -> Option<Finding> {
    let [before, share] = lost_shares(field, loss, last, now)?;
    let rise = share - before;
    if rise <= layer.gate.rise || loss.may_be_blank && !has_fewer_values(field, last, now) {
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
fn lost_shares(field: &Field, loss: &Loss, last: LastGood<'_>, now: &Measures<'_>) -> Option<[f64; 2]> {
    let now = now.fields.get(&field.name)?;
    // Reports tell of fields of which there is something to tell.
    let before = last.report.fields.get(&field.name).copied().unwrap_or_default();
    Some([lost_share(&before, loss), lost_share(now, loss)])
}

fn lost_share(counts: &FieldCounts, loss: &Loss) -> f64 {
    match written_values(counts) {
        0 => 0.0,
        all => (loss.count)(counts) as f64 / all as f64 * 100.0,
    }
}

/// Values that the source has, whatever becomes of them.
fn written_values(counts: &FieldCounts) -> u64 {
    counts.sentinel + counts.unparsed + counts.values
}

/// Whether a smaller part of the rows has a value than before.
fn has_fewer_values(field: &Field, last: LastGood<'_>, now: &Measures<'_>) -> bool {
    // A source that begins to write NOT AVAILABLE where it wrote nothing has more sentinels and has lost nothing; one
    // that writes it over values has fewer values.
    let Some(profile) = last.profile().filter(|profile| profile.looked_at > 0) else {
        return true;
    };
    let filled = columns_of_field(&profile.columns, field)
        .iter()
        .map(|column| column.values())
        .max()
        .unwrap_or(0);
    // The profile counts values of columns as they were written; of these the last report says how many could be read.
    let before = last.report.fields.get(&field.name);
    let read = before.map_or(1.0, |counts| {
        counts.values as f64 / written_values(counts).max(1) as f64
    });
    let was = filled as f64 / profile.looked_at as f64 * read;
    let values = now.fields.get(&field.name).map_or(0, |counts| counts.values);
    let is = values as f64 / now.rows_good.max(1) as f64;
    is < was
}
