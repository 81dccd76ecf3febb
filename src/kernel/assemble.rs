//! Assembles a layer's rows, in two steps: what differs from row to row flows and is packed; what is the same in every
//! row, or follows from the geometry, joins it when a tile is made (`publish`).
//!
//! Pure. Codes are dictionaries in both steps; the published schema (`columns`) tells of the text that they stand for.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, StringBuilder};
use arrow_array::{Array, ArrayRef, BinaryArray, BooleanArray, StringArray, UInt32Array};
use arrow_schema::{ArrowError, Field, Schema};
use geo::{BoundingRect, Geometry, Point};

use super::claims::Claims;
use super::columns::batch_of;
use super::locate::Located;
use super::normalise::Normalised;
use super::sector::Sectors;
use super::{KernelError, geometry};
use crate::feature::{ColumnError, FacilityRows, Texts};
use crate::plan::LayerPlan;

/// Rows as they flow from locate to pack: the columns that differ from row to row, in published order, and where each
/// row stands. A column of codes is a dictionary; ids are there in any case.
#[derive(Debug, Clone)]
pub struct StageRows {
    rows: FacilityRows,
    centres: Vec<[f64; 2]>,
    /// Where they aren't the centres.
    points: Option<Vec<[f64; 2]>>,
}

impl StageRows {
    /// Rows, the centre of the box of each, and the point that stands for each: longitude and latitude.
    ///
    /// # Errors
    /// When the rows have no ids.
    pub fn try_new(
        rows: FacilityRows,
        centres: Vec<[f64; 2]>,
        points: Vec<[f64; 2]>,
    ) -> Result<Self, ColumnError> {
        rows.require("facility_id")?;
        Ok(Self {
            rows,
            // Of points, which most layers hold, both are one: they are kept once.
            points: (points != centres).then_some(points),
            centres,
        })
    }

    /// Their columns.
    pub fn rows(&self) -> &FacilityRows {
        &self.rows
    }

    /// Their ids.
    ///
    /// # Panics
    /// Never: rows without ids are refused.
    pub fn ids(&self) -> Texts<'_> {
        self.rows.ids().expect("rows without ids were refused")
    }

    /// Longitude and latitude of the centre of every row's box.
    pub fn centres(&self) -> &[[f64; 2]] {
        &self.centres
    }

    /// The point that stands for every row, where that is not its centre.
    pub fn into_points(self) -> Option<Vec<[f64; 2]>> {
        self.points
    }

    /// The same rows with a further column.
    ///
    /// # Errors
    /// As [`FacilityRows::with_column`].
    pub fn with_column(mut self, field: Field, column: ArrayRef) -> Result<Self, ArrowError> {
        self.rows = self.rows.with_column(field, column)?;
        Ok(self)
    }

    /// The rows in this order.
    ///
    /// # Errors
    /// When Arrow can't take them.
    pub(super) fn in_order(&self, order: &[u32]) -> Result<Self, ArrowError> {
        Ok(Self {
            rows: self.rows.take(&UInt32Array::from(order.to_vec()))?,
            centres: places_in_order(&self.centres, order),
            points: self.points.as_ref().map(|points| places_in_order(points, order)),
        })
    }

    /// The rows that are marked.
    ///
    /// # Errors
    /// When Arrow can't filter them.
    pub(super) fn retained(self, keep: &[bool]) -> Result<Self, ArrowError> {
        Ok(Self {
            rows: self.rows.filter(&BooleanArray::from(keep.to_vec()))?,
            centres: retained(self.centres, keep),
            points: self.points.map(|points| retained(points, keep)),
        })
    }
}

fn places_in_order(places: &[[f64; 2]], order: &[u32]) -> Vec<[f64; 2]> {
    order.iter().map(|row| places[*row as usize]).collect()
}

/// The values whose rows are kept.
pub(super) fn retained<T>(values: Vec<T>, keep: &[bool]) -> Vec<T> {
    values
        .into_iter()
        .zip(keep)
        .filter_map(|(value, keep)| keep.then_some(value))
        .collect()
}

/// What the stages have found out about a batch.
#[derive(Debug, Clone, Copy)]
pub struct StageInputs<'a> {
    /// The layer's plan.
    pub layer: &'a LayerPlan,
    /// Its attributes, geometries and keys.
    pub normalised: &'a Normalised,
    /// Its sectors.
    pub sectors: &'a Sectors,
    /// Its places.
    pub located: &'a Located,
    /// What came of its claims.
    pub claims: &'a Claims,
    /// The point that stands for every row.
    pub points: &'a [Point<f64>],
}

/// Puts together the columns that differ from row to row, in the order of the published `schema`.
///
/// # Errors
/// When lengths differ, which would be a mistake of this program.
pub fn stage_rows(schema: &Schema, inputs: &StageInputs<'_>) -> Result<StageRows, KernelError> {
    let geometries = &inputs.normalised.geometries;
    let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
    for field in schema.fields() {
        let name = field.name().as_str();
        if name == "geometry" {
            columns.push((name, Arc::new(encode_geometries(geometries))));
        } else if let Some(column) = inputs.column_named(name) {
            columns.push((name, column));
        }
    }
    let centres: Vec<[f64; 2]> = geometries.iter().map(centre_of).collect();
    let points: Vec<[f64; 2]> = inputs.points.iter().map(|point| [point.x(), point.y()]).collect();
    let rows = FacilityRows::try_new(batch_of(columns)?)?;
    Ok(StageRows::try_new(rows, centres, points)?)
}

/// The centre of a geometry's box.
fn centre_of(geometry: &Geometry<f64>) -> [f64; 2] {
    let centre = match geometry {
        Geometry::Point(point) => point.0,
        other => other
            .bounding_rect()
            .expect("a checked geometry has a point")
            .center(),
    };
    // Adding zero makes −0 and 0 the same place: rows are ordered by bits, and those of one place are to be side by side.
    [centre.x + 0.0, centre.y + 0.0]
}

impl StageInputs<'_> {
    /// A column that differs from row to row; none where it is the same in every row of the layer.
    fn column_named(&self, name: &str) -> Option<ArrayRef> {
        let located = self.located;
        let sectors = self.sectors;
        Some(match name {
            "facility_id" => Arc::new(self.facility_ids()),
            "sector_code" => Arc::new(sectors.code.clone()),
            "subsector" => Arc::new(sectors.subsector.clone()),
            "sector_also" => Arc::new(sectors.also.clone()),
            "sector_class" => Arc::new(sectors.class.clone()),
            "lead_agency" => Arc::new(sectors.lead_agency.clone()),
            "lifeline" => Arc::new(sectors.lifeline.clone()),
            "state_code" => Arc::new(located.state_code.clone()),
            "state_fips" => Arc::new(located.state_fips.clone()),
            "county_fips" => Arc::new(located.county_fips.clone()),
            "county_name" => Arc::new(located.county_name.clone()),
            "place_geoid" => Arc::new(located.place_geoid.clone()),
            "place_name" => Arc::new(located.place_name.clone()),
            "tribal_geoid" => Arc::new(located.tribal_geoid.clone()),
            "tribal_name" => Arc::new(located.tribal_name.clone()),
            "region_code" => Arc::new(located.region_code.clone()),
            "is_state_mismatch" => Arc::new(self.claims.is_state_mismatch.clone()),
            "is_county_mismatch" => Arc::new(self.claims.is_county_mismatch.clone()),
            "location_method" => Arc::new(located.location_method.clone()),
            "location_distance_m" => Arc::new(located.location_distance_m.clone()),
            name => return self.own_column(name).or_else(|| self.attribute_named(name)),
        })
    }

    fn facility_ids(&self) -> StringArray {
        let keys = &self.normalised.keys;
        let prefix = format!("{}:", self.layer.id);
        let bytes = keys.value_data().len() + keys.len() * prefix.len();
        let mut ids = StringBuilder::with_capacity(keys.len(), bytes);
        // One text, cut back to the prefix for each row: ids are put together without an allocation of their own.
        let mut id = prefix.clone();
        for key in keys.iter().flatten() {
            id.truncate(prefix.len());
            id.push_str(key);
            ids.append_value(&id);
        }
        ids.finish()
    }

    /// A column of a polygon set beyond the core.
    fn own_column(&self, name: &str) -> Option<ArrayRef> {
        let own = self.located.own.iter().find(|(own, _)| own == name);
        own.map(|(_, column)| Arc::new(column.clone()) as ArrayRef)
    }

    fn attribute_named(&self, name: &str) -> Option<ArrayRef> {
        self.normalised.columns.column(name).map(Arc::clone)
    }
}

fn encode_geometries(geometries: &[Geometry<f64>]) -> BinaryArray {
    let mut wkb = BinaryBuilder::with_capacity(geometries.len(), geometries.len() * POINT_BYTES);
    let mut buffer = Vec::new();
    for geometry in geometries {
        buffer.clear();
        geometry::encode(geometry, &mut buffer);
        wkb.append_value(&buffer);
    }
    wkb.finish()
}

/// Bytes of a point in WKB, the smallest geometry and the most frequent one.
const POINT_BYTES: usize = 21;
