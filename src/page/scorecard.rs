//! Scorecard: states and sectors at a glance.
//!
//! Pure: shows what the report tells; the tables are in `scorecard/`. Of a sector that no layer tells of no number is shown, and
//! no zero.

use maud::{Markup, html};

use super::content::Page;
use super::parts::{left_out, table_box};
use crate::catalog::number;
use crate::feature::release::paths;
use crate::feature::release::product_names;
use crate::feature::{ScorecardReport, SectorStanding, StateLine};

/// Most states shown.
const MOST: usize = 60;

/// The section of the scorecard.
pub(super) fn scorecard_section(page: &Page<'_>) -> Markup {
    let told = page.report.product(product_names::SCORECARD).cloned();
    let told = told.and_then(|told| serde_json::from_value::<ScorecardReport>(told).ok());
    html! {
        section aria-labelledby="scorecard" {
            h2 #scorecard { "Scorecard" }
            @match &told {
                Some(told) => (states_and_sectors(page, told)),
                None => { p { "The pipeline asks for no scorecard." } }
            }
        }
    }
}

fn states_and_sectors(page: &Page<'_>, told: &ScorecardReport) -> Markup {
    html! {
        p {
            "Facilities by state and sector. Counties and regions, lifelines and quality scores are in "
            a href=(paths::SCORECARD_CELLS) { (paths::SCORECARD_CELLS) } ", capacities in "
            a href=(paths::SCORECARD_CAPACITY) { (paths::SCORECARD_CAPACITY) } ", the releases before in "
            a href=(paths::SCORECARD_HISTORY) { (paths::SCORECARD_HISTORY) } "."
        }
        (unknown_sectors(page, told))
        (table_box("Facilities by state and sector", &states_table(page, told)))
        (left_out(MOST, told.states.len(), "states are in the tables."))
    }
}

fn unknown_sectors(page: &Page<'_>, told: &ScorecardReport) -> Markup {
    html! {
        ul {
            @for standing in &told.sectors {
                @if let Some(reason) = &standing.reason { li { (sector_title(page, &standing.sector)) ": " (reason) "." } }
            }
        }
    }
}

fn sector_title<'a>(page: &'a Page<'_>, code: &'a str) -> &'a str {
    let mut sectors = page.plan.reference.sectors.iter();
    sectors
        .find(|sector| sector.code == code)
        .map_or(code, |sector| &sector.name)
}

fn states_table(page: &Page<'_>, told: &ScorecardReport) -> Markup {
    let lines = told.states.iter().take(MOST);
    html! {
        table {
            thead {
                tr {
                    th scope="col" { "State" }
                    @for standing in &told.sectors {
                        th.n scope="col" { abbr title=(sector_title(page, &standing.sector)) { (standing.sector) } }
                    }
                    th.n scope="col" { "No sector" }
                    th.n scope="col" { "All" }
                }
            }
            tbody {
                @for line in lines { (state_row(line)) }
                (nation_row(told))
            }
        }
    }
}

fn state_row(line: &StateLine) -> Markup {
    let all: u64 = line.facilities.iter().flatten().sum();
    html! {
        tr {
            th scope="row" { (line.state) }
            @for count in &line.facilities { td.n { (count_or_nothing(*count)) } }
            td.n { (number::count(line.without_sector)) }
            td.n { (number::count(all + line.without_sector)) }
        }
    }
}

fn nation_row(told: &ScorecardReport) -> Markup {
    let without: u64 = told.states.iter().map(|line| line.without_sector).sum();
    let all: u64 = told
        .sectors
        .iter()
        .filter_map(|standing| standing.facilities)
        .sum();
    html! {
        tr {
            th scope="row" { "all" }
            @for SectorStanding { facilities, .. } in &told.sectors { td.n { (count_or_nothing(*facilities)) } }
            td.n { (number::count(without)) }
            td.n { (number::count(all + without)) }
        }
    }
}

fn count_or_nothing(count: Option<u64>) -> Markup {
    html! {
        @match count {
            Some(count) => (number::count(count)),
            None => { span.m { "no layer" } }
        }
    }
}
