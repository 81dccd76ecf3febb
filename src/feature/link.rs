//! Links of facilities to jurisdictions: what no column of a tile can hold.
//!
//! LEAF. A row that has one code of a set has it in a column; here stand several codes of one set, shares of lines and
//! areas, and codes that were only near.

use serde::{Deserialize, Serialize};

use super::location::LocationMethod;
use super::spool::Spooled;

/// A facility in a jurisdiction: a row of `links/facility_jurisdiction`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FacilityLink {
    /// The facility.
    pub facility_id: String,
    /// Which polygon set of the run, by its place in the pipeline.
    pub set: usize,
    /// Code of the jurisdiction.
    pub jurisdiction_id: String,
    /// How it was found.
    pub method: LocationMethod,
    /// Share of the facility's length or area that lies there, 0 to 1; none where it is only near.
    pub share: Option<f64>,
    /// Geodesic distance to it, metres, where it is only near.
    pub distance_m: Option<f64>,
    /// Its place among those of the facility and set, the largest share first, from 1 up.
    pub rank: u32,
    /// Whether it is the one that the tile's columns have.
    pub is_primary: bool,
}

impl Spooled for FacilityLink {
    fn memory_bytes(&self) -> usize {
        size_of::<Self>() + self.facility_id.len() + self.jurisdiction_id.len()
    }
}

/// How many links of a layer and a polygon set a release holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkCount {
    /// Kind of the set.
    pub kind: String,
    /// Id of the set.
    pub set: String,
    /// Rows.
    pub rows: u64,
}
