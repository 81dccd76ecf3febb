//! How good a release is, in two lines.
//!
//! Pure: text out of a report.

use std::collections::BTreeSet;

use crate::feature::{QualityReport, Score, Verdict};

/// Accuracy, currency and completeness over all layers that have evidence of it.
pub(super) fn quality_lines(quality: &QualityReport) -> String {
    let (agreeing, claimed) = total_score(quality.layers.iter().map(|layer| &layer.accuracy));
    let (current, dated) = total_score(quality.layers.iter().map(|layer| &layer.currency));
    let accuracy = match claimed {
        0 => why_unclaimed(quality),
        _ => format!("{agreeing} of {claimed} rows that claim a state or county lie there"),
    };
    let currency = match dated {
        0 => "no layer dates its rows".to_owned(),
        _ => format!("{current} of {dated} in layers with dates are current"),
    };
    format!(
        "quality: {accuracy}; {currency}\nexpected: {}",
        verdicts_line(quality)
    )
}

/// Numerators and denominators of those scores that have both, each added up.
fn total_score<'a>(scores: impl Iterator<Item = &'a Score>) -> (u64, u64) {
    let counted = scores.filter_map(|score| score.numerator.zip(score.denominator));
    counted.fold((0, 0), |sum, (of, all)| (sum.0 + of, sum.1 + all))
}

/// Why no layer's claims could be checked.
fn why_unclaimed(quality: &QualityReport) -> String {
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

fn verdicts_line(quality: &QualityReport) -> String {
    let Some(file) = &quality.expected_from else {
        return "no reviewed counts (`cikr expected` prints some to review)".to_owned();
    };
    // A count that nobody has reviewed expects nothing, so it is neither met nor missed.
    let told = quality
        .verdicts
        .iter()
        .filter(|(verdict, _)| **verdict != Verdict::NotReviewed);
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
