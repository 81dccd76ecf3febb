//! Normalise: source columns and geometry → typed canonical columns in OGC:CRS84, or rejects.
//!
//! Pure, and of one batch: several may be normalised at once. Every row of the batch ends in exactly one of the two; a
//! value that doesn't fit its field becomes null and is counted, a row that can't be used becomes a reject.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, StringArray};
use arrow_schema::{DataType, Field as ArrowField, Schema};
use arrow_select::filter::{filter, filter_record_batch};
use geo::Geometry;

use super::again::Again;
use super::fields::{self, Steps};
use super::mangled::MangledDates;
use super::map::key_number;
use super::{KernelError, flags, shapes};
use crate::feature::{
    Defect, FieldCounts, Origin, RawBatch, Reject, RejectReason, Repairs, Reproject, RowFlag, spelling,
};
use crate::plan::{Field, FieldKind, FieldValues, LayerSchema, State};

/// Rows that can be used, and those that can't.
#[derive(Debug)]
pub struct Normalised {
    /// Canonical columns: every schema field in order, each followed by its decoded column.
    pub columns: RecordBatch,
    /// Key of every row; several may have one, also within the batch.
    pub keys: StringArray,
    /// Geometry of every row, in OGC:CRS84 degrees.
    pub geometries: Vec<Geometry<f64>>,
    /// Row in the source of every row.
    pub rows: Vec<u64>,
    /// Rows that can't be used.
    pub rejects: Vec<Reject>,
    /// Values there are and values turned to null, per field.
    pub fields: BTreeMap<String, FieldCounts>,
    /// Dates in scientific notation, per field that has any.
    pub mangled: BTreeMap<String, MangledDates>,
    /// What is doubtful about the rows, by their index here.
    pub flags: Vec<RowFlag>,
    /// What was left out of geometries or straightened.
    pub repairs: Repairs,
}

/// Applies a schema to a batch.
///
/// # Errors
/// When the batch lacks a required field (naming those it has), or Polars fails.
pub fn normalise(
    raw: &RawBatch,
    schema: &LayerSchema,
    states: &[State],
    again: &Again,
    reproject: Option<&dyn Reproject>,
) -> Result<Normalised, KernelError> {
    let sources = sources(raw, schema)?;
    let steps = steps(raw, schema, &sources, states, &again.recovered)?;
    let keys = told_apart(keys(&steps, &schema.key, schema), &steps, schema, &again.repeated);
    let mut bad: BTreeMap<usize, Defect> = BTreeMap::new();
    note(&mut bad, raw.defects.iter().cloned());
    note(&mut bad, excluded(&steps, schema));
    note(&mut bad, without_key(&keys, &steps, schema, &sources));
    let prepared = shapes::prepare(&raw.geometry, &raw.crs, schema.geometry, reproject);
    note(&mut bad, prepared.defects.into_iter());
    let mut repairs = prepared.repairs;
    let used = raw
        .columns
        .iter()
        .filter(|(name, _)| sources.iter().flatten().any(|source| source == name));
    repairs.not_numbers += used
        .map(|(_, column)| fields::not_numbers(column) as u64)
        .sum::<u64>();
    let mut doubts = flags::values(raw, schema, &sources, &steps, &again.recovered);
    doubts.extend(prepared.zeros);
    let all = Normalised {
        columns: published(&steps, schema, raw.len())?,
        keys,
        geometries: prepared.shapes.into_iter().map(or_nowhere).collect(),
        rows: raw.rows.values().to_vec(),
        rejects: vec![],
        fields: counts(&steps, schema, &bad),
        mangled: mangled_dates(&steps, schema),
        flags: doubts,
        repairs,
    };
    let good: Vec<bool> = (0..raw.len()).map(|row| !bad.contains_key(&row)).collect();
    let mut kept = all.keep(&good, bad.values().map(|defect| reject(raw, defect)).collect())?;
    kept.flags.extend(flags::placeholders(&kept.columns));
    kept.flags
        .extend(flags::contradictions(&kept.columns, &kept.geometries, states));
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
        let folded = || {
            raw.columns
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(alias))
        };
        exact.or_else(folded).map(|(name, _)| name.clone())
    };
    let mut seen = HashSet::new();
    field
        .from
        .iter()
        .filter_map(named)
        .filter(|name| seen.insert(name.clone()))
        .collect()
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

/// The steps of every schema field.
fn steps(
    raw: &RawBatch,
    schema: &LayerSchema,
    sources: &[Vec<String>],
    states: &[State],
    recovered: &BTreeMap<String, usize>,
) -> Result<Vec<Steps>, KernelError> {
    let used: HashSet<&String> = sources.iter().flatten().collect();
    let repaired: HashMap<&str, ArrayRef> = raw
        .columns
        .iter()
        .filter(|(name, _)| used.contains(name))
        .map(|(name, column)| (name.as_str(), fields::repaired(column)))
        .collect();
    let of = |(field, from): (&Field, &Vec<String>)| {
        let columns = from
            .iter()
            .filter_map(|name| repaired.get(name.as_str()).cloned())
            .collect();
        fields::steps(
            field,
            columns,
            raw.len(),
            states,
            recovered.get(&field.name).copied(),
        )
    };
    schema.fields.iter().zip(sources).map(of).collect()
}

/// Key of every row: the key fields as text, joined with `/`; null where one is null.
///
/// In a key of several fields, `/` and `%` within a value are percent-encoded, so that no two keys meet.
fn keys(steps: &[Steps], names: &[String], schema: &LayerSchema) -> StringArray {
    let place = |name: &String| schema.fields.iter().position(|field| field.name == *name);
    let parts: Vec<StringArray> = names
        .iter()
        .filter_map(place)
        .map(|at| key_part(&steps[at]))
        .collect();
    let key = |row: usize| -> Option<String> {
        let part = |part: &StringArray| part.is_valid(row).then(|| encoded(part.value(row)));
        Some(parts.iter().map(part).collect::<Option<Vec<_>>>()?.join("/"))
    };
    match parts.as_slice() {
        [only] => only.clone(),
        several => (0..several.first().map_or(0, StringArray::len))
            .map(key)
            .collect(),
    }
}

/// A part of a key, such that parts never run together.
fn encoded(value: &str) -> String {
    value.replace('%', "%25").replace('/', "%2F")
}

/// The keys, those that repeat with the fields behind them that tell their rows apart; where these are null, as they are.
fn told_apart(
    keys: StringArray,
    steps: &[Steps],
    schema: &LayerSchema,
    repeated: &HashMap<u128, u64>,
) -> StringArray {
    if repeated.is_empty() || schema.key_repeated.is_empty() {
        return keys;
    }
    let further = self::keys(steps, &schema.key_repeated, schema);
    let key = |(key, further): (Option<&str>, Option<&str>)| {
        let key = key?;
        let further = further.filter(|_| repeated.contains_key(&key_number(key)));
        let whole = |further: &str| match (schema.key.len(), schema.key_repeated.len()) {
            (1, 1) => format!("{}/{}", encoded(key), encoded(further)),
            (1, _) => format!("{}/{further}", encoded(key)),
            (_, 1) => format!("{key}/{}", encoded(further)),
            (_, _) => format!("{key}/{further}"),
        };
        Some(further.map_or_else(|| key.to_owned(), whole))
    };
    keys.iter().zip(&further).map(key).collect()
}

/// A key field as text: integers as they are written canonically, anything else as in the source.
fn key_part(steps: &Steps) -> StringArray {
    let is_canonical = matches!(steps.value.data_type(), DataType::Int64 | DataType::Utf8);
    spelling::texts(if is_canonical { &steps.value } else { &steps.known })
}

/// Rows that the schema says are no facilities.
fn excluded(steps: &[Steps], schema: &LayerSchema) -> impl Iterator<Item = Defect> {
    let texts_of = |values: &FieldValues| {
        let at = schema
            .fields
            .iter()
            .position(|field| field.name == values.field)?;
        Some(spelling::texts(&steps[at].value))
    };
    schema
        .excludes
        .iter()
        .filter_map(move |values| Some((values, texts_of(values)?)))
        .flat_map(|(values, texts)| {
            let is_excluded = |row: &usize| texts.is_valid(*row) && values.are(texts.value(*row));
            let rows: Vec<usize> = (0..texts.len()).filter(is_excluded).collect();
            let defect = move |index: usize| Defect {
                index,
                field: values.field.clone(),
                value: shortened(texts.value(index)),
                reason: RejectReason::Excluded,
            };
            rows.into_iter().map(defect).collect::<Vec<_>>()
        })
}

fn without_key(
    keys: &StringArray,
    steps: &[Steps],
    schema: &LayerSchema,
    sources: &[Vec<String>],
) -> impl Iterator<Item = Defect> {
    let at = schema.fields.iter().position(|field| field.name == schema.key[0]);
    let name = at
        .and_then(|at| sources[at].first().cloned())
        .unwrap_or_else(|| schema.key[0].clone());
    let raw = at.map(|at| Arc::clone(&steps[at].raw));
    (0..keys.len())
        .filter(|row| keys.is_null(*row))
        .map(move |index| {
            let value = raw
                .as_ref()
                .and_then(|raw| spelling::text(raw, index))
                .unwrap_or_default();
            Defect {
                index,
                field: name.clone(),
                value: shortened(&value),
                reason: RejectReason::NoKey,
            }
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

/// Columns to publish, in schema order, each with its decoded companion.
fn published(steps: &[Steps], schema: &LayerSchema, rows: usize) -> Result<RecordBatch, KernelError> {
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    for (field, steps) in schema.fields.iter().zip(steps) {
        let named = [
            (Some(&field.name), Some(&steps.value)),
            (field.decoded.as_ref(), steps.decoded.as_ref()),
        ];
        for (name, column) in named.into_iter().filter_map(|(name, column)| name.zip(column)) {
            fields.push(ArrowField::new(name, column.data_type().clone(), true));
            columns.push(Arc::clone(column));
        }
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
        .map_err(|source| KernelError::Arrow { source })
}

/// Nulls per step tell what was lost: sentinels between raw and known, values between known and typed.
///
/// Rows with a defect don't count: the columns of a malformed record may be anything.
fn counts(
    steps: &[Steps],
    schema: &LayerSchema,
    bad: &BTreeMap<usize, Defect>,
) -> BTreeMap<String, FieldCounts> {
    let nulls = |column: &ArrayRef| {
        (column.null_count() - bad.keys().filter(|row| column.is_null(**row)).count()) as u64
    };
    let of = |steps: &Steps| {
        let (raw, known, value) = (nulls(&steps.raw), nulls(&steps.known), nulls(&steps.value));
        let decoded = steps.decoded.as_ref().map_or(value, nulls);
        let values = (steps.value.len() - bad.len()) as u64 - value;
        FieldCounts {
            sentinel: known - raw,
            unparsed: value - known,
            unknown_code: decoded - value,
            values,
        }
    };
    schema
        .fields
        .iter()
        .zip(steps)
        .map(|(field, steps)| (field.name.clone(), of(steps)))
        .collect()
}

/// The dates that lost their digits, of every field that has some: whatever became of their rows.
fn mangled_dates(steps: &[Steps], schema: &LayerSchema) -> BTreeMap<String, MangledDates> {
    let fields = schema.fields.iter().zip(steps);
    let dates = fields.filter(|(field, _)| matches!(field.kind, FieldKind::Date { .. }));
    let of = |(field, steps): (&Field, &Steps)| {
        let lost = steps.value.null_count() > steps.known.null_count();
        let dates = lost.then(|| MangledDates::among(&steps.known, &steps.value))?;
        Some((field.name.clone(), dates)).filter(|(_, dates)| dates.len() > 0)
    };
    dates.filter_map(of).collect()
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
        self.rejects.extend(rejects);
        if kept.iter().all(|kept| *kept) {
            return Ok(self);
        }
        let mask = BooleanArray::from(kept.to_vec());
        let arrow = |source| KernelError::Arrow { source };
        let keys = filter(&self.keys, &mask).map_err(arrow)?;
        self.keys = keys
            .as_any()
            .downcast_ref::<StringArray>()
            .expect("filter keeps the type")
            .clone();
        self.columns = filter_record_batch(&self.columns, &mask).map_err(arrow)?;
        let mut marks = kept.iter();
        self.geometries.retain(|_| marks.next().copied().unwrap_or(false));
        let mut marks = kept.iter();
        self.rows.retain(|_| marks.next().copied().unwrap_or(false));
        self.flags = moved(self.flags, kept);
        Ok(self)
    }
}

/// Flags of the rows marked in `kept`, by their new indexes.
pub(super) fn moved(flags: Vec<RowFlag>, kept: &[bool]) -> Vec<RowFlag> {
    if flags.is_empty() || kept.iter().all(|kept| *kept) {
        return flags;
    }
    let mut next = 0..;
    let places: Vec<Option<usize>> = kept
        .iter()
        .map(|kept| if *kept { next.next() } else { None })
        .collect();
    let place = |flag: RowFlag| places[flag.index].map(|index| RowFlag { index, ..flag });
    flags.into_iter().filter_map(place).collect()
}

fn reject(raw: &RawBatch, defect: &Defect) -> Reject {
    Reject {
        origin: Origin {
            source: Arc::clone(&raw.source),
            row: raw.rows.value(defect.index),
        },
        field: defect.field.clone(),
        value: shortened(&defect.value),
        reason: defect.reason,
    }
}
