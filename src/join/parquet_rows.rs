//! Joined rows as GeoParquet 1.1: the file's columns typed as it has them, WKB in OGC:CRS84, a covering.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::builder::BinaryBuilder;
use arrow_array::{ArrayRef, BinaryArray, Float32Array, RecordBatch, StructArray};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use geo::{BoundingRect, Geometry, Rect, coord};

use super::asked::Detail;
use super::error::JoinError;
use super::open::Opened;
use super::own_columns::{OutputColumn, column_as};
use super::polygons::PolygonSet;
use super::schema::{added_columns, free_name, keep_rows};
use super::table::{JoinedBatch, RowGeometry};
use crate::feature::BBOX_SIDES;
use crate::geoparquet::GeoparquetError;
use crate::kernel::geometry::{encode, round_outward, type_name};

/// Names that GeoParquet's own columns have.
const GEOMETRY: &str = "geometry";
const COVERING: &str = "bbox";

/// A batch ready to be written.
pub(super) struct ParquetPiece {
    pub(super) rows: RecordBatch,
    pub(super) extent: Option<Rect<f64>>,
    pub(super) kinds: BTreeSet<&'static str>,
}

/// The columns of a file to be written.
pub(super) struct ParquetLayout {
    own: Vec<OutputColumn>,
    pub(super) schema: SchemaRef,
}

impl ParquetLayout {
    pub(super) fn new(own: Vec<OutputColumn>, sets: &[PolygonSet], detail: Detail) -> Self {
        let mut taken: Vec<String> = own.iter().map(|column| column.name.clone()).collect();
        taken.extend([GEOMETRY, COVERING].map(str::to_owned));
        let mut fields: Vec<Field> = own
            .iter()
            .map(|column| {
                let is_reserved = column.name == GEOMETRY || column.name == COVERING;
                let name = if is_reserved {
                    free_name(&column.name, &taken)
                } else {
                    column.name.clone()
                };
                Field::new(name, column.kind.clone(), true)
            })
            .collect();
        let added = added_columns(sets, detail);
        fields.extend(
            added
                .into_iter()
                .map(|column| Field::new(column.name, column.kind, true)),
        );
        fields.push(Field::new(GEOMETRY, DataType::Binary, true));
        fields.push(Field::new(COVERING, DataType::Struct(side_fields().into()), true));
        Self {
            own,
            schema: Arc::new(Schema::new(fields)),
        }
    }

    /// A joined batch as rows of the file.
    pub(super) fn encode_batch(
        &self,
        joined: &JoinedBatch,
        opened: &Opened,
        sets: &[PolygonSet],
    ) -> Result<ParquetPiece, JoinError> {
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(self.schema.fields().len());
        for column in &self.own {
            columns.push(column_as(&joined.batch, column, opened)?);
        }
        columns.extend(joined.added_columns(sets));
        let places = Places::of_batch(joined);
        columns.push(Arc::new(places.geometry));
        columns.push(Arc::new(places.covering));
        let rows = record_batch(&self.schema, columns).map_err(|source| JoinError::Encode {
            path: opened.shown().to_string().into(),
            source: Box::new(GeoparquetError::Rows {
                what: opened.shown().to_string(),
                source: Box::new(source),
            }),
        })?;
        let kept = joined.kept_rows();
        let is_whole = kept.iter().all(|kept| *kept);
        Ok(ParquetPiece {
            rows: if is_whole { rows } else { keep_rows(&rows, &kept) },
            extent: places.extent,
            kinds: places.kinds,
        })
    }
}

/// Columns as rows; texts that come as keys into a list keep that form, which the writer takes for text.
fn record_batch(schema: &Schema, columns: Vec<ArrayRef>) -> Result<RecordBatch, ArrowError> {
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .zip(&columns)
        .map(|(field, column)| Field::new(field.name(), column.data_type().clone(), true))
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

/// Geometries of a batch, and what a footer says of them.
struct Places {
    geometry: BinaryArray,
    covering: StructArray,
    extent: Option<Rect<f64>>,
    kinds: BTreeSet<&'static str>,
}

impl Places {
    fn of_batch(joined: &JoinedBatch) -> Self {
        let rows = joined.batch.len();
        let mut geometry = BinaryBuilder::with_capacity(rows, rows * 21);
        let mut boxes: Vec<Option<Rect<f64>>> = Vec::with_capacity(rows);
        let mut kinds = BTreeSet::new();
        let mut wkb = Vec::new();
        for found in joined.row_geometries() {
            wkb.clear();
            boxes.push(match found {
                None => None,
                Some(RowGeometry::Point(point)) => {
                    kinds.insert("Point");
                    encode(&Geometry::Point(point), &mut wkb);
                    Some(Rect::new(point.0, point.0))
                }
                Some(RowGeometry::Shape(shape)) => {
                    kinds.insert(type_name(shape));
                    encode(shape, &mut wkb);
                    shape.bounding_rect()
                }
            });
            geometry.append_option(found.map(|_| wkb.as_slice()));
        }
        Self {
            geometry: geometry.finish(),
            covering: covering_column(&boxes),
            extent: boxes.into_iter().flatten().reduce(joint_box),
            kinds,
        }
    }
}

/// The box around two.
pub(super) fn joint_box(one: Rect<f64>, other: Rect<f64>) -> Rect<f64> {
    Rect::new(
        coord! { x: one.min().x.min(other.min().x), y: one.min().y.min(other.min().y) },
        coord! { x: one.max().x.max(other.max().x), y: one.max().y.max(other.max().y) },
    )
}

fn side_fields() -> Vec<Field> {
    BBOX_SIDES
        .iter()
        .map(|side| Field::new(*side, DataType::Float32, true))
        .collect()
}

/// Boxes rounded outward, a side a column, in the order of `BBOX_SIDES`: xmin, ymin, xmax, ymax.
fn covering_column(boxes: &[Option<Rect<f64>>]) -> StructArray {
    let rounded: Vec<Option<[f32; 4]>> = boxes.iter().map(|place| place.map(round_outward)).collect();
    let sides = (0..BBOX_SIDES.len()).map(|side| {
        let values: Float32Array = rounded
            .iter()
            .map(|place| place.map(|sides| sides[side]))
            .collect();
        Arc::new(values) as ArrayRef
    });
    StructArray::new(side_fields().into(), sides.collect(), None)
}
