//! Outlines of areas, as drawings have them.
//!
//! LEAF.

/// Outline of an area, coarse: for drawings, not for answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// Code of the area.
    pub code: String,
    /// Outer rings as longitude and latitude, without the closing corner.
    pub rings: Vec<Vec<[f64; 2]>>,
}
