//! What is asked of shares, and what is answered.

/// What becomes of a place that several jurisdictions hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overlaps {
    /// It counts for the lowest code that holds it, so that shares add up to one.
    #[default]
    Lowest,
    /// It counts for every one, once for each code; shares may add up to more than one.
    Every,
}

/// How shares are told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShareRule {
    /// Shares below it are left out as slivers: what imprecise borders leave of neighbours. 1e-6 by default.
    pub tolerance: f64,
    /// What becomes of a place that several jurisdictions hold.
    pub overlaps: Overlaps,
}

impl Default for ShareRule {
    fn default() -> Self {
        Self {
            tolerance: 1e-6,
            overlaps: Overlaps::Lowest,
        }
    }
}

/// What one jurisdiction holds of a geometry.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JurisdictionShare {
    /// Its place among the codes in order.
    pub rank: u32,
    /// What it holds: square metres of a surface, metres of a line, a number of points.
    pub measure: f64,
    /// The same as a part of the whole, 0 to 1.
    pub share: f64,
}

/// What each jurisdiction holds of a geometry.
///
/// With [`Overlaps::Lowest`] the parts, what is outside and what was dropped add up to the whole, to 1e-9 of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shares {
    /// Size of the geometry: square metres of a surface, metres of a line, a number of points.
    pub whole: f64,
    /// Largest share first; the lowest rank of equal ones.
    pub parts: Vec<JurisdictionShare>,
    /// How much of it no jurisdiction holds, in the unit of the whole.
    pub outside: f64,
    /// Number of jurisdictions left out because their shares are below the tolerance.
    pub slivers: u32,
    /// How much those hold together, in the unit of the whole.
    pub dropped: f64,
    /// Whether its own rings cross too often for shares to be told: all of it is given to what holds its first vertex.
    pub is_tangled: bool,
}
