//! The part of the release's `README.md` that tells how complete, current and accurate it is.
//!
//! Pure: text out of the report.

use std::fmt::{self, Write};

use super::markdown::table_cell;
use super::number;
use crate::feature::{LayerQuality, LayerReport, QualityReport, Score};

/// Scores of every layer, what isn't as expected, and how many claims are of another vintage.
pub(super) fn write_quality(
    out: &mut String,
    quality: &QualityReport,
    layers: &[LayerReport],
) -> fmt::Result {
    out.write_str(
        "## Quality\n\nNo score without evidence: `quality/scores.parquet` says what was counted, or why nothing could be.\n\n\
         | layer | complete | current | accurate | suspected duplicates |\n|---|---:|---:|---:|---:|\n",
    )?;
    for layer in &quality.layers {
        let [complete, current, accurate] =
            [&layer.completeness, &layer.currency, &layer.accuracy].map(percent_with_counts);
        writeln!(
            out,
            "| `{}` | {complete} | {current} | {accurate} | {} |",
            layer.id, layer.suspected_duplicates
        )?;
    }
    writeln!(out)?;
    if let Some(told) = claims_of_another_vintage(layers) {
        writeln!(out, "{told}\n")?;
    }
    quality
        .layers
        .iter()
        .filter(|layer| !layer.unmet.is_empty())
        .try_for_each(|layer| write_unmet(out, layer))
}

/// How many rows claim a county as it was coded or called at another time; none where no row does.
pub(crate) fn claims_of_another_vintage(layers: &[LayerReport]) -> Option<String> {
    let rows: u64 = layers.iter().map(|layer| layer.located.county_succession).sum();
    (rows > 0).then(|| {
        format!(
            "Rows that claim a county by a code or name of another vintage than the boundaries' \
             (reference/county_successions): {rows}. They count as rows whose claim agrees."
        )
    })
}

/// Percent with the counts behind it.
fn percent_with_counts(score: &Score) -> String {
    match (score.share, score.numerator, score.denominator) {
        (Some(_), Some(of), Some(all)) => format!("{} ({of} of {all})", number::percent(of, all)),
        _ => "–".to_owned(),
    }
}

fn write_unmet(out: &mut String, layer: &LayerQuality) -> fmt::Result {
    writeln!(out, "`{}` is not as expected:\n", layer.id)?;
    for state in &layer.unmet {
        let expected = match (state.low, state.high) {
            (Some(low), Some(high)) => format!("{low} to {high} expected"),
            (Some(low), None) => format!("{low} expected at least"),
            _ => "none expected".to_owned(),
        };
        let source = state
            .source
            .as_deref()
            .map(|source| format!(" ({})", table_cell(source)))
            .unwrap_or_default();
        writeln!(
            out,
            "- `{}`: {}, {expected}, {} found{source}",
            state.state_code,
            state.verdict.code(),
            state.found
        )?;
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_whole_reads_100_percent() {
        assert_eq!(
            percent_with_counts(&Score::from_counts(9_999, 10_000, "")),
            "99.9 % (9999 of 10000)"
        );
        assert_eq!(
            percent_with_counts(&Score::from_counts(3, 3, "")),
            "100 % (3 of 3)"
        );
        assert_eq!(percent_with_counts(&Score::from_counts(0, 0, "")), "–");
        assert_eq!(percent_with_counts(&Score::without_evidence("why", "")), "–");
    }
}
