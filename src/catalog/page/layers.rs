//! The table of layers: what was published, and what changed against the release before.
//!
//! Pure.

use std::cmp::Reverse;

use maud::{Markup, html};

use super::{Layer, Page, left_out, number, rows, spark};
use crate::catalog::items::status;
use crate::feature::LayerStatus;

/// Most layers shown: those that failed, then those that changed most.
const MOST: usize = 100;

/// The section of layers.
pub(super) fn section(page: &Page<'_>, layers: &[Layer<'_>]) -> Markup {
    let against = page.last.map(|last| last.release.as_str());
    html! {
        section aria-labelledby="layers" {
            h2 #layers { "Layers" }
            p {
                @match against {
                    Some(release) => { "Changes are against release " code { (release) } ". " }
                    None => "This is the store's first release: there is nothing to compare it with. ",
                }
                "Trends are the rows over the releases that the store still keeps."
            }
            (table(&chosen(layers), against.is_some()))
            (left_out(MOST, layers.len(), "layers, published and less changed, are in report.json."))
            @if let Some(last) = page.last { (dropped(page, last)) }
        }
    }
}

/// The layers to show, in pipeline order.
fn chosen<'a, 'b>(layers: &'b [Layer<'a>]) -> Vec<&'b Layer<'a>> {
    let mut order: Vec<usize> = (0..layers.len()).collect();
    order.sort_by_key(|at| {
        let layer = &layers[*at];
        (
            layer.state.status == LayerStatus::Published,
            Reverse(change(layer).map_or(0, i64::unsigned_abs)),
            *at,
        )
    });
    order.truncate(MOST);
    order.sort_unstable();
    order.into_iter().map(|at| &layers[at]).collect()
}

/// Rows more than in the release before; none where that has no such layer, and where both lack it.
fn change(layer: &Layer<'_>) -> Option<i64> {
    let before = layer.before.and_then(rows)?;
    Some(rows(layer.state).unwrap_or(0).cast_signed() - before.cast_signed())
}

fn table(layers: &[&Layer<'_>], is_compared: bool) -> Markup {
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
            tbody role="rowgroup" { @for layer in layers { (line(layer, is_compared)) } }
        }
    }
}

fn line(layer: &Layer<'_>, is_compared: bool) -> Markup {
    let state = layer.state;
    let is_here = state.status != LayerStatus::Absent;
    html! {
        tr role="row" {
            th scope="row" role="rowheader" {
                @if is_here { a href={ "layers/" (state.id) "/collection.json" } { (layer.title()) } }
                @else { (layer.title()) }
                small { code { (state.id) } @if let Some(plan) = layer.plan { " · " (plan.schema.sector.code) } }
            }
            td role="cell" data-t="Status" { (tag(state.status)) }
            td.n role="cell" data-t="Rows" { @if is_here { (number::count(state.rows_written)) } @else { "–" } }
            @if is_compared { td.n role="cell" data-t="Change" { div { (changed(layer)) } } }
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

fn tag(of: LayerStatus) -> Markup {
    let class = match of {
        LayerStatus::Published => "ok",
        LayerStatus::Carried => "warn",
        LayerStatus::Absent => "bad",
    };
    html! { span.tag.(class) { (status(of)) } }
}

fn changed(layer: &Layer<'_>) -> Markup {
    html! {
        @match (layer.before.and_then(rows), rows(layer.state)) {
            (None, Some(_)) => "new",
            (None, None) => "–",
            (Some(before), None) => { (number::signed(-before.cast_signed())) small { "gone" } },
            (Some(before), Some(now)) => {
                (number::signed(now.cast_signed() - before.cast_signed()))
                @if let Some(growth) = number::growth(before, now) { small { (growth) } }
            }
        }
    }
}

/// Layers of the release before that the pipeline no longer has.
fn dropped(page: &Page<'_>, last: &crate::feature::RunReport) -> Markup {
    let here = |id: &str| page.report.layers.iter().any(|layer| layer.id == id);
    let gone: Vec<&str> = last
        .layers
        .iter()
        .filter(|layer| rows(layer).is_some() && !here(&layer.id))
        .map(|l| l.id.as_str())
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
