//! The head of the page: what release this is, whether it is whole, its sums; and what failed.
//!
//! Pure.

use maud::{Markup, html};

use super::content::{Layer, Page};
use super::gate;
use super::parts::{cut_text, left_out};
use crate::catalog::number;
use crate::feature::LayerStatus;
use crate::feature::release::ReleaseId;

/// Longest reason shown, characters; the whole one is in `report.json`.
const REASON: usize = 300;

/// Most failed layers told one by one.
const FAILED: usize = 40;

/// Title, state and sums.
pub(super) fn page_header(page: &Page<'_>, layers: &[Layer<'_>]) -> Markup {
    let report = page.report;
    html! {
        header {
            h1 { (page.plan.title) }
            @if !page.plan.description.trim().is_empty() { p { (page.plan.description.trim()) } }
            p.m {
                "Release " code { (report.release) } " of pipeline " code { (report.pipeline) }
                ", begun " time datetime=(report.started) { (shown_time(&report.started)) } "."
            }
            (state_banner(layers))
            (synthetic_banner(layers))
            (facts_list(page, layers))
        }
    }
}

/// `2026-11-25 02:52 UTC`, of an RFC 3339 time in UTC.
fn shown_time(time: &str) -> String {
    match time.get(..16) {
        Some(minutes) if time.ends_with('Z') => format!("{} UTC", minutes.replace('T', " ")),
        _ => time.to_owned(),
    }
}

fn with_status(layers: &[Layer<'_>], status: LayerStatus) -> usize {
    layers
        .iter()
        .filter(|layer| layer.state.status() == status)
        .count()
}

fn state_banner(layers: &[Layer<'_>]) -> Markup {
    let [published, carried, absent] =
        [LayerStatus::Published, LayerStatus::Carried, LayerStatus::Absent].map(|s| with_status(layers, s));
    let mut told = vec![is_or_are(published, "of this run")];
    told.extend((carried > 0).then(|| is_or_are(carried, "carried from an earlier release")));
    told.extend((absent > 0).then(|| is_or_are(absent, "absent")));
    let of = number::count_of(layers.len(), "layer");
    // The one sentence that everybody reads: whether the release can be used as a whole.
    html! {
        @if carried + absent == 0 {
            p.state.ok { strong { "Complete. " } "All " (of) " are of this run." }
        } @else {
            p.state.(if absent > 0 { "bad" } else { "warn" }) {
                strong { "Incomplete. " }
                "Of " (of) ", " (told.join(", ")) ". " a href="#failed" { "What failed and why" }
            }
        }
    }
}

fn is_or_are(n: usize, what: &str) -> String {
    format!("{n} {} {what}", if n == 1 { "is" } else { "are" })
}

fn synthetic_banner(layers: &[Layer<'_>]) -> Markup {
    let made_up: Vec<&Layer<'_>> = layers.iter().filter(|layer| layer.is_synthetic()).collect();
    let rows: u64 = made_up.iter().map(|layer| layer.state.rows_written).sum();
    html! {
        @if !made_up.is_empty() {
            p.state.warn {
                strong { "Made-up data. " }
                (made_up.len()) " of " (number::count_of(layers.len(), "layer")) " (" (number::count(rows))
                " rows) are synthetic: made to try the program on. They describe nothing real, and every number on this "
                "page that counts them is as made up."
            }
        }
    }
}

fn facts_list(page: &Page<'_>, layers: &[Layer<'_>]) -> Markup {
    let report = page.report;
    let read: u64 = layers.iter().map(|layer| layer.state.rows_read).sum();
    let rejected: u64 = layers.iter().map(|layer| layer.state.rows_rejected).sum();
    let tiles: u64 = layers.iter().map(|layer| layer.state.tiles).sum();
    let bytes: u64 = layers.iter().map(|layer| layer.state.bytes_out).sum();
    let before = page.last.map(|last| {
        let change = report.inventory_rows.cast_signed() - last.inventory_rows.cast_signed();
        let change = if change == 0 {
            "as many as in".to_owned()
        } else {
            format!("{} on", number::signed_count(change))
        };
        format!("{change} the last release")
    });
    let published = with_status(layers, LayerStatus::Published);
    let memory = report
        .peak_memory_bytes
        .map(|bytes| format!("peak memory {}", number::bytes(bytes)));
    let sectors = page
        .facilities_by_sector()
        .iter()
        .filter(|(code, _)| !code.is_empty())
        .count();
    let facts = [
        ("Facilities", number::count(report.inventory_rows), before),
        (
            "Layers of this run",
            format!("{} of {}", published, layers.len()),
            None,
        ),
        ("Sectors", number::count(sectors as u64), None),
        ("Rows read", number::count(read), None),
        (
            "Rows rejected",
            number::count(rejected),
            Some(format!("{} of those read", number::percent(rejected, read))),
        ),
        (
            "Tiles",
            number::count(tiles),
            Some("of layers, by region".to_owned()),
        ),
        (
            "Size",
            number::bytes(bytes + report.inventory_bytes),
            Some("tiles of layers and inventory".to_owned()),
        ),
        ("Time", number::duration(report.seconds), memory),
    ];
    html! {
        dl.facts {
            @for (name, value, note) in &facts {
                div { dt { (name) } dd { (value) @if let Some(note) = note { small { (note) } } } }
            }
        }
    }
}

/// Every layer that is not of this run: what its rows are instead, and why.
pub(super) fn failures_section(page: &Page<'_>, layers: &[Layer<'_>]) -> Markup {
    let failed: Vec<&Layer<'_>> = layers
        .iter()
        .filter(|layer| !layer.state.is_published())
        .collect();
    html! {
        @if !failed.is_empty() {
            section aria-labelledby="failed" {
                h2 #failed { "What failed, and why" }
                ul {
                    @for layer in failed.iter().take(FAILED) { li { (failure_item(page, layer)) } }
                }
                (left_out(FAILED, failed.len(), "layers failed; report.json has their reasons."))
            }
        }
    }
}

fn failure_item(page: &Page<'_>, layer: &Layer<'_>) -> Markup {
    let state = layer.state;
    html! {
        strong { (layer.title()) } " " code { (state.id) } " "
        @if let Some(release) = state.carried_from() {
            span.tag.warn { "carried" }
            " Its " (number::count(state.rows_written)) " rows are those of release "
            code { (release) } (carried_age(page, release)) (landed_note(page, layer)) "."
        } @else {
            span.tag.bad { "absent" } " No earlier release has it; the release holds none of its rows."
        }
        @match &state.gate {
            Some(verdict) if verdict.held.is_some() => { (gate::held_back(verdict, state.id.as_str())) }
            _ => { p.m { "Reason: " (cut_text(state.reason().unwrap_or_default(), REASON)) } }
        }
    }
}

/// How old a release is, as its report or its id tells.
fn carried_age(page: &Page<'_>, release: &ReleaseId) -> String {
    let kept = page.history.iter().find(|report| report.release == *release);
    let begun = kept
        .map(|report| report.started.clone())
        .or_else(|| Some(release.begun()?.to_rfc3339()));
    let days = begun.and_then(|begun| number::days_between(&begun, &page.report.started));
    days.map_or_else(String::new, |days| {
        format!(" ({} old)", number::days_in_words(days))
    })
}

fn landed_note(page: &Page<'_>, layer: &Layer<'_>) -> String {
    let landed = layer.state.landed_at.as_deref();
    let age = landed.and_then(|landed| Some((landed, number::days_between(landed, &page.report.started)?)));
    age.map_or_else(String::new, |(landed, days)| {
        format!(
            ", from a source landed on {}, {} before this run",
            landed.get(..10).unwrap_or(landed),
            number::days_in_words(days)
        )
    })
}
