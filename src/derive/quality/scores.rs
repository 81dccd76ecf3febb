//! `quality/scores.parquet`: the scores of every layer, each with its evidence or the lack of it.
//!
//! Pure.

use crate::derive::column::{count_column, share_column, text_column};
use crate::derive::{DeriveError, Table};
use crate::feature::release::paths;
use crate::feature::{QualityReport, Score};

/// The table: four rows per layer.
///
/// # Errors
/// When its columns don't fit together.
pub(super) fn scores_table(report: &QualityReport) -> Result<Table, DeriveError> {
    let rows: Vec<(&str, &str, &Score)> = report
        .layers
        .iter()
        .flat_map(|layer| {
            let scores = [
                ("completeness", &layer.completeness),
                ("currency", &layer.currency),
                ("accuracy", &layer.accuracy),
                ("filled", &layer.filled),
            ];
            scores.map(|(name, score)| (layer.id.as_str(), name, score))
        })
        .collect();
    Table::new(
        paths::QUALITY_SCORES,
        vec![
            ("layer", text_column(&rows, |(layer, ..)| Some(layer))),
            ("score", text_column(&rows, |(_, name, _)| Some(name))),
            ("numerator", count_column(&rows, |(.., score)| score.numerator)),
            (
                "denominator",
                count_column(&rows, |(.., score)| score.denominator),
            ),
            ("share", share_column(&rows, |(.., score)| score.share)),
            (
                "definition",
                text_column(&rows, |(.., score)| Some(&score.definition)),
            ),
            (
                "reason",
                text_column(&rows, |(.., score)| score.reason.as_deref()),
            ),
        ],
    )
}
