//! Rows as they are published: columns that are the same in every row of a layer, and the box of each geometry, join
//! those that flow.
//!
//! Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BinaryArray, Float32Array, Int32Array, StringArray, StructArray, new_null_array,
};
use arrow_schema::{Field, Schema};
use geo::Rect;

use super::boxes::box_around_all;
use super::columns::{batch_of, bbox_fields};
use super::{CodedArray, KernelError, geometry};
use crate::feature::{FacilityRows, FeatureBatch};
use crate::plan::LayerPlan;

/// Rows in their published columns, and what a tile's metadata say of them.
#[derive(Debug, Clone)]
pub struct Published {
    /// Rows.
    pub rows: FeatureBatch,
    /// Exact extent, degrees.
    pub extent: Rect<f64>,
    /// GeoParquet names of the geometry types present.
    pub geometry_types: BTreeSet<&'static str>,
}

/// Gives rows all columns of the published `schema`: those that are the same in every row of a layer, and the
/// box that follows from the geometry.
///
/// # Errors
/// When a geometry is not as `stage_rows` has encoded it, or columns don't fit together: mistakes of this program.
pub fn publish(staged: &FacilityRows, schema: &Schema, layer: &LayerPlan) -> Result<Published, KernelError> {
    let geometry = staged.geometry().ok_or(KernelError::Geometry)?;
    let boxes = boxes_of(geometry)?;
    let columns = schema.fields().iter().map(|field| {
        let column = if field.name() == "bbox" {
            bbox_column(&boxes)
        } else {
            published_column(staged, field, layer)
        };
        (field.name().as_str(), column)
    });
    // `geometry_types` of GeoParquet are those that are there, exactly: not those that a layer may have.
    Ok(Published {
        rows: FeatureBatch::try_new(batch_of(columns.collect())?)?,
        extent: box_around_all(&boxes),
        geometry_types: geometry.iter().flatten().map(geometry::type_of).collect(),
    })
}

/// Named columns of rows as they are published, but for the box.
///
/// # Errors
/// When a column is not published or they don't fit together: mistakes of this program.
pub fn publish_columns(
    staged: &FacilityRows,
    schema: &Schema,
    layer: &LayerPlan,
    names: &[&str],
) -> Result<FacilityRows, KernelError> {
    let mut columns: Vec<(&str, ArrayRef)> = Vec::with_capacity(names.len());
    for name in names {
        let field = schema
            .field_with_name(name)
            .map_err(|source| KernelError::Arrow { source })?;
        columns.push((field.name().as_str(), published_column(staged, field, layer)));
    }
    Ok(FacilityRows::try_new(batch_of(columns)?)?)
}

/// A column as it is published; one that the layer's schema doesn't fill is null.
fn published_column(staged: &FacilityRows, field: &Field, layer: &LayerPlan) -> ArrayRef {
    if let Some(column) = staged.column(field.name()) {
        return Arc::clone(column);
    }
    let rows = staged.num_rows();
    match constant_text(field.name(), layer) {
        Some(text) => every_row(text, rows),
        None => new_null_array(field.data_type(), rows),
    }
}

/// The text that a column has in every row of a layer.
fn constant_text<'a>(name: &str, layer: &'a LayerPlan) -> Option<&'a str> {
    match name {
        "layer" => Some(layer.id.as_str()),
        "source_agency" => Some(&layer.schema.agency),
        "handling" => Some(&layer.schema.handling),
        _ => None,
    }
}

/// One text in every row: a dictionary of one value, which takes four bytes a row however long the text is.
fn every_row(text: &str, rows: usize) -> ArrayRef {
    let values = Arc::new(StringArray::from_iter_values([text]));
    let keys = Int32Array::from(vec![0; rows]);
    Arc::new(CodedArray::try_new(keys, values).expect("every key is that of the only value"))
}

/// The exact boxes of geometries in WKB. They are read once more here: rows on their way would carry 32 bytes more each.
fn boxes_of(geometry: &BinaryArray) -> Result<Vec<Rect<f64>>, KernelError> {
    geometry
        .iter()
        .map(|wkb| wkb.and_then(geometry::wkb_bounds).ok_or(KernelError::Geometry))
        .collect()
}

/// `bbox` of rows with these boxes, rounded outward.
fn bbox_column(boxes: &[Rect<f64>]) -> ArrayRef {
    let mut sides: [Vec<f32>; 4] = std::array::from_fn(|_| Vec::with_capacity(boxes.len()));
    for rect in boxes {
        for (side, value) in sides.iter_mut().zip(geometry::round_outward(*rect)) {
            side.push(value);
        }
    }
    let sides = sides.map(|side| Arc::new(Float32Array::from(side)) as ArrayRef);
    Arc::new(StructArray::new(bbox_fields(), sides.to_vec(), None))
}
