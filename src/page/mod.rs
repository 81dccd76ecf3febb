//! `report.html`: what became of a run, as one page for people.
//!
//! Pure: plan, reports, counted facilities, outlines and samples in, bytes out. The page stands alone: no script,
//! nothing fetched, readable on a phone and on paper. Every text goes through maud, which escapes it.
//! Its size is bounded: of much, it shows the first or the worst, and says how many it leaves out. May use: `catalog`,
//! `plan`, `feature`.

mod cells;
mod changes;
mod content;
mod gate;
mod layers;
mod map;
mod outline;
mod parts;
mod places;
mod quality;
mod registry;
mod reject_sample;
mod rejects;
mod scorecard;
mod sources;
mod spark;
mod summary;
#[cfg(test)]
mod tests;
pub mod web_map;

use maud::{DOCTYPE, Markup, PreEscaped, html};

pub use self::cells::Cells;
pub use self::content::Facilities;
pub use self::content::Page;
pub use self::reject_sample::RejectSample;
pub use self::reject_sample::SAMPLES;
use crate::feature::release::paths;

const STYLE: &str = include_str!("style.css");

// maud escapes every text. Behind that stands this policy: were a text to become markup all the same, a browser would
// run no script of it and ask no server for anything.

/// No script, nothing from elsewhere.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/// The bytes of `report.html`.
pub fn render_page(page: &Page<'_>) -> Vec<u8> {
    // A store may have served another pipeline; its numbers are no past of this one's.
    let last = page.last.filter(|last| last.pipeline == page.report.pipeline);
    let page = &Page { last, ..*page };
    let layers = page.known_layers();
    let title = format!("{}: release {}", page.plan.title, page.report.release);
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                (parts::head_for_browsers(POLICY, &page.report.cikr_version))
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                (summary::page_header(page, &layers))
                (contents_nav())
                main #main {
                    (summary::failures_section(page, &layers))
                    (gate::source_changes_section(&layers))
                    (layers::layers_section(page, &layers))
                    (changes::changes_section(&layers))
                    (places::places_section(page))
                    (registry::registry_section(page))
                    (scorecard::scorecard_section(page))
                    (rejects::rejects_section(page, &layers))
                    (quality::quality_section(page, &layers))
                    (sources::sources_section(page, &layers))
                    (sources::query_section(page))
                }
                (page_footer(page))
            }
        }
    };
    document.into_string().into_bytes()
}

fn contents_nav() -> Markup {
    let sections = [
        ("layers", "Layers"),
        ("places", "Map, regions, sectors"),
        ("jurisdictions", "Jurisdictions"),
        ("scorecard", "Scorecard"),
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

fn page_footer(page: &Page<'_>) -> Markup {
    let files = [
        paths::README,
        paths::CATALOG,
        paths::REPORT,
        paths::MANIFEST,
        paths::URLS,
    ];
    html! {
        footer {
            ul.links { @for file in files.into_iter().chain(page.map_page()) { li { a href=(file) { (file) } } } }
            p {
                "Made by cikr " (page.report.cikr_version) " from the release's own report and tables. "
                "This page loads nothing and runs no script."
            }
        }
    }
}
