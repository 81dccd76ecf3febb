//! Whether facilities are still themselves: by their keys, and by what stands in which column.
//!
//! Pure.

use super::columns;
use super::continuity::{Continuity, FEW};
use super::finding::red_finding;
use super::{LastGood, Measures};
use crate::feature::release::ReleaseId;
use crate::feature::{Check, Finding};
use crate::plan::LayerPlan;

/// Another key in the schema, ids that are lost or change hands while places stay, columns that have changed places.
pub(super) fn lost_identity(layer: &LayerPlan, last: LastGood<'_>, now: &Measures<'_>) -> Vec<Finding> {
    let key = changed_key(layer, last, now);
    // Under another key every id is new, and so is each finding that follows from ids: one that says why is enough.
    if key.as_ref().is_some_and(|finding| finding.is_red) {
        return key.into_iter().collect();
    }
    let mut findings: Vec<Finding> = key.into_iter().collect();
    let Some(continuity) = now.continuity else {
        return findings;
    };
    let renumbered = describe_lost_ids(last.release, continuity);
    let taken = describe_taken_ids(last.release, continuity);
    for what in renumbered.into_iter().chain(taken) {
        findings.push(red_finding(Check::Identity, what));
    }
    findings.extend(columns::displaced_columns(layer, continuity));
    findings
}

/// Another key in the schema: every facility has another id, unless the field has only got another name.
fn changed_key(layer: &LayerPlan, last: LastGood<'_>, now: &Measures<'_>) -> Option<Finding> {
    let before = last.profile()?.key.as_slice();
    let key = &layer.schema.key;
    if before.is_empty() || before == key.as_slice() {
        return None;
    }
    let release = last.release;
    let before = before.join("`, `");
    let key = key.join("`, `");
    let what = format!("the schema's key is `{key}`, which was `{before}` in release {release}");
    // An id is made of the key's values, not of its name: a field that was renamed gives the same ids, and what nine
    // of ten facilities keep is no new key, whatever came and went among the rest.
    let (is_red, rest) = match now.continuity {
        Some(kept) if (kept.facilities - kept.ids) * 10 <= kept.facilities => (
            false,
            format!("{} of {} facilities keep their ids", kept.ids, kept.facilities),
        ),
        Some(kept) if kept.ids > 0 => {
            let gone = kept.facilities - kept.ids;
            (
                true,
                format!("{gone} of {} facilities get another id", kept.facilities),
            )
        }
        _ => (true, "every facility gets another id".to_owned()),
    };
    Some(Finding {
        check: Check::Key,
        is_red,
        what: format!("{what}: {rest}"),
    })
}

/// Facilities that are where they were, under other ids.
fn describe_lost_ids(release: &ReleaseId, continuity: &Continuity) -> Option<String> {
    let all = continuity.facilities;
    let gone = all - continuity.ids;
    // Ids that are gone together with their places are facilities that are gone, which the count of rows judges.
    if all < FEW || !continuity.are_ids_lost() || continuity.places * 2 <= continuity.sought {
        return None;
    }
    let places = match continuity.sought {
        sought if sought == gone => format!("{} of them", continuity.places),
        sought => format!("{} of {sought} looked for", continuity.places),
    };
    Some(format!(
        "{gone} of {all} facilities of release {release} have another key, {places} in the same place: a prefix, lost zeros, \
         another column?"
    ))
}

/// Ids that are other facilities' now.
fn describe_taken_ids(release: &ReleaseId, continuity: &Continuity) -> Option<String> {
    let Continuity { compared, taken, .. } = continuity;
    (*compared >= FEW && taken * 2 > *compared).then(|| {
        format!(
            "{taken} of {compared} facilities of release {release} have changed their key, place or name with \
             another: were keys given out anew, columns sorted apart?"
        )
    })
}
