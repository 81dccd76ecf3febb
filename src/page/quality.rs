//! Quality: how complete, current and accurate the layers are, and what is doubtful.
//!
//! Pure: shows what the report tells; the evidence is in `quality/*.parquet`.

use std::cmp::Reverse;

use maud::{Markup, html};

use super::content::{Layer, Page};
use super::parts::{cut_text, left_out, table_box};
use crate::catalog::{claims_of_another_vintage, number};
use crate::feature::release::product_names;
use crate::feature::{ClaimPair, FieldCounts, LayerId, LayerQuality, QualityReport, Score, Unmet, Verdict};

/// Most layers shown: those with the lowest score first.
const MOST: usize = 40;

/// Most rows of the other tables.
const ROWS: usize = 30;

/// The section of quality.
pub(super) fn quality_section(page: &Page<'_>, layers: &[Layer<'_>]) -> Markup {
    html! {
        section aria-labelledby="quality" {
            h2 #quality { "Quality" }
            @match &page.report.quality {
                Some(quality) => (score_overview(page, quality, layers)),
                None => { p { "This release was not scored." } }
            }
            (flags_table(layers))
            (fields_table(layers))
        }
    }
}

fn score_overview(page: &Page<'_>, quality: &QualityReport, layers: &[Layer<'_>]) -> Markup {
    let tables = page
        .products
        .iter()
        .filter(|product| product.name == product_names::QUALITY)
        .flat_map(|product| product.tables);
    let mut worst: Vec<&LayerQuality> = quality.layers.iter().collect();
    worst.sort_by(|a, b| lowest_share(a).total_cmp(&lowest_share(b)));
    html! {
        p {
            "What the sources let one say, layer by layer, the lowest score first; no score means no evidence, and says why. "
            "The whole evidence: "
            @for (at, table) in tables.enumerate() {
                @if at > 0 { ", " }
                a href=(table.path) { (table.path) }
            }
            "."
        }
        (table_box("Scores by layer", &scores_table(&worst, layers)))
        (left_out(MOST, worst.len(), "layers with higher scores are in report.json."))
        (score_definitions(quality))
        (expected_counts(quality))
        (claims_table(&quality.worst_claims))
        @if let Some(told) = claims_of_another_vintage(&page.report.layers) { p { (told) } }
    }
}

/// A layer's least score; one without any comes last.
fn lowest_share(layer: &LayerQuality) -> f64 {
    let scores = [&layer.completeness, &layer.currency, &layer.accuracy];
    scores
        .iter()
        .filter_map(|score| score.share)
        // Infinity: without evidence nothing is said against a layer, and those of which something is come first.
        .fold(f64::INFINITY, f64::min)
}

fn scores_table(worst: &[&LayerQuality], layers: &[Layer<'_>]) -> Markup {
    html! {
        table {
            thead {
                tr {
                    th scope="col" { "Layer" }
                    @for name in ["Completeness", "Currency", "Accuracy", "Filled", "Suspected duplicates"] {
                        th.n scope="col" { (name) }
                    }
                }
            }
            tbody {
                @for layer in worst.iter().take(MOST) {
                    tr {
                        th scope="row" { (title_of(&layer.id, layers)) }
                        @for score in [&layer.completeness, &layer.currency, &layer.accuracy, &layer.filled] { (score_cell(score)) }
                        td.n { (number::count(layer.suspected_duplicates)) }
                    }
                }
            }
        }
    }
}

fn title_of(id: &LayerId, layers: &[Layer<'_>]) -> String {
    let layer = layers.iter().find(|layer| layer.state.id == *id);
    layer.map_or_else(|| id.to_string(), Layer::title)
}

fn score_cell(score: &Score) -> Markup {
    html! {
        @match (score.share, score.numerator, score.denominator) {
            (Some(_), Some(part), Some(whole)) => {
                td.n {
                    (number::percent(part, whole))
                    small { (number::count(part)) " of " (number::count(whole)) }
                }
            }
            _ => { td.n.t { "none" small { (score.reason.as_deref().unwrap_or_default()) } } }
        }
    }
}

/// One of a layer's scores.
type ScoreOf = fn(&LayerQuality) -> &Score;

/// What the scores are: where layers' definitions differ, each with its layers.
fn score_definitions(quality: &QualityReport) -> Markup {
    let scores: [(&str, ScoreOf); 4] = [
        ("Completeness", |layer| &layer.completeness),
        ("Currency", |layer| &layer.currency),
        ("Accuracy", |layer| &layer.accuracy),
        ("Filled", |layer| &layer.filled),
    ];
    html! {
        ul.m {
            @for (name, score) in scores { (definition_items(name, &by_definition(quality, score))) }
        }
    }
}

fn definition_items(name: &str, definitions: &[(&str, Vec<&str>)]) -> Markup {
    html! {
        @for (definition, layers) in definitions {
            li {
                (name)
                @if definitions.len() > 1 { " (" (layers.join(", ")) ")" }
                ": " (definition)
            }
        }
    }
}

/// Every definition of a score with the layers it holds for, in the order of the layers.
fn by_definition(quality: &QualityReport, score: ScoreOf) -> Vec<(&str, Vec<&str>)> {
    // A list, not a map: definitions differ in numbers such as the days that count as current, and stay in the order of
    // the layers.
    let mut definitions: Vec<(&str, Vec<&str>)> = Vec::new();
    for layer in &quality.layers {
        let written = score(layer).definition.as_str();
        match definitions
            .iter_mut()
            .find(|(definition, _)| *definition == written)
        {
            Some((_, layers)) => layers.push(layer.id.as_str()),
            None => definitions.push((written, vec![layer.id.as_str()])),
        }
    }
    definitions
}

fn expected_counts(quality: &QualityReport) -> Markup {
    let unmet: Vec<(&str, &Unmet)> = quality
        .layers
        .iter()
        .flat_map(|layer| layer.unmet.iter().map(|unmet| (layer.id.as_str(), unmet)))
        .collect();
    let mut first = unmet.clone();
    first.sort_by_key(|(_, unmet)| unmet.verdict);
    let verdicts = [
        (Verdict::Missing, " missing, "),
        (Verdict::Unexpected, " unexpected, "),
        (Verdict::Short, " short, "),
        (Verdict::Excess, " in excess, "),
        (Verdict::Ok, " as expected, "),
        (Verdict::NotReviewed, " not reviewed."),
    ];
    html! {
        h3 { "Expected counts" }
        @match &quality.expected_from {
            None => { p { "The pipeline names no file of expected counts, so nothing can be found missing." } }
            Some(file) => {
                p {
                    "Against " code { (file) } ": "
                    @for (verdict, words) in verdicts {
                        (number::count(quality.verdicts.get(&verdict).copied().unwrap_or(0))) (words)
                    }
                }
                @if !first.is_empty() { (table_box("Counts that are not as expected", &unmet_table(&first))) }
                (left_out(ROWS, first.len(), "are in quality/expected.parquet."))
            }
        }
    }
}

fn unmet_table(unmet: &[(&str, &Unmet)]) -> Markup {
    html! {
        table {
            thead {
                tr {
                    @for name in ["Layer", "State", "Verdict"] { th scope="col" { (name) } }
                    @for name in ["Expected", "Found"] { th.n scope="col" { (name) } }
                    th scope="col" { "Expected by" }
                }
            }
            tbody {
                @for (layer, unmet) in unmet.iter().take(ROWS) {
                    tr {
                        th scope="row" { (layer) }
                        td { @if unmet.state_code == "*" { "all" } @else { (unmet.state_code) } }
                        td { (unmet.verdict.code().replace('_', " ")) }
                        td.n { (expected_range(unmet)) }
                        td.n { (number::count(unmet.found)) }
                        td { (unmet.source.as_deref().map(|source| cut_text(source, 80)).unwrap_or_default()) }
                    }
                }
            }
        }
    }
}

fn expected_range(unmet: &Unmet) -> String {
    match (unmet.low, unmet.high) {
        (Some(low), Some(high)) if low == high => number::count(low),
        (Some(low), Some(high)) => format!("{}–{}", number::count(low), number::count(high)),
        (Some(low), None) => format!("{} or more", number::count(low)),
        (None, Some(high)) => format!("at most {}", number::count(high)),
        (None, None) => "none".to_owned(),
    }
}

fn claims_table(worst: &[ClaimPair]) -> Markup {
    html! {
        @if !worst.is_empty() {
            h3 { "Claims that disagree with the map" }
            p { "Rows whose source claims one place and whose point lies in another, the most frequent first. Both are kept." }
            (table_box("Claims that disagree", &html! {
                table {
                    thead {
                        tr {
                            @for name in ["Layer", "Kind", "Claimed", "Computed"] { th scope="col" { (name) } }
                            th.n scope="col" { "Rows" }
                            th scope="col" { "For example" }
                        }
                    }
                    tbody {
                        @for claim in worst.iter().take(ROWS) {
                            tr {
                                th scope="row" { (claim.layer) }
                                td { (claim.kind.code()) }
                                td { (cut_text(&claim.claimed, 40)) }
                                td { (claim.computed.as_deref().unwrap_or("none")) }
                                td.n { (number::count(claim.rows)) }
                                td { code { (cut_text(&claim.example, 60)) } }
                            }
                        }
                    }
                }
            }))
        }
    }
}

/// Published rows that are doubtful, by layer and flag.
fn flags_table(layers: &[Layer<'_>]) -> Markup {
    let mut told: Vec<(&Layer<'_>, &str, u64, Vec<&str>)> = layers
        .iter()
        .flat_map(|layer| {
            let flags = layer.state.flags.iter();
            flags.map(move |(code, fields)| {
                (
                    layer,
                    code.as_str(),
                    fields.values().sum(),
                    fields.keys().map(String::as_str).collect(),
                )
            })
        })
        .collect();
    told.sort_by_key(|(_, _, n, _)| Reverse(*n));
    html! {
        @if !told.is_empty() {
            h3 { "Flags" }
            p {
                "Rows that are published and doubtful, the most frequent flags first; each row is named in "
                code { "quality/flags/" i { "layer" } ".parquet" } "."
            }
            (table_box("Flags", &html! {
                table {
                    thead {
                        tr {
                            @for name in ["Layer", "Flag"] { th scope="col" { (name) } }
                            th.n scope="col" { "Flagged" }
                            th scope="col" { "Fields" }
                        }
                    }
                    tbody {
                        @for (layer, code, n, fields) in told.iter().take(ROWS) {
                            tr {
                                th scope="row" { (layer.state.id) }
                                td { (code.replace('_', " ")) }
                                td.n { (number::count(*n)) }
                                td.w { (cut_text(&fields.join(", "), 120)) }
                            }
                        }
                    }
                }
            }))
            (left_out(ROWS, told.len(), "are in report.json."))
        }
    }
}

/// Values that became null or stayed without a meaning.
fn fields_table(layers: &[Layer<'_>]) -> Markup {
    let mut told: Vec<(&str, &str, &FieldCounts)> = layers
        .iter()
        .flat_map(|layer| {
            layer
                .state
                .fields
                .iter()
                .map(|(field, n)| (layer.state.id.as_str(), field.as_str(), n))
        })
        .filter(|(_, _, n)| n.sentinel + n.unparsed + n.unknown_code > 0)
        .collect();
    told.sort_by_key(|(_, _, n)| Reverse((n.unparsed + n.unknown_code, n.sentinel)));
    let lacking: Vec<&Layer<'_>> = layers
        .iter()
        .filter(|layer| !layer.state.fields_missing.is_empty())
        .collect();
    html! {
        @if !told.is_empty() {
            h3 { "Values without a meaning" }
            p { "Values that don't parse and sentinels became null; unknown codes are kept as they are." }
            (table_box("Values without a meaning", &html! {
                table {
                    thead {
                        tr {
                            @for name in ["Layer", "Field"] { th scope="col" { (name) } }
                            @for name in ["Unparsed", "Unknown code", "Sentinel"] { th.n scope="col" { (name) } }
                        }
                    }
                    tbody {
                        @for (layer, field, n) in told.iter().take(ROWS) {
                            tr {
                                th scope="row" { (layer) }
                                td { code { (field) } }
                                @for n in [n.unparsed, n.unknown_code, n.sentinel] { td.n { (number::count(n)) } }
                            }
                        }
                    }
                }
            }))
            (left_out(ROWS, told.len(), "fields are in report.json."))
        }
        @if !lacking.is_empty() {
            h3 { "Fields that sources lack" }
            ul {
                @for layer in lacking.iter().take(ROWS) {
                    li { (layer.title()) ": " (cut_text(&layer.state.fields_missing.join(", "), 300)) }
                }
            }
            (left_out(ROWS, lacking.len(), "layers lack fields, as report.json tells."))
        }
    }
}
