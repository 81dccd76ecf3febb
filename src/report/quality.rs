//! How good a release is, in two lines.
//!
//! Pure: text out of a report.

use std::collections::BTreeSet;

use crate::feature::{LayerQuality, QualityReport, Score, Verdict};

/// Accuracy, currency and completeness over all layers that have evidence of it.
pub(super) fn assessment(quality: &QualityReport) -> String {
    let sum = |score: fn(&LayerQuality) -> &Score| {
        let scores = quality.layers.iter().map(score);
        let counted = scores.filter_map(|score| score.numerator.zip(score.denominator));
        counted.fold((0, 0), |sum, (of, all)| (sum.0 + of, sum.1 + all))
    };
    let (agreeing, claimed) = sum(|layer| &layer.accuracy);
    let (current, dated) = sum(|layer| &layer.currency);
    let accuracy = match claimed {
        0 => unclaimed(quality),
        _ => format!("{agreeing} of {claimed} rows that claim a state or county lie there"),
    };
    let currency = match dated {
        0 => "no layer dates its rows".to_owned(),
        _ => format!("{current} of {dated} in layers with dates are current"),
    };
    format!(
        "quality: {accuracy}; {currency}\nexpected: {}",
        expectations(quality)
    )
}

/// Why no layer's claims could be checked.
fn unclaimed(quality: &QualityReport) -> String {
    let reasons = quality
        .layers
        .iter()
        .filter_map(|layer| layer.accuracy.reason.as_deref());
    let reasons: BTreeSet<&str> = reasons.collect();
    if reasons.is_empty() {
        "no claims".to_owned()
    } else {
        reasons.into_iter().collect::<Vec<_>>().join(", ")
    }
}

fn expectations(quality: &QualityReport) -> String {
    let Some(file) = &quality.expected_from else {
        return "no reviewed counts (`cikr expected` prints some to review)".to_owned();
    };
    let is_told = |verdict: Verdict| verdict != Verdict::NotReviewed;
    let told = quality.verdicts.iter().filter(|(verdict, _)| is_told(**verdict));
    let told: Vec<String> = told
        .map(|(verdict, rows)| format!("{rows} {}", verdict.code()))
        .collect();
    let told = if told.is_empty() {
        "nothing compared".to_owned()
    } else {
        told.join(", ")
    };
    format!("{told} by {file}")
}
