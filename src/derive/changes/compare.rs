//! The two sides of a layer compared: facilities that are new or gone, then the columns of those that differ, one by one.
//!
//! Memory holds ids and names of facilities that are new, gone or differ, and the values of these: all of few, a column of
//! many.
//! Reads tiles of the release before; writes nothing.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, RecordBatch, StringArray};
use arrow_schema::{DataType, Schema};
use rayon::prelude::*;

use super::matched::{At, Facilities, KEPT, Matched, TOLD};
use super::observed::{Compared, LEFT_OUT, compared};
use super::rows::{Change, Row, Rows};
use super::values;
use crate::derive::product::{self, BoxError, Place, Sink};
use crate::feature::{ColumnChange, LayerChanges, Texts, is_row_number};
use crate::geoparquet::{Columns, GeoparquetError};
use crate::plan::LayerPlan;

/// With fewer facilities on both sides, a change of every row is not told from a change of each.
const FEW: usize = 10;

/// A layer in two releases; tiles that are the same byte for byte are left out of both.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sides<'a> {
    /// Tiles of the release before.
    pub(super) before: &'a [PathBuf],
    /// Rows of this one.
    pub(super) after: Option<After<'a>>,
    /// Rows of the tiles left out: they are unchanged.
    pub(super) same_rows: u64,
}

/// Rows of this release.
#[derive(Debug, Clone, Copy)]
pub(super) struct After<'a> {
    /// Their columns, as a file has them.
    pub(super) schema: &'a Schema,
    /// Those that their digests are over.
    pub(super) columns: &'a [String],
    /// What was kept of each.
    pub(super) records: &'a Compared<'a>,
    /// Where their values are to be had.
    pub(super) rows: &'a dyn product::Rows,
}

impl After<'_> {
    fn take(&self, places: &[Place], columns: &[&str]) -> Result<RecordBatch, GeoparquetError> {
        self.rows.take(places, columns).map_err(failed)
    }
}

fn failed(source: BoxError) -> GeoparquetError {
    GeoparquetError::Rows { what: "a layer".to_owned(), source }
}

/// Compares the two sides, hands on what differs, and counts it. Whom it was compared with, the caller knows.
///
/// # Errors
/// When a tile can't be read, rows can't be had back, or `emit` fails.
pub(super) fn compare(
    layer: &LayerPlan,
    sides: Sides<'_>,
    emit: &mut Sink<'_>,
) -> Result<LayerChanges, GeoparquetError> {
    let records = sides.after.map(|after| after.records);
    let columns = sides.after.map_or(&[][..], |after| after.columns);
    let old = sides.before.first().map(|tile| Columns::of(tile)).transpose()?.map(|old| old.schema());
    let matched = Matched::of(layer.id.as_str(), sides.before, records, columns)?;
    let removed = matched.removed.by_id();
    let mut changes = LayerChanges {
        added: matched.added.len() as u64,
        removed: removed.len() as u64,
        is_key_unstable: is_key_unstable(layer),
        ..LayerChanges::default()
    };
    let mut rows = Rows::new(emit);
    if let Some(after) = sides.after.filter(|_| !matched.added.is_empty()) {
        let added = Facilities::of(&[after.take(&matched.added, &TOLD)?]);
        added.by_id().iter().try_for_each(|at| rows.push(&Row::whole(&added, *at, Change::Added)))?;
    }
    removed.iter().try_for_each(|at| rows.push(&Row::whole(&matched.removed, *at, Change::Removed)))?;
    changes.unchanged = sides.same_rows + matched.kept;
    // Where a side has no tiles of its own, the others are the same, and so are their columns.
    if let (Some(after), Some(old)) = (sides.after, &old) {
        let columns = columns_of(old, after.schema, &mut changes);
        if !matched.differing.is_empty() {
            let mut comparison = Comparison::of(layer, after, old, matched, sides.same_rows)?;
            for column in columns {
                comparison.column(&column, &mut changes, &mut rows)?;
            }
            comparison.count(&mut changes);
        }
    }
    rows.close()?;
    Ok(changes)
}

/// Whether a part of the key is, by its names, numbered anew whenever the source is made.
fn is_key_unstable(layer: &LayerPlan) -> bool {
    let fields = layer.schema.fields.iter().filter(|field| layer.schema.key.contains(&field.name));
    fields
        .into_iter()
        .any(|field| !field.from.is_empty() && field.from.iter().all(|name| is_row_number(name)))
}

/// Columns of both sides with the same type, in the order of this release; notes the others.
fn columns_of(before: &Schema, after: &Schema, changes: &mut LayerChanges) -> Vec<String> {
    let lacks = |of: &Schema, other: &Schema| -> Vec<String> {
        let names = of.fields().iter().map(|field| field.name());
        names.filter(|name| other.index_of(name).is_err()).cloned().collect()
    };
    changes.columns_added = lacks(after, before);
    changes.columns_dropped = lacks(before, after);
    let shared = compared(before, after);
    for field in after.fields().iter().filter(|field| !LEFT_OUT.contains(&field.name().as_str())) {
        if let Ok(old) = before.field_with_name(field.name())
            && !shared.contains(field.name())
        {
            changes.columns_retyped.push(ColumnChange {
                field: field.name().clone(),
                old: Some(values::type_name(old.data_type())),
                new: Some(values::type_name(field.data_type())),
            });
        }
    }
    shared
}

/// What was seen of a facility so far.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    changed: bool,
    recomputed: bool,
}

/// Facilities that differ.
struct Comparison<'a> {
    layer: &'a LayerPlan,
    after: After<'a>,
    old: &'a Schema,
    matched: Matched,
    /// Of this release.
    facilities: Facilities,
    /// Where their values are to be had, in the order of `facilities`.
    places: Vec<Place>,
    /// All their columns, where they are few.
    values: Option<RecordBatch>,
    /// Where they stand, before and in `facilities`, by id.
    pairs: Vec<(At, At)>,
    /// Of each pair.
    seen: Vec<Seen>,
    same_rows: u64,
}

impl<'a> Comparison<'a> {
    fn of(
        layer: &'a LayerPlan,
        after: After<'a>,
        old: &'a Schema,
        matched: Matched,
        same_rows: u64,
    ) -> Result<Self, GeoparquetError> {
        let places: Vec<Place> = matched.differing.iter().map(|(_, place)| *place).collect();
        let facilities = Facilities::of(&[after.take(&places, &TOLD)?]);
        let names: Vec<&str> = after.columns.iter().map(String::as_str).collect();
        let values = if places.len() <= KEPT { Some(after.take(&places, &names)?) } else { None };
        let pair = |at: At| (matched.differing[at.row as usize].0, at);
        let pairs: Vec<(At, At)> = facilities.by_id().into_iter().map(pair).collect();
        let seen = vec![Seen::default(); pairs.len()];
        Ok(Self { layer, after, old, matched, facilities, places, values, pairs, seen, same_rows })
    }

    /// Values of a column before, tile by tile.
    fn before(&self, name: &str) -> Result<Vec<ArrayRef>, GeoparquetError> {
        let kind = self.old.field_with_name(name).map_or(&DataType::Utf8, |field| field.data_type());
        let nothing = || arrow_array::new_empty_array(kind);
        let tiles = self.matched.tiles.par_iter();
        tiles.map(|tile| Ok(tile.read(name)?.unwrap_or_else(nothing))).collect()
    }

    /// Values of a column in this release, laid out as those before.
    fn after(&self, name: &str) -> Result<ArrayRef, GeoparquetError> {
        let kept = self.values.as_ref().and_then(|values| values.column_by_name(name)).cloned();
        let column = match kept {
            Some(column) => column,
            None => Arc::clone(self.after.take(&self.places, &[name])?.column(0)),
        };
        Ok(match self.old.field_with_name(name) {
            Ok(old) => as_in_a_file(&column, old.data_type()),
            Err(_) => column,
        })
    }

    /// Compares a column, and tells what differs in it.
    fn column(
        &mut self,
        name: &str,
        changes: &mut LayerChanges,
        rows: &mut Rows<'_, '_>,
    ) -> Result<(), GeoparquetError> {
        let (before, after) = (self.before(name)?, [self.after(name)?]);
        let differing = values::differing(&before, &after, &self.pairs);
        if let Some(every) = self.every_row(name, &before, &after, &differing) {
            rows.push(&Row::every(&every))?;
            changes.every_row.push(every);
            return Ok(());
        }
        let is_source = is_source(self.layer, name);
        for at in &differing {
            let (old, new) = self.pairs[*at];
            let (old, new) = (value(&before, old), value(&after, new));
            let seen = &mut self.seen[*at];
            *(if is_source { &mut seen.changed } else { &mut seen.recomputed }) = true;
            let change = if is_source { Change::Changed } else { Change::Recomputed };
            let row = Row {
                field: Some(name),
                old: values::text(name, old.0, old.1),
                new: values::text(name, new.0, new.1),
                distance_m: values::distance_m(name, old, new),
                ..Row::whole(&self.facilities, self.pairs[*at].1, change)
            };
            rows.push(&row)?;
        }
        if !differing.is_empty() {
            changes.fields.insert(name.to_owned(), differing.len() as u64);
        }
        Ok(())
    }

    /// The change of a column that went from one value to another in every row, such as the month of the file.
    fn every_row(
        &self,
        name: &str,
        before: &[ArrayRef],
        after: &[ArrayRef],
        differing: &[usize],
    ) -> Option<ColumnChange> {
        let is_every = differing.len() as u64 == self.matched.kept;
        if !is_every || differing.len() < FEW || self.same_rows > 0 || name == "geometry" {
            return None;
        }
        let (old, new) = self.pairs[0];
        let (old, new) = (value(before, old), value(after, new));
        let is_one = |(column, row): (&dyn Array, usize), all: &[ArrayRef], at: At| {
            let (other, other_row) = value(all, at);
            values::is_same(column, row, other, other_row)
        };
        let is_one_pair = |(was, is): &(At, At)| is_one(old, before, *was) && is_one(new, after, *is);
        self.pairs.par_iter().all(is_one_pair).then(|| ColumnChange {
            field: name.to_owned(),
            old: values::text(name, old.0, old.1),
            new: values::text(name, new.0, new.1),
        })
    }

    /// Counts the facilities that are not as they were.
    fn count(&self, changes: &mut LayerChanges) {
        for seen in &self.seen {
            let of = match seen {
                Seen { changed: true, .. } => &mut changes.changed,
                Seen { recomputed: true, .. } => &mut changes.recomputed,
                Seen { .. } => continue,
            };
            *of += 1;
            changes.unchanged -= 1;
        }
    }
}

/// Whether the source gives a column; others are computed here.
fn is_source(layer: &LayerPlan, column: &str) -> bool {
    let gives = |field: &crate::plan::Field| field.name == column || field.decoded.as_deref() == Some(column);
    column == "geometry" || layer.schema.fields.iter().any(gives)
}

/// A column as a file with this type has it: codes as text, the items of lists by the file's name for them.
fn as_in_a_file(column: &ArrayRef, kind: &DataType) -> ArrayRef {
    match (column.data_type(), kind) {
        (DataType::Dictionary(..), _) => match Texts::of(column.as_ref()) {
            Some(texts) => Arc::new(texts.iter().collect::<StringArray>()),
            None => Arc::clone(column),
        },
        (DataType::List(_), DataType::List(item)) => {
            let (_, ends, items, nulls) = column.as_list::<i32>().clone().into_parts();
            Arc::new(ListArray::new(Arc::clone(item), ends, items, nulls))
        }
        _ => Arc::clone(column),
    }
}

fn value(column: &[ArrayRef], at: At) -> (&dyn Array, usize) {
    (&*column[at.part as usize], at.row as usize)
}
