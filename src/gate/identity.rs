//! Whether facilities are still themselves: by their keys, and by what stands in which column.
//!
//! Pure.

use super::columns::{self, Exchanged, Shifted};
use super::{LastGood, Measures};
use crate::feature::{Check, Finding};
use crate::plan::LayerPlan;

/// What a source has kept of the facilities that were looked at in the last release.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// Facilities looked at.
    pub facilities: u64,
    /// Those whose id is there today.
    pub ids: u64,
    /// Of the others, those whose places were looked for; none where not over half of the ids are lost.
    pub sought: u64,
    /// Of these, those in whose place, or close to it under their name, there is a facility today.
    pub places: u64,
    /// Facilities whose id is there today and whose places and names were compared.
    pub compared: u64,
    /// Of these, those that are elsewhere or have another name, while another id has their place, or their name.
    pub taken: u64,
    /// Fields that have each other's values.
    pub exchanged: Vec<Exchanged>,
    /// Fields that have the values of another, each way for itself.
    pub shifted: Vec<Shifted>,
}

impl Kept {
    /// Whether over half of the ids are not there any more.
    pub fn are_ids_lost(&self) -> bool {
        self.ids * 2 < self.facilities
    }
}

/// Facilities of which there must be so many for what became of them to be told.
pub(super) const FEW: u64 = 10;

/// Another key in the schema, ids that are lost or change hands while places stay, columns that have changed places.
pub(super) fn findings(layer: &LayerPlan, last: LastGood<'_>, now: &Measures<'_>) -> Vec<Finding> {
    let key = key(layer, last, now);
    if key.as_ref().is_some_and(|finding| finding.is_red) {
        return key.into_iter().collect();
    }
    let Some(kept) = now.kept else {
        return key.into_iter().collect();
    };
    let release = last.release;
    let identity = [lost(release, kept), taken(release, kept)].into_iter().flatten();
    let identity = identity.map(|what| Finding {
        check: Check::Identity,
        is_red: true,
        what,
    });
    let columns = columns::findings(layer, kept);
    key.into_iter().chain(identity).chain(columns).collect()
}

/// Another key in the schema: every facility has another id, unless the field has only got another name.
fn key(layer: &LayerPlan, last: LastGood<'_>, now: &Measures<'_>) -> Option<Finding> {
    let before = last.profile()?.key.as_slice();
    let key = &layer.schema.key;
    if before.is_empty() || before == key.as_slice() {
        return None;
    }
    let release = last.release;
    let [before, key] = [before.join("`, `"), key.join("`, `")];
    let what = format!("the schema's key is `{key}`, which was `{before}` in release {release}");
    let (is_red, rest) = match now.kept {
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
fn lost(release: &str, kept: &Kept) -> Option<String> {
    let all = kept.facilities;
    let gone = all - kept.ids;
    if all < FEW || !kept.are_ids_lost() || kept.places * 2 <= kept.sought {
        return None;
    }
    let places = match kept.sought {
        sought if sought == gone => format!("{} of them", kept.places),
        sought => format!("{} of {sought} looked for", kept.places),
    };
    Some(format!(
        "{gone} of {all} facilities of release {release} have another key, {places} in the same place: a prefix, lost zeros, \
         another column?"
    ))
}

/// Ids that are other facilities' now.
fn taken(release: &str, kept: &Kept) -> Option<String> {
    let Kept { compared, taken, .. } = kept;
    (*compared >= FEW && taken * 2 > *compared).then(|| {
        format!(
            "{taken} of {compared} facilities of release {release} have changed their key, place or name with \
             another: were keys given out anew, columns sorted apart?"
        )
    })
}
