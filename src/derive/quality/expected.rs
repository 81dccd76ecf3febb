//! `quality/expected.parquet`: rows found against rows that a reviewer expects, per layer and state.
//!
//! Pure. A state with no row where rows are expected is missing; rows where none is expected are
//! unexpected; both are told.

use std::collections::{BTreeMap, BTreeSet};

use super::column::{count, part, share, text};
use super::scan::Scan;
use super::{Assessed, DeriveError, LayerTables, Table};
use crate::feature::{Score, Unmet, Verdict};
use crate::plan::{ALL_STATES, ExpectedCount, Plan};

/// A layer's states, and its total, against what was expected.
pub(super) struct Expected<'a> {
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    state: String,
    found: u64,
    verdict: Verdict,
    count: Option<&'a ExpectedCount>,
}

impl<'a> Expected<'a> {
    /// Holds a layer's rows against the reviewed counts; of a part of the rows nothing is expected.
    pub(super) fn of(plan: &'a Plan, layer: &LayerTables<'_>, scan: &Scan) -> Self {
        let is_part = plan.limits.rows.is_some();
        let counts = plan.expected.iter().flat_map(|expected| &expected.counts);
        let of_layer = |count: &&ExpectedCount| {
            !is_part && count.reviewed.is_some() && count.layer == layer.plan.id.as_str()
        };
        let counts: BTreeMap<&str, &ExpectedCount> = counts
            .filter(of_layer)
            .map(|count| (count.state.as_str(), count))
            .collect();
        let mut found = scan.states();
        found.insert(ALL_STATES, scan.rows);
        let are_states_reviewed = counts.keys().any(|state| *state != ALL_STATES);
        let states: BTreeSet<&str> = found.keys().chain(counts.keys()).copied().collect();
        let row = |state: &str| {
            let (found, count) = (found.get(state).copied().unwrap_or(0), counts.get(state).copied());
            let verdict = match count {
                Some(count) => verdict(count, found),
                None if are_states_reviewed && state != ALL_STATES => Verdict::Unexpected,
                None => Verdict::NotReviewed,
            };
            Row {
                state: state.to_owned(),
                found,
                verdict,
                count,
            }
        };
        Self {
            rows: states.into_iter().map(row).collect(),
        }
    }

    /// Rows by verdict.
    pub(super) fn verdicts(&self) -> BTreeMap<Verdict, u64> {
        let mut verdicts = BTreeMap::new();
        for row in &self.rows {
            *verdicts.entry(row.verdict).or_default() += 1;
        }
        verdicts
    }

    /// States that aren't as expected, by verdict and code.
    pub(super) fn unmet(&self) -> Vec<Unmet> {
        let unmet = self
            .rows
            .iter()
            .filter(|row| row.verdict.is_unmet())
            .map(|row| Unmet {
                state_code: row.state.clone(),
                verdict: row.verdict,
                low: row.count.map(|count| count.low),
                high: row.count.and_then(|count| count.high),
                found: row.found,
                source: row.count.map(|count| count.source.clone()),
            });
        let mut unmet: Vec<Unmet> = unmet.collect();
        unmet.sort_by_key(|unmet| unmet.verdict);
        unmet
    }

    /// Completeness: what was found of what was expected at least.
    ///
    /// No state makes up for another: each counts up to its own expectation. A layer of which only the
    /// total is reviewed is held against that.
    pub(super) fn score(&self, plan: &Plan) -> Score {
        let reviewed: Vec<(&Row<'_>, &ExpectedCount)> = self
            .rows
            .iter()
            .filter_map(|row| Some((row, row.count?)))
            .collect();
        let is_state = |row: &Row<'_>| row.state != ALL_STATES;
        let by_state = reviewed.iter().any(|(row, _)| is_state(row));
        let counted = || reviewed.iter().filter(|(row, _)| is_state(row) == by_state);
        let expected: u64 = counted().map(|(_, count)| count.low).sum();
        let found = counted().map(|(row, count)| row.found.min(count.low)).sum();
        let definition = definition(
            plan,
            by_state,
            reviewed
                .iter()
                .filter_map(|(_, count)| count.reviewed.as_deref())
                .max(),
        );
        match (&plan.expected, plan.limits.rows) {
            (None, _) => Score::none("the pipeline names no expected counts", &definition),
            (_, Some(_)) => Score::none("only a part of the rows was read", &definition),
            _ if reviewed.is_empty() => Score::none("no reviewed count is of this layer", &definition),
            _ if expected == 0 => Score::none("no row is expected", &definition),
            _ => Score::of(found, expected, &definition),
        }
    }
}

fn definition(plan: &Plan, by_state: bool, reviewed: Option<&str>) -> String {
    let how = if by_state {
        "each state counted up to its own"
    } else {
        "by the layer's total"
    };
    let by = plan.expected.as_ref().zip(reviewed);
    let by = by
        .map(|(file, day)| format!(" by {} (last reviewed {day})", file.shown))
        .unwrap_or_default();
    format!("rows found of the least expected{by}, {how}")
}

fn verdict(count: &ExpectedCount, found: u64) -> Verdict {
    match found {
        0 if count.low > 0 => Verdict::Missing,
        _ if found < count.low => Verdict::Short,
        _ if found > 0 && count.high == Some(0) => Verdict::Unexpected,
        _ if count.high.is_some_and(|high| found > high) => Verdict::Excess,
        _ => Verdict::Ok,
    }
}

/// The table, by layer and state, each layer's total (`*`) first.
///
/// # Errors
/// When its columns don't fit together.
pub(super) fn table(assessed: &[Assessed<'_>]) -> Result<Table, DeriveError> {
    let rows: Vec<(&str, &Row<'_>)> = assessed
        .iter()
        .flat_map(|of| {
            of.expected
                .rows
                .iter()
                .map(|row| (of.layer.plan.id.as_str(), row))
        })
        .collect();
    let expects = |row: &Row<'_>| row.count.map(|count| count.low);
    Table::new(
        "quality/expected.parquet",
        vec![
            ("layer", text(&rows, |(layer, _)| Some(layer))),
            ("state_code", text(&rows, |(_, row)| Some(&row.state))),
            ("low", count(&rows, |(_, row)| expects(row))),
            (
                "high",
                count(&rows, |(_, row)| row.count.and_then(|count| count.high)),
            ),
            ("found", count(&rows, |(_, row)| Some(row.found))),
            (
                "share",
                share(&rows, |(_, row)| {
                    expects(row).and_then(|low| part(row.found.min(low), low))
                }),
            ),
            ("verdict", text(&rows, |(_, row)| Some(row.verdict.code()))),
            (
                "source",
                text(&rows, |(_, row)| row.count.map(|count| count.source.as_str())),
            ),
            (
                "reviewed",
                text(&rows, |(_, row)| {
                    row.count.and_then(|count| count.reviewed.as_deref())
                }),
            ),
        ],
    )
}
