//! What the gate held back, what an analyst let through, and which changes of sources people should know of.
//!
//! Pure.

use maud::{Markup, html};

use super::content::Layer;
use super::parts::{cut_text, left_out};
use crate::catalog::number;
use crate::feature::{Acceptance, Finding, GateReport};

/// Longest finding shown, characters; the whole one is in `report.json`.
const FINDING: usize = 200;
/// Most findings shown of a layer.
const MOST: usize = 4;
/// Most layers shown.
const LAYERS: usize = 20;

/// Why a layer was held back, and what to do where the change is meant.
pub(super) fn held_back(gate: &GateReport, layer: &str) -> Markup {
    let rows = gate.held.as_ref().map_or(0, |held| held.rows_read);
    html! {
        p.m {
            "The gate held back a source of " (number::count_of(usize::try_from(rows).unwrap_or(usize::MAX), "row")) "."
        }
        (findings_list(gate.findings.iter().filter(|finding| finding.is_red)))
        p.m { "If that is meant: " code { "cikr accept PIPELINE " (layer) " --reason …" } "; the next run publishes it." }
    }
}

/// Changes that were let through: accepted ones, and those that touch no field.
pub(super) fn source_changes_section(layers: &[Layer<'_>]) -> Markup {
    let judged = layers
        .iter()
        .filter_map(|layer| Some((layer, layer.state.gate.as_ref()?)));
    let told: Vec<_> = judged
        .filter(|(_, gate)| gate.accepted.is_some() || gate.warnings().next().is_some())
        .collect();
    html! {
        @if !told.is_empty() {
            section aria-labelledby="changes" {
                h2 #changes { "Changes of the sources" }
                ul {
                    @for (layer, gate) in told.iter().take(LAYERS) {
                        li {
                            strong { (layer.title()) } " " code { (layer.state.id) } " "
                            @if let Some(by) = &gate.accepted { (accepted_change(by, gate)) }
                            (findings_list(gate.warnings()))
                        }
                    }
                }
                (left_out(LAYERS, told.len(), "layers changed; report.json tells how."))
            }
        }
    }
}

fn accepted_change(by: &Acceptance, gate: &GateReport) -> Markup {
    html! {
        span.tag.warn { "accepted" }
        " by " (cut_text(&by.by, FINDING)) " on " (by.at.get(..10).unwrap_or(&by.at)) ": "
        (cut_text(&by.reason, FINDING))
        (findings_list(gate.findings.iter().filter(|finding| finding.is_red)))
    }
}

fn findings_list<'a>(findings: impl Iterator<Item = &'a Finding>) -> Markup {
    let findings: Vec<&Finding> = findings.collect();
    html! {
        @if !findings.is_empty() {
            ul.m { @for finding in findings.iter().take(MOST) { li { (cut_text(&finding.what, FINDING)) } } }
            (left_out(MOST, findings.len(), "findings are in report.json."))
        }
    }
}
