//! The columns of the file itself: their names, and the types that the output has for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, new_null_array};
use arrow_schema::DataType;

use super::error::JoinError;
use super::open::Opened;
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
