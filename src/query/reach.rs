//! What is near a place: bounds of boxes, distances of rows.
//!
//! Pure.

use std::sync::Arc;

use arrow_array::builder::Float64Builder;
use arrow_array::{ArrayRef, BooleanArray, Float64Array};
use arrow_schema::{DataType, Field, Schema};

use super::{Near, QueryError};
use crate::feature::FacilityRows;
use crate::kernel::distance::metres_to_wkb;
use crate::kernel::jurisdiction::Viewpoint;

/// The column that says how far a row is, metres.
pub(super) const DISTANCE: &str = "distance_m";

/// A place, and how far from it is near.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    from: Viewpoint,
    radius_m: f64,
}

impl Reach {
    pub(super) fn new(near: &Near) -> Self {
        Self {
            from: Viewpoint::new(near.point),
            radius_m: near.radius_m.unwrap_or(f64::INFINITY),
        }
    }

    /// Metres that a row is away at most.
    pub(super) fn radius_m(&self) -> f64 {
        self.radius_m
    }

    /// Metres that everything in a box is away at least.
    pub(super) fn least(&self, bounds: [f64; 4]) -> f64 {
        self.from.least_distance(bounds)
    }

    /// Metres to a geometry, WKB; infinitely many where that is farther than `limit`, none where it is empty.
    pub(super) fn metres(&self, wkb: &[u8], limit: f64) -> Option<f64> {
        metres_to_wkb(&self.from, wkb, limit)
    }

    /// The rows within the radius, with their distances.
    pub(super) fn with_distances(&self, rows: &FacilityRows) -> Result<FacilityRows, QueryError> {
        let shapes = rows.geometry();
        let metres_to = |row| self.metres(shapes?.value(row), self.radius_m);
        let metres: Vec<f64> = (0..rows.num_rows())
            .map(|row| metres_to(row).unwrap_or(f64::INFINITY))
            .collect();
        let is_near: BooleanArray = metres.iter().map(|metres| Some(metres.is_finite())).collect();
        let mut distances = Float64Builder::new();
        distances.extend(metres.into_iter().filter(|metres| metres.is_finite()).map(Some));
        let near = rows
            .filter(&is_near)
            .map_err(|source| QueryError::format("rows", source.to_string()))?;
        with_distance_column(&near, distances.finish())
    }
}

/// The rows with a column of distances.
pub(super) fn with_distance_column(
    rows: &FacilityRows,
    distances: Float64Array,
) -> Result<FacilityRows, QueryError> {
    let name = distance_name(rows.as_batch().schema_ref());
    let column: ArrayRef = Arc::new(distances);
    rows.with_column(Field::new(name, DataType::Float64, true), column)
        .map_err(|source| QueryError::format("rows", source.to_string()))
}

/// What the column of distances is called beside others: a layer may have one of the name.
pub(super) fn distance_name(schema: &Schema) -> String {
    let mut name = DISTANCE.to_owned();
    while schema.index_of(&name).is_ok() {
        name.push('_');
    }
    name
}
