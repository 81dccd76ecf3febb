//! What a set's column can't hold: several jurisdictions of one row, shares, and codes that were only near.
//!
//! Pure. Rows and ranks; ids and codes are put in their places where rows have ids (`LinkedSets`).

use super::answers::Answers;
use crate::feature::{FacilityLink, LocationMethod};

/// A row in a jurisdiction, by ranks.
#[derive(Debug, Clone, PartialEq)]
pub struct RowLink {
    /// Which row of the batch.
    pub row: usize,
    /// Which set, by its place in the pipeline.
    pub set: usize,
    /// Rank of the jurisdiction's code in the set.
    pub code: u32,
    /// How it was found.
    pub method: LocationMethod,
    /// Share of the row's length or area.
    pub share: Option<f64>,
    /// Metres, where it is only near.
    pub distance_m: Option<f64>,
    /// Its place among those of the row and set, from 1 up.
    pub rank: u32,
    /// Whether the set's column has it.
    pub is_primary: bool,
}

impl RowLink {
    /// The link of the facility with this id to the jurisdiction with this code.
    pub fn into_link(self, facility_id: &str, jurisdiction_id: &str) -> FacilityLink {
        FacilityLink {
            facility_id: facility_id.to_owned(),
            set: self.set,
            jurisdiction_id: jurisdiction_id.to_owned(),
            method: self.method,
            share: self.share,
            distance_m: self.distance_m,
            rank: self.rank,
            is_primary: self.is_primary,
        }
    }
}

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

/// Whether a share is all of a row, but for what rounding and slivers take.
pub(super) fn is_whole(share: f64) -> bool {
    share >= 1.0 - super::SLIVER
}
