//! What a draft knows of the CRS of a file's coordinates.
//!
//! Pure.

use crate::feature::Crs;

/// What the draft says of the CRS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CrsEvidence {
    /// The file names it.
    Stated(Crs),
    /// The rows speak for it: code, and how.
    Inferred(String, String),
    /// Nothing does.
    Asked,
}
