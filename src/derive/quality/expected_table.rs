//! `quality/expected.parquet`: rows found against rows that a reviewer expects, per layer and state.
//!
//! Pure.

use super::assessed::Assessed;
use super::expected::StateCount;
use crate::derive::column::{count_column, share_column, share_of, text_column};
use crate::derive::{DeriveError, Table};
use crate::feature::release::paths;

/// The table, by layer and state, each layer's total (`*`) first.
///
/// # Errors
/// When its columns don't fit together.
pub(super) fn expected_table(assessed: &[Assessed<'_>]) -> Result<Table, DeriveError> {
    let rows: Vec<(&str, &StateCount<'_>)> = assessed
        .iter()
        .flat_map(|of| {
            of.expected
                .rows
                .iter()
                .map(|row| (of.layer.plan.id.as_str(), row))
        })
        .collect();
    Table::new(
        paths::QUALITY_EXPECTED,
        vec![
            ("layer", text_column(&rows, |(layer, _)| Some(layer))),
            ("state_code", text_column(&rows, |(_, row)| Some(&row.state))),
            (
                "low",
                count_column(&rows, |(_, row)| row.count.map(|count| count.low)),
            ),
            (
                "high",
                count_column(&rows, |(_, row)| row.count.and_then(|count| count.high)),
            ),
            ("found", count_column(&rows, |(_, row)| Some(row.found))),
            (
                "share",
                share_column(&rows, |(_, row)| {
                    let low = row.count?.low;
                    share_of(row.found.min(low), low)
                }),
            ),
            ("verdict", text_column(&rows, |(_, row)| Some(row.verdict.code()))),
            (
                "source",
                text_column(&rows, |(_, row)| row.count.map(|count| count.source.as_str())),
            ),
            (
                "reviewed",
                text_column(&rows, |(_, row)| {
                    row.count.and_then(|count| count.reviewed.as_deref())
                }),
            ),
        ],
    )
}
