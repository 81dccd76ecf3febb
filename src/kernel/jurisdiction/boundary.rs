//! What goes into an index, and what comes out of it.

use geo::MultiPolygon;

/// One polygon of a set, in OGC:CRS84.
#[derive(Debug, Clone)]
pub struct Boundary {
    /// Code of the jurisdiction; several boundaries may share it.
    pub code: String,
    /// Its name.
    pub name: Option<String>,
    /// Its area, in degrees. What a ring holds is decided part by part by the even-odd rule, so rings may be
    /// unclosed, turn either way, touch or cross themselves; a part with a coordinate that isn't
    /// finite is left out. Rings that cross ±180 uncut are cut when they are indexed, see [the module](super).
    pub shape: MultiPolygon<f64>,
}

/// A jurisdiction found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match<'a> {
    /// Its code.
    pub code: &'a str,
    /// Its name; the lowest where boundaries of one code differ.
    pub name: Option<&'a str>,
}
