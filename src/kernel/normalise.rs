//! Normalise: source columns and geometry → typed canonical columns in OGC:CRS84, or rejects.
//!
//! Pure, and of one batch: several may be normalised at once. Every row of the batch ends in exactly one of the two; a
//! value that doesn't fit its field becomes null and is counted, a row that can't be used becomes a reject.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, RecordBatchOptions, StringArray};
use arrow_schema::{Field as ArrowField, Schema};
use arrow_select::filter::filter;
use geo::Geometry;

use super::again::SecondReading;
use super::attributes::Attributes;
use super::fields::{self, Steps};
use super::mangled::MangledDates;
use super::quote::shortened;
use super::{KernelError, flags, keys, shapes};
use crate::feature::{
    Defect, FieldCounts, Origin, RawBatch, Reject, RejectReason, Repairs, Reproject, RowFlag, spelling,
};
use crate::plan::{Field, FieldKind, FieldValues, LayerSchema, State};

/// Rows that can be used, and those that can't.
#[derive(Debug)]
pub struct Normalised {
    /// Canonical columns.
    pub columns: Attributes,
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
    again: &SecondReading,
    reproject: Option<&dyn Reproject>,
) -> Result<Normalised, KernelError> {
    let sources = source_columns(raw, schema)?;
    let steps = field_steps(raw, schema, &sources, states, &again.recovered)?;
    let keys = keys::build_keys(&steps, &schema.key, schema);
    let keys = keys::tell_apart(keys, &steps, schema, &again.repeated);
    // A row may be bad in several ways, and is told of one: what reading found comes first, since the other columns of such
    // a record may be anything; then that it is no facility at all, which is no fault of the source.
    let mut bad: BTreeMap<usize, Defect> = BTreeMap::new();
    note_defects(&mut bad, raw.defects.iter().cloned());
    note_defects(&mut bad, excluded_rows(&steps, schema));
    note_defects(&mut bad, keys::rows_without_key(&keys, &steps, schema, &sources));
    let prepared = shapes::prepare(&raw.geometry, &raw.crs, schema.geometry, reproject);
    note_defects(&mut bad, prepared.defects.into_iter());
    let mut repairs = prepared.repairs;
    // Of columns that a field is read from alone: what nobody reads is nobody's loss.
    let used = raw
        .columns
        .iter()
        .filter(|(name, _)| sources.iter().flatten().any(|source| source == name));
    repairs.not_numbers += used
        .map(|(_, column)| fields::not_numbers(column) as u64)
        .sum::<u64>();
    let mut doubts = flags::changed_values(raw, schema, &sources, &steps, &again.recovered);
    doubts.extend(prepared.zeros);
    let all = Normalised {
        columns: Attributes::new(published_columns(&steps, schema, raw.len())?),
        keys,
        geometries: prepared.shapes.into_iter().map(or_nowhere).collect(),
        rows: raw.rows.values().to_vec(),
        rejects: vec![],
        fields: field_counts(&steps, schema, &bad),
        mangled: mangled_dates(&steps, schema),
        flags: doubts,
        repairs,
    };
    let good: Vec<bool> = (0..raw.len()).map(|row| !bad.contains_key(&row)).collect();
    let rejects = bad.values().map(|defect| to_reject(raw, defect)).collect();
    let mut kept = all.keep_rows(&good, rejects)?;
    // These look at values as they are published, and so at the rows that are.
    kept.flags.extend(flags::placeholder_names(&kept.columns));
    kept.flags
        .extend(flags::contradictions(&kept.columns, &kept.geometries, states));
    Ok(kept)
}

/// A row with a defect may have no geometry: one without a point keeps its place until the row goes.
fn or_nowhere(geometry: Option<Geometry<f64>>) -> Geometry<f64> {
    geometry.unwrap_or_else(|| Geometry::Point(geo::Point::new(f64::NAN, f64::NAN)))
}

/// First defect of a row stands.
fn note_defects(bad: &mut BTreeMap<usize, Defect>, defects: impl Iterator<Item = Defect>) {
    for defect in defects {
        bad.entry(defect.index).or_insert(defect);
    }
}

/// Source columns of every schema field: exact names first, then without case, in alias order.
fn source_columns(raw: &RawBatch, schema: &LayerSchema) -> Result<Vec<Vec<String>>, KernelError> {
    let sources: Vec<Vec<String>> = schema
        .fields
        .iter()
        .map(|field| columns_of_field(raw, field))
        .collect();
    let mut fields = schema.fields.iter().zip(&sources);
    match fields.find(|(field, from)| field.required && from.is_empty()) {
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

/// Columns of a batch that a field is read from, most trusted first, and each once: two aliases may name one column.
fn columns_of_field(raw: &RawBatch, field: &Field) -> Vec<String> {
    let mut seen = HashSet::new();
    field
        .from
        .iter()
        .filter_map(|alias| column_named(raw, alias))
        .filter(|name| seen.insert(*name))
        .map(str::to_owned)
        .collect()
}

/// The column of a name: as it is spelled, else in whatever case. Two exports
/// of one layer may differ in no more than that.
fn column_named<'r>(raw: &'r RawBatch, alias: &str) -> Option<&'r str> {
    let mut names = raw.columns.iter().map(|(name, _)| name.as_str());
    names
        .clone()
        .find(|name| *name == alias)
        .or_else(|| names.find(|name| name.eq_ignore_ascii_case(alias)))
}

/// Names of the schema's fields that a batch doesn't have.
pub fn missing_fields(raw: &RawBatch, schema: &LayerSchema) -> Vec<String> {
    schema
        .fields
        .iter()
        .filter(|field| columns_of_field(raw, field).is_empty())
        .map(|field| field.name.clone())
        .collect()
}

/// The steps of every schema field.
fn field_steps(
    raw: &RawBatch,
    schema: &LayerSchema,
    sources: &[Vec<String>],
    states: &[State],
    recovered: &BTreeMap<String, usize>,
) -> Result<Vec<Steps>, KernelError> {
    let used: HashSet<&String> = sources.iter().flatten().collect();
    // Once for each column, since several fields may be read from one.
    let repaired: HashMap<&str, ArrayRef> = raw
        .columns
        .iter()
        .filter(|(name, _)| used.contains(name))
        .map(|(name, column)| (name.as_str(), fields::repair_column(column)))
        .collect();
    schema
        .fields
        .iter()
        .zip(sources)
        .map(|(field, from)| {
            let columns = from
                .iter()
                .filter_map(|name| repaired.get(name.as_str()).cloned())
                .collect();
            let decimals = recovered.get(&field.name).copied();
            fields::take_steps(field, columns, raw.len(), states, decimals)
        })
        .collect()
}

/// Rows that the schema says are no facilities.
fn excluded_rows(steps: &[Steps], schema: &LayerSchema) -> impl Iterator<Item = Defect> {
    schema.excludes.iter().flat_map(move |values| {
        let field = schema.fields.iter().position(|field| field.name == values.field);
        field.map_or_else(Vec::new, |at| rows_with_values(values, &steps[at]))
    })
}

/// Defects of the rows that have one of the values.
fn rows_with_values(values: &FieldValues, steps: &Steps) -> Vec<Defect> {
    let texts = spelling::spell_column(&steps.value);
    (0..texts.len())
        .filter(|row| texts.is_valid(*row) && values.match_value(texts.value(*row)))
        .map(|index| Defect {
            index,
            field: values.field.clone(),
            value: shortened(texts.value(index)),
            reason: RejectReason::Excluded,
        })
        .collect()
}

/// Columns to publish, in schema order, each with its decoded companion.
fn published_columns(steps: &[Steps], schema: &LayerSchema, rows: usize) -> Result<RecordBatch, KernelError> {
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
fn field_counts(
    steps: &[Steps],
    schema: &LayerSchema,
    bad: &BTreeMap<usize, Defect>,
) -> BTreeMap<String, FieldCounts> {
    schema
        .fields
        .iter()
        .zip(steps)
        .map(|(field, steps)| (field.name.clone(), counts_of_steps(steps, bad)))
        .collect()
}

fn counts_of_steps(steps: &Steps, bad: &BTreeMap<usize, Defect>) -> FieldCounts {
    let raw = good_nulls(&steps.raw, bad);
    let known = good_nulls(&steps.known, bad);
    let value = good_nulls(&steps.value, bad);
    let decoded = steps
        .decoded
        .as_ref()
        .map_or(value, |decoded| good_nulls(decoded, bad));
    FieldCounts {
        sentinel: known - raw,
        unparsed: value - known,
        unknown_code: decoded - value,
        values: (steps.value.len() - bad.len()) as u64 - value,
    }
}

/// Nulls of a column in rows without a defect.
fn good_nulls(column: &ArrayRef, bad: &BTreeMap<usize, Defect>) -> u64 {
    (column.null_count() - bad.keys().filter(|row| column.is_null(**row)).count()) as u64
}

/// The dates that lost their digits, of every field that has some: whatever became of their rows.
fn mangled_dates(steps: &[Steps], schema: &LayerSchema) -> BTreeMap<String, MangledDates> {
    let mut mangled = BTreeMap::new();
    for (field, steps) in schema.fields.iter().zip(steps) {
        let is_date = matches!(field.kind, FieldKind::Date { .. });
        // Looking for them costs a look at every text: most columns of dates have lost none.
        if is_date && steps.value.null_count() > steps.known.null_count() {
            let dates = MangledDates::among_unread(&steps.known, &steps.value);
            if dates.len() > 0 {
                mangled.insert(field.name.clone(), dates);
            }
        }
    }
    mangled
}

impl Normalised {
    /// The rows marked in `kept`; `rejects` tells of the others.
    ///
    /// # Errors
    /// When Arrow can't filter, which would be a mistake of this program.
    ///
    /// # Panics
    /// Never: filtering keeps a column's type.
    pub fn keep_rows(mut self, kept: &[bool], rejects: Vec<Reject>) -> Result<Self, KernelError> {
        self.rejects.extend(rejects);
        // What most batches are: their columns are shared, not copied.
        if kept.iter().all(|kept| *kept) {
            return Ok(self);
        }
        let mask = BooleanArray::from(kept.to_vec());
        let keys = filter(&self.keys, &mask).map_err(|source| KernelError::Arrow { source })?;
        self.keys = keys
            .as_any()
            .downcast_ref::<StringArray>()
            .expect("filter keeps the type")
            .clone();
        let columns = self.columns.filter(&mask);
        self.columns = columns.map_err(|source| KernelError::Arrow { source })?;
        let mut marks = kept.iter();
        self.geometries.retain(|_| marks.next().copied().unwrap_or(false));
        let mut marks = kept.iter();
        self.rows.retain(|_| marks.next().copied().unwrap_or(false));
        self.flags = renumbered_flags(self.flags, kept);
        Ok(self)
    }
}

/// Flags of the rows marked in `kept`, by their new indexes.
pub(super) fn renumbered_flags(flags: Vec<RowFlag>, kept: &[bool]) -> Vec<RowFlag> {
    if flags.is_empty() || kept.iter().all(|kept| *kept) {
        return flags;
    }
    let places = new_indexes(kept);
    flags
        .into_iter()
        .filter_map(|flag| places[flag.index].map(|index| RowFlag { index, ..flag }))
        .collect()
}

/// Where rows are once only those marked in `kept` are left; none of those that go.
pub(super) fn new_indexes(kept: &[bool]) -> Vec<Option<usize>> {
    let mut next = 0..;
    kept.iter()
        .map(|kept| if *kept { next.next() } else { None })
        .collect()
}

/// A defect of a row as a reject, which names the row in its source.
fn to_reject(raw: &RawBatch, defect: &Defect) -> Reject {
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
