//! Which county code follows which: rows of `county_successions.csv`.

use serde::Serialize;

/// A county or equivalent whose land, or a part of it, came to another code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CountySuccession {
    /// 5-digit FIPS code before.
    pub from_fips: String,
    /// Name under it, with its kind.
    pub from_name: String,
    /// 5-digit FIPS code after, never the one before.
    pub to_fips: String,
    /// Name under it, with its kind.
    pub to_name: String,
    /// Since when: a day (`2008-06-01`), or a year where no source tells the day; as texts they are in order.
    pub effective_date: String,
    /// What has happened.
    pub kind: SuccessionKind,
    /// Source of the row.
    pub source: String,
}

/// What has happened between two county codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SuccessionKind {
    /// The same county has another name and code.
    Renamed,
    /// The same county has another code under its name.
    Recoded,
    /// A part of a county whose code is gone, and whose other parts went elsewhere.
    Split,
    /// All of a county whose code is gone.
    Merged,
    /// A part of a county that lives on became a county, or a part of a new one.
    CreatedFrom,
    /// Land went from one county to another, and both live on.
    Boundary,
}

impl SuccessionKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [
        Self::Renamed,
        Self::Recoded,
        Self::Split,
        Self::Merged,
        Self::CreatedFrom,
        Self::Boundary,
    ];

    /// Stable code, as in the table.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Renamed => "renamed",
            Self::Recoded => "recoded",
            Self::Split => "split",
            Self::Merged => "merged",
            Self::CreatedFrom => "created_from",
            Self::Boundary => "boundary",
        }
    }
}
