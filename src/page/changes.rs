//! What differs from the release before, layer by layer: facilities added, removed, changed, and in which columns.
//!
//! Pure.

use maud::{Markup, html};

use super::content::Layer;
use super::parts::{cut_text, left_out, table_box};
use crate::catalog::fields_by_rows;
use crate::catalog::number;
use crate::feature::LayerChanges;

/// Most layers shown, those with the most changes.
const LAYERS: usize = 50;
/// Most columns named of a layer.
const FIELDS: usize = 8;
/// Most remarks shown of a layer.
const REMARKS: usize = 4;
/// Longest remark shown, characters.
const REMARK: usize = 300;

/// The section of changes; nothing where no layer could be compared.
pub(super) fn changes_section(layers: &[Layer<'_>]) -> Markup {
    let mut compared: Vec<(&Layer<'_>, &LayerChanges)> = layers
        .iter()
        .filter_map(|layer| Some((layer, layer.state.changes.as_ref()?)))
        .collect();
    let same = compared.iter().filter(|(_, changes)| !changes.is_some()).count();
    let all = compared.len();
    compared.retain(|(_, changes)| changes.is_some());
    compared.sort_by_key(|(_, changes)| {
        std::cmp::Reverse(changes.added + changes.removed + changes.changed + changes.recomputed)
    });
    html! {
        @if all > 0 {
            section aria-labelledby="facilities" {
                h2 #facilities { "Changes of facilities" }
                p {
                    "Facility by facility, against the release before. Every value before and after stands in "
                    code { "changes/" i { "layer" } ".parquet" } "."
                    @if same > 0 { " Nothing differs in " (number::count_of(same, "layer")) "." }
                }
                @if !compared.is_empty() { (table_box("Changes of facilities", &changes_table(&compared))) }
                (left_out(LAYERS, compared.len(), "layers with fewer changes are in report.json."))
                (not_compared(layers))
            }
        }
    }
}

fn changes_table(compared: &[(&Layer<'_>, &LayerChanges)]) -> Markup {
    html! {
        table {
            caption { "Recomputed: only what is computed here differs, such as place, sector or lead agency" }
            thead {
                tr {
                    th scope="col" { "Layer" }
                    @for name in ["Added", "Removed", "Changed", "Recomputed", "Unchanged"] {
                        th.n scope="col" { (name) }
                    }
                    th scope="col" { "Columns, and facilities that differ in them" }
                }
            }
            tbody {
                @for (layer, changes) in compared.iter().take(LAYERS) {
                    tr {
                        th scope="row" { (layer.title()) small { code { (layer.state.id) } } }
                        @for count in [
                            changes.added, changes.removed, changes.changed, changes.recomputed, changes.unchanged,
                        ] { td.n { (number::count(count)) } }
                        td.w { (differing_columns(changes)) }
                    }
                }
            }
        }
    }
}

fn differing_columns(changes: &LayerChanges) -> Markup {
    let fields = fields_by_rows(changes);
    html! {
        @for (at, (field, rows)) in fields.iter().take(FIELDS).enumerate() {
            @if at > 0 { ", " }
            code { (field) } " " (number::count(*rows))
        }
        @if fields.len() > FIELDS { " and " (number::count_of(fields.len() - FIELDS, "more column")) }
        @for remark in changes.remarks().iter().take(REMARKS) { small { (cut_text(remark, REMARK)) } }
    }
}

/// Layers that a release before has, and that could not be compared all the same.
fn not_compared(layers: &[Layer<'_>]) -> Markup {
    let told: Vec<_> = layers
        .iter()
        .filter(|layer| layer.before.is_some())
        .filter_map(|layer| Some((layer, layer.state.not_compared.as_deref()?)))
        .collect();
    html! {
        @if !told.is_empty() {
            ul.m {
                @for (layer, reason) in told.iter().take(LAYERS) {
                    li { (layer.title()) " is not compared: " (cut_text(reason, REMARK)) "." }
                }
            }
        }
    }
}
