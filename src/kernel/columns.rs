//! The published columns of layers and of the inventory.
//!
//! Pure. One schema per collection: the columns depend on the plan alone, never on the rows, so that tools may read all
//! tiles of a collection as one table.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};

use super::KernelError;
use crate::feature::{BBOX_SIDES, CORE_COLUMNS, CoreType};
use crate::plan::{FieldKind, LayerSchema};

/// The published schema of a layer; `own` are the columns of polygon sets beyond the core.
pub fn layer_schema(schema: &LayerSchema, own: &[String]) -> SchemaRef {
    let attributes = schema.fields.iter().flat_map(|field| {
        // A core column has its place among those, whatever field of the schema fills it.
        let own = (!is_core(&field.name)).then(|| Field::new(&field.name, data_type(&field.kind), true));
        let decoded = field
            .decoded
            .as_ref()
            .map(|name| Field::new(name, DataType::Utf8, true));
        [own, decoded].into_iter().flatten()
    });
    published_schema(own, attributes)
}

/// The published schema of the inventory `facilities`.
///
/// ```
/// use cikr::kernel::columns::inventory_schema;
///
/// let schema = inventory_schema(&["utility_area_code".to_owned()]);
/// assert!(schema.field_with_name("utility_area_code").is_ok());
/// let closing: Vec<_> = schema.fields().iter().rev().take(2).map(|field| field.name()).collect();
/// assert_eq!(closing, ["bbox", "geometry"]);
/// ```
pub fn inventory_schema(own: &[String]) -> SchemaRef {
    published_schema(own, std::iter::empty())
}

fn published_schema(own: &[String], attributes: impl Iterator<Item = Field>) -> SchemaRef {
    // What all layers have comes first and in one order; what differs between them stands behind it.
    let core = CORE_COLUMNS
        .iter()
        .map(|column| Field::new(column.name, core_type(column.kind), true));
    let own = own.iter().map(|name| Field::new(name, DataType::Utf8, true));
    let closing = [
        Field::new("geometry", DataType::Binary, false),
        Field::new("bbox", DataType::Struct(bbox_fields()), false),
    ];
    Arc::new(Schema::new(
        core.chain(own)
            .chain(attributes)
            .chain(closing)
            .collect::<Vec<_>>(),
    ))
}

fn is_core(name: &str) -> bool {
    CORE_COLUMNS.iter().any(|column| column.name == name)
}

fn core_type(kind: CoreType) -> DataType {
    match kind {
        CoreType::Text => DataType::Utf8,
        CoreType::TextList => DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))),
        CoreType::Boolean => DataType::Boolean,
        CoreType::Number => DataType::Float64,
        CoreType::Date => DataType::Date32,
    }
}

fn data_type(kind: &FieldKind) -> DataType {
    match kind {
        FieldKind::Text | FieldKind::State => DataType::Utf8,
        FieldKind::Integer => DataType::Int64,
        FieldKind::Number => DataType::Float64,
        FieldKind::Boolean { .. } => DataType::Boolean,
        FieldKind::Date { .. } => DataType::Date32,
    }
}

// GeoParquet 1.1 lets the sides of a bounding box column be floats or doubles. Floats take half the bytes, and lose nothing
// to whoever filters by them as long as boxes are rounded outward.

/// Fields of `bbox`, as GeoParquet 1.1 has a bounding box column.
pub(super) fn bbox_fields() -> Fields {
    BBOX_SIDES
        .iter()
        .map(|name| Field::new(*name, DataType::Float32, false))
        .collect()
}

/// Named columns as rows, each with the type it has.
pub(super) fn batch_of(columns: Vec<(&str, ArrayRef)>) -> Result<RecordBatch, KernelError> {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, column)| {
            let is_nullable = !matches!(*name, "geometry" | "bbox");
            Field::new(*name, column.data_type().clone(), is_nullable)
        })
        .collect();
    let arrays = columns.into_iter().map(|(_, column)| column).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
        .map_err(|source| KernelError::Arrow { source })
}
