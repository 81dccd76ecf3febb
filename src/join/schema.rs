//! The columns of joined rows: the file's own, and what the sets add.
//!
//! A set adds `<id>_code`, `<id>_name` where it has names, and `<id>_distance_m` or `<id>_share` where that is asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, new_null_array};
use arrow_schema::DataType;
use arrow_select::filter::filter_record_batch;

use super::asked::Detail;
use super::error::JoinError;
use super::open::Opened;
use super::polygons::PolygonSet;
use super::stream::each_batch;
use crate::feature::{RawBatch, spelling};

/// A column of the output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OutputColumn {
    /// Its name.
    pub(super) name: String,
    /// Its type.
    pub(super) kind: DataType,
}

/// Names of the columns that sets add, in order.
pub(super) fn added_names(sets: &[PolygonSet], detail: Detail) -> Vec<String> {
    added_columns(sets, detail)
        .into_iter()
        .map(|column| column.name)
        .collect()
}

/// The columns that sets add, in order.
pub(super) fn added_columns(sets: &[PolygonSet], detail: Detail) -> Vec<OutputColumn> {
    let mut columns = Vec::new();
    for set in sets {
        let suffixes = [
            Some(("code", DataType::Utf8)),
            set.names.as_ref().map(|_| ("name", DataType::Utf8)),
            detail.suffix().map(|suffix| (suffix, DataType::Float64)),
        ];
        columns.extend(suffixes.into_iter().flatten().map(|(suffix, kind)| OutputColumn {
            name: format!("{}_{suffix}", set.id),
            kind,
        }));
    }
    columns
}

/// Refuses a file that has a column of a name that is to be added.
pub(super) fn refuse_taken_names<'a>(
    opened: &Opened,
    added: &[String],
    own: impl IntoIterator<Item = &'a String>,
) -> Result<(), JoinError> {
    match own.into_iter().find(|name| added.contains(name)) {
        None => Ok(()),
        Some(column) => Err(JoinError::TakenColumn {
            shown: opened.shown().to_string(),
            column: column.clone(),
        }),
    }
}

/// The file's columns with their types: of its first batch where all others are like it, else of all.
pub(super) fn own_columns(opened: &Opened) -> Result<Vec<OutputColumn>, JoinError> {
    let mut reader = opened.open_reader()?;
    let mut types = ColumnTypes::default();
    types.expect_names(reader.fixed_columns().unwrap_or_default());
    if opened.has_fixed_types() {
        if let Some(first) = reader.next() {
            types.note_values(&first.map_err(|source| opened.source_error(source))?);
        }
    } else {
        // A column's type follows from its values there, and a file has one for all of them.
        each_batch(reader, opened, &mut |batch| types.note_values(batch))?;
    }
    Ok(types.into_columns())
}

/// Names of the file's columns.
pub(super) fn own_names(opened: &Opened) -> Result<Vec<String>, JoinError> {
    let reader = opened.open_reader()?;
    if let Some(names) = reader.fixed_columns() {
        return Ok(names.to_vec());
    }
    Ok(own_columns(opened)?
        .into_iter()
        .map(|column| column.name)
        .collect())
}

/// Types of columns by the values seen.
#[derive(Default)]
struct ColumnTypes {
    names: Vec<String>,
    /// By name; none of columns without a value.
    types: BTreeMap<String, DataType>,
}

impl ColumnTypes {
    fn expect_names(&mut self, names: &[String]) {
        self.names.extend_from_slice(names);
    }

    fn note_values(&mut self, batch: &RawBatch) {
        for (name, values) in &batch.columns {
            if !self.names.contains(name) {
                self.names.push(name.clone());
            }
            if values.null_count() == values.len() {
                continue;
            }
            // A column that is text here and a number there is text, and so is what is a struct of a text and its day.
            let kind = match (self.types.get(name), values.data_type()) {
                (_, DataType::Struct(_)) => DataType::Utf8,
                (Some(known), kind) if known != kind => DataType::Utf8,
                (_, kind) => kind.clone(),
            };
            self.types.insert(name.clone(), kind);
        }
    }

    fn into_columns(mut self) -> Vec<OutputColumn> {
        let columns = self.names.into_iter().map(|name| OutputColumn {
            kind: self.types.remove(&name).unwrap_or(DataType::Utf8),
            name,
        });
        columns.collect()
    }
}

/// A column of a batch in the type that the output has; nulls where the batch has none.
pub(super) fn column_as(
    batch: &RawBatch,
    column: &OutputColumn,
    opened: &Opened,
) -> Result<ArrayRef, JoinError> {
    let values = batch.columns.iter().find(|(name, _)| *name == column.name);
    let Some((_, values)) = values.filter(|(_, values)| values.null_count() < values.len()) else {
        return Ok(new_null_array(&column.kind, batch.len()));
    };
    if *values.data_type() == column.kind {
        return Ok(Arc::clone(values));
    }
    if column.kind == DataType::Utf8 {
        return Ok(Arc::new(spelling::spell_column(values)));
    }
    Err(JoinError::ChangedType {
        shown: opened.shown().to_string(),
        column: column.name.clone(),
        row: batch.rows.values().first().copied().unwrap_or(0),
        before: column.kind.to_string(),
        now: values.data_type().to_string(),
    })
}

/// A name that no column has: itself, or with a number.
pub(super) fn free_name(name: &str, taken: &[String]) -> String {
    let mut free = name.to_owned();
    let mut number = 2;
    while taken.contains(&free) {
        free = format!("{name}_{number}");
        number += 1;
    }
    free
}

/// Rows of a batch that isn't whole: those that `keep` says.
pub(super) fn keep_rows(rows: &RecordBatch, keep: &[bool]) -> RecordBatch {
    let keep = BooleanArray::from(keep.to_vec());
    // Fails only where there are not as many marks as rows.
    filter_record_batch(rows, &keep).unwrap_or_else(|_| rows.clone())
}
