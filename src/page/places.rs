//! The map, and facilities by region and by sector.
//!
//! Pure.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::content::Page;
use super::map;
use super::parts::{left_out, table_box};
use crate::catalog::number;
use crate::feature::RegionId;
use crate::feature::release::product_names;

/// Most regions shown.
const MOST: usize = 60;

impl Page<'_> {
    /// Facilities by sector; the empty code stands for none.
    pub(super) fn facilities_by_sector(&self) -> BTreeMap<&str, u64> {
        let mut sums = BTreeMap::new();
        for (sector, n) in self.facilities.by_region.values().flatten() {
            *sums.entry(sector.as_str()).or_default() += n;
        }
        sums
    }

    fn region_name(&self, code: &str) -> Option<&str> {
        let mut regions = self.plan.reference.regions.iter();
        let region = regions.find(|region| region.code == code)?;
        Some(&region.name)
    }

    fn sector_name(&self, code: &str) -> String {
        if code.is_empty() {
            return "no sector".to_owned();
        }
        let sector = self
            .plan
            .reference
            .sectors
            .iter()
            .find(|sector| sector.code == code);
        sector.map_or_else(|| code.to_owned(), |sector| sector.name.clone())
    }
}

/// The section of the map.
pub(super) fn places_section(page: &Page<'_>) -> Markup {
    html! {
        section aria-labelledby="places" {
            h2 #places { "Where the facilities are" }
            @if page.plan.makes_product(product_names::INVENTORY) {
                p { "Facilities of the inventory, one point each, by the region they lie in." }
                @if let Some(map_page) = page.map_page() { p { a href=(map_page) { "Open the map" } ": each facility with all its attributes" } }
                (map::density_map(page))
                h3 { "By region" }
                (table_box("Facilities by region", &regions_table(page)))
                (left_out(MOST, page.facilities.by_region.len(), "regions are in the inventory."))
                h3 { "By sector" }
                (table_box("Facilities by sector", &sectors_table(page)))
            } @else {
                p { "The pipeline asks for no inventory, from which the map is drawn." }
            }
        }
    }
}

fn regions_table(page: &Page<'_>) -> Markup {
    // In the order of the codes, not of the sizes: regions are few, and people look for theirs.
    let totals: Vec<(&String, u64, &BTreeMap<String, u64>)> = page
        .facilities
        .by_region
        .iter()
        .map(|(code, sectors)| (code, sectors.values().sum(), sectors))
        .collect();
    let most = totals.iter().map(|(_, n, _)| *n).max().unwrap_or(0);
    html! {
        table {
            thead {
                tr {
                    th scope="col" { "Region" }
                    th.n scope="col" { "Facilities" }
                    th.b scope="col" { span.m { "share of the largest" } }
                    th scope="col" { "Most in sector" }
                }
            }
            tbody {
                @for (code, n, sectors) in totals.iter().take(MOST) {
                    tr {
                        th scope="row" {
                            (code)
                            @if let Some(name) = page.region_name(code) { small { (name) } }
                            @if code.as_str() == RegionId::UNASSIGNED { small { "outside every region" } }
                        }
                        td.n { (number::count(*n)) }
                        td.b { (share_bar(*n, most)) }
                        td { (largest_sector(page, sectors)) }
                    }
                }
            }
        }
    }
}

fn largest_sector(page: &Page<'_>, sectors: &BTreeMap<String, u64>) -> Markup {
    // The first of equals.
    let top = sectors.iter().reduce(|a, b| if b.1 > a.1 { b } else { a });
    html! { @if let Some((code, n)) = top { (page.sector_name(code)) small { (number::count(*n)) } } }
}

fn sectors_table(page: &Page<'_>) -> Markup {
    let mut sums: Vec<(&str, u64)> = page.facilities_by_sector().into_iter().collect();
    sums.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let most = sums.first().map_or(0, |(_, n)| *n);
    let total: u64 = sums.iter().map(|(_, n)| n).sum();
    let without: Vec<&str> = page
        .plan
        .reference
        .sectors
        .iter()
        .filter(|sector| sums.iter().all(|(code, _)| *code != sector.code))
        .map(|sector| sector.name.as_str())
        .collect();
    html! {
        table {
            thead {
                tr {
                    th scope="col" { "Sector" }
                    th.n scope="col" { "Facilities" }
                    th.n scope="col" { "Share" }
                    th.b scope="col" { span.m { "share of the largest" } }
                }
            }
            tbody {
                @for (code, n) in &sums {
                    tr {
                        th scope="row" { (page.sector_name(code)) @if !code.is_empty() { small { (code) } } }
                        td.n { (number::count(*n)) }
                        td.n { (number::percent(*n, total)) }
                        td.b { (share_bar(*n, most)) }
                    }
                }
            }
        }
        @if !without.is_empty() { p.m { "No facility in: " (without.join("; ")) "." } }
    }
}

/// A bar beside its number, for the eye alone.
fn share_bar(n: u64, most: u64) -> Markup {
    let width = if most == 0 {
        0.0
    } else {
        (n as f64 / most as f64 * 1000.0).round() / 10.0
    };
    html! { span.bar style={ "width:" (width) "%" } aria-hidden="true" {} }
}
