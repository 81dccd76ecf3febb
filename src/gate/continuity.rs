//! What a source has kept of its facilities, as the run has measured it.
//!
//! Values only: `identity` and `columns` judge them.

/// What a source has kept of the facilities that were looked at in the last release.
///
/// ```
/// use cikr::gate::Continuity;
///
/// let renumbered = Continuity { facilities: 100, ids: 3, ..Continuity::default() };
/// assert!(renumbered.are_ids_lost());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Continuity {
    /// Facilities looked at.
    pub facilities: u64,
    /// Those whose id is there today.
    pub ids: u64,
    /// Of the others, those whose places were looked for; none where not over half of the ids are lost.
    pub sought: u64,
    /// Of these, those in whose place, or close to it under their name, there is a facility today.
    pub places: u64,
    /// Facilities whose id is there today and whose places and names were compared.
    pub compared: u64,
    /// Of these, those that are elsewhere or have another name, while another id has their place, or their name.
    pub taken: u64,
    /// Fields that have each other's values.
    pub exchanged: Vec<Exchanged>,
    /// Fields that have the values of another, each way for itself.
    pub shifted: Vec<Shifted>,
}

impl Continuity {
    /// Whether over half of the ids are not there any more.
    pub fn are_ids_lost(&self) -> bool {
        self.ids * 2 < self.facilities
    }
}

/// Two fields, and rows in which each has what the other had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchanged {
    /// One field.
    pub one: String,
    /// The other.
    pub other: String,
    /// Rows in which they are exchanged.
    pub rows: u64,
    /// Rows in which they differed.
    pub of: u64,
}

/// Two fields, and rows in which the second has what the first had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shifted {
    /// The field that had the values.
    pub from: String,
    /// The field that has them.
    pub to: String,
    /// Rows in which it has.
    pub rows: u64,
    /// Rows in which they differed.
    pub of: u64,
}

/// Facilities of which there must be so many for what became of them to be told.
pub(super) const FEW: u64 = 10;
