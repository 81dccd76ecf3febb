//! What the report of a release says of jurisdictions: those that govern, as the Census counted them, and those of which the
//! release has polygons.
//!
//! LEAF. Made by `derive`, shown by `report`, `catalog` and `page`; the tables are in `jurisdictions/`.

use serde::{Deserialize, Serialize};

/// Jurisdictions of a release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegistryReport {
    /// The polygon sets, in pipeline order.
    pub sets: Vec<SetCount>,
    /// Kinds that govern, or of which the pipeline has a set; in the order of the table of kinds.
    pub kinds: Vec<KindCount>,
    /// Governments of all kinds, by the year of the census, newest first.
    pub governments: Vec<GovernmentSum>,
}

/// Jurisdictions of a polygon set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetCount {
    /// The set.
    pub set: String,
    /// Its kind.
    pub kind: String,
    /// Vintage of its boundaries.
    pub vintage: String,
    /// Jurisdictions with a polygon.
    pub with_polygon: u64,
    /// Codes that have none: of the reference list, or of rows carried from before.
    pub without_polygon: u64,
    /// Facilities in one of them; none of a set whose polygons lie over each other.
    pub facilities: Option<u64>,
    /// Facilities in none; none of such a set.
    pub unassigned: Option<u64>,
}

/// A kind of jurisdictions: governments of it, and polygons.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindCount {
    /// The kind.
    pub kind: String,
    /// What it is, for people.
    pub title: String,
    /// Governments by the year of the census, newest first; empty where the census counts none of the kind.
    pub governments: Vec<(String, u64)>,
    /// Jurisdictions with polygons, over all sets of the kind; none where the pipeline has no such set.
    pub polygons: Option<u64>,
}

/// Governments of a year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GovernmentSum {
    /// Year of the census.
    pub vintage: String,
    /// All of them.
    pub all: u64,
    /// Those that are neither federal nor of a state.
    pub local: u64,
}

impl RegistryReport {
    /// Kinds that have governments and no polygons.
    ///
    /// ```
    /// use cikr::feature::{KindCount, RegistryReport};
    ///
    /// let kind = |kind: &str, polygons| KindCount {
    ///     kind: kind.to_owned(),
    ///     title: kind.to_owned(),
    ///     governments: vec![("2022".to_owned(), 3_031)],
    ///     polygons,
    /// };
    /// let report = RegistryReport {
    ///     kinds: vec![kind("county", Some(3_220)), kind("special_district", None)],
    ///     ..RegistryReport::default()
    /// };
    /// let lacking: Vec<&str> = report.kinds_without_polygons().map(|kind| kind.kind.as_str()).collect();
    /// assert_eq!(lacking, ["special_district"]);
    /// ```
    pub fn kinds_without_polygons(&self) -> impl Iterator<Item = &KindCount> {
        self.kinds
            .iter()
            .filter(|kind| !kind.governments.is_empty() && kind.polygons.is_none())
    }
}
