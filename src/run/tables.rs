//! Tables beside the tiles: how they are put together, and the rejects and flags of a layer.

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{Field, Schema};

use super::Context;
use super::layer::{flags_path, rejects_path};
use super::tile::{self, TileError};
use crate::feature::{Flag, Reject};

/// Rows that are put together at a time.
const AT_ONCE: usize = 8_192;

/// Writes `rejects/<layer>.parquet`, with no rows where nothing was rejected.
pub(super) fn write_rejects(
    context: &Context<'_>,
    layer: &str,
    rejects: impl Iterator<Item = io::Result<Reject>>,
) -> Result<(), TileError> {
    let rejects = rejects.map(|reject| reject.map(|reject| covered(context, reject)));
    write_rows(context, &rejects_path(layer), rejects, |rejects| {
        let text = |value: fn(&Reject) -> &str| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(rejects.iter().map(value)))
        };
        let rows = rejects.iter().map(|reject| reject.origin.row);
        vec![
            ("source", text(|reject| &reject.origin.source)),
            ("row", Arc::new(UInt64Array::from_iter_values(rows))),
            ("field", text(|reject| &reject.field)),
            ("value", text(|reject| &reject.value)),
            ("reason", text(|reject| reject.reason.code())),
        ]
    })
}

/// A reject with nothing in it that a server was sent: a record that repeats it isn't the facility's.
fn covered(context: &Context<'_>, mut reject: Reject) -> Reject {
    let shown = |text: &mut String| {
        if let Cow::Owned(hidden) = context.veil.value(text) {
            *text = hidden;
        }
    };
    shown(&mut reject.value);
    shown(&mut reject.field);
    reject
}

/// Writes `quality/flags/<layer>.parquet`, with no rows where nothing was flagged.
pub(super) fn write_flags(
    context: &Context<'_>,
    layer: &str,
    flags: impl Iterator<Item = io::Result<Flag>>,
) -> Result<(), TileError> {
    write_rows(context, &flags_path(layer), flags, |flags| {
        let text = |value: fn(&Flag) -> &str| -> ArrayRef {
            Arc::new(StringArray::from_iter_values(flags.iter().map(value)))
        };
        let rows = flags.iter().map(|flag| flag.origin.row);
        vec![
            ("facility_id", text(|flag| &flag.facility_id)),
            ("source", text(|flag| &flag.origin.source)),
            ("row", Arc::new(UInt64Array::from_iter_values(rows))),
            ("field", text(|flag| &flag.field)),
            ("value", text(|flag| &flag.value)),
            ("flag", text(|flag| flag.code.code())),
            ("detail", text(|flag| &flag.detail)),
        ]
    })
}

/// Writes rows that come one after the other as a table, few of them in memory at a time.
fn write_rows<T>(
    context: &Context<'_>,
    path: &Path,
    mut rows: impl Iterator<Item = io::Result<T>>,
    columns: impl Fn(&[T]) -> Vec<(&'static str, ArrayRef)>,
) -> Result<(), TileError> {
    let schema = table(columns(&[]), path)?.schema();
    let written = tile::write_pieces(context, path, schema, |write| {
        loop {
            let some = rows.by_ref().take(AT_ONCE).collect::<io::Result<Vec<T>>>();
            let some = some.map_err(TileError::from_scratch)?;
            if some.is_empty() {
                return Ok(());
            }
            write(&table(columns(&some), path)?).map_err(|source| TileError::encoding(path, source))?;
        }
    });
    written.map(drop)
}

/// Puts named columns together; every column is nullable.
pub(super) fn table(columns: Vec<(&str, ArrayRef)>, path: &Path) -> Result<RecordBatch, TileError> {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(|source| TileError::Table {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use arrow_schema::DataType;

    use super::*;

    #[test]
    fn an_empty_table_keeps_its_types() {
        let rows: ArrayRef = Arc::new(UInt64Array::from_iter_values(std::iter::empty()));
        let table = table(vec![("row", rows)], Path::new("rejects/x.parquet")).unwrap();
        assert_eq!(
            (table.num_rows(), table.schema().field(0).data_type()),
            (0, &DataType::UInt64)
        );
    }
}
