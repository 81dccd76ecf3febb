//! What differs between the two sides of a layer, as it is found: rows to be told one by one, and what is known of columns.
//!
//! Reads nothing itself; several threads hand on what they find.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, StringArray};
use arrow_schema::{DataType, Schema};

use super::matched::{FACILITY_COLUMNS, Finder, records_error};
use super::observed::ComparedRecords;
use super::rows::ChangeRow;
use super::shapes::is_same_shape;
use super::values;
use crate::derive::product::{self, BoxError, RowPlace};
use crate::feature::records::RecordBudget;
use crate::feature::{ColumnChange, FacilityRows, Sorter, Texts};
use crate::geoparquet::GeoparquetError;

/// With fewer facilities on both sides, a change of every row is not told from a change of each.
const FEW: u64 = 10;

/// A point that has moved by less hasn't: a coordinate was written with other digits, metres.
const LEAST_MOVE_M: f64 = 1e-7;

/// Rows of this release.
#[derive(Debug, Clone, Copy)]
pub(super) struct After<'a> {
    /// Their columns, as a file has them.
    pub(super) schema: &'a Schema,
    /// Those that their digests are over.
    pub(super) columns: &'a [String],
    /// What was kept of each.
    pub(super) records: &'a ComparedRecords<'a>,
    /// Where their values are to be had.
    pub(super) rows: &'a dyn product::Rows,
}

impl After<'_> {
    fn take_rows(&self, places: &[RowPlace], columns: &[&str]) -> Result<FacilityRows, GeoparquetError> {
        self.rows.take(places, columns).map_err(rows_error)
    }
}

fn rows_error(source: BoxError) -> GeoparquetError {
    GeoparquetError::Rows {
        what: "a layer".to_owned(),
        source,
    }
}

/// What a column of facilities that differ was found to be.
#[derive(Debug, Clone, Default)]
pub(super) struct ColumnDifference {
    /// Rows in which it differs.
    pub(super) rows: u64,
    /// Its value before and now, while it is the same in all of them.
    pair: Option<(Option<String>, Option<String>)>,
    is_mixed: bool,
}

impl ColumnDifference {
    fn add_pair(&mut self, old: Option<&String>, new: Option<&String>) {
        self.rows += 1;
        match &self.pair {
            None => self.pair = Some((old.cloned(), new.cloned())),
            // The first pair is enough to find out: where all are alike, each is like the first.
            Some((before, now)) => self.is_mixed |= (before.as_ref(), now.as_ref()) != (old, new),
        }
    }

    /// The change of a column that went from one value to another in every row, such as the month of the file; `kept`
    /// rows are in both releases.
    pub(super) fn every_row(&self, name: &str, kept: u64) -> Option<ColumnChange> {
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
pub(super) struct Differences {
    pub(super) told: Sorter<ChangeRow>,
    /// Of each column that is compared.
    pub(super) columns: Vec<ColumnDifference>,
    /// Facilities by the columns in which they differ: few kinds of differences have many facilities.
    pub(super) differing: BTreeMap<Vec<usize>, u64>,
}

/// Notes what is found, for several threads.
pub(super) struct DifferenceFinder<'a> {
    after: Option<After<'a>>,
    /// Columns of the release before.
    old: Option<&'a Schema>,
    /// Those that are compared.
    columns: &'a [String],
    found: Mutex<Differences>,
}

impl<'a> DifferenceFinder<'a> {
    pub(super) fn new(
        after: Option<After<'a>>,
        old: Option<&'a Schema>,
        columns: &'a [String],
        room: &RecordBudget,
    ) -> Self {
        let found = Differences {
            told: Sorter::new(room),
            columns: vec![ColumnDifference::default(); columns.len()],
            differing: BTreeMap::new(),
        };
        Self {
            after,
            old,
            columns,
            found: Mutex::new(found),
        }
    }

    pub(super) fn into_found(self) -> Differences {
        self.found.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep_rows(&self, told: impl IntoIterator<Item = ChangeRow>) -> Result<(), GeoparquetError> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        told.into_iter()
            .try_for_each(|told| found.told.push(told))
            .map_err(records_error)
    }

    /// A column of this release, laid out as that of the one before.
    fn column_as_before(&self, rows: &FacilityRows, name: &str) -> Option<ArrayRef> {
        let column = rows.column(name)?;
        let old = self.old.and_then(|old| old.field_with_name(name).ok());
        Some(old.map_or_else(
            || Arc::clone(column),
            |old| column_in_file(column, old.data_type()),
        ))
    }
}

impl Finder for DifferenceFinder<'_> {
    fn found_removed(&self, rows: &FacilityRows) -> Result<(), GeoparquetError> {
        self.keep_rows(facility_rows(rows, ChangeRow::REMOVED))
    }

    fn found_added(&self, places: &[RowPlace]) -> Result<(), GeoparquetError> {
        let Some(after) = self.after else { return Ok(()) };
        self.keep_rows(facility_rows(
            &after.take_rows(places, &FACILITY_COLUMNS)?,
            ChangeRow::ADDED,
        ))
    }

    fn found_changed(&self, before: &FacilityRows, places: &[RowPlace]) -> Result<(), GeoparquetError> {
        let Some(after) = self.after else { return Ok(()) };
        let further = self
            .columns
            .iter()
            .map(String::as_str)
            .filter(|name| !FACILITY_COLUMNS.contains(name));
        let now = after.take_rows(
            places,
            &FACILITY_COLUMNS.into_iter().chain(further).collect::<Vec<_>>(),
        )?;
        let facilities: Vec<ChangeRow> = facility_rows(&now, 0).collect();
        let mut of_row: Vec<Vec<usize>> = vec![vec![]; places.len()];
        let mut told = Vec::new();
        for (at, name) in self.columns.iter().enumerate() {
            let columns = before.column(name).zip(self.column_as_before(&now, name));
            let Some((old, new)) = columns else { continue };
            for row in values::differing_rows(old, &new) {
                let distance = values::distance_m(name, (old, row), (&new, row));
                let has_stayed = match distance {
                    Some(distance) => distance < LEAST_MOVE_M,
                    None => name == "geometry" && is_same_shape((old, row), (&new, row)),
                };
                // Its WKB differs in the last digits; the facility has stayed where it is.
                if has_stayed {
                    continue;
                }
                of_row[row].push(at);
                told.push(ChangeRow {
                    what: ChangeRow::FIRST_COLUMN
                        + u32::try_from(at).expect("a layer has less than 2^32 columns"),
                    old: values::value_text(name, old, row),
                    new: values::value_text(name, &new, row),
                    distance: distance.map(f64::to_bits),
                    ..facilities[row].clone()
                });
            }
        }
        // Values were compared and spelled without the lock, which is held only for what the threads share.
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        for columns in of_row {
            *found.differing.entry(columns).or_default() += 1;
        }
        for told in told {
            let at = (told.what - ChangeRow::FIRST_COLUMN) as usize;
            found.columns[at].add_pair(told.old.as_ref(), told.new.as_ref());
            found.told.push(told).map_err(records_error)?;
        }
        Ok(())
    }
}

/// Facilities without a value.
fn facility_rows(rows: &FacilityRows, what: u32) -> impl Iterator<Item = ChangeRow> {
    let [ids, names, states] = FACILITY_COLUMNS.map(|name| rows.texts(name));
    (0..rows.num_rows()).map(move |row| ChangeRow {
        what,
        id: owned_text(ids, row).unwrap_or_default(),
        name: owned_text(names, row),
        state: owned_text(states, row),
        old: None,
        new: None,
        distance: None,
    })
}

fn owned_text(texts: Option<Texts<'_>>, row: usize) -> Option<String> {
    texts?.value(row).map(str::to_owned)
}

/// A column as a file with this type has it: codes as text, the items of lists by the file's name for them.
fn column_in_file(column: &ArrayRef, kind: &DataType) -> ArrayRef {
    match (column.data_type(), kind) {
        (DataType::Dictionary(..), _) => match Texts::from_array(column.as_ref()) {
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
