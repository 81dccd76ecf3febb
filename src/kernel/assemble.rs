//! Assembles a layer's published rows: core columns, further sets, attributes, `geometry`, `bbox`.
//!
//! Pure. One schema per collection: the columns depend on the plan alone, never on the rows.

use std::sync::Arc;

use arrow_array::builder::BinaryBuilder;
use arrow_array::{ArrayRef, Float32Array, RecordBatch, StringArray, StructArray, new_null_array};
use arrow_schema::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use geo::{BoundingRect, Geometry, Rect};

use super::locate::Located;
use super::normalise::Normalised;
use super::sector::Sectors;
use super::{KernelError, geometry};
use crate::feature::{CORE_COLUMNS, CoreType, FeatureBatch};
use crate::plan::{FieldKind, LayerPlan, LayerSchema};

/// Rows in their published schema, with what packing needs of them.
#[derive(Debug, Clone)]
pub struct Assembled {
    /// Rows.
    pub rows: FeatureBatch,
    /// Exact box of every row, degrees.
    pub boxes: Vec<Rect<f64>>,
}

/// The published schema of a layer.
pub fn layer_schema<'a>(schema: &LayerSchema, further: impl Iterator<Item = &'a str>) -> SchemaRef {
    let attributes = schema.fields.iter().flat_map(|field| {
        let own = (!is_core(&field.name)).then(|| Field::new(&field.name, data_type(&field.kind), true));
        let decoded = field.decoded.as_ref().map(|name| Field::new(name, DataType::Utf8, true));
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
    let core = CORE_COLUMNS.iter().map(|column| Field::new(column.name, core_type(column.kind), true));
    let further = further.map(|id| Field::new(format!("{id}_code"), DataType::Utf8, true));
    let closing = [
        Field::new("geometry", DataType::Binary, false),
        Field::new("bbox", DataType::Struct(bbox_fields()), false),
    ];
    Arc::new(Schema::new(core.chain(further).chain(attributes).chain(closing).collect::<Vec<_>>()))
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
    ["xmin", "ymin", "xmax", "ymax"].iter().map(|name| Field::new(*name, DataType::Float32, false)).collect()
}

/// Puts the columns of the stages together in the order of `schema`.
///
/// # Errors
/// When lengths differ, which would be a mistake of this program.
pub fn assemble(
    layer: &LayerPlan,
    schema: &SchemaRef,
    normalised: &Normalised,
    sectors: &Sectors,
    located: &Located,
    further: &[String],
) -> Result<Assembled, KernelError> {
    let sources = Sources { layer, normalised, sectors, located, further };
    let (geometry, bbox, boxes) = geometry_columns(&normalised.geometries);
    let arrays = schema.fields().iter().map(|field| match field.name().as_str() {
        "geometry" => Arc::clone(&geometry),
        "bbox" => Arc::clone(&bbox),
        _ => sources.column(field),
    });
    let arrays: Vec<ArrayRef> = arrays.collect();
    let rows = RecordBatch::try_new(flowing(schema, &arrays), arrays)
        .map_err(|source| KernelError::Arrow { source })?;
    Ok(Assembled { rows: FeatureBatch(rows), boxes })
}

/// The published schema with the types of the columns as they flow: a text may be a dictionary.
fn flowing(published: &Schema, arrays: &[ArrayRef]) -> SchemaRef {
    let typed = |(field, array): (&FieldRef, &ArrayRef)| match array.data_type() {
        DataType::Dictionary(_, values) if **values == *field.data_type() => {
            Arc::new(field.as_ref().clone().with_data_type(array.data_type().clone()))
        }
        _ => Arc::clone(field),
    };
    Arc::new(Schema::new(published.fields().iter().zip(arrays).map(typed).collect::<Vec<_>>()))
}

struct Sources<'a> {
    layer: &'a LayerPlan,
    normalised: &'a Normalised,
    sectors: &'a Sectors,
    located: &'a Located,
    further: &'a [String],
}

impl Sources<'_> {
    fn column(&self, field: &FieldRef) -> ArrayRef {
        let rows = self.normalised.rows.len();
        let (schema, located, sectors) = (&self.layer.schema, self.located, self.sectors);
        let constant = |text: &str| -> ArrayRef { Arc::new(StringArray::from_iter_values(vec![text; rows])) };
        match field.name().as_str() {
            "facility_id" => Arc::new(self.facility_ids()),
            "layer" => constant(self.layer.id.as_str()),
            "source_agency" => constant(&schema.agency),
            "handling" => constant(&schema.handling),
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
            "tribal_geoid" => Arc::new(located.tribal_geoid.clone()),
            "region_code" => Arc::new(located.region_code.clone()),
            "is_county_mismatch" => Arc::new(located.is_county_mismatch.clone()),
            "location_method" => Arc::new(located.location_method.clone()),
            "location_distance_m" => Arc::new(located.location_distance_m.clone()),
            name => self.further_set(name).or_else(|| self.attribute(name)).unwrap_or_else(|| {
                // A core column that this layer's schema doesn't fill.
                new_null_array(field.data_type(), rows)
            }),
        }
    }

    fn facility_ids(&self) -> StringArray {
        let ids = self.normalised.keys.iter().flatten().map(|key| format!("{}:{key}", self.layer.id));
        StringArray::from_iter_values(ids)
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

/// `geometry`, `bbox` and exact boxes of checked geometries.
///
/// # Panics
/// On an empty geometry, which no checked one is.
pub fn geometry_columns(geometries: &[Geometry<f64>]) -> (ArrayRef, ArrayRef, Vec<Rect<f64>>) {
    let mut wkb = BinaryBuilder::new();
    let mut sides: [Vec<f32>; 4] = std::array::from_fn(|_| Vec::with_capacity(geometries.len()));
    let mut boxes = Vec::with_capacity(geometries.len());
    let mut buffer = Vec::new();
    for geometry in geometries {
        buffer.clear();
        geometry::encode(geometry, &mut buffer);
        wkb.append_value(&buffer);
        let covering = geometry::covering(geometry).expect("a checked geometry has a point");
        for (side, value) in sides.iter_mut().zip(covering) {
            side.push(value);
        }
        boxes.push(geometry.bounding_rect().expect("a checked geometry has a point"));
    }
    let sides = sides.map(|side| Arc::new(Float32Array::from(side)) as ArrayRef);
    let bbox = StructArray::new(bbox_fields(), sides.to_vec(), None);
    (Arc::new(wkb.finish()), Arc::new(bbox), boxes)
}
