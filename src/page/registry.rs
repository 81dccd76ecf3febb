//! Jurisdictions: governments as the Census counted them beside the polygons that the release has, kind by kind.
//!
//! Pure: shows what the report tells; the tables are in `jurisdictions/`.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::content::Page;
use super::parts::table_box;
use crate::catalog::number;
use crate::feature::release::paths;
use crate::feature::release::product_names;
use crate::feature::{KindCount, RegistryReport};

/// The section of jurisdictions.
pub(super) fn registry_section(page: &Page<'_>) -> Markup {
    let told = page.report.product(product_names::REGISTRY).cloned();
    let told = told.and_then(|told| serde_json::from_value::<RegistryReport>(told).ok());
    html! {
        section aria-labelledby="jurisdictions" {
            h2 #jurisdictions { "Jurisdictions" }
            @match &told {
                Some(told) => (registry_overview(told)),
                None => { p { "The pipeline asks for no registry of jurisdictions." } }
            }
        }
    }
}

fn registry_overview(told: &RegistryReport) -> Markup {
    html! {
        p {
            @for sum in &told.governments {
                "The Census of Governments of " (sum.vintage) " counted " (number::count(sum.all)) " governments, "
                (number::count(sum.local)) " of them local. "
            }
            "Governments and polygons are counted each for itself: an area may have no government of its own, and of some kinds of "
            "governments this release has no polygons. All of it: "
            a href=(paths::JURISDICTION_KINDS) { (paths::JURISDICTION_KINDS) }
            @for set in &told.sets {
                @let path = paths::jurisdictions_path(&set.set).display().to_string();
                ", " a href=(path) { (path) }
            }
            "."
        }
        (table_box("Jurisdictions by kind", &kinds_table(told)))
        (sets_list(told))
    }
}

fn kinds_table(told: &RegistryReport) -> Markup {
    let vintages: BTreeSet<&str> = told.governments.iter().map(|sum| sum.vintage.as_str()).collect();
    html! {
        table {
            thead {
                tr {
                    th scope="col" { "Kind" }
                    @for vintage in vintages.iter().rev() { th.n scope="col" { "Governments " (vintage) } }
                    th.n scope="col" { "Polygons" }
                }
            }
            tbody {
                @for kind in &told.kinds {
                    tr {
                        th scope="row" { (kind.title) small { (kind.kind) } }
                        @for vintage in vintages.iter().rev() { td.n { (governments_cell(kind, vintage)) } }
                        td.n {
                            @match kind.polygons {
                                Some(polygons) => (number::count(polygons)),
                                None => { "none" small { "no set in the pipeline" } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn governments_cell(kind: &KindCount, vintage: &str) -> Markup {
    let found = kind.governments.iter().find(|(year, _)| year == vintage);
    html! {
        @match found {
            Some((_, count)) => (number::count(*count)),
            None => { span.m { "not counted" } }
        }
    }
}

fn sets_list(told: &RegistryReport) -> Markup {
    html! {
        ul {
            @for set in &told.sets {
                li {
                    code { (set.set) } " (" (set.vintage) "): " (number::count(set.with_polygon)) " with a polygon"
                    @if set.without_polygon > 0 { ", " (number::count(set.without_polygon)) " codes without" }
                    @if let (Some(facilities), Some(unassigned)) = (set.facilities, set.unassigned) {
                        "; " (number::count(facilities)) " facilities in one, " (number::count(unassigned)) " in none"
                    }
                    "."
                }
            }
        }
    }
}
