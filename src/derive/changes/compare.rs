//! The two sides of a layer compared: facilities that are new, gone or differ are told one by one, and put in order within
//! the memory that there is. Reads tiles of the release before; writes nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use arrow_schema::Schema;

use super::differences::{After, DifferenceFinder};
use super::matched::{RowMatcher, records_error};
use super::observed::{LEFT_OUT, shared_columns};
use super::rows::{Change, ChangeRow, ChangeTable};
use super::values;
use crate::derive::product::Sink;
use crate::feature::records::RecordBudget;
use crate::feature::{CORE_COLUMNS, ColumnChange, LayerChanges, Sorter, is_row_number};
use crate::geoparquet::{ColumnReader, GeoparquetError};
use crate::plan::{FILLABLE, LayerPlan};

/// What is known of a layer's columns beside what they hold.
#[derive(Debug, Clone, Copy)]
pub(super) enum ComparedLayer<'a> {
    /// By its plan, in the run that makes it.
    Planned(&'a LayerPlan),
    /// By the release alone.
    Published {
        id: &'a str,
        /// Columns that hold codes of polygon sets.
        code_columns: &'a [String],
    },
}

impl<'a> ComparedLayer<'a> {
    fn id(&self) -> &'a str {
        match self {
            Self::Planned(layer) => layer.id.as_str(),
            Self::Published { id, .. } => id,
        }
    }

    /// Whether a part of the key is, by its names, numbered anew whenever the source is made; a release doesn't tell.
    fn is_key_unstable(&self) -> bool {
        let Self::Planned(layer) = self else { return false };
        let fields = layer
            .schema
            .fields
            .iter()
            .filter(|field| layer.schema.key.contains(&field.name));
        fields
            .into_iter()
            .any(|field| !field.from.is_empty() && field.from.iter().all(|name| is_row_number(name)))
    }

    /// Whether the source gives a column; others are computed here.
    fn is_source(&self, column: &str) -> bool {
        match self {
            Self::Planned(layer) => {
                let mut fields = layer.schema.fields.iter();
                column == "geometry"
                    || fields.any(|field| field.name == column || field.decoded.as_deref() == Some(column))
            }
            Self::Published { code_columns, .. } => {
                let is_core = CORE_COLUMNS.iter().any(|core| core.name == column);
                let is_computed = is_core && !FILLABLE.contains(&column);
                !is_computed && code_columns.iter().all(|code| code != column)
            }
        }
    }
}

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

/// Compares the two sides, hands on what differs, and counts it. Whom it was compared with, the caller knows.
///
/// # Errors
/// When a tile can't be read, rows can't be had back, or `emit` fails.
pub(super) fn compare_sides(
    layer: &ComparedLayer<'_>,
    sides: Sides<'_>,
    room: &RecordBudget,
    emit: &mut Sink<'_>,
) -> Result<LayerChanges, GeoparquetError> {
    // Whether keys are stable, their names tell alone: two releases with the same ids don't say whether they are of
    // the same facilities.
    let mut changes = LayerChanges {
        is_key_unstable: layer.is_key_unstable(),
        ..LayerChanges::default()
    };
    let old = sides
        .before
        .first()
        .map(|tile| ColumnReader::open(tile))
        .transpose()?
        .map(|old| old.schema());
    // Where a side has no tiles of its own, the others are the same, and so are their columns.
    let columns = match (sides.after, &old) {
        (Some(after), Some(old)) => compare_columns(old, after.schema, &mut changes),
        _ => vec![],
    };
    let finder = DifferenceFinder::new(sides.after, old.as_ref(), &columns, room);
    let matcher = RowMatcher {
        layer: layer.id(),
        records: sides.after.map(|after| after.records),
        columns: sides.after.map_or(&[][..], |after| after.columns),
        finder: &finder,
    };
    let kept = matcher.match_tiles(sides.before)?;
    let found = finder.into_found();
    changes.unchanged = sides.same_rows + kept;
    // Only where no tile was left out: the rows of those have the old value still.
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
    count_facilities(layer, &columns, &every, &found.differing, &mut changes);
    write_rows(&columns, &every, layer, found.told, &mut changes, emit)?;
    Ok(changes)
}

/// Counts the facilities that are not as they were: by the source, or by what is computed here alone.
fn count_facilities(
    layer: &ComparedLayer<'_>,
    columns: &[String],
    every: &[Option<ColumnChange>],
    differing: &BTreeMap<Vec<usize>, u64>,
    changes: &mut LayerChanges,
) {
    for (set, rows) in differing {
        // A column that changed in every row is told once for the layer. A facility that differs in such columns alone
        // counts as unchanged: otherwise the month in a column would make each night one on which everything changed.
        let mut own = set.iter().filter(|at| every[**at].is_none()).peekable();
        if own.peek().is_none() {
            continue;
        }
        changes.unchanged -= rows;
        let is_changed = own.any(|at| layer.is_source(&columns[*at]));
        *(if is_changed {
            &mut changes.changed
        } else {
            &mut changes.recomputed
        }) += rows;
    }
}

/// Hands on what differs: new and gone facilities, then column by column, each by id.
fn write_rows(
    columns: &[String],
    every: &[Option<ColumnChange>],
    layer: &ComparedLayer<'_>,
    told: Sorter<ChangeRow>,
    changes: &mut LayerChanges,
    emit: &mut Sink<'_>,
) -> Result<(), GeoparquetError> {
    let mut rows = ChangeTable::new(emit);
    // Columns whose own row is still to come.
    let mut next = every
        .iter()
        .enumerate()
        .filter_map(|(at, every)| Some((at, every.as_ref()?)))
        .peekable();
    for told in told.in_order().map_err(records_error)? {
        let told = told.map_err(records_error)?;
        let change = match told.what {
            ChangeRow::ADDED => Change::Added,
            ChangeRow::REMOVED => Change::Removed,
            at => {
                let at = at as usize - ChangeRow::FIRST_COLUMN as usize;
                // The row of a column that changed everywhere stands where the rows of its facilities would.
                while let Some((_, every)) = next.next_if(|(every, _)| *every <= at) {
                    rows.push_every_row(every)?;
                }
                if every[at].is_some() {
                    continue;
                }
                if layer.is_source(&columns[at]) {
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
            .checked_sub(ChangeRow::FIRST_COLUMN as usize)
            .map(|at| columns[at].as_str());
        rows.push(&told, change, field)?;
    }
    next.try_for_each(|(_, every)| rows.push_every_row(every))?;
    rows.close()
}

/// Columns of both sides with the same type, in the order of this release; notes the others.
fn compare_columns(before: &Schema, after: &Schema, changes: &mut LayerChanges) -> Vec<String> {
    changes.columns_added = columns_lacking(after, before);
    changes.columns_dropped = columns_lacking(before, after);
    let shared = shared_columns(before, after);
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

/// Names of columns that the other schema doesn't have.
fn columns_lacking(schema: &Schema, other: &Schema) -> Vec<String> {
    let names = schema.fields().iter().map(|field| field.name());
    names
        .filter(|name| other.index_of(name).is_err())
        .cloned()
        .collect()
}
