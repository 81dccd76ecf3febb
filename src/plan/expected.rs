//! `expected.csv` → the counts a reviewer expects, per layer and state.
//!
//! Checks every cell and every pair of cells; a row that nobody has dated is kept but expects nothing.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::check::{Bounds, Check};
use super::reference::State;
use crate::config::{CsvTable, Diagnostic, PipelineConfig, Spanned, path_beside};
use crate::feature::{LayerId, RegionId};

/// Counts that a reviewer expects, per layer and state.
#[derive(Debug, Clone, Serialize)]
pub struct Expectations {
    /// The file, as shown.
    pub shown: String,
    /// Counts that may be other than expected before the exit code says so; none for any number.
    pub unmet: Option<u64>,
    /// Its rows, in its order.
    #[serde(skip)]
    pub counts: Vec<ExpectedCount>,
}

/// Rows that a reviewer expects of a layer in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedCount {
    /// Layer id.
    pub layer: LayerId,
    /// USPS code, `unassigned`, or [`ALL_STATES`] for the layer's total.
    pub state: String,
    /// Least rows.
    pub low: u64,
    /// Most rows; none for no upper bound.
    pub high: Option<u64>,
    /// What the reviewer went by.
    pub source: String,
    /// Day of the review, ISO 8601; none where nobody has reviewed it yet, so that it expects nothing.
    pub reviewed: Option<String>,
}

type Cell = Spanned<String>;

/// Columns of the file.
pub const EXPECTED_COLUMNS: [&str; 6] = ["layer", "state_code", "low", "high", "source", "reviewed"];

/// Stands for a layer's total among its states.
pub const ALL_STATES: &str = "*";

/// Counts that may be other than expected before the exit code says so.
pub(super) const UNMET: Bounds<i64> = Bounds {
    key: "unmet-counts",
    range: 0..=1_000_000,
    default: 0,
};

/// Reads the file that the pipeline names, if any.
pub(super) fn load(
    config: &PipelineConfig,
    states: &[State],
    found: &mut Vec<Diagnostic>,
) -> Option<Expectations> {
    let allowed = config.limits.unmet_counts.as_ref();
    let Some(written) = &config.expected else {
        if let Some(allowed) = allowed {
            let message = "`unmet-counts` is for pipelines that name a file of `expected` counts";
            Check { found }.error(&allowed.span, message);
        }
        return None;
    };
    let most = Check { found }.in_range_or_default(allowed, &UNMET);
    let unmet = allowed.map(|_| most.unsigned_abs());
    let path = path_beside(&config.path, &written.value);
    if !path.is_file() {
        let message = format!("there is no file of expected counts `{}`", path.display());
        let mut diagnostic = Diagnostic::error(&config.file, Some(written.span.clone()), message);
        diagnostic.help =
            Some("`cikr expected STORE` prints one of the last release, to be reviewed".to_owned());
        found.push(diagnostic);
        return None;
    }
    let table = CsvTable::read(&path, EXPECTED_COLUMNS, found)?;
    let ids = config
        .layers
        .iter()
        .filter_map(|layer| layer.value.id.as_ref())
        .map(|id| id.value.as_str());
    let known = KnownNames {
        layers: ids.collect(),
        states,
    };
    let mut check = Check { found };
    let counts: Vec<ExpectedCount> = table
        .rows
        .iter()
        .map(|row| expected_count(&mut check, row, &known))
        .collect();
    report_repeated_counts(&mut check, &table.rows);
    report_contradictions(&mut check, &table.rows, &counts);
    warn_of_undated(&mut check, &table.rows);
    Some(Expectations {
        shown: path.display().to_string(),
        unmet,
        counts,
    })
}

struct KnownNames<'a> {
    layers: Vec<&'a str>,
    states: &'a [State],
}

fn expected_count(check: &mut Check<'_>, row: &[Cell; 6], known: &KnownNames<'_>) -> ExpectedCount {
    let [layer, state, low, high, source, reviewed] = row;
    check.require_among("a layer of this pipeline", layer, known.layers.iter().copied());
    // What is placed in no state is counted as well, and has no code in states.csv.
    let further = [ALL_STATES, RegionId::UNASSIGNED];
    let states = known
        .states
        .iter()
        .map(|state| state.usps.as_str())
        .chain(further);
    // Without a table of states nothing is known of them.
    if !known.states.is_empty() {
        check.require_among("a state code, `unassigned` or `*` for the total", state, states);
    }
    let least = parse_rows(check, low);
    let most = (!high.value.is_empty()).then(|| parse_rows(check, high));
    if let Some(most) = most.filter(|most| *most < least) {
        check.error(
            &high.span,
            format!("`high` ({most}) is less than `low` ({least})"),
        );
    }
    if source.value.is_empty() {
        check.error(&source.span, "the cell is empty: an expected count has a source");
    }
    ExpectedCount {
        layer: LayerId::new(&layer.value),
        state: state.value.clone(),
        low: least,
        high: most,
        source: source.value.clone(),
        reviewed: review_date(check, reviewed),
    }
}

fn parse_rows(check: &mut Check<'_>, cell: &Cell) -> u64 {
    cell.value.parse().unwrap_or_else(|_not_a_number| {
        check
            .error(&cell.span, format!("`{}` is not a number of rows", cell.value))
            .help = Some("write digits alone; an empty `high` is no upper bound".to_owned());
        0
    })
}

/// Day of the review; none where nobody has reviewed the row yet.
fn review_date(check: &mut Check<'_>, cell: &Cell) -> Option<String> {
    if cell.value.is_empty() {
        return None;
    }
    if NaiveDate::parse_from_str(&cell.value, "%Y-%m-%d").is_err() {
        let message = format!("`{}` is not a date", cell.value);
        check.error(&cell.span, message).help = Some("write it as in 2026-03-31".to_owned());
    }
    Some(cell.value.clone())
}

fn report_repeated_counts(check: &mut Check<'_>, rows: &[[Cell; 6]]) {
    let mut seen: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for [layer, state, ..] in rows {
        let line = layer.span.file.line(layer.span.start);
        if let Some(first) = seen.get(&(layer.value.as_str(), state.value.as_str())) {
            let message = format!(
                "`{}` in `{}` is expected on line {first} already",
                layer.value, state.value
            );
            check.error(&state.span, message);
        } else {
            seen.insert((&layer.value, &state.value), line);
        }
    }
}

/// States can't be expected to hold more than their layer.
fn report_contradictions(check: &mut Check<'_>, rows: &[[Cell; 6]], counts: &[ExpectedCount]) {
    // The least of each state, added up: a layer whose total may be no more than that can't meet both.
    let mut least: BTreeMap<&LayerId, u64> = BTreeMap::new();
    for count in counts.iter().filter(|count| count.state != ALL_STATES) {
        *least.entry(&count.layer).or_default() += count.low;
    }
    for (row, total) in rows
        .iter()
        .zip(counts)
        .filter(|(_, count)| count.state == ALL_STATES)
    {
        let of_states = least.get(&total.layer).copied().unwrap_or(0);
        if let Some(high) = total.high.filter(|high| *high < of_states) {
            let message = format!(
                "at most {high} rows of `{}` are expected, but its states expect {of_states} at least",
                total.layer
            );
            check.error(&row[3].span, message);
        }
    }
}

/// A proposal that nobody has dated is no expectation.
fn warn_of_undated(check: &mut Check<'_>, rows: &[[Cell; 6]]) {
    // One warning for all rows: a file fresh from `cikr expected` has no dated one.
    let mut undated = rows.iter().filter(|[.., reviewed]| reviewed.value.is_empty());
    if let Some([.., first]) = undated.next() {
        let message = format!(
            "{} rows have no date of review and expect nothing",
            1 + undated.count()
        );
        check.warning(&first.span, message).help =
            Some("look at each row, then write the day in `reviewed`".to_owned());
    }
}
