//! Rejects: rows kept out, how many and why, with the first of each layer.
//!
//! Pure.

use maud::{Markup, html};

use super::content::{Layer, Page};
use super::parts::{cut_text, left_out, table_box};
use super::reject_sample::{RejectSample, SAMPLES};
use crate::catalog::number;
use crate::feature::release::paths;

/// Most layers shown, those with the most rejects.
const MOST: usize = 20;

/// Longest value shown, characters.
const VALUE: usize = 80;

/// The section of rejects.
pub(super) fn rejects_section(page: &Page<'_>, layers: &[Layer<'_>]) -> Markup {
    let mut worst: Vec<&Layer<'_>> = layers
        .iter()
        .filter(|layer| layer.state.rows_rejected > 0 && !layer.state.is_absent())
        .collect();
    // The sort is stable: equals stay in the order of the pipeline.
    worst.sort_by_key(|layer| std::cmp::Reverse(layer.state.rows_rejected));
    // The worst is open: who looks at this section at all wants to see one.
    html! {
        section aria-labelledby="rejects" {
            h2 #rejects { "Rejects" }
            @if worst.is_empty() { p { "No row was rejected." } } @else {
                p {
                    "Rows that could not be used. None has disappeared: each stands with origin, field, value and reason in "
                    code { "rejects/" i { "layer" } ".parquet" } ". Here are the first of each layer, the layers with the most first."
                }
            }
            @for (at, layer) in worst.iter().take(MOST).enumerate() { (layer_rejects(page, layer, at == 0)) }
            (left_out(MOST, worst.len(), "layers with fewer rejects are in report.json."))
        }
    }
}

fn layer_rejects(page: &Page<'_>, layer: &Layer<'_>, is_open: bool) -> Markup {
    let state = layer.state;
    let samples = page.rejects.get(&state.id).map_or(&[][..], Vec::as_slice);
    let samples = &samples[..samples.len().min(SAMPLES)];
    let rejects = paths::rejects_path(state.id.as_str()).display().to_string();
    html! {
        details open[is_open] {
            summary {
                strong { (layer.title()) } ": "
                (number::count(state.rows_rejected)) " of " (number::count(state.rows_read)) " rows, "
                (number::percent(state.rows_rejected, state.rows_read))
                @if state.is_carried() { " " span.m { "(of the run it is carried from)" } }
            }
            ul.legend {
                @for (reason, n) in &state.rejects_by_reason { li { (reason.replace('_', " ")) " " strong { (number::count(*n)) } } }
            }
            @if !samples.is_empty() { (table_box(&format!("First rejects of {}", layer.title()), &samples_table(samples))) }
            p.m {
                @if state.rows_rejected > samples.len() as u64 {
                    (number::count(state.rows_rejected - samples.len() as u64)) " more in "
                } @else { "All in " }
                a href=(rejects) { (rejects) }
            }
        }
    }
}

fn samples_table(samples: &[RejectSample]) -> Markup {
    html! {
        table {
            thead { tr { @for name in ["Origin", "Field", "Value", "Reason"] { th scope="col" { (name) } } } }
            tbody {
                @for sample in samples {
                    tr {
                        td { (shortened_front(&sample.origin)) }
                        td { (cut_text(&sample.field, VALUE)) }
                        td.w { @if sample.value.is_empty() { span.m { "empty" } } @else { code { (cut_text(&sample.value, VALUE)) } } }
                        td { (sample.reason.replace('_', " ")) }
                    }
                }
            }
        }
    }
}

/// The end of a long origin: the row is there, and the file's name.
fn shortened_front(origin: &str) -> String {
    let length = origin.chars().count();
    if length <= VALUE {
        return origin.to_owned();
    }
    format!("…{}", origin.chars().skip(length - VALUE).collect::<String>())
}
