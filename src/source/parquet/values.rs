//! Decoded columns as a batch holds them: typed where it has the type, else as text.
//!
//! Pure. Text and bytes come as views into the pages that they were decoded from, so that a dictionary's entry is there
//! once however many rows have it. Here they are copied out, once, when it is known how long they are.

use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, Int64Array, RecordBatch, StringViewArray,
};
use arrow_schema::{ArrowError, DataType};
use arrow_select::nullif::nullif;

use super::leaves::Spelling;
use super::text::texts;
use crate::feature::spelling;

/// Bytes that a number, a date or an instant is spelled in, at most.
const WIDEST: usize = 400;

/// A decoded column as a batch holds it; a value of over `limit` bytes is left out, and its row with it.
pub(super) fn held(column: &ArrayRef, kind: &Spelling, limit: usize) -> ArrayRef {
    macro_rules! widened {
        ($kind:ty) => {
            Arc::new(column.as_primitive::<$kind>().unary::<_, Int64Type>(i64::from)) as ArrayRef
        };
    }
    match column.data_type() {
        DataType::Utf8View => {
            let mut texts = StringBuilder::with_capacity(column.len(), long(column));
            let values = column.as_string_view().iter();
            values.for_each(|text| texts.append_option(text.filter(|text| text.len() <= limit)));
            Arc::new(texts.finish())
        }
        DataType::BinaryView => Arc::new(texts(&(Arc::new(bytes(column, limit)) as ArrayRef), kind)),
        DataType::Int8 => widened!(Int8Type),
        DataType::Int16 => widened!(Int16Type),
        DataType::Int32 => widened!(Int32Type),
        DataType::UInt8 => widened!(UInt8Type),
        DataType::UInt16 => widened!(UInt16Type),
        DataType::UInt32 => widened!(UInt32Type),
        DataType::UInt64 => {
            let numbers: Result<Int64Array, _> =
                column.as_primitive::<UInt64Type>().try_unary::<_, Int64Type, _>(i64::try_from);
            numbers.map_or_else(|_| Arc::new(texts(column, kind)) as ArrayRef, |numbers| Arc::new(numbers))
        }
        DataType::Boolean
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Date32
        | DataType::Timestamp(..) => Arc::clone(column),
        _ => Arc::new(texts(column, kind)),
    }
}

/// A column of bytes; a value of over `limit` bytes is left out, and its row with it.
pub(super) fn bytes(column: &ArrayRef, limit: usize) -> BinaryArray {
    let mut bytes = BinaryBuilder::with_capacity(column.len(), long(column));
    match column.data_type() {
        DataType::BinaryView => {
            let values = column.as_binary_view().iter();
            values.for_each(|value| bytes.append_option(value.filter(|value| value.len() <= limit)));
        }
        DataType::FixedSizeBinary(_) => {
            column.as_fixed_size_binary().iter().for_each(|value| bytes.append_option(value));
        }
        _ => bytes.append_nulls(column.len()),
    }
    bytes.finish()
}

/// Bytes of all values of a column of views; none of any other.
fn long(column: &ArrayRef) -> usize {
    lengths(column).map_or(0, Iterator::sum)
}

/// Lengths of the values of a column of views.
fn lengths(column: &ArrayRef) -> Option<impl Iterator<Item = usize>> {
    let views = column.as_string_view_opt().map(StringViewArray::views);
    let views = views.or_else(|| column.as_binary_view_opt().map(BinaryViewArray::views))?;
    // The length is the lower half of a view's lower half.
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
    let length = |(row, view): (usize, &u128)| if column.is_valid(row) { *view as u32 as usize } else { 0 };
    Some(views.iter().enumerate().map(length))
}

/// Bytes that decoded rows take up once they are copied out.
pub(super) fn size(rows: &RecordBatch) -> usize {
    let size = |column: &ArrayRef| match lengths(column) {
        Some(lengths) => lengths.sum(),
        None => column.get_array_memory_size(),
    };
    rows.columns().iter().map(size).sum()
}

/// How many rows to take so that their text and bytes reach `bytes`, or all of them.
pub(super) fn fitting(rows: &RecordBatch, bytes: usize) -> usize {
    if rows.columns().iter().map(long).sum::<usize>() <= bytes {
        return rows.num_rows();
    }
    let mut left = bytes;
    for (row, length) in row_lengths(rows.columns()).into_iter().enumerate() {
        left = left.saturating_sub(length);
        if left == 0 {
            return row + 1;
        }
    }
    rows.num_rows()
}

/// Of every row the bytes in columns of views.
fn row_lengths(columns: &[ArrayRef]) -> Vec<usize> {
    let mut rows = vec![0; columns.first().map_or(0, Array::len)];
    for lengths in columns.iter().filter_map(lengths) {
        for (sum, length) in rows.iter_mut().zip(lengths) {
            *sum += length;
        }
    }
    rows
}

/// Rows of over `limit` bytes: of the text and bytes of `decoded`, and of what is spelled of the other columns.
pub(super) fn too_long(decoded: &[ArrayRef], held: &[ArrayRef], limit: usize) -> Vec<usize> {
    let is_other =
        |(decoded, held): (&ArrayRef, &'_ ArrayRef)| lengths(decoded).is_none().then(|| Arc::clone(held));
    let others: Vec<ArrayRef> = decoded.iter().zip(held).filter_map(is_other).collect();
    let most = decoded.iter().map(long).chain(others.iter().map(most_spelled)).sum::<usize>();
    if most <= limit {
        return Vec::new();
    }
    let is_too_long = |(row, sure): &(usize, usize)| {
        let rest = || others.iter().map(|column| spelled(column, *row)).sum::<usize>();
        *sure > limit || sure + rest() > limit
    };
    row_lengths(decoded).into_iter().enumerate().filter(is_too_long).map(|(row, _)| row).collect()
}

/// Bytes that a value of a column is spelled in, at most.
fn most_spelled(column: &ArrayRef) -> usize {
    let texts = spelling::as_text(column).map(|texts| texts.value_data().len());
    texts.or_else(|| Some(column.as_binary_opt::<i32>()?.value_data().len())).unwrap_or(WIDEST)
}

/// Bytes that a value is spelled in.
fn spelled(column: &ArrayRef, row: usize) -> usize {
    let value = column.as_binary_opt::<i32>().filter(|bytes| bytes.is_valid(row));
    match (spelling::as_text(column), value) {
        (Some(texts), _) if texts.is_valid(row) => texts.value(row).len(),
        (_, Some(bytes)) => bytes.value(row).len(),
        _ => spelling::text(column, row).map_or(0, |text| text.len()),
    }
}

/// A column of one text, or of nulls.
pub(super) fn constant(text: Option<&str>, rows: usize) -> ArrayRef {
    let mut texts = StringBuilder::with_capacity(rows, rows * text.map_or(0, str::len));
    (0..rows).for_each(|_| texts.append_option(text));
    Arc::new(texts.finish())
}

/// The columns with nulls in some rows.
pub(super) fn without(columns: Vec<ArrayRef>, rows: &[usize]) -> Result<Vec<ArrayRef>, ArrowError> {
    let Some(first) = columns.first().filter(|_| !rows.is_empty()) else { return Ok(columns) };
    let mut marks = vec![false; first.len()];
    for row in rows {
        marks[*row] = true;
    }
    let marks = BooleanArray::from(marks);
    columns.iter().map(|column| nullif(column, &marks)).collect()
}
