//! The table of layers: what was published, and what changed against the release before.
//!
//! Pure.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use maud::{Markup, html};

use super::content::{Layer, Page, published_rows};
use super::parts::left_out;
use super::spark;
use crate::catalog::number;
use crate::feature::release::paths;
use crate::feature::{LayerStatus, RunReport};

/// Most layers shown: those that failed, then those that changed most.
const MOST: usize = 100;

/// The section of layers.
pub(super) fn layers_section(page: &Page<'_>, layers: &[Layer<'_>]) -> Markup {
    let against = page.last.map(|last| last.release.as_str());
    html! {
        section aria-labelledby="layers" {
            h2 #layers { "Layers" }
            p {
                @match against {
                    Some(release) => { "Changes are against release " code { (release) } ". " }
                    None => "This is the store's first release: there is nothing to compare it with. ",
                }
                "Trends are the rows over the last releases, also those that the store no longer keeps."
            }
            (layers_table(&layers_to_show(layers), against.is_some()))
            (left_out(MOST, layers.len(), "layers, published and less changed, are in report.json."))
            @if let Some(last) = page.last { (dropped_layers(page, last)) }
        }
    }
}

/// The layers to show, in pipeline order.
fn layers_to_show<'a, 'b>(layers: &'b [Layer<'a>]) -> Vec<&'b Layer<'a>> {
    let mut order: Vec<usize> = (0..layers.len()).collect();
    order.sort_by_key(|at| {
        let layer = &layers[*at];
        (
            layer.state.is_published(),
            Reverse(row_change(layer).map_or(0, i64::unsigned_abs)),
            *at,
        )
    });
    // First which, then in which order: people look for a layer where the pipeline has it.
    order.truncate(MOST);
    order.sort_unstable();
    order.into_iter().map(|at| &layers[at]).collect()
}

/// Rows more than in the release before; none where that has no such layer, and where both lack it.
fn row_change(layer: &Layer<'_>) -> Option<i64> {
    let before = layer.before.and_then(published_rows)?;
    Some(published_rows(layer.state).unwrap_or(0).cast_signed() - before.cast_signed())
}

fn layers_table(layers: &[&Layer<'_>], is_compared: bool) -> Markup {
    // On a phone the rows are cards (`display: block` in style.css), which takes from table, row and cell what they are
    // to a screen reader; the roles say it again.
    html! {
        table.cards.two role="table" {
            caption { "Layers in the order of the pipeline" }
            thead role="rowgroup" {
                tr role="row" {
                    th scope="col" role="columnheader" { "Layer" }
                    th scope="col" role="columnheader" { "Status" }
                    th.n scope="col" role="columnheader" { "Rows" }
                    @if is_compared { th.n scope="col" role="columnheader" { "Change" } }
                    th scope="col" role="columnheader" { "Trend" }
                    th.n scope="col" role="columnheader" { "Rejected" }
                    th.n scope="col" role="columnheader" { "Tiles" }
                    th.n scope="col" role="columnheader" { "Size" }
                }
            }
            tbody role="rowgroup" { @for layer in layers { (layer_row(layer, is_compared)) } }
        }
    }
}

fn layer_row(layer: &Layer<'_>, is_compared: bool) -> Markup {
    let state = layer.state;
    let is_here = !state.is_absent();
    html! {
        tr role="row" {
            th scope="row" role="rowheader" {
                @if is_here { a href={ (paths::layer_folder(state.id.as_str()).display()) "/" (paths::COLLECTION) } { (layer.title()) } }
                @else { (layer.title()) }
                small { code { (state.id) } @if let Some(plan) = layer.plan { " · " (plan.schema.sector.code) } }
            }
            td role="cell" data-t="Status" { (status_tag(state.status())) }
            td.n role="cell" data-t="Rows" { @if is_here { (number::count(state.rows_written)) } @else { "–" } }
            @if is_compared { td.n role="cell" data-t="Change" { div { (change_cell(layer)) } } }
            td role="cell" data-t="Trend" { (spark::sparkline(&layer.trail)) }
            td.n role="cell" data-t="Rejected" {
                div {
                    @if is_here { (number::count(state.rows_rejected)) } @else { "–" }
                    @if state.rows_rejected > 0 { small { (number::percent(state.rows_rejected, state.rows_read)) } }
                }
            }
            td.n role="cell" data-t="Tiles" { @if is_here { (number::count(state.tiles)) } @else { "–" } }
            td.n role="cell" data-t="Size" { @if is_here { (number::bytes(state.bytes_out)) } @else { "–" } }
        }
    }
}

fn status_tag(of: LayerStatus) -> Markup {
    let class = match of {
        LayerStatus::Published => "ok",
        LayerStatus::Carried => "warn",
        LayerStatus::Absent => "bad",
    };
    html! { span.tag.(class) { (of.code()) } }
}

fn change_cell(layer: &Layer<'_>) -> Markup {
    html! {
        @match (layer.before.and_then(published_rows), published_rows(layer.state)) {
            (None, Some(_)) => "new",
            (None, None) => "–",
            (Some(before), None) => { (number::signed_count(-before.cast_signed())) small { "gone" } },
            (Some(before), Some(now)) => {
                (number::signed_count(now.cast_signed() - before.cast_signed()))
                @if let Some(growth) = number::growth_percent(before, now) { small { (growth) } }
            }
        }
    }
}

/// Layers of the release before that the pipeline no longer has.
fn dropped_layers(page: &Page<'_>, last: &RunReport) -> Markup {
    let here: BTreeSet<&str> = page.report.layers.iter().map(|layer| layer.id.as_str()).collect();
    let gone: Vec<&str> = last
        .layers
        .iter()
        .filter(|layer| published_rows(layer).is_some() && !here.contains(layer.id.as_str()))
        .map(|layer| layer.id.as_str())
        .collect();
    html! {
        @if !gone.is_empty() {
            p {
                "No longer in the pipeline: "
                @for (at, id) in gone.iter().take(MOST).enumerate() { @if at > 0 { ", " } code { (id) } }
                @if gone.len() > MOST { " and " (number::count((gone.len() - MOST) as u64)) " more" }
                "."
            }
        }
    }
}
