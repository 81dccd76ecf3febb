//! `map/index.html`: the frame that the script fills, and what stands there without one.
//!
//! Pure. Every text of a plan goes through maud, which escapes it; all others come with `map.json`, and go in as text.

use maud::{DOCTYPE, Markup, html};

use crate::feature::RunReport;
use crate::feature::release::paths;
use crate::page::parts::head_for_browsers;
use crate::plan::Plan;

/// Nothing but files beside the page: no server is asked for anything else, and no script runs that stands in a text.
const POLICY: &str = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'";

/// What a browser shows that lets no page read the files beside it.
const FROM_A_FILE: &str = "A page that is opened as a file can’t read the files beside it.\n\n\
                           Serve the store, and open the address that is told:\n\
                           cikr serve STORE\n\n\
                           Any other server of static files does as well, if it knows byte ranges.";

/// The bytes of `map/index.html`.
pub fn render_map_page(plan: &Plan, report: &RunReport) -> Vec<u8> {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                (head_for_browsers(POLICY, &report.cikr_version))
                title { (plan.title) ": map of release " (report.release) }
                link rel="stylesheet" href="app.css";
                script src="app.js" defer {}
            }
            body {
                p #start role="status" data-file=(FROM_A_FILE) { "Opening the map …" }
                noscript { p { "The map needs JavaScript. " a href="../report.html" { "The report" } " does without." } }
                a.skip href="#in-view-box" { "Skip the map: facilities in view as a list" }
                div #panel role="complementary" aria-label="Search, legend and filters" {
                    (head_of_panel(plan, report))
                    (controls(report))
                }
                main {
                    div #map role="region" aria-label="Map" {}
                    p #overview hidden { "Overview: zoom in to 14 to see every facility" }
                    div #hint hidden {}
                }
                section #detail aria-labelledby="detail-name" hidden {}
                div #notices role="alert" {}
            }
        }
    };
    document.into_string().into_bytes()
}

fn head_of_panel(plan: &Plan, report: &RunReport) -> Markup {
    html! {
        header {
            h1 { (plan.title) }
            p #release-line.mute { "Release " (report.release) }
            p #summary role="status" {}
            button #theme type="button" { "Dark" }
            button #toggle type="button" aria-expanded="false" aria-controls="controls" { "Filters" }
            div.search {
                label.unseen for="search" { "Search by name or id" }
                input #search type="search" placeholder="Search by name or id" autocomplete="off" role="combobox"
                    aria-expanded="false" aria-controls="found" aria-autocomplete="list";
                ul #found role="listbox" aria-label="Facilities found" hidden {}
                p #search-status role="status" {}
            }
        }
    }
}

fn controls(report: &RunReport) -> Markup {
    html! {
        div #controls {
            section aria-labelledby="legend-name" {
                div.head {
                    h2 #legend-name { "Legend" }
                    button #reset type="button" hidden { "Show all" }
                }
                div #by role="radiogroup" aria-label="Colour and group by" {}
                div #schemes {}
                ul #legend.rows {}
                p.mute.small {
                    "Below zoom 14 not every facility is drawn: of those that lie close together, one stands for all. "
                    "A layer that is shown alone is drawn more fully."
                }
            }
            details open { summary { "Layers" } ul #layers.rows {} }
            details open { summary { "Filters" } div #places {} ul #flags.rows {} }
            details { summary { "Changes since the last release" } div #changes {} }
            details #in-view-box { summary { "Facilities in view" } p #in-view-note.mute.small {} ul #in-view {} }
            details { summary { "About this release" } (about(report)) }
        }
    }
}

fn about(report: &RunReport) -> Markup {
    let files = [paths::REPORT_PAGE, paths::README, paths::CATALOG, paths::CITATION];
    html! {
        p.small { "Made " time datetime=(report.started) { (report.started) } " by cikr " (report.cikr_version) "." }
        ul.links { @for file in files { li { a href={ "../" (file) } { (file) } } } li { a href="licences.txt" { "licences.txt" } } }
        p #attribution.mute.small {}
    }
}
