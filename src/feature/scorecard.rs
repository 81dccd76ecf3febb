//! What the report of a release says of states and sectors.
//!
//! LEAF. Made by `derive`, shown by `page`; the tables are in `scorecard/`.

use serde::{Deserialize, Serialize};

/// Facilities by state and sector.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScorecardReport {
    /// Rows of `scorecard/cells.parquet`.
    pub cells: u64,
    /// Sectors of the reference table, in its order.
    pub sectors: Vec<SectorStanding>,
    /// States with facilities, by USPS code; `unassigned` last.
    pub states: Vec<StateLine>,
}

/// A sector in a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectorStanding {
    /// Code.
    pub sector: String,
    /// Facilities in all; none where no layer tells of the sector.
    pub facilities: Option<u64>,
    /// Why nothing is known of it.
    pub reason: Option<String>,
}

/// Facilities of a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateLine {
    /// USPS code, or `unassigned`.
    pub state: String,
    /// Facilities by sector, in the order of the sectors; none where no layer tells of the sector.
    pub facilities: Vec<Option<u64>>,
    /// Facilities without a sector.
    pub without_sector: u64,
}
