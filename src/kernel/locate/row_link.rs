//! A row in a jurisdiction, until it has an id.
//!
//! Pure. Ranks in place of codes, places in place of ids.

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
