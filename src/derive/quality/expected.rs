//! Rows found against rows that a reviewer expects, per layer and state.
//!
//! Pure. A state with no row where rows are expected is missing; rows where none is expected are
//! unexpected; both are told.

use std::collections::{BTreeMap, BTreeSet};

use super::scan::Scan;
use crate::derive::LayerTables;
use crate::feature::{Score, Unmet, Verdict};
use crate::plan::{ALL_STATES, ExpectedCount, Plan};

/// A layer's states, and its total, against what was expected.
pub(super) struct Expected<'a> {
    pub(super) rows: Vec<StateCount<'a>>,
}

/// Rows of a state, and what was expected of it.
pub(super) struct StateCount<'a> {
    pub(super) state: String,
    pub(super) found: u64,
    pub(super) verdict: Verdict,
    pub(super) count: Option<&'a ExpectedCount>,
}

impl<'a> Expected<'a> {
    /// Holds a layer's rows against the reviewed counts; of a part of the rows nothing is expected.
    pub(super) fn of_layer(plan: &'a Plan, layer: &LayerTables<'_>, scan: &Scan) -> Self {
        let is_part = plan.limits.rows.is_some();
        let counts: BTreeMap<&str, &ExpectedCount> = plan
            .expected
            .iter()
            .flat_map(|expected| &expected.counts)
            .filter(|count| !is_part && count.reviewed.is_some() && count.layer == layer.plan.id)
            .map(|count| (count.state.as_str(), count))
            .collect();
        let mut found = scan.rows_by_state();
        found.insert(ALL_STATES, scan.rows);
        // Where a reviewer has gone through the states, one that isn't in the list is expected to have no row. Where
        // only the total was reviewed, nothing is known of any state.
        let are_states_reviewed = counts.keys().any(|state| *state != ALL_STATES);
        let states: BTreeSet<&str> = found.keys().chain(counts.keys()).copied().collect();
        let mut rows = Vec::with_capacity(states.len());
        for state in states {
            let found = found.get(state).copied().unwrap_or(0);
            let count = counts.get(state).copied();
            let verdict = match count {
                Some(count) => judge_count(count, found),
                None if are_states_reviewed && state != ALL_STATES => Verdict::Unexpected,
                None => Verdict::NotReviewed,
            };
            rows.push(StateCount {
                state: state.to_owned(),
                found,
                verdict,
                count,
            });
        }
        Self { rows }
    }

    /// Rows by verdict.
    pub(super) fn count_verdicts(&self) -> BTreeMap<Verdict, u64> {
        let mut verdicts = BTreeMap::new();
        for row in &self.rows {
            *verdicts.entry(row.verdict).or_default() += 1;
        }
        verdicts
    }

    /// States that aren't as expected, by verdict and code.
    pub(super) fn unmet_states(&self) -> Vec<Unmet> {
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
        // The sort is stable: states with one verdict stay in the order of their codes.
        unmet.sort_by_key(|unmet| unmet.verdict);
        unmet
    }

    /// Completeness: what was found of what was expected at least.
    ///
    /// No state makes up for another: each counts up to its own expectation. A layer of which only the
    /// total is reviewed is held against that.
    pub(super) fn completeness_score(&self, plan: &Plan) -> Score {
        let reviewed: Vec<(&StateCount<'_>, &ExpectedCount)> = self
            .rows
            .iter()
            .filter_map(|row| Some((row, row.count?)))
            .collect();
        let by_state = reviewed.iter().any(|(row, _)| row.is_state());
        let mut expected: u64 = 0;
        let mut found = 0;
        for (row, count) in &reviewed {
            if row.is_state() == by_state {
                expected += count.low;
                found += row.found.min(count.low);
            }
        }
        let definition = define_score(
            plan,
            by_state,
            reviewed
                .iter()
                .filter_map(|(_, count)| count.reviewed.as_deref())
                .max(),
        );
        // No score rather than a bad one: of a part of the rows, or without a reviewer's word, nothing is known to lack.
        match (&plan.expected, plan.limits.rows) {
            (None, _) => Score::without_evidence("the pipeline names no expected counts", &definition),
            (_, Some(_)) => Score::without_evidence("only a part of the rows was read", &definition),
            _ if reviewed.is_empty() => {
                Score::without_evidence("no reviewed count is of this layer", &definition)
            }
            _ if expected == 0 => Score::without_evidence("no row is expected", &definition),
            _ => Score::from_counts(found, expected, &definition),
        }
    }
}

impl StateCount<'_> {
    /// Whether it is not the layer's total.
    fn is_state(&self) -> bool {
        self.state != ALL_STATES
    }
}

fn define_score(plan: &Plan, by_state: bool, reviewed: Option<&str>) -> String {
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

fn judge_count(count: &ExpectedCount, found: u64) -> Verdict {
    match found {
        0 if count.low > 0 => Verdict::Missing,
        _ if found < count.low => Verdict::Short,
        _ if found > 0 && count.high == Some(0) => Verdict::Unexpected,
        _ if count.high.is_some_and(|high| found > high) => Verdict::Excess,
        _ => Verdict::Ok,
    }
}
