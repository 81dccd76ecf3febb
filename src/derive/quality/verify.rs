//! Re-checks the quality tables of a release: their sums are the report's.
//!
//! Reads the tables, and no tile.

use std::collections::BTreeMap;

use arrow_array::{RecordBatch, StringArray, UInt64Array};

use crate::derive::product::{Problem, ReleaseReadBack};
use crate::feature::release::paths;
use crate::feature::{ColumnError, LayerReport, LocationMethod, RunReport, error_chain, typed_column};
use crate::geoparquet;

/// What contradicts the report; a release made before there were such tables has nothing to check.
pub(super) fn find_problems(held: &ReleaseReadBack<'_>) -> Vec<Problem> {
    let report = held.report;
    let Some(quality) = &report.quality else {
        return Vec::new();
    };
    let wrong = match geoparquet::read(&held.folder.join(paths::QUALITY_COVERAGE), None) {
        Ok(rows) => check_coverage(&rows, report).unwrap_or_else(|error| vec![error.to_string()]),
        Err(error) => vec![error_chain(&error)],
    };
    let mut problems: Vec<Problem> = wrong
        .into_iter()
        .map(|what| Problem::new(paths::QUALITY_COVERAGE, what))
        .collect();
    for layer in &report.layers {
        if !quality.layers.iter().any(|known| known.id == layer.id) {
            let what = format!("layer {} has no quality", layer.id);
            problems.push(Problem::new(paths::REPORT, what));
        }
    }
    problems
}

/// Rows by state add up to the layer's, and every row is located in one way.
fn check_coverage(rows: &RecordBatch, report: &RunReport) -> Result<Vec<String>, ColumnError> {
    let layers: &StringArray = typed_column(rows, "layer")?;
    let states: &StringArray = typed_column(rows, "state_code")?;
    let counts: &UInt64Array = typed_column(rows, "rows")?;
    let located: Vec<&UInt64Array> = LocationMethod::ALL
        .iter()
        .map(|method| typed_column(rows, method.code()))
        .collect::<Result<_, _>>()?;
    let mut wrong = Vec::new();
    let mut found: BTreeMap<&str, BTreeMap<String, u64>> = BTreeMap::new();
    for row in 0..rows.num_rows() {
        let layer = layers.value(row);
        let state = states.value(row);
        *found
            .entry(layer)
            .or_default()
            .entry(state.to_owned())
            .or_default() += counts.value(row);
        // Every row is located in one way or in none, and `none` is one of the methods.
        let ways: u64 = located.iter().map(|method| method.value(row)).sum();
        if ways != counts.value(row) {
            wrong.push(format!(
                "{layer} {state}: {} rows, {ways} of them located or not",
                counts.value(row)
            ));
        }
    }
    // What is taken out as it is checked leaves the layers that nobody knows.
    for layer in report.layers.iter().filter(|layer| !layer.is_absent()) {
        let states = found.remove(layer.id.as_str()).unwrap_or_default();
        wrong.extend(state_differences(layer, &states));
    }
    wrong.extend(
        found
            .keys()
            .map(|layer| format!("rows of {layer}, which the release doesn't hold")),
    );
    Ok(wrong)
}

fn state_differences(layer: &LayerReport, states: &BTreeMap<String, u64>) -> Option<String> {
    let rows: u64 = states.values().sum();
    if rows != layer.rows_written {
        return Some(format!(
            "{}: {} rows written, {rows} covered",
            layer.id, layer.rows_written
        ));
    }
    (*states != layer.rows_by_state).then(|| format!("{}: rows by state differ from the report's", layer.id))
}
