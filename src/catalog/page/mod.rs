//! `report.html`: what became of a run, as one page for people.
//!
//! Pure: plan, reports, counted facilities, outlines and samples in, bytes out. The page stands alone: no script,
//! nothing fetched, readable on a phone and on paper. Every text goes through maud, which escapes it.
//! Its size is bounded: of much, it shows the first or the worst, and says how many it leaves out.

mod changes;
mod gate;
mod layers;
mod map;
pub(super) mod number;
mod places;
mod quality;
mod rejects;
mod sources;
mod spark;
mod summary;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::{Deserialize, Serialize};

pub use map::Cells;
pub use rejects::{RejectSample, SAMPLES};

use super::Collection;
use crate::feature::{LayerReport, LayerStatus, Outline, ProductDoc, RunReport};
use crate::plan::{LayerPlan, Plan};

/// Its name, at the root of the release.
pub const FILE: &str = "report.html";

const STYLE: &str = include_str!("style.css");

/// No script, nothing from elsewhere.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// What the page is made of.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The plan of the run.
    pub plan: &'a Plan,
    /// What became of it.
    pub report: &'a RunReport,
    /// Report of the release before; none for the first.
    pub last: Option<&'a RunReport>,
    /// Reports of the releases the store still keeps, oldest first; this run's is not among them.
    pub history: &'a [RunReport],
    /// The inventory, counted.
    pub facilities: &'a Facilities,
    /// States' outlines; empty where the pipeline joins none.
    pub outlines: &'a [Outline],
    /// First rows of each layer's rejects, by layer id.
    pub rejects: &'a BTreeMap<String, Vec<RejectSample>>,
    /// Collections of the release, for the query shown.
    pub collections: &'a [Collection<'a>],
    /// Products asked for.
    pub products: &'a [ProductDoc],
}

/// The inventory's facilities, counted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Facilities {
    /// By small cell of the globe.
    pub cells: Cells,
    /// By region, then by sector; `unassigned` and an empty sector where there is none.
    pub by_region: BTreeMap<String, BTreeMap<String, u64>>,
}

impl Facilities {
    /// These and others together.
    #[must_use]
    pub fn and(mut self, more: Self) -> Self {
        self.cells.absorb(more.cells);
        for (region, sectors) in more.by_region {
            let all = self.by_region.entry(region).or_default();
            for (sector, n) in sectors {
                *all.entry(sector).or_default() += n;
            }
        }
        self
    }
}

/// A layer in all that is known of it.
struct Layer<'a> {
    plan: Option<&'a LayerPlan>,
    state: &'a LayerReport,
    /// As the release before has it.
    before: Option<&'a LayerReport>,
    /// Rows per release, oldest first, this one last.
    trail: Vec<Option<u64>>,
}

impl<'a> Page<'a> {
    fn layers(&self) -> Vec<Layer<'a>> {
        let of = |report: &'a RunReport, id: &str| report.layers.iter().find(|layer| layer.id == id);
        let plan = |id: &str| self.plan.layers.iter().find(|layer| layer.id.as_str() == id);
        let layer = |state: &'a LayerReport| Layer {
            plan: plan(&state.id),
            state,
            before: self.last.and_then(|last| of(last, &state.id)),
            trail: self
                .history
                .iter()
                .filter(|report| report.pipeline == self.report.pipeline)
                .map(|report| of(report, &state.id).and_then(rows))
                .chain([rows(state)])
                .collect(),
        };
        self.report.layers.iter().map(layer).collect()
    }
}

impl Layer<'_> {
    fn title(&self) -> String {
        self.plan
            .map_or_else(|| self.state.id.clone(), |plan| plan.schema.label())
    }

    fn is_synthetic(&self) -> bool {
        self.plan.is_some_and(|plan| plan.schema.synthetic)
    }
}

/// Rows of a layer in a release; none where it is absent.
fn rows(layer: &LayerReport) -> Option<u64> {
    (layer.status != LayerStatus::Absent).then_some(layer.rows_written)
}

/// The bytes of `report.html`.
pub fn page(page: &Page<'_>) -> Vec<u8> {
    // A store may have served another pipeline; its numbers are no past of this one's.
    let last = page.last.filter(|last| last.pipeline == page.report.pipeline);
    let page = &Page { last, ..*page };
    let layers = page.layers();
    let title = format!("{}: release {}", page.plan.title, page.report.release);
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="generator" content={ "cikr " (page.report.cikr_version) };
                title { (title) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                (summary::header(page, &layers))
                (contents())
                main #main {
                    (summary::failures(page, &layers))
                    (gate::section(&layers))
                    (layers::section(page, &layers))
                    (changes::section(&layers))
                    (places::section(page))
                    (rejects::section(page, &layers))
                    (quality::section(page, &layers))
                    (sources::section(page, &layers))
                    (sources::queries(page))
                }
                (footer(page))
            }
        }
    };
    document.into_string().into_bytes()
}

fn contents() -> Markup {
    let sections = [
        ("layers", "Layers"),
        ("places", "Map, regions, sectors"),
        ("rejects", "Rejects"),
        ("quality", "Quality"),
        ("sources", "Sources"),
        ("query", "Query it"),
    ];
    html! {
        nav aria-label="Sections of this page" {
            ul { @for (id, name) in sections { li { a href={ "#" (id) } { (name) } } } }
        }
    }
}

fn footer(page: &Page<'_>) -> Markup {
    let files = [
        "README.md",
        "catalog.json",
        "report.json",
        "manifest.json",
        "urls.txt",
    ];
    html! {
        footer {
            ul.links { @for file in files { li { a href=(file) { (file) } } } }
            p {
                "Made by cikr " (page.report.cikr_version) " from the release's own report and tables. "
                "This page loads nothing and runs no script."
            }
        }
    }
}

/// A table in a box of its own that scrolls where it is too wide.
fn table_box(label: &str, table: &Markup) -> Markup {
    html! { div.box tabindex="0" role="region" aria-label=(label) { (table) } }
}

/// How many of something are left out, where any are.
fn left_out(shown: usize, of: usize, rest: &str) -> Markup {
    html! {
        @if of > shown {
            p.m { (number::count((of - shown) as u64)) " more " (rest) }
        }
    }
}

/// Text cut to a number of characters.
fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
