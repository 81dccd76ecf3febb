//! What a set's column can't hold: several jurisdictions of one row, shares, and codes that were only near.
//!
//! Pure. Rows and ranks; `row_link` puts ids and codes in their places.

use super::answers::Answers;
use super::row_link::RowLink;
use super::slivers::is_whole;
use crate::feature::LocationMethod;

/// The links of a set's answers, row by row.
pub(super) fn links_of(set: usize, has_column: bool, answers: &Answers) -> Vec<RowLink> {
    let mut links = Vec::new();
    for (row, held) in &answers.several {
        for (place, part) in (1..).zip(held) {
            links.push(RowLink {
                row: *row,
                set,
                code: part.rank,
                method: if is_whole(part.share) {
                    LocationMethod::Within
                } else {
                    LocationMethod::Overlap
                },
                share: Some(part.share),
                distance_m: None,
                rank: place,
                is_primary: has_column && answers.ranks[*row] == Some(part.rank),
            });
        }
    }
    for (row, metres) in &answers.away {
        links.extend(answers.ranks[*row].map(|code| RowLink {
            row: *row,
            set,
            code,
            method: LocationMethod::Nearest,
            share: None,
            distance_m: Some(*metres),
            rank: 1,
            is_primary: has_column,
        }));
    }
    links.sort_by_key(|link| (link.row, link.rank));
    links
}
