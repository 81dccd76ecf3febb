//! Assembles a layer's rows, in two steps: what differs from row to row flows and is packed; what is the same in every
//! row, or follows from the geometry, joins it when a tile is made.
//!
//! Pure. One schema per collection: the columns depend on the plan alone, never on the rows. Codes are dictionaries
//! in both steps; the published schema tells of the text that they stand for.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, BinaryArray, Float32Array, Int32Array, RecordBatch, StringArray, StructArray,
    new_null_array,
};
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema, SchemaRef};
use geo::{BoundingRect, Coord, Geometry, Point, Rect};

use super::claims::Claims;
use super::locate::Located;
use super::normalise::Normalised;
use super::sector::Sectors;
use super::{CodedArray, KernelError, geometry};
use crate::feature::{CORE_COLUMNS, CoreType, FeatureBatch};
use crate::plan::{FieldKind, LayerPlan, LayerSchema};

/// Rows as they flow from locate to pack: the columns that differ from row to row, in published order.
#[derive(Debug, Clone)]
pub struct StageRows {
    /// Columns, `geometry` among them; a column of codes is a dictionary.
    pub rows: RecordBatch,
    /// Longitude and latitude of the centre of every row's box.
    pub centres: Vec<[f64; 2]>,
    /// The point that stands for every row, where that is not its centre.
    pub points: Option<Vec<[f64; 2]>>,
}

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

/// The published schema of a layer.
pub fn layer_schema<'a>(schema: &LayerSchema, further: impl Iterator<Item = &'a str>) -> SchemaRef {
    let attributes = schema.fields.iter().flat_map(|field| {
        let own = (!is_core(&field.name)).then(|| Field::new(&field.name, data_type(&field.kind), true));
        let decoded = field
            .decoded
            .as_ref()
            .map(|name| Field::new(name, DataType::Utf8, true));
        [own, decoded].into_iter().flatten()
    });
    published_schema(further, attributes)
}

/// The published schema of the inventory `facilities`.
pub fn inventory_schema<'a>(further: impl Iterator<Item = &'a str>) -> SchemaRef {
    published_schema(further, std::iter::empty())
}

fn published_schema<'a>(
    further: impl Iterator<Item = &'a str>,
    attributes: impl Iterator<Item = Field>,
) -> SchemaRef {
    let core = CORE_COLUMNS
        .iter()
        .map(|column| Field::new(column.name, core_type(column.kind), true));
    let further = further.map(|id| Field::new(format!("{id}_code"), DataType::Utf8, true));
    let closing = [
        Field::new("geometry", DataType::Binary, false),
        Field::new("bbox", DataType::Struct(bbox_fields()), false),
    ];
    Arc::new(Schema::new(
        core.chain(further)
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

fn bbox_fields() -> Fields {
    ["xmin", "ymin", "xmax", "ymax"]
        .iter()
        .map(|name| Field::new(*name, DataType::Float32, false))
        .collect()
}

/// What the stages have found out about a batch.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
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
    /// Ids of the further polygon sets, in pipeline order.
    pub further: &'a [String],
    /// The point that stands for every row.
    pub points: &'a [Point<f64>],
}

/// Puts together the columns that differ from row to row, in the order of the published `schema`.
///
/// # Errors
/// When lengths differ, which would be a mistake of this program.
pub fn stage(schema: &Schema, sources: &Sources<'_>) -> Result<StageRows, KernelError> {
    let geometries = &sources.normalised.geometries;
    let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
    for field in schema.fields() {
        let name = field.name().as_str();
        if name == "geometry" {
            columns.push((name, Arc::new(encoded(geometries))));
        } else if let Some(column) = sources.column(name) {
            columns.push((name, column));
        }
    }
    let centres: Vec<[f64; 2]> = geometries.iter().map(centre).collect();
    let points: Vec<[f64; 2]> = sources
        .points
        .iter()
        .map(|point| [point.x(), point.y()])
        .collect();
    Ok(StageRows {
        rows: batch(columns)?,
        points: (points != centres).then_some(points),
        centres,
    })
}

/// Named columns as rows, each with the type it has.
fn batch(columns: Vec<(&str, ArrayRef)>) -> Result<RecordBatch, KernelError> {
    let field = |(name, column): &(&str, ArrayRef)| {
        Field::new(
            *name,
            column.data_type().clone(),
            !matches!(*name, "geometry" | "bbox"),
        )
    };
    let fields: Vec<Field> = columns.iter().map(field).collect();
    let arrays = columns.into_iter().map(|(_, column)| column).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
        .map_err(|source| KernelError::Arrow { source })
}

fn centre(geometry: &Geometry<f64>) -> [f64; 2] {
    // Adding zero makes −0 and 0 the same place.
    let of = |middle: Coord<f64>| [middle.x + 0.0, middle.y + 0.0];
    match geometry {
        Geometry::Point(point) => of(point.0),
        other => of(other
            .bounding_rect()
            .expect("a checked geometry has a point")
            .center()),
    }
}

impl Sources<'_> {
    /// A column that differs from row to row; none where it is the same in every row of the layer.
    fn column(&self, name: &str) -> Option<ArrayRef> {
        let (located, sectors) = (self.located, self.sectors);
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
            name => return self.further_set(name).or_else(|| self.attribute(name)),
        })
    }

    fn facility_ids(&self) -> StringArray {
        let keys = &self.normalised.keys;
        let prefix = format!("{}:", self.layer.id);
        let bytes = keys.value_data().len() + keys.len() * prefix.len();
        let mut ids = StringBuilder::with_capacity(keys.len(), bytes);
        let mut id = prefix.clone();
        for key in keys.iter().flatten() {
            id.truncate(prefix.len());
            id.push_str(key);
            ids.append_value(&id);
        }
        ids.finish()
    }

    fn further_set(&self, name: &str) -> Option<ArrayRef> {
        let id = name.strip_suffix("_code")?;
        let at = self.further.iter().position(|further| further == id)?;
        Some(Arc::new(self.located.further[at].clone()))
    }

    fn attribute(&self, name: &str) -> Option<ArrayRef> {
        self.normalised.columns.column_by_name(name).map(Arc::clone)
    }
}

/// Gives rows all columns of the published `schema`: those that are the same in every row of a layer, and the
/// box that follows from the geometry.
///
/// # Errors
/// When a geometry is not as `stage` has encoded it, or columns don't fit together: mistakes of this program.
pub fn publish(staged: &RecordBatch, schema: &Schema, layer: &LayerPlan) -> Result<Published, KernelError> {
    let geometry = staged
        .column_by_name("geometry")
        .and_then(|column| column.as_binary_opt::<i32>());
    let geometry = geometry.ok_or(KernelError::Geometry)?;
    let boxes = boxes(geometry)?;
    let columns = schema.fields().iter().map(|field| {
        let column = if field.name() == "bbox" {
            coverings(&boxes)
        } else {
            published(staged, field, layer)
        };
        (field.name().as_str(), column)
    });
    Ok(Published {
        rows: FeatureBatch(batch(columns.collect())?),
        extent: extent(&boxes),
        geometry_types: geometry.iter().flatten().map(geometry::type_of).collect(),
    })
}

/// Named columns of rows as they are published, but for the box.
///
/// # Errors
/// When a column is not published or they don't fit together: mistakes of this program.
pub fn columns(
    staged: &RecordBatch,
    schema: &Schema,
    layer: &LayerPlan,
    names: &[&str],
) -> Result<RecordBatch, KernelError> {
    let column = |name: &&str| -> Result<(Field, ArrayRef), ArrowError> {
        let field = schema.field_with_name(name)?;
        Ok((field.clone(), published(staged, field, layer)))
    };
    let columns: Result<Vec<(Field, ArrayRef)>, ArrowError> = names.iter().map(column).collect();
    let columns = columns.map_err(|source| KernelError::Arrow { source })?;
    batch(
        columns
            .iter()
            .map(|(field, column)| (field.name().as_str(), Arc::clone(column)))
            .collect(),
    )
}

/// A column as it is published; one that the layer's schema doesn't fill is null.
fn published(staged: &RecordBatch, field: &Field, layer: &LayerPlan) -> ArrayRef {
    let rows = staged.num_rows();
    let own = || staged.column_by_name(field.name()).map(Arc::clone);
    let same = || constant(field.name(), layer).map(|text| every_row(text, rows));
    own()
        .or_else(same)
        .unwrap_or_else(|| new_null_array(field.data_type(), rows))
}

/// The text that a column has in every row of a layer.
fn constant<'a>(name: &str, layer: &'a LayerPlan) -> Option<&'a str> {
    match name {
        "layer" => Some(layer.id.as_str()),
        "source_agency" => Some(&layer.schema.agency),
        "handling" => Some(&layer.schema.handling),
        _ => None,
    }
}

fn every_row(text: &str, rows: usize) -> ArrayRef {
    let values = Arc::new(StringArray::from_iter_values([text]));
    let keys = Int32Array::from(vec![0; rows]);
    Arc::new(CodedArray::try_new(keys, values).expect("every key is that of the only value"))
}

fn boxes(geometry: &BinaryArray) -> Result<Vec<Rect<f64>>, KernelError> {
    let bounds = |wkb: Option<&[u8]>| wkb.and_then(geometry::bounds).ok_or(KernelError::Geometry);
    geometry.iter().map(bounds).collect()
}

fn encoded(geometries: &[Geometry<f64>]) -> BinaryArray {
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

/// `bbox` of rows with these boxes, rounded outward.
fn coverings(boxes: &[Rect<f64>]) -> ArrayRef {
    let mut sides: [Vec<f32>; 4] = std::array::from_fn(|_| Vec::with_capacity(boxes.len()));
    for rect in boxes {
        for (side, value) in sides.iter_mut().zip(geometry::outward(*rect)) {
            side.push(value);
        }
    }
    let sides = sides.map(|side| Arc::new(Float32Array::from(side)) as ArrayRef);
    Arc::new(StructArray::new(bbox_fields(), sides.to_vec(), None))
}

/// The box around all boxes.
pub fn extent(boxes: &[Rect<f64>]) -> Rect<f64> {
    let all = boxes.iter().copied().reduce(around);
    all.unwrap_or_else(|| Rect::new((0.0, 0.0), (0.0, 0.0)))
}

/// The box around two.
pub fn around(one: Rect<f64>, other: Rect<f64>) -> Rect<f64> {
    let (low, high) = (one.min(), one.max());
    Rect::new(
        Coord {
            x: low.x.min(other.min().x),
            y: low.y.min(other.min().y),
        },
        Coord {
            x: high.x.max(other.max().x),
            y: high.y.max(other.max().y),
        },
    )
}
