//! What to say of a layer that too many rejects fail.

use super::EngineError;
use super::rows::RowsError;
use crate::feature::Rejects;

/// The failure of a layer of which so many rows are read, and too many rejected: counts by reason, and the first as an
/// example.
pub(super) fn too_many_rejects(rejects: &Rejects, read: u64, limit: String) -> EngineError {
    let reasons: Vec<String> = rejects
        .by_reason()
        .iter()
        .map(|(reason, rows)| format!("{reason} {rows}"))
        .collect();
    let first = match rejects.rows().next().transpose() {
        Ok(first) => first,
        Err(source) => {
            return EngineError::Rows {
                source: RowsError::Scratch { source },
            };
        }
    };
    EngineError::TooManyRejects {
        rejected: rejects.count(),
        read,
        reasons: reasons.join(", "),
        limit,
        first: first.map_or_else(String::new, |r| format!("{} {} `{}`", r.origin, r.field, r.value)),
    }
}
