//! The layers of a release by its report, and what there is to tell of a name that is none of them.
//!
//! Pure.

use super::SelectError;
use crate::config::known_names_hint;
use crate::feature::release::paths::FACILITIES;
use crate::feature::{LayerReport, RunReport};

/// Ids of the layers with rows, and `facilities` where there is an inventory.
pub(super) fn known_layers(report: &RunReport, has_inventory: bool) -> impl Iterator<Item = &str> {
    let present = report.layers.iter().filter(|layer| !layer.is_absent());
    let inventory = has_inventory.then_some(FACILITIES);
    present.map(|layer| layer.id.as_str()).chain(inventory)
}

/// What there is to tell of a layer that a release has no rows of.
pub fn unknown_layer(report: &RunReport, has_inventory: bool, written: &str) -> SelectError {
    let of_that_name = report.layers.iter().find(|layer| layer.id.as_str() == written);
    if let Some(reason) = of_that_name.and_then(LayerReport::reason) {
        return SelectError::Absent {
            layer: written.to_owned(),
            reason: reason.to_owned(),
        };
    }
    unknown("layer", written, known_layers(report, has_inventory))
}

/// A name that isn't known, and which may be meant.
pub(super) fn unknown<'a>(
    what: &'static str,
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> SelectError {
    let hint = known_names_hint(written, known);
    SelectError::Unknown {
        what,
        written: written.to_owned(),
        hint: hint.map_or_else(String::new, |hint| format!("; {hint}")),
    }
}
