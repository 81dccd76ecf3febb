//! Where the rows come from, how old that is and under what licence; and how to query the tiles.
//!
//! Pure.

use maud::{Markup, html};

use super::content::{Layer, Page};
use super::parts::{cut_text, left_out, table_box};
use crate::catalog::number;
use crate::feature::LayerId;
use crate::feature::release::paths;

/// Most sources shown.
const MOST: usize = 40;

/// Longest text of a cell, characters.
const TEXT: usize = 100;

/// The section of sources.
pub(super) fn sources_section(page: &Page<'_>, layers: &[Layer<'_>]) -> Markup {
    html! {
        section aria-labelledby="sources" {
            h2 #sources { "Sources" }
            p {
                "Age is from when a source's bytes were first landed to the start of this run; the dates of records are what "
                "the source itself gives. Data keep the licence of their source."
            }
            (sources_table(page, layers))
            (left_out(MOST, layers.len(), "sources are in report.json and the collections."))
            (doubts_list(layers))
            @if !page.report.jurisdictions.is_empty() {
                h3 { "Boundaries" }
                (table_box("Boundaries", &boundaries_table(page)))
            }
        }
    }
}

/// What can't be known of the layers' rows.
fn doubts_list(layers: &[Layer<'_>]) -> Markup {
    let told: Vec<_> = layers
        .iter()
        .filter(|layer| !layer.state.doubts.is_empty())
        .collect();
    html! {
        @if !told.is_empty() {
            h3 { "Doubts" }
            ul {
                @for layer in told.iter().take(MOST) {
                    li {
                        strong { (layer.title()) }
                        ul.m { @for doubt in layer.state.doubts.iter().take(MOST) { li { (doubt) } } }
                    }
                }
            }
            (left_out(MOST, told.len(), "layers with doubts are in report.json."))
        }
    }
}

fn sources_table(page: &Page<'_>, layers: &[Layer<'_>]) -> Markup {
    html! {
        table.cards role="table" {
            caption { "Sources of the layers" }
            thead role="rowgroup" {
                tr role="row" {
                    @for name in ["Layer", "Agency", "Licence", "File", "Age", "Records dated"] {
                        th scope="col" role="columnheader" { (name) }
                    }
                }
            }
            tbody role="rowgroup" { @for layer in layers.iter().take(MOST) { (source_row(page, layer)) } }
        }
    }
}

fn source_row(page: &Page<'_>, layer: &Layer<'_>) -> Markup {
    let state = layer.state;
    let about = layer.plan.map(|plan| &plan.schema);
    // Twelve digits tell two copies of a source apart; report.json has all 64.
    html! {
        tr role="row" {
            th scope="row" role="rowheader" { (layer.title()) }
            td role="cell" data-t="Agency" {
                @if let Some(about) = about {
                    div {
                        (cut_text(&about.agency, TEXT))
                        @if let Some(url) = about.homepage.as_deref().filter(|url| is_web(url)) {
                            small { a href=(url) rel="noreferrer noopener" { "about the source" } }
                        }
                    }
                }
            }
            td role="cell" data-t="Licence" { (about.map(|about| cut_text(&about.licence, TEXT)).unwrap_or_default()) }
            td role="cell" data-t="File" {
                div {
                    (cut_text(&state.source, TEXT))
                    @if let Some(digest) = &state.source_sha256 {
                        small { (number::bytes(state.bytes_in)) ", SHA-256 " code { (cut_text(digest, 12)) } }
                    }
                }
            }
            td role="cell" data-t="Age" { (landed_age(page, state.landed_at.as_deref())) }
            td role="cell" data-t="Records dated" { (record_dates(page, &state.id)) }
        }
    }
}

/// What a browser may follow; a schema's homepage is anybody's text.
fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

fn landed_age(page: &Page<'_>, landed: Option<&str>) -> Markup {
    let days = landed.and_then(|landed| number::days_between(landed, &page.report.started));
    html! {
        div {
            @match (landed, days) {
                (Some(landed), Some(days)) => {
                    (number::days_in_words(days)) small { "landed " (landed.get(..10).unwrap_or(landed)) }
                }
                _ => "not landed",
            }
        }
    }
}

fn record_dates(page: &Page<'_>, id: &LayerId) -> Markup {
    let quality = page.report.quality.as_ref();
    let layer = quality.and_then(|quality| quality.layers.iter().find(|layer| layer.id == *id));
    html! {
        div {
            @match layer.and_then(|layer| layer.dates.as_ref()) {
                Some(dates) => {
                    (dates.oldest) " to " (dates.newest)
                    small { "half of them before " (dates.median) }
                }
                None => { span.m { "no dates" } }
            }
        }
    }
}

fn boundaries_table(page: &Page<'_>) -> Markup {
    html! {
        table {
            thead {
                tr {
                    @for name in ["Set", "Vintage"] { th scope="col" { (name) } }
                    th.n scope="col" { "Polygons" }
                    @for name in ["Agency", "Licence", "File"] { th scope="col" { (name) } }
                }
            }
            tbody {
                @for set in page.report.jurisdictions.iter().take(MOST) {
                    tr {
                        th scope="row" { (set.id) }
                        td { (cut_text(&set.vintage, TEXT)) }
                        td.n { (number::count(set.polygons)) }
                        td { (cut_text(&set.agency, TEXT)) }
                        td { (cut_text(&set.licence, TEXT)) }
                        td { (cut_text(&set.source, TEXT)) }
                    }
                    @if let Some(stale) = &set.stale {
                        tr { td colspan="6" { "An earlier copy stands in, " (cut_text(stale, TEXT * 4)) } }
                    }
                }
            }
        }
    }
}

/// A query to paste, and where more is.
pub(super) fn query_section(page: &Page<'_>) -> Markup {
    let tile = page
        .collections
        .iter()
        .find_map(|collection| Some((collection.base(), collection.tiles.first()?)));
    html! {
        section aria-labelledby="query" {
            h2 #query { "Query it" }
            p {
                "The tiles are GeoParquet: DuckDB, GeoPandas, Polars, QGIS and GDAL read them. "
                a href=(paths::README) { (paths::README) } " has every column and more queries, "
                a href=(paths::CATALOG) { (paths::CATALOG) } " is the STAC catalog, "
                a href=(paths::URLS) { (paths::URLS) } " lists every tile."
            }
            @if let Some((base, tile)) = tile {
                p { "In DuckDB, in the folder of the release:" }
                pre tabindex="0" { code { (example_query(&base, tile.region.as_str())) } }
            }
        }
    }
}

fn example_query(base: &str, region: &str) -> String {
    format!(
        "SELECT sector_code, state_code, count(*) AS facilities\n\
         FROM read_parquet('{base}/data/*/*.parquet', hive_partitioning = true)\n\
         WHERE region = '{region}'\n\
         GROUP BY ALL ORDER BY facilities DESC;"
    )
}
