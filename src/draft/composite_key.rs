//! Keys of several columns.
//!
//! Pure but for the second look that `proof` takes.

use super::column::Column;
use super::identity::{is_excluded, is_measure, is_part_by_name, is_unstable};
use super::key::{Key, PARTS, loss_remarks};
use super::kind::Kind;
use super::nulls::{lost_alone, null_rows};
use super::proof::{self, KeyCandidate};
use super::request::Request;
use super::survey::Survey;
use crate::source::SourceError;

/// Of how many rows a key of several columns may lose one.
const BEARABLE: u64 = 20;

/// Two or three columns that are unique together, and whether the names of all speak for it.
pub(super) fn composite_key(
    survey: &Survey,
    kinds: &[Kind],
    wanted: &Request,
) -> Result<Option<(Key, bool)>, SourceError> {
    let parts = key_parts(survey, kinds, |_| true);
    let mut candidates: Vec<KeyCandidate> = Vec::new();
    // Two and three of eight columns are 84 sets. Each costs a hash per row, so those with too few combinations
    // of values to tell the rows apart are not counted at all.
    for (at, first) in parts.iter().enumerate() {
        for (next, second) in parts.iter().enumerate().skip(at + 1) {
            let threes = parts[next + 1..]
                .iter()
                .map(|third| vec![*first, *second, *third]);
            let all = std::iter::once(vec![*first, *second]).chain(threes);
            let enough = all.filter(|columns| may_tell_apart(survey, columns));
            candidates.extend(enough.map(KeyCandidate::new));
        }
    }
    if candidates.is_empty() || survey.rows == 0 {
        return Ok(None);
    }
    let counted = proof::count_losses(survey, kinds, wanted, &mut candidates, BEARABLE)?;
    let bearable = candidates
        .iter()
        .filter(|one| !one.is_hopeless && one.lost() <= survey.most_lost);
    // Columns may be unique together by chance, as names and cities are in a small file: sets without any column
    // that is called a part of a key come last, whatever they lose.
    let found = bearable.min_by_key(|one| {
        let unnamed = unnamed_parts(survey, one);
        (
            unnamed == one.columns.len(),
            one.lost(),
            unnamed,
            one.columns.len(),
        )
    });
    Ok(found.map(|found| {
        let mut remarks = vec![together_remark(survey, kinds)];
        remarks.extend(nearest_remark(survey, kinds));
        remarks.extend(loss_remarks(survey.rows, counted, found.lost()));
        let is_named = unnamed_parts(survey, found) == 0;
        (
            Key {
                columns: found.columns.clone(),
                lost: found.lost(),
                remarks,
            },
            is_named,
        )
    }))
}

/// Whether some columns have about as many combinations of values as there are rows, or more.
fn may_tell_apart(survey: &Survey, columns: &[usize]) -> bool {
    let combinations: f64 = columns
        .iter()
        .map(|at| survey.columns[*at].distinct.count() as f64)
        .product();
    combinations >= survey.rows as f64 * 0.95
}

/// How many columns of a candidate are not called a part of a key.
fn unnamed_parts(survey: &Survey, candidate: &KeyCandidate) -> usize {
    let columns = candidate.columns.iter().map(|at| &survey.columns[*at]);
    columns.filter(|column| !is_part_by_name(column)).count()
}

/// Keys of a column and one or two others that are called parts of one.
pub(super) fn keys_beside(survey: &Survey, kinds: &[Kind], single: usize) -> Vec<KeyCandidate> {
    let mut parts = key_parts(survey, kinds, |at| {
        at != single && is_part_by_name(&survey.columns[at])
    });
    parts.truncate(PARTS / 2);
    let mut candidates: Vec<KeyCandidate> = parts
        .iter()
        .map(|part| KeyCandidate::new(vec![single, *part]))
        .collect();
    for (at, first) in parts.iter().enumerate() {
        let pairs = parts[at + 1..].iter().map(|second| vec![single, *first, *second]);
        candidates.extend(pairs.map(KeyCandidate::new));
    }
    candidates
}

/// What is to be asked of columns that identify a row together.
fn together_remark(survey: &Survey, kinds: &[Kind]) -> String {
    let alone = match least_lost(survey, kinds) {
        Some((at, 0)) if survey.columns[at].distinct.is_exact() => {
            format!(
                "`{}` is unique alone, but these are called parts of a key",
                survey.columns[at].name
            )
        }
        _ => "no column is unique alone, these together are".to_owned(),
    };
    format!("EDIT: {alone}; do they stay the same from one release to the next?")
}

/// The column that is nearly unique, and what it would lose alone.
fn nearest_remark(survey: &Survey, kinds: &[Kind]) -> Option<String> {
    const NEARLY: u64 = 20;
    let (at, lost) = least_lost(survey, kinds)?;
    let column = &survey.columns[at];
    let rows = survey.rows;
    let about = if column.distinct.is_exact() { "" } else { "about " };
    (lost > 0 && lost * NEARLY <= rows)
        .then(|| format!("`{}` alone would lose {about}{lost} of {rows} rows.", column.name))
}

/// The column that alone would lose the fewest rows, and how many.
fn least_lost(survey: &Survey, kinds: &[Kind]) -> Option<(usize, u64)> {
    let columns = &survey.columns;
    let candidates = (0..columns.len()).filter(|at| {
        let column = &columns[*at];
        !is_excluded(column, &kinds[*at]) && !is_unstable(column) && !is_measure(&column.name)
    });
    candidates
        .map(|at| (at, lost_alone(survey, kinds, at)))
        .min_by_key(|(_, lost)| *lost)
}

/// Columns that may be a part of a key, those with a name for it first, then the more distinct.
fn key_parts(survey: &Survey, kinds: &[Kind], wanted: impl Fn(usize) -> bool) -> Vec<usize> {
    let columns = &survey.columns;
    let mut parts: Vec<usize> = (0..columns.len())
        .filter(|at| may_be_part(survey, &columns[*at], &kinds[*at]) && wanted(*at))
        .collect();
    parts.sort_by_key(|at| {
        let column = &columns[*at];
        (
            !is_part_by_name(column),
            std::cmp::Reverse(column.distinct.count()),
            *at,
        )
    });
    parts.truncate(PARTS);
    parts
}

fn may_be_part(survey: &Survey, column: &Column, kind: &Kind) -> bool {
    let is_number = matches!(kind, Kind::Integer) && !is_part_by_name(column);
    let is_short = column.lengths.1 <= 80 && column.distinct.count() > 1;
    // A key with an empty part is none, and its row a reject.
    let is_full = null_rows(column, kind, survey.rows) <= survey.most_lost;
    is_short && !is_number && !is_excluded(column, kind) && !is_unstable(column) && is_full
}
