//! Where the rows of a batch are. Pure.

use geo::{Geometry, Point};

use crate::plan::GeometryKind;

/// Where the rows of a batch are.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// Kind of the geometries.
    pub kind: GeometryKind,
    /// The geometry of every row, OGC:CRS84.
    pub geometries: &'a [Geometry<f64>],
    /// The point that stands for every row.
    pub points: &'a [Point<f64>],
}
