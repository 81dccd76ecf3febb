//! Columns whose values have changed places: two of them exchanged, or several shifted along.
//!
//! Pure.

use super::identity::{FEW, Kept};
use crate::feature::{Check, Finding};
use crate::plan::LayerPlan;

/// Two fields, and rows in which each has what the other had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchanged {
    /// One field.
    pub one: String,
    /// The other.
    pub other: String,
    /// Rows in which they are exchanged.
    pub rows: u64,
    /// Rows in which they differed.
    pub of: u64,
}

/// Two fields, and rows in which the second has what the first had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shifted {
    /// The field that had the values.
    pub from: String,
    /// The field that has them.
    pub to: String,
    /// Rows in which it has.
    pub rows: u64,
    /// Rows in which they differed.
    pub of: u64,
}

/// Fields that have each other's values, and those that have the next one's.
pub(super) fn findings(layer: &LayerPlan, kept: &Kept) -> Vec<Finding> {
    let exchanged: Vec<&Exchanged> = kept
        .exchanged
        .iter()
        .filter(|pair| is_most(pair.rows, pair.of))
        .collect();
    let finding = |what| Finding {
        check: Check::Exchanged,
        is_red: layer.gate.drift,
        what,
    };
    let pairs = exchanged.iter().map(|pair| {
        let Exchanged { one, other, rows, of } = pair;
        finding(format!(
            "in {rows} of {of} facilities `{one}` has what `{other}` had, and the reverse"
        ))
    });
    let chain = chained(&kept.shifted, &exchanged);
    pairs.chain(told(&chain).map(finding)).collect()
}

/// Steps from one field to the next. A single one is no shift: a value of this year is that of last year in the next.
fn chained<'k>(shifted: &'k [Shifted], exchanged: &[&Exchanged]) -> Vec<&'k Shifted> {
    let is_pair = |step: &Shifted| {
        let has = |pair: &&Exchanged| {
            [&pair.one, &pair.other].contains(&&step.from) && [&pair.one, &pair.other].contains(&&step.to)
        };
        exchanged.iter().any(has)
    };
    let steps: Vec<&Shifted> = shifted
        .iter()
        .filter(|step| is_most(step.rows, step.of) && !is_pair(step))
        .collect();
    let is_linked = |step: &&Shifted| {
        steps
            .iter()
            .any(|other| other != step && (other.from == step.to || other.to == step.from))
    };
    steps.iter().copied().filter(is_linked).collect()
}

fn told(chain: &[&Shifted]) -> Option<String> {
    /// Steps that are told one by one.
    const SHOWN: usize = 10;
    if chain.is_empty() {
        return None;
    }
    let step = |step: &&Shifted| {
        let Shifted { from, to, rows, of } = step;
        format!("`{to}` has what `{from}` had in {rows} of {of} facilities")
    };
    let steps: Vec<String> = chain.iter().take(SHOWN).map(step).collect();
    let more = match chain.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    Some(format!("columns are shifted: {}{more}", steps.join(", ")))
}

/// Over half of as many as say something.
fn is_most(rows: u64, of: u64) -> bool {
    of >= FEW && rows * 2 > of
}
