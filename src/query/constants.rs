//! Columns of an answer that aren't read, because the statistics of a row group tell the one value that they have.
//!
//! Holds what it made of the last row group: the next one mostly has the same value.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::{Array, ArrayRef};
use arrow_schema::{ArrowError, Field};

use super::QueryError;
use super::project::Projection;
use crate::feature::FacilityRows;
use crate::geoparquet::{TileIndex, repeated};

/// Rows of which a column is made at least.
const LEAST_ROWS: usize = 4_096;

/// Columns that were made.
#[derive(Debug, Default)]
pub(super) struct ConstantColumns {
    /// By name: an array of one row, and one of many.
    made: Mutex<BTreeMap<String, [ArrayRef; 2]>>,
}

impl ConstantColumns {
    fn column(&self, name: &str, value: &ArrayRef, rows: usize) -> Result<ArrayRef, ArrowError> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some([of, column]) = made.get(name)
            && of == value
            && column.len() >= rows
        {
            return Ok(column.slice(0, rows));
        }
        let column = repeated(value, rows.max(LEAST_ROWS))?;
        let shown = column.slice(0, rows);
        made.insert(name.to_owned(), [Arc::clone(value), column]);
        Ok(shown)
    }

    /// The rows with the columns that weren't read. Their order is that of the answer only once they are projected.
    pub(super) fn add_to(
        &self,
        rows: &FacilityRows,
        columns: &UnitColumns,
    ) -> Result<FacilityRows, QueryError> {
        let added = columns.constant.iter().map(|(field, value)| {
            let column = self.column(field.name(), value, rows.num_rows())?;
            Ok((field.clone(), column))
        });
        let added = added.collect::<Result<Vec<_>, ArrowError>>();
        added
            .and_then(|added| rows.with_columns(added))
            .map_err(|source| QueryError::format("rows", source.to_string()))
    }
}

/// What a unit's rows are made of.
#[derive(Debug)]
pub(super) struct UnitColumns {
    /// Columns that are read.
    pub(super) read: Vec<String>,
    /// The others, each with its value.
    constant: Vec<(Field, ArrayRef)>,
}

impl UnitColumns {
    /// All of them read.
    pub(super) fn all_read(columns: &[String]) -> Self {
        Self {
            read: columns.to_vec(),
            constant: vec![],
        }
    }

    /// Those of a row group's rows: whatever tells of a row whether it is meant is read.
    pub(super) fn of_group(tile: &TileIndex, group: usize, columns: &Projection) -> Self {
        let mut found = Self::all_read(&[]);
        for name in &columns.read {
            let is_looked_at = columns.filter.contains(name) || columns.order.as_ref() == Some(name);
            let value = (!is_looked_at).then(|| tile.constant(group, name));
            match (value.flatten(), tile.schema().field_with_name(name)) {
                (Some(value), Ok(field)) => found.constant.push((field.clone(), value)),
                _ => found.read.push(name.clone()),
            }
        }
        // The reader counts rows by what it reads.
        if found.read.is_empty() {
            return Self::all_read(&columns.read);
        }
        found
    }
}
