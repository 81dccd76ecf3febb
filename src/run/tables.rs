//! Tables beside the tiles: how they are put together, and the rejects and flags of a layer.

use std::borrow::Cow;
use std::io;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{Field, Schema};

use super::context::Context;
use super::tile;
use super::tile_error::TileError;
use crate::feature::release::paths::{flags_path, rejects_path};
use crate::feature::{Flag, Reject};

/// Rows that are put together at a time: rejects of a source that is broken throughout may be as many as its
/// rows, and wait in a scratch file.
const ROWS_AT_ONCE: usize = 8_192;

/// Writes `rejects/<layer>.parquet`, with no rows where nothing was rejected.
pub(super) fn write_rejects(
    context: &Context<'_>,
    layer: &str,
    rejects: impl Iterator<Item = io::Result<Reject>>,
) -> Result<(), TileError> {
    let rejects = rejects.map(|reject| reject.map(|reject| mask_reject(context, reject)));
    write_rows(context, &rejects_path(layer), rejects, |rejects| {
        let rows = rejects.iter().map(|reject| reject.origin.row);
        vec![
            ("source", text_column(rejects, |reject| &reject.origin.source)),
            ("row", Arc::new(UInt64Array::from_iter_values(rows))),
            ("field", text_column(rejects, |reject| &reject.field)),
            ("value", text_column(rejects, |reject| &reject.value)),
            ("reason", text_column(rejects, |reject| reject.reason.code())),
        ]
    })
}

/// A reject with nothing in it that a server was sent: a record that repeats it isn't the facility's.
fn mask_reject(context: &Context<'_>, mut reject: Reject) -> Reject {
    for text in [&mut reject.value, &mut reject.field] {
        if let Cow::Owned(masked) = context.veil.mask_value(text) {
            *text = masked;
        }
    }
    reject
}

/// Writes `quality/flags/<layer>.parquet`, with no rows where nothing was flagged.
pub(super) fn write_flags(
    context: &Context<'_>,
    layer: &str,
    flags: impl Iterator<Item = io::Result<Flag>>,
) -> Result<(), TileError> {
    write_rows(context, &flags_path(layer), flags, |flags| {
        let rows = flags.iter().map(|flag| flag.origin.row);
        vec![
            ("facility_id", text_column(flags, |flag| &flag.facility_id)),
            ("source", text_column(flags, |flag| &flag.origin.source)),
            ("row", Arc::new(UInt64Array::from_iter_values(rows))),
            ("field", text_column(flags, |flag| &flag.field)),
            ("value", text_column(flags, |flag| &flag.value)),
            ("flag", text_column(flags, |flag| flag.code.code())),
            ("detail", text_column(flags, |flag| &flag.detail)),
        ]
    })
}

pub(super) fn text_column<T>(rows: &[T], value: fn(&T) -> &str) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(rows.iter().map(value)))
}

/// Writes rows that come one after the other as a table, few of them in memory at a time.
pub(super) fn write_rows<T>(
    context: &Context<'_>,
    path: &Path,
    mut rows: impl Iterator<Item = io::Result<T>>,
    columns: impl Fn(&[T]) -> Vec<(&'static str, ArrayRef)>,
) -> Result<(), TileError> {
    let schema = named_columns(columns(&[]), path)?.schema();
    tile::write_pieces(context, path, schema, |write| {
        loop {
            let some = rows.by_ref().take(ROWS_AT_ONCE).collect::<io::Result<Vec<T>>>();
            let some = some.map_err(TileError::from_scratch)?;
            if some.is_empty() {
                return Ok(());
            }
            write(&named_columns(columns(&some), path)?)
                .map_err(|source| TileError::from_parquet(path, source))?;
        }
    })?;
    Ok(())
}

/// Puts named columns together; every column is nullable.
pub(super) fn named_columns(columns: Vec<(&str, ArrayRef)>, path: &Path) -> Result<RecordBatch, TileError> {
    // Nullable whatever tonight's rows hold: the schema of a table is the same on every night.
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
        let table = named_columns(vec![("row", rows)], Path::new("rejects/x.parquet")).unwrap();
        assert_eq!(
            (table.num_rows(), table.schema().field(0).data_type()),
            (0, &DataType::UInt64)
        );
    }
}
