//! The two sides of a layer compared: facilities that are new or gone, then the columns one by one.
//!
//! Memory holds the ids of both sides and one column of both. Reads tiles; writes nothing.

use std::path::PathBuf;

use arrow_array::{Array, ArrayRef};
use arrow_schema::Schema;
use rayon::prelude::*;

use super::matched::{At, Facilities, Matched};
use super::rows::{Change, Row, Rows};
use super::values;
use crate::derive::product::Sink;
use crate::feature::{ColumnChange, LayerChanges, is_row_number};
use crate::geoparquet::{Columns, GeoparquetError};
use crate::plan::LayerSchema;

/// Columns that say nothing of their own: the key, what is the same in every row, what follows from the geometry.
const LEFT_OUT: [&str; 3] = ["facility_id", "layer", "bbox"];

/// With fewer facilities on both sides, a change of every row is not told from a change of each.
const FEW: usize = 10;

/// Tiles of a layer in two releases; those that are the same byte for byte may be left out of both.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tiles<'a> {
    /// In the release before.
    pub(super) before: &'a [PathBuf],
    /// In this one.
    pub(super) after: &'a [PathBuf],
    /// Rows of those left out: they are unchanged.
    pub(super) same_rows: u64,
}

/// Tiles whose footers were read.
struct Opened {
    before: Vec<Columns>,
    after: Vec<Columns>,
    same_rows: u64,
}

impl Opened {
    fn of(tiles: Tiles<'_>) -> Result<Self, GeoparquetError> {
        let all =
            |tiles: &[PathBuf]| tiles.par_iter().map(|tile| Columns::of(tile)).collect::<Result<_, _>>();
        Ok(Self { before: all(tiles.before)?, after: all(tiles.after)?, same_rows: tiles.same_rows })
    }
}

/// Compares the two sides, hands on what differs, and counts it. Whom it was compared with, the caller knows.
///
/// # Errors
/// When a tile can't be read, or `emit` fails.
pub(super) fn compare(
    schema: &LayerSchema,
    tiles: Tiles<'_>,
    emit: &mut Sink<'_>,
) -> Result<LayerChanges, GeoparquetError> {
    let tiles = Opened::of(tiles)?;
    let (before, after) = (Facilities::read(&tiles.before)?, Facilities::read(&tiles.after)?);
    let matched = Matched::of(&before, &after);
    let count = |rows: &[At]| rows.len() as u64;
    let mut changes = LayerChanges {
        added: count(&matched.added),
        removed: count(&matched.removed),
        is_key_unstable: is_key_unstable(schema),
        ..LayerChanges::default()
    };
    let mut rows = Rows::new(emit);
    matched.added.iter().try_for_each(|at| rows.push(&Row::whole(&after, *at, Change::Added)))?;
    matched.removed.iter().try_for_each(|at| rows.push(&Row::whole(&before, *at, Change::Removed)))?;
    let mut comparison =
        Comparison { schema, tiles, after, seen: vec![Seen::default(); matched.kept.len()], matched };
    for column in comparison.columns(&mut changes) {
        comparison.column(&column, &mut changes, &mut rows)?;
    }
    rows.close()?;
    for seen in &comparison.seen {
        *(match seen {
            Seen { changed: true, .. } => &mut changes.changed,
            Seen { recomputed: true, .. } => &mut changes.recomputed,
            Seen { .. } => &mut changes.unchanged,
        }) += 1;
    }
    changes.unchanged += comparison.tiles.same_rows;
    Ok(changes)
}

/// Whether a part of the key is, by its names, numbered anew whenever the source is made.
fn is_key_unstable(schema: &LayerSchema) -> bool {
    let fields = schema.fields.iter().filter(|field| schema.key.contains(&field.name));
    fields
        .into_iter()
        .any(|field| !field.from.is_empty() && field.from.iter().all(|name| is_row_number(name)))
}

/// What was seen of a facility so far.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    changed: bool,
    recomputed: bool,
}

/// Two sides whose facilities are matched.
struct Comparison<'a> {
    schema: &'a LayerSchema,
    tiles: Opened,
    after: Facilities,
    matched: Matched,
    /// Of each facility on both sides.
    seen: Vec<Seen>,
}

impl Comparison<'_> {
    /// Columns of both sides with the same type, in the order of this release; notes the others.
    fn columns(&self, changes: &mut LayerChanges) -> Vec<String> {
        // Where a side has no tiles of its own, the others are the same, and so are their columns.
        let (Some(before), Some(after)) = (self.tiles.before.first(), self.tiles.after.first()) else {
            return vec![];
        };
        let (before, after) = (before.schema(), after.schema());
        let lacks = |of: &Schema, other: &Schema| -> Vec<String> {
            let names = of.fields().iter().map(|field| field.name());
            names.filter(|name| other.index_of(name).is_err()).cloned().collect()
        };
        changes.columns_added = lacks(&after, &before);
        changes.columns_dropped = lacks(&before, &after);
        let mut shared = Vec::new();
        for field in after.fields().iter().filter(|field| !LEFT_OUT.contains(&field.name().as_str())) {
            match before.field_with_name(field.name()) {
                Ok(old) if old.data_type() == field.data_type() => shared.push(field.name().clone()),
                Ok(old) => changes.columns_retyped.push(ColumnChange {
                    field: field.name().clone(),
                    old: Some(values::type_name(old.data_type())),
                    new: Some(values::type_name(field.data_type())),
                }),
                Err(_) => {}
            }
        }
        shared
    }

    /// Compares a column, and tells what differs in it.
    fn column(
        &mut self,
        name: &str,
        changes: &mut LayerChanges,
        rows: &mut Rows<'_, '_>,
    ) -> Result<(), GeoparquetError> {
        if self.matched.kept.is_empty() {
            return Ok(());
        }
        let (before, after) = (read(&self.tiles.before, name)?, read(&self.tiles.after, name)?);
        let differing = values::differing(&before, &after, &self.matched.kept);
        if let Some(every) = self.every_row(name, &before, &after, &differing) {
            rows.push(&Row::every(&every))?;
            changes.every_row.push(every);
            return Ok(());
        }
        let is_source = is_source(self.schema, name);
        for at in &differing {
            let (old, new) = self.matched.kept[*at];
            let (old, new) = (value(&before, old), value(&after, new));
            let seen = &mut self.seen[*at];
            *(if is_source { &mut seen.changed } else { &mut seen.recomputed }) = true;
            let change = if is_source { Change::Changed } else { Change::Recomputed };
            let row = Row {
                field: Some(name),
                old: values::text(name, old.0, old.1),
                new: values::text(name, new.0, new.1),
                distance_m: values::distance_m(name, old, new),
                ..Row::whole(&self.after, self.matched.kept[*at].1, change)
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
        let kept = &self.matched.kept;
        if differing.len() < kept.len() || kept.len() < FEW || self.tiles.same_rows > 0 || name == "geometry"
        {
            return None;
        }
        let (old, new) = kept[0];
        let (old, new) = (value(before, old), value(after, new));
        let is_one = |(column, row): (&dyn Array, usize), all: &[ArrayRef], at: At| {
            let (other, other_row) = value(all, at);
            values::is_same(column, row, other, other_row)
        };
        kept.par_iter().all(|(was, is)| is_one(old, before, *was) && is_one(new, after, *is)).then(|| {
            ColumnChange {
                field: name.to_owned(),
                old: values::text(name, old.0, old.1),
                new: values::text(name, new.0, new.1),
            }
        })
    }
}

/// Whether the source gives a column; others are computed here.
fn is_source(schema: &LayerSchema, column: &str) -> bool {
    let gives = |field: &crate::plan::Field| field.name == column || field.decoded.as_deref() == Some(column);
    column == "geometry" || schema.fields.iter().any(gives)
}

fn read(tiles: &[Columns], column: &str) -> Result<Vec<ArrayRef>, GeoparquetError> {
    tiles.par_iter().map(|tile| tile.read(column)).collect()
}

fn value(column: &[ArrayRef], at: At) -> (&dyn Array, usize) {
    (&*column[at.part as usize], at.row as usize)
}
