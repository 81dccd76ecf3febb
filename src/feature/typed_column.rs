//! Columns of a table by name and type.
//!
//! LEAF. A table that is read back is only as good as its file: whoever asks for a column says of which type it is to
//! be, and is told what stands there instead.

use arrow_array::{Array, BooleanArray, Float64Array, RecordBatch, StringArray, UInt64Array};
use arrow_schema::DataType;

/// Why a column can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ColumnError {
    /// It isn't there.
    #[error("no column `{column}`, which is to be {expected}")]
    Absent {
        /// Its name.
        column: String,
        /// The type it is to have.
        expected: &'static str,
    },
    /// It is of another type.
    #[error("the column `{column}` is {found}, not {expected}")]
    Mistyped {
        /// Its name.
        column: String,
        /// The type it is to have.
        expected: &'static str,
        /// The type it has.
        found: DataType,
    },
    /// Some row has no value, where every one must.
    #[error("the column `{column}` holds nulls")]
    HoldsNulls {
        /// Its name.
        column: String,
    },
}

/// An array that a column may be asked for as.
pub trait ColumnArray: Array + 'static {
    /// Its type, as Arrow calls it.
    const TYPE: &'static str;
}

impl ColumnArray for StringArray {
    const TYPE: &'static str = "Utf8";
}

impl ColumnArray for BooleanArray {
    const TYPE: &'static str = "Boolean";
}

impl ColumnArray for UInt64Array {
    const TYPE: &'static str = "UInt64";
}

impl ColumnArray for Float64Array {
    const TYPE: &'static str = "Float64";
}

/// The named column of a table, which must be there and of the type.
///
/// ```
/// use std::sync::Arc;
///
/// use arrow_array::{ArrayRef, BooleanArray, RecordBatch, UInt64Array};
/// use cikr::feature::typed_column;
///
/// let counts: ArrayRef = Arc::new(UInt64Array::from(vec![12, 30]));
/// let table = RecordBatch::try_from_iter([("rows", counts)])?;
/// assert_eq!(typed_column::<UInt64Array>(&table, "rows")?.value(1), 30);
/// let refused = typed_column::<BooleanArray>(&table, "rows").unwrap_err();
/// assert_eq!(refused.to_string(), "the column `rows` is UInt64, not Boolean");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// When it isn't there, or of another type.
pub fn typed_column<'a, T: ColumnArray>(rows: &'a RecordBatch, name: &str) -> Result<&'a T, ColumnError> {
    let column = rows.column_by_name(name).ok_or_else(|| ColumnError::Absent {
        column: name.to_owned(),
        expected: T::TYPE,
    })?;
    column
        .as_any()
        .downcast_ref()
        .ok_or_else(|| ColumnError::Mistyped {
            column: name.to_owned(),
            expected: T::TYPE,
            found: column.data_type().clone(),
        })
}
