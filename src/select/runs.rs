//! Runs of rows: which rows of a row group may be meant.
//!
//! Pure.

use std::ops::Range;

/// Runs in ascending order, those that touch made one.
pub(super) fn joined(runs: impl IntoIterator<Item = Range<usize>>) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for run in runs {
        match joined.last_mut() {
            Some(last) if run.start <= last.end => last.end = last.end.max(run.end),
            _ => joined.push(run),
        }
    }
    joined
}

/// What two lists of runs have in common; both in ascending order.
pub fn common_runs(one: &[Range<usize>], other: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let (mut left, mut right) = (0, 0);
    while let (Some(a), Some(b)) = (one.get(left), other.get(right)) {
        let start = a.start.max(b.start);
        let end = a.end.min(b.end);
        if start < end {
            found.push(start..end);
        }
        if a.end <= b.end {
            left += 1;
        } else {
            right += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_joined_and_held_against_each_other() {
        assert_eq!(joined([0..4, 4..6, 8..9]), [0..6, 8..9]);
        assert_eq!(
            common_runs(&[0..6, 8..12], &[2..3, 5..9, 11..20]),
            [2..3, 5..6, 8..9, 11..12]
        );
        assert!(common_runs(&[0..6, 8..9], &[]).is_empty());
    }
}
