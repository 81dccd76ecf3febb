//! Tables beside the tiles: how they are put together, and the rejects and flags of a layer.

use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use arrow_schema::{Field, Schema};

use super::Context;
use super::layer::{flags_path, rejects_path};
use super::tile::{TileError, write_table};
use crate::feature::{Flag, Flags, Reject};

/// Writes `rejects/<layer>.parquet`, with no rows where nothing was rejected.
pub(super) fn write_rejects(context: &Context<'_>, layer: &str, rejects: &[Reject]) -> Result<(), TileError> {
    let path = rejects_path(layer);
    let text = |value: fn(&Reject) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rejects.iter().map(value)))
    };
    let rows: ArrayRef =
        Arc::new(UInt64Array::from_iter_values(rejects.iter().map(|reject| reject.origin.row)));
    let columns = vec![
        ("source", text(|reject| reject.origin.source.to_string())),
        ("row", rows),
        ("field", text(|reject| reject.field.clone())),
        ("value", text(|reject| reject.value.clone())),
        ("reason", text(|reject| reject.reason.code().to_owned())),
    ];
    write_table(context, &path, &table(columns, &path)?).map(drop)
}

/// Writes `quality/flags/<layer>.parquet`, with no rows where nothing was flagged.
pub(super) fn write_flags(context: &Context<'_>, layer: &str, flags: &mut Flags) -> Result<(), TileError> {
    let path = flags_path(layer);
    let flags = flags.sorted();
    let text = |value: fn(&Flag) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(flags.iter().map(value)))
    };
    let rows: ArrayRef = Arc::new(UInt64Array::from_iter_values(flags.iter().map(|flag| flag.origin.row)));
    let columns = vec![
        ("facility_id", text(|flag| &flag.facility_id)),
        ("source", text(|flag| &flag.origin.source)),
        ("row", rows),
        ("field", text(|flag| &flag.field)),
        ("value", text(|flag| &flag.value)),
        ("flag", text(|flag| flag.code.code())),
        ("detail", text(|flag| &flag.detail)),
    ];
    write_table(context, &path, &table(columns, &path)?).map(drop)
}

/// Puts named columns together; every column is nullable.
pub(super) fn table(columns: Vec<(&str, ArrayRef)>, path: &Path) -> Result<RecordBatch, TileError> {
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)
        .map_err(|source| TileError::Table { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use arrow_schema::DataType;

    use super::*;

    #[test]
    fn an_empty_table_keeps_its_types() {
        let rows: ArrayRef = Arc::new(UInt64Array::from_iter_values(std::iter::empty()));
        let table = table(vec![("row", rows)], Path::new("rejects/x.parquet")).unwrap();
        assert_eq!((table.num_rows(), table.schema().field(0).data_type()), (0, &DataType::UInt64));
    }
}
