//! What keys would lose, counted on the rows themselves: a second look through the file.
//!
//! Reads through `rows`. Memory is bounded: a candidate that loses too many rows is given up,
//! and where the others need more hashes than there is room for, the count ends and says so.

use std::collections::HashSet;

use arrow_array::{Array, StringArray};

use super::column::Column;
use super::distinct::hash_value;
use super::kind::Kind;
use super::nulls::null_spellings;
use super::request::Request;
use super::rows::{broken_rows, read_batches};
use super::survey::Survey;
use crate::feature::{RawBatch, spelling};
use crate::source::SourceError;

/// Hashes kept over all candidates: about a quarter of a gigabyte.
const ROOM: usize = 12 << 20;

/// Rows after which a hopeless candidate is given up.
const PATIENCE: u64 = 1_000;

/// Columns that may be a key together, and what came of it.
#[derive(Debug)]
pub(super) struct KeyCandidate {
    /// Positions of the columns.
    pub(super) columns: Vec<usize>,
    /// Rows without a value in one of them.
    pub(super) empty: u64,
    /// Rows that repeat an earlier one.
    pub(super) repeated: u64,
    /// Whether it lost so many rows that it was given up.
    pub(super) is_hopeless: bool,
    seen: HashSet<u64>,
}

impl KeyCandidate {
    /// Nothing counted yet.
    pub(super) fn new(columns: Vec<usize>) -> Self {
        Self {
            columns,
            empty: 0,
            repeated: 0,
            is_hopeless: false,
            seen: HashSet::new(),
        }
    }

    /// Rows that would be rejected.
    pub(super) fn lost(&self) -> u64 {
        self.empty + self.repeated
    }

    fn note_row(&mut self, values: &[Option<String>], rows: u64, bearable: u64) {
        let parts: Option<Vec<&str>> = self.columns.iter().map(|at| values[*at].as_deref()).collect();
        match parts {
            None => self.empty += 1,
            // Joined by a character that values don't have (US, the unit separator), so that `1` with `23` is
            // not `12` with `3`.
            Some(parts) => self.repeated += u64::from(!self.seen.insert(hash_value(&parts.join("\u{1f}")))),
        }
        if rows > PATIENCE && self.lost() * bearable > rows {
            self.is_hopeless = true;
            self.seen = HashSet::new();
        }
    }
}

/// Counts what each candidate loses; gives the rows counted, which may not be all.
///
/// A candidate that loses more than one in `bearable` rows is given up.
pub(super) fn count_losses(
    survey: &Survey,
    kinds: &[Kind],
    wanted: &Request,
    candidates: &mut [KeyCandidate],
    bearable: u64,
) -> Result<u64, SourceError> {
    let used: HashSet<usize> = candidates
        .iter()
        .flat_map(|candidate| candidate.columns.clone())
        .collect();
    let spellings: Vec<Vec<&str>> = survey
        .columns
        .iter()
        .zip(kinds)
        .map(|(column, kind)| null_spellings(column, kind).0)
        .collect();
    let mut rows = 0;
    for batch in read_batches(&survey.format, wanted, None)? {
        let batch = batch?;
        let broken = broken_rows(&batch);
        let columns = used_columns(&batch, &survey.columns, &used);
        for row in (0..batch.len()).filter(|row| !broken.contains(row)) {
            rows += 1;
            let values: Vec<Option<String>> = columns
                .iter()
                .zip(&spellings)
                .map(|(column, nulls)| key_value(column.as_ref(), row, nulls))
                .collect();
            let hopeful = candidates.iter_mut().filter(|candidate| !candidate.is_hopeless);
            hopeful.for_each(|candidate| candidate.note_row(&values, rows, bearable));
        }
        let hashes: usize = candidates.iter().map(|candidate| candidate.seen.len()).sum();
        // What has been counted until here is told with how many rows that were: a part that says so, instead of
        // memory without bound.
        if hashes > ROOM || candidates.iter().all(|candidate| candidate.is_hopeless) {
            break;
        }
    }
    Ok(rows)
}

/// The columns of a batch in the order of the survey's, where they are used.
fn used_columns(batch: &RawBatch, known: &[Column], used: &HashSet<usize>) -> Vec<Option<StringArray>> {
    let mut columns = Vec::new();
    for (at, column) in known.iter().enumerate() {
        let found = batch.columns.iter().find(|(name, _)| *name == column.name);
        let found = found.filter(|_| used.contains(&at));
        columns.push(found.map(|(_, values)| spelling::spell_column(values)));
    }
    columns
}

/// A value as a run would take it: trimmed, and none where it stands for none.
fn key_value(column: Option<&StringArray>, row: usize, nulls: &[&str]) -> Option<String> {
    let column = column.filter(|column| column.is_valid(row))?;
    let value = column.value(row).trim();
    let is_null = value.is_empty() || nulls.iter().any(|null| null.eq_ignore_ascii_case(value));
    (!is_null).then(|| value.to_owned())
}
