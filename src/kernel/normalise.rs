//! Normalise: source text and geometry → typed canonical columns in OGC:CRS84, or rejects.
//!
//! Pure. Every row of the batch ends in exactly one of the two; a value that doesn't fit its
//! field becomes null and is counted, a row that can't be used becomes a reject.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray};
use arrow_schema::{Field as ArrowField, Schema};
use arrow_select::filter::{filter, filter_record_batch};
use geo::Geometry;
use polars::prelude::{DataFrame, PolarsResult};

use super::flags::{self, ValueColumns};
use super::{KernelError, fields, frame, shapes};
use crate::feature::{Defect, FieldCounts, Origin, RawBatch, Reject, RejectReason, Reproject, RowFlag};
use crate::plan::{Field, LayerSchema, State};

/// Rows that can be used, and those that can't.
#[derive(Debug)]
pub struct Normalised {
    /// Canonical columns: every schema field in order, each followed by its decoded column.
    pub columns: RecordBatch,
    /// Key of every row, unique within the batch only.
    pub keys: StringArray,
    /// Geometry of every row, in OGC:CRS84 degrees.
    pub geometries: Vec<Geometry<f64>>,
    /// Row in the source of every row.
    pub rows: Vec<u64>,
    /// Rows that can't be used.
    pub rejects: Vec<Reject>,
    /// Values turned to null, per field with any.
    pub fields: BTreeMap<String, FieldCounts>,
    /// What is doubtful about the rows, by their index here.
    pub flags: Vec<RowFlag>,
}

/// Applies a schema to a batch.
///
/// # Errors
/// When the batch lacks a required field (naming those it has), or Polars fails.
pub fn normalise(
    raw: &RawBatch,
    schema: &LayerSchema,
    states: &[State],
    reproject: Option<&dyn Reproject>,
) -> Result<Normalised, KernelError> {
    let sources = sources(raw, schema)?;
    let typed = typed(raw, schema, &sources, states).map_err(|source| KernelError::Frame { source })?;
    let keys = keys(&typed, schema);
    let mut bad: BTreeMap<usize, Defect> = BTreeMap::new();
    note(&mut bad, raw.defects.iter().cloned());
    note(&mut bad, without_key(&keys, &typed, schema, &sources));
    let geometries = usable_geometries(raw, schema, reproject, &mut bad);
    let all = Normalised {
        columns: published(&typed, schema)?,
        keys,
        geometries: geometries.into_iter().map(or_nowhere).collect(),
        rows: raw.rows.values().to_vec(),
        rejects: vec![],
        fields: counts(&typed, schema, &bad),
        flags: flags::values(&ValueColumns { raw, sources: &sources, typed: &typed }, schema),
    };
    let good: Vec<bool> = (0..raw.len()).map(|row| !bad.contains_key(&row)).collect();
    let mut kept = all.keep(&good, bad.values().map(|defect| reject(raw, defect)).collect())?;
    kept.flags.extend(flags::names(&kept.columns));
    kept.flags.extend(flags::contradictions(&kept.columns, &kept.geometries, states));
    Ok(kept)
}

/// A row with a defect may have no geometry: one without a point keeps its place until the row goes.
fn or_nowhere(geometry: Option<Geometry<f64>>) -> Geometry<f64> {
    geometry.unwrap_or_else(|| Geometry::Point(geo::Point::new(f64::NAN, f64::NAN)))
}

/// First defect of a row stands.
fn note(bad: &mut BTreeMap<usize, Defect>, defects: impl Iterator<Item = Defect>) {
    for defect in defects {
        bad.entry(defect.index).or_insert(defect);
    }
}

/// Source columns of every schema field: exact names first, then without case, in alias order.
fn sources(raw: &RawBatch, schema: &LayerSchema) -> Result<Vec<Vec<String>>, KernelError> {
    let sources: Vec<Vec<String>> = schema.fields.iter().map(|field| present(raw, field)).collect();
    let absent = |(field, from): &(&Field, &Vec<String>)| field.required && from.is_empty();
    match schema.fields.iter().zip(&sources).find(absent) {
        // A batch of nothing but unreadable records says nothing about its columns.
        Some((field, _)) if raw.defects.len() < raw.len() => Err(KernelError::MissingField {
            shown: raw.source.to_string(),
            field: field.name.clone(),
            wanted: field.from.clone(),
            found: raw.columns.iter().map(|(name, _)| name.clone()).collect(),
        }),
        _ => Ok(sources),
    }
}

fn present(raw: &RawBatch, field: &Field) -> Vec<String> {
    let named = |alias: &String| {
        let exact = raw.columns.iter().find(|(name, _)| name == alias);
        let folded = || raw.columns.iter().find(|(name, _)| name.eq_ignore_ascii_case(alias));
        exact.or_else(folded).map(|(name, _)| name.clone())
    };
    let mut seen = HashSet::new();
    field.from.iter().filter_map(named).filter(|name| seen.insert(name.clone())).collect()
}

/// Names of the schema's fields that a batch doesn't have.
pub fn missing(raw: &RawBatch, schema: &LayerSchema) -> Vec<String> {
    schema
        .fields
        .iter()
        .filter(|field| present(raw, field).is_empty())
        .map(|field| field.name.clone())
        .collect()
}

/// The frame of `raw:`, `text:`, typed and decoded columns, in Arrow, source columns left behind.
fn typed(
    raw: &RawBatch,
    schema: &LayerSchema,
    sources: &[Vec<String>],
    states: &[State],
) -> PolarsResult<BTreeMap<String, ArrayRef>> {
    let used: HashSet<&String> = sources.iter().flatten().collect();
    // Source names get a prefix: a source column may be called like a canonical one.
    let renamed: Vec<Vec<String>> =
        sources.iter().map(|from| from.iter().map(|name| format!("source:{name}")).collect()).collect();
    let mut columns: Vec<_> = raw
        .columns
        .iter()
        .filter(|(name, _)| used.contains(name))
        .map(|(name, values)| frame::to_polars(&format!("source:{name}"), values))
        .collect();
    columns.push(frame::to_polars("source:", &StringArray::new_null(raw.len())));
    let frame = DataFrame::new(raw.len(), columns)?;
    let typed = fields::typed(frame, &schema.fields, &renamed, states).collect()?;
    let wanted = typed.columns().iter().filter(|column| !column.name().starts_with("source:"));
    wanted.map(|column| Ok((column.name().to_string(), frame::to_arrow(column)?))).collect()
}

/// Key of every row: the key fields as text, joined with `/`; null where one is null.
///
/// In a key of several fields, `/` and `%` within a value are percent-encoded, so that no two keys meet.
fn keys(typed: &BTreeMap<String, ArrayRef>, schema: &LayerSchema) -> StringArray {
    let parts: Vec<Vec<Option<String>>> = schema.key.iter().map(|name| key_part(typed, name)).collect();
    let rows = parts.first().map_or(0, Vec::len);
    let key = |row: usize| -> Option<String> {
        let encoded = |value: &str| value.replace('%', "%25").replace('/', "%2F");
        match parts.as_slice() {
            [only] => only[row].clone(),
            several => {
                let values: Option<Vec<String>> =
                    several.iter().map(|part| part[row].as_deref().map(encoded)).collect();
                Some(values?.join("/"))
            }
        }
    };
    (0..rows).map(key).collect()
}

/// A key field as text: integers as they are written canonically, anything else as in the source.
fn key_part(typed: &BTreeMap<String, ArrayRef>, name: &str) -> Vec<Option<String>> {
    if let Some(numbers) = typed[name].as_any().downcast_ref::<Int64Array>() {
        return numbers.iter().map(|number| Some(number?.to_string())).collect();
    }
    let texts = [typed[name].as_any(), typed[&format!("text:{name}")].as_any()];
    let text = texts.iter().find_map(|array| array.downcast_ref::<StringArray>());
    text.map_or_else(Vec::new, |text| text.iter().map(|value| value.map(str::to_owned)).collect())
}

fn without_key(
    keys: &StringArray,
    typed: &BTreeMap<String, ArrayRef>,
    schema: &LayerSchema,
    sources: &[Vec<String>],
) -> impl Iterator<Item = Defect> {
    let field = schema.fields.iter().zip(sources).find(|(field, _)| field.name == schema.key[0]);
    let name = field.and_then(|(_, from)| from.first().cloned()).unwrap_or_else(|| schema.key[0].clone());
    let raw = field.and_then(|(field, _)| typed.get(&fields::raw_name(field)).cloned());
    (0..keys.len()).filter(|row| keys.is_null(*row)).map(move |index| {
        let value = raw.as_ref().and_then(|raw| raw.as_any().downcast_ref::<StringArray>());
        let value = value.filter(|raw| raw.is_valid(index)).map_or("", |raw| raw.value(index));
        Defect { index, field: name.clone(), value: shortened(value), reason: RejectReason::NoKey }
    })
}

/// Longest value quoted in a reject, characters.
const QUOTED: usize = 200;

/// A value short enough to quote.
pub fn shortened(value: &str) -> String {
    if value.chars().count() <= QUOTED {
        return value.to_owned();
    }
    value.chars().take(QUOTED - 1).chain(['…']).collect()
}

/// Decodes, transforms and checks; notes the rows whose geometry can't stand in a tile.
fn usable_geometries(
    raw: &RawBatch,
    schema: &LayerSchema,
    reproject: Option<&dyn Reproject>,
    bad: &mut BTreeMap<usize, Defect>,
) -> Vec<Option<Geometry<f64>>> {
    let (geometries, defects) = shapes::prepare(&raw.geometry, schema.geometry, reproject);
    note(bad, defects.into_iter());
    geometries
}

/// Columns to publish, in schema order, each with its decoded companion.
fn published(typed: &BTreeMap<String, ArrayRef>, schema: &LayerSchema) -> Result<RecordBatch, KernelError> {
    let names = schema.fields.iter().flat_map(|field| [Some(&field.name), field.decoded.as_ref()]).flatten();
    let (fields, arrays): (Vec<ArrowField>, Vec<ArrayRef>) = names
        .map(|name| (ArrowField::new(name, typed[name].data_type().clone(), true), Arc::clone(&typed[name])))
        .unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
        .map_err(|source| KernelError::Arrow { source })
}

/// Nulls per step tell what was lost: sentinels between raw and text, values between text and typed.
///
/// Rows with a defect don't count: the columns of a malformed record may be anything.
fn counts(
    typed: &BTreeMap<String, ArrayRef>,
    schema: &LayerSchema,
    bad: &BTreeMap<usize, Defect>,
) -> BTreeMap<String, FieldCounts> {
    let nulls = |name: &str| {
        let column = &typed[name];
        (column.null_count() - bad.keys().filter(|row| column.is_null(**row)).count()) as u64
    };
    let of = |field: &Field| {
        let (raw, text) = (nulls(&fields::raw_name(field)), nulls(&fields::text_name(field)));
        let value = nulls(&field.name);
        let decoded = field.decoded.as_deref().map_or(value, nulls);
        FieldCounts { sentinel: text - raw, unparsed: value - text, unknown_code: decoded - value }
    };
    let counted = schema.fields.iter().map(|field| (field.name.clone(), of(field)));
    counted.filter(|(_, counts)| *counts != FieldCounts::default()).collect()
}

impl Normalised {
    /// The rows marked in `kept`; `rejects` tells of the others.
    ///
    /// # Errors
    /// When Arrow can't filter, which would be a mistake of this program.
    ///
    /// # Panics
    /// Never: filtering keeps a column's type.
    pub fn keep(mut self, kept: &[bool], rejects: Vec<Reject>) -> Result<Self, KernelError> {
        let mask = BooleanArray::from(kept.to_vec());
        let arrow = |source| KernelError::Arrow { source };
        let keys = filter(&self.keys, &mask).map_err(arrow)?;
        self.keys = keys.as_any().downcast_ref::<StringArray>().expect("filter keeps the type").clone();
        self.columns = filter_record_batch(&self.columns, &mask).map_err(arrow)?;
        let mut marks = kept.iter();
        self.geometries.retain(|_| marks.next().copied().unwrap_or(false));
        let mut marks = kept.iter();
        self.rows.retain(|_| marks.next().copied().unwrap_or(false));
        self.flags = moved(self.flags, kept);
        self.rejects.extend(rejects);
        Ok(self)
    }
}

/// Flags of the rows marked in `kept`, by their new indexes.
pub(super) fn moved(flags: Vec<RowFlag>, kept: &[bool]) -> Vec<RowFlag> {
    if flags.is_empty() || kept.iter().all(|kept| *kept) {
        return flags;
    }
    let mut next = 0..;
    let places: Vec<Option<usize>> = kept.iter().map(|kept| if *kept { next.next() } else { None }).collect();
    let place = |flag: RowFlag| places[flag.index].map(|index| RowFlag { index, ..flag });
    flags.into_iter().filter_map(place).collect()
}

fn reject(raw: &RawBatch, defect: &Defect) -> Reject {
    Reject {
        origin: Origin { source: Arc::clone(&raw.source), row: raw.rows.value(defect.index) },
        field: defect.field.clone(),
        value: shortened(&defect.value),
        reason: defect.reason,
    }
}
