//! Columns whose values have changed places: two of them exchanged, or several shifted along.
//!
//! Pure.

use super::continuity::{Continuity, Exchanged, FEW, Shifted};
use crate::feature::{Check, Finding};
use crate::plan::LayerPlan;

/// Fields that have each other's values, and those that have the next one's.
pub(super) fn displaced_columns(layer: &LayerPlan, continuity: &Continuity) -> Vec<Finding> {
    let exchanged: Vec<&Exchanged> = continuity
        .exchanged
        .iter()
        .filter(|pair| is_most(pair.rows, pair.of))
        .collect();
    let mut messages: Vec<String> = Vec::new();
    for Exchanged { one, other, rows, of } in &exchanged {
        messages.push(format!(
            "in {rows} of {of} facilities `{one}` has what `{other}` had, and the reverse"
        ));
    }
    messages.extend(describe_shift(&linked_steps(&continuity.shifted, &exchanged)));
    let findings = messages.into_iter().map(|what| Finding {
        check: Check::Exchanged,
        is_red: layer.gate.drift,
        what,
    });
    findings.collect()
}

/// Steps from one field to the next. A single one is no shift: a value of this year is that of last year in the next.
fn linked_steps<'k>(shifted: &'k [Shifted], exchanged: &[&Exchanged]) -> Vec<&'k Shifted> {
    // An exchange is two steps that are linked to each other, and has been told of already.
    let steps: Vec<&Shifted> = shifted
        .iter()
        .filter(|step| is_most(step.rows, step.of))
        .filter(|step| !exchanged.iter().any(|pair| is_step_of(step, pair)))
        .collect();
    let mut linked = steps.clone();
    linked.retain(|step| {
        steps
            .iter()
            .any(|other| other != step && (other.from == step.to || other.to == step.from))
    });
    linked
}

/// Whether a step is one half of an exchange.
fn is_step_of(step: &Shifted, pair: &Exchanged) -> bool {
    let fields = [&pair.one, &pair.other];
    fields.contains(&&step.from) && fields.contains(&&step.to)
}

fn describe_shift(steps: &[&Shifted]) -> Option<String> {
    /// Steps that are told one by one.
    const SHOWN: usize = 10;
    if steps.is_empty() {
        return None;
    }
    let mut shown: Vec<String> = Vec::new();
    for Shifted { from, to, rows, of } in steps.iter().take(SHOWN) {
        shown.push(format!(
            "`{to}` has what `{from}` had in {rows} of {of} facilities"
        ));
    }
    let more = match steps.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    Some(format!("columns are shifted: {}{more}", shown.join(", ")))
}

/// Over half of as many as say something.
fn is_most(rows: u64, of: u64) -> bool {
    of >= FEW && rows * 2 > of
}
