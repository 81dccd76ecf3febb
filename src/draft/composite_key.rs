//! Keys of several columns.
//!
//! Pure but for the second look that `proof` takes.

use super::column::Column;
use super::identity::{is_excluded, is_measure, is_part_by_name, is_unstable};
use super::key::{Key, PARTS, loss};
use super::kind::Kind;
use super::nulls::nulls;
use super::proof::{self, Candidate};
use super::request::Request;
use super::survey::Survey;
use crate::source::SourceError;

/// Of how many rows a key of several columns may lose one.
const BEARABLE: u64 = 20;

/// Two or three columns that are unique together, and whether the names of all speak for it.
pub(super) fn of_several(
    survey: &Survey,
    kinds: &[Kind],
    wanted: &Request,
) -> Result<Option<(Key, bool)>, SourceError> {
    let parts = parts(survey, kinds, |_| true);
    let mut candidates: Vec<Candidate> = Vec::new();
    let distinct = |columns: &[usize]| -> f64 {
        columns
            .iter()
            .map(|at| survey.columns[*at].distinct.count() as f64)
            .product()
    };
    for (at, first) in parts.iter().enumerate() {
        for (next, second) in parts.iter().enumerate().skip(at + 1) {
            let threes = parts[next + 1..]
                .iter()
                .map(|third| vec![*first, *second, *third]);
            let all = std::iter::once(vec![*first, *second]).chain(threes);
            let enough = all.filter(|columns| distinct(columns) >= survey.rows as f64 * 0.95);
            candidates.extend(enough.map(Candidate::new));
        }
    }
    if candidates.is_empty() || survey.rows == 0 {
        return Ok(None);
    }
    let counted = proof::count(survey, kinds, wanted, &mut candidates, BEARABLE)?;
    let unnamed = |candidate: &Candidate| {
        candidate
            .columns
            .iter()
            .filter(|at| !is_part_by_name(&survey.columns[**at]))
            .count()
    };
    let bearable = |candidate: &&Candidate| !candidate.is_hopeless && candidate.lost() <= survey.most_lost;
    let found = candidates.iter().filter(bearable).min_by_key(|one| {
        let unnamed = unnamed(one);
        (
            unnamed == one.columns.len(),
            one.lost(),
            unnamed,
            one.columns.len(),
        )
    });
    Ok(found.map(|found| {
        let mut remarks = vec![together(survey, kinds)];
        remarks.extend(nearest(survey, kinds));
        remarks.extend(loss(survey.rows, counted, found.lost()));
        let is_named = unnamed(found) == 0;
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

/// Keys of a column and one or two others that are called parts of one.
pub(super) fn beside(survey: &Survey, kinds: &[Kind], single: usize) -> Vec<Candidate> {
    let mut parts = parts(survey, kinds, |at| {
        at != single && is_part_by_name(&survey.columns[at])
    });
    parts.truncate(PARTS / 2);
    let mut candidates: Vec<Candidate> = parts
        .iter()
        .map(|part| Candidate::new(vec![single, *part]))
        .collect();
    for (at, first) in parts.iter().enumerate() {
        let pairs = parts[at + 1..].iter().map(|second| vec![single, *first, *second]);
        candidates.extend(pairs.map(Candidate::new));
    }
    candidates
}

/// What is to be asked of columns that identify a row together.
fn together(survey: &Survey, kinds: &[Kind]) -> String {
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
fn nearest(survey: &Survey, kinds: &[Kind]) -> Option<String> {
    const NEARLY: u64 = 20;
    let (at, lost) = least_lost(survey, kinds)?;
    let (column, rows) = (&survey.columns[at], survey.rows);
    let about = if column.distinct.is_exact() { "" } else { "about " };
    (lost > 0 && lost * NEARLY <= rows)
        .then(|| format!("`{}` alone would lose {about}{lost} of {rows} rows.", column.name))
}

/// The column that alone would lose the fewest rows, and how many.
fn least_lost(survey: &Survey, kinds: &[Kind]) -> Option<(usize, u64)> {
    let columns = &survey.columns;
    let lost = |at: usize| columns[at].lost(survey.rows, nulls(&columns[at], &kinds[at]).1.len() as u64);
    let may_be = |at: &usize| {
        !is_excluded(&columns[*at], &kinds[*at])
            && !is_unstable(&columns[*at])
            && !is_measure(&columns[*at].name)
    };
    let found = (0..columns.len()).filter(may_be).min_by_key(|at| lost(*at))?;
    Some((found, lost(found)))
}

/// Columns that may be a part of a key, those with a name for it first, then the more distinct.
fn parts(survey: &Survey, kinds: &[Kind], wanted: impl Fn(usize) -> bool) -> Vec<usize> {
    let columns = &survey.columns;
    let is_full = |column: &Column, kind: &Kind| {
        let (sure, _) = nulls(column, kind);
        let empty: u64 = column
            .sentinels
            .iter()
            .filter(|(v, _)| sure.contains(&v.as_str()))
            .map(|(_, (_, n))| n)
            .sum();
        let all: u64 = column.values + column.sentinels.values().map(|(_, n)| n).sum::<u64>();
        (survey.rows + empty).saturating_sub(all) <= survey.most_lost
    };
    let is_part = |at: &usize| {
        let (column, kind) = (&columns[*at], &kinds[*at]);
        let is_number = matches!(kind, Kind::Integer) && !is_part_by_name(column);
        let is_short = column.lengths.1 <= 80 && column.distinct.count() > 1;
        is_short && !is_number && !is_excluded(column, kind) && !is_unstable(column) && is_full(column, kind)
    };
    let mut parts: Vec<usize> = (0..columns.len())
        .filter(is_part)
        .filter(|at| wanted(*at))
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
