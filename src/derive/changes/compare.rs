//! The two sides of a layer compared: facilities that are new, gone or differ are told one by one, and put in order within
//! the memory that there is. Reads tiles of the release before; writes nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, RecordBatch, StringArray};
use arrow_schema::{DataType, Schema};

use super::matched::{Finder, Sought, TOLD, kept_badly};
use super::observed::{Compared, LEFT_OUT, compared};
use super::rows::{Change, Rows, Told};
use super::values;
use crate::derive::product::{self, BoxError, Place, Sink};
use crate::feature::records::RecordRoom;
use crate::feature::{ColumnChange, LayerChanges, Sorter, Texts, is_row_number};
use crate::geoparquet::{Columns, GeoparquetError};
use crate::plan::LayerPlan;

/// With fewer facilities on both sides, a change of every row is not told from a change of each.
const FEW: u64 = 10;

/// A point that has moved by less hasn't: a coordinate was written with other digits, metres.
const LEAST_MOVE_M: f64 = 1e-7;

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
    GeoparquetError::Rows {
        what: "a layer".to_owned(),
        source,
    }
}

/// Compares the two sides, hands on what differs, and counts it. Whom it was compared with, the caller knows.
///
/// # Errors
/// When a tile can't be read, rows can't be had back, or `emit` fails.
pub(super) fn compare(
    layer: &LayerPlan,
    sides: Sides<'_>,
    room: &RecordRoom,
    emit: &mut Sink<'_>,
) -> Result<LayerChanges, GeoparquetError> {
    let mut changes = LayerChanges {
        is_key_unstable: is_key_unstable(layer),
        ..LayerChanges::default()
    };
    let old = sides
        .before
        .first()
        .map(|tile| Columns::of(tile))
        .transpose()?
        .map(|old| old.schema());
    // Where a side has no tiles of its own, the others are the same, and so are their columns.
    let columns = match (sides.after, &old) {
        (Some(after), Some(old)) => columns_of(old, after.schema, &mut changes),
        _ => vec![],
    };
    let found = Found {
        told: Sorter::new(room),
        columns: vec![Column::default(); columns.len()],
        differing: BTreeMap::new(),
    };
    let comparison = Comparison {
        after: sides.after,
        old: old.as_ref(),
        columns: &columns,
        found: Mutex::new(found),
    };
    let sought = Sought {
        layer: layer.id.as_str(),
        records: sides.after.map(|after| after.records),
        columns: sides.after.map_or(&[][..], |after| after.columns),
        finder: &comparison,
    };
    let kept = sought.find(sides.before)?;
    let found = comparison
        .found
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    changes.unchanged = sides.same_rows + kept;
    let every: Vec<Option<ColumnChange>> = columns
        .iter()
        .zip(&found.columns)
        .map(|(name, column)| column.every_row(name, kept).filter(|_| sides.same_rows == 0))
        .collect();
    for ((name, column), every) in columns.iter().zip(&found.columns).zip(&every) {
        match every {
            Some(every) => changes.every_row.push(every.clone()),
            None if column.rows > 0 => drop(changes.fields.insert(name.clone(), column.rows)),
            None => {}
        }
    }
    count(layer, &columns, &every, &found.differing, &mut changes);
    tell(&columns, &every, layer, found.told, &mut changes, emit)?;
    Ok(changes)
}

/// Counts the facilities that are not as they were: by the source, or by what is computed here alone.
fn count(
    layer: &LayerPlan,
    columns: &[String],
    every: &[Option<ColumnChange>],
    differing: &BTreeMap<Vec<usize>, u64>,
    changes: &mut LayerChanges,
) {
    for (set, rows) in differing {
        let mut own = set.iter().filter(|at| every[**at].is_none()).peekable();
        if own.peek().is_none() {
            continue;
        }
        changes.unchanged -= rows;
        let is_changed = own.any(|at| is_source(layer, &columns[*at]));
        *(if is_changed {
            &mut changes.changed
        } else {
            &mut changes.recomputed
        }) += rows;
    }
}

/// Hands on what differs: new and gone facilities, then column by column, each by id.
fn tell(
    columns: &[String],
    every: &[Option<ColumnChange>],
    layer: &LayerPlan,
    told: Sorter<Told>,
    changes: &mut LayerChanges,
    emit: &mut Sink<'_>,
) -> Result<(), GeoparquetError> {
    let mut rows = Rows::new(emit);
    // Columns whose own row is still to come.
    let mut next = every
        .iter()
        .enumerate()
        .filter_map(|(at, every)| Some((at, every.as_ref()?)))
        .peekable();
    for told in told.in_order().map_err(kept_badly)? {
        let told = told.map_err(kept_badly)?;
        let change = match told.what {
            Told::ADDED => Change::Added,
            Told::REMOVED => Change::Removed,
            at => {
                let at = at as usize - Told::FIRST_COLUMN as usize;
                while let Some((_, every)) = next.next_if(|(every, _)| *every <= at) {
                    rows.every(every)?;
                }
                if every[at].is_some() {
                    continue;
                }
                if is_source(layer, &columns[at]) {
                    Change::Changed
                } else {
                    Change::Recomputed
                }
            }
        };
        match change {
            Change::Added => changes.added += 1,
            Change::Removed => changes.removed += 1,
            _ => {}
        }
        let field = (told.what as usize)
            .checked_sub(Told::FIRST_COLUMN as usize)
            .map(|at| columns[at].as_str());
        rows.push(&told, change, field)?;
    }
    next.try_for_each(|(_, every)| rows.every(every))?;
    rows.close()
}

/// Whether a part of the key is, by its names, numbered anew whenever the source is made.
fn is_key_unstable(layer: &LayerPlan) -> bool {
    let fields = layer
        .schema
        .fields
        .iter()
        .filter(|field| layer.schema.key.contains(&field.name));
    fields
        .into_iter()
        .any(|field| !field.from.is_empty() && field.from.iter().all(|name| is_row_number(name)))
}

/// Columns of both sides with the same type, in the order of this release; notes the others.
fn columns_of(before: &Schema, after: &Schema, changes: &mut LayerChanges) -> Vec<String> {
    let lacks = |of: &Schema, other: &Schema| -> Vec<String> {
        let names = of.fields().iter().map(|field| field.name());
        names
            .filter(|name| other.index_of(name).is_err())
            .cloned()
            .collect()
    };
    changes.columns_added = lacks(after, before);
    changes.columns_dropped = lacks(before, after);
    let shared = compared(before, after);
    for field in after
        .fields()
        .iter()
        .filter(|field| !LEFT_OUT.contains(&field.name().as_str()))
    {
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

/// What a column of facilities that differ was found to be.
#[derive(Debug, Clone, Default)]
struct Column {
    /// Rows in which it differs.
    rows: u64,
    /// Its value before and now, while it is the same in all of them.
    pair: Option<(Option<String>, Option<String>)>,
    is_mixed: bool,
}

impl Column {
    fn add(&mut self, old: Option<&String>, new: Option<&String>) {
        self.rows += 1;
        match &self.pair {
            None => self.pair = Some((old.cloned(), new.cloned())),
            Some((before, now)) => self.is_mixed |= (before.as_ref(), now.as_ref()) != (old, new),
        }
    }

    /// The change of a column that went from one value to another in every row, such as the month of the file; `kept`
    /// rows are in both releases.
    fn every_row(&self, name: &str, kept: u64) -> Option<ColumnChange> {
        let is_every = self.rows == kept && kept >= FEW && !self.is_mixed && name != "geometry";
        let (old, new) = self.pair.clone().filter(|_| is_every)?;
        Some(ColumnChange {
            field: name.to_owned(),
            old,
            new,
        })
    }
}

/// What was found so far.
struct Found {
    told: Sorter<Told>,
    /// Of each column that is compared.
    columns: Vec<Column>,
    /// Facilities by the columns in which they differ: few kinds of differences have many facilities.
    differing: BTreeMap<Vec<usize>, u64>,
}

/// Tells what is found.
struct Comparison<'a> {
    after: Option<After<'a>>,
    /// Columns of the release before.
    old: Option<&'a Schema>,
    /// Those that are compared.
    columns: &'a [String],
    found: Mutex<Found>,
}

impl Comparison<'_> {
    fn tell(&self, told: impl IntoIterator<Item = Told>) -> Result<(), GeoparquetError> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        told.into_iter()
            .try_for_each(|told| found.told.push(told))
            .map_err(kept_badly)
    }

    /// A column of this release, laid out as that of the one before.
    fn column(&self, rows: &RecordBatch, name: &str) -> Option<ArrayRef> {
        let column = rows.column_by_name(name)?;
        let old = self.old.and_then(|old| old.field_with_name(name).ok());
        Some(old.map_or_else(|| Arc::clone(column), |old| as_in_a_file(column, old.data_type())))
    }
}

impl Finder for Comparison<'_> {
    fn removed(&self, rows: &RecordBatch) -> Result<(), GeoparquetError> {
        self.tell(facilities(rows, Told::REMOVED))
    }

    fn added(&self, places: &[Place]) -> Result<(), GeoparquetError> {
        let Some(after) = self.after else { return Ok(()) };
        self.tell(facilities(&after.take(places, &TOLD)?, Told::ADDED))
    }

    fn changed(&self, before: &RecordBatch, places: &[Place]) -> Result<(), GeoparquetError> {
        let Some(after) = self.after else { return Ok(()) };
        let further = self
            .columns
            .iter()
            .map(String::as_str)
            .filter(|name| !TOLD.contains(name));
        let now = after.take(places, &TOLD.into_iter().chain(further).collect::<Vec<_>>())?;
        let facilities: Vec<Told> = facilities(&now, 0).collect();
        let mut of_row: Vec<Vec<usize>> = vec![vec![]; places.len()];
        let mut told = Vec::new();
        for (at, name) in self.columns.iter().enumerate() {
            let columns = before.column_by_name(name).zip(self.column(&now, name));
            let Some((old, new)) = columns else { continue };
            for row in values::differing(old, &new) {
                let distance = values::distance_m(name, (old, row), (&new, row));
                let has_stayed = match distance {
                    Some(distance) => distance < LEAST_MOVE_M,
                    None => values::is_same_shape(name, (old, row), (&new, row)),
                };
                if has_stayed {
                    continue;
                }
                of_row[row].push(at);
                told.push(Told {
                    what: Told::FIRST_COLUMN + u32::try_from(at).expect("a layer has less than 2^32 columns"),
                    old: values::text(name, old, row),
                    new: values::text(name, &new, row),
                    distance: distance.map(f64::to_bits),
                    ..facilities[row].clone()
                });
            }
        }
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        for columns in of_row {
            *found.differing.entry(columns).or_default() += 1;
        }
        for told in told {
            let at = (told.what - Told::FIRST_COLUMN) as usize;
            found.columns[at].add(told.old.as_ref(), told.new.as_ref());
            found.told.push(told).map_err(kept_badly)?;
        }
        Ok(())
    }
}

/// Facilities without a value.
fn facilities(rows: &RecordBatch, what: u32) -> impl Iterator<Item = Told> {
    let [ids, names, states] = TOLD.map(|name| Texts::named(rows, name));
    let text = |texts: Option<Texts<'_>>, row: usize| texts?.value(row).map(str::to_owned);
    (0..rows.num_rows()).map(move |row| Told {
        what,
        id: text(ids, row).unwrap_or_default(),
        name: text(names, row),
        state: text(states, row),
        old: None,
        new: None,
        distance: None,
    })
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
