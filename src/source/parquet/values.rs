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
    Array, ArrayRef, BinaryArray, BinaryViewArray, BooleanArray, Int64Array, RecordBatch, StringArray,
    StringViewArray,
};
use arrow_schema::{ArrowError, DataType};
use arrow_select::nullif::nullif;

use super::leaves::Spelling;
use super::text::spell_column;
use crate::feature::spelling;

/// Bytes that a number, a date or an instant is spelled in, at most.
const WIDEST: usize = 400;

/// A decoded column as a batch holds it; a value of over `limit` bytes is left out, and its row with it.
pub(super) fn batch_column(column: &ArrayRef, kind: &Spelling, limit: usize) -> ArrayRef {
    macro_rules! widened {
        ($kind:ty) => {
            Arc::new(
                column
                    .as_primitive::<$kind>()
                    .unary::<_, Int64Type>(i64::from),
            ) as ArrayRef
        };
    }
    match column.data_type() {
        // Without a null and a text over the limit nothing has to be decided value by value.
        DataType::Utf8View if is_plain(column, limit) => Arc::new(StringArray::from_iter_values(
            column.as_string_view().iter().flatten(),
        )),
        DataType::Utf8View => {
            let mut texts = StringBuilder::with_capacity(column.len(), view_bytes(column));
            let values = column.as_string_view().iter();
            values.for_each(|text| texts.append_option(text.filter(|text| text.len() <= limit)));
            Arc::new(texts.finish())
        }
        DataType::BinaryView => Arc::new(spell_column(
            &(Arc::new(bytes_column(column, limit)) as ArrayRef),
            kind,
        )),
        DataType::Int8 => widened!(Int8Type),
        DataType::Int16 => widened!(Int16Type),
        DataType::Int32 => widened!(Int32Type),
        DataType::UInt8 => widened!(UInt8Type),
        DataType::UInt16 => widened!(UInt16Type),
        DataType::UInt32 => widened!(UInt32Type),
        DataType::UInt64 => {
            let numbers: Result<Int64Array, _> = column
                .as_primitive::<UInt64Type>()
                .try_unary::<_, Int64Type, _>(i64::try_from);
            // A batch's whole numbers are signed; beyond them a column is text, which keeps all digits.
            numbers.map_or_else(
                |_| Arc::new(spell_column(column, kind)) as ArrayRef,
                |numbers| Arc::new(numbers),
            )
        }
        DataType::Boolean
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Date32
        | DataType::Timestamp(..) => Arc::clone(column),
        _ => Arc::new(spell_column(column, kind)),
    }
}

/// A column of bytes; a value of over `limit` bytes is left out, and its row with it.
pub(super) fn bytes_column(column: &ArrayRef, limit: usize) -> BinaryArray {
    if is_plain(column, limit) {
        return BinaryArray::from_iter_values(column.as_binary_view().iter().flatten());
    }
    let mut bytes = BinaryBuilder::with_capacity(column.len(), view_bytes(column));
    match column.data_type() {
        DataType::BinaryView => {
            let values = column.as_binary_view().iter();
            values.for_each(|value| bytes.append_option(value.filter(|value| value.len() <= limit)));
        }
        DataType::FixedSizeBinary(_) => {
            column
                .as_fixed_size_binary()
                .iter()
                .for_each(|value| bytes.append_option(value));
        }
        _ => bytes.append_nulls(column.len()),
    }
    bytes.finish()
}

/// Bytes of all values of a column of views; none of any other.
fn view_bytes(column: &ArrayRef) -> usize {
    views(column).map_or(0, |views| views.iter().map(view_length).sum())
}

fn views(column: &ArrayRef) -> Option<&[u128]> {
    let texts = column.as_string_view_opt().map(StringViewArray::views);
    texts
        .or_else(|| column.as_binary_view_opt().map(BinaryViewArray::views))
        .map(AsRef::as_ref)
}

/// Length of a value; that of null is none.
fn view_length(view: &u128) -> usize {
    #[expect(clippy::cast_possible_truncation, reason = "the length is the lowest quarter")]
    let length = *view as u32;
    length as usize
}

/// Whether every row has a value, of at most `limit` bytes.
fn is_plain(column: &ArrayRef, limit: usize) -> bool {
    column.null_count() == 0
        && views(column).is_some_and(|views| views.iter().all(|view| view_length(view) <= limit))
}

/// Bytes that decoded rows take up once they are copied out.
pub(super) fn decoded_size(rows: &RecordBatch) -> usize {
    let sizes = rows.columns().iter().map(|column| match views(column) {
        Some(views) => views.iter().map(view_length).sum(),
        None => column.get_array_memory_size(),
    });
    sizes.sum()
}

/// How many rows to take so that their text and bytes reach `bytes`, or all of them.
pub(super) fn rows_within(rows: &RecordBatch, bytes: usize) -> usize {
    if rows.columns().iter().map(view_bytes).sum::<usize>() <= bytes {
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
    for views in columns.iter().filter_map(views) {
        for (sum, view) in rows.iter_mut().zip(views) {
            *sum += view_length(view);
        }
    }
    rows
}

/// Rows of over `limit` bytes: of the text and bytes of `decoded`, and of what is spelled of the other columns.
pub(super) fn rows_too_long(decoded: &[ArrayRef], held: &[ArrayRef], limit: usize) -> Vec<usize> {
    let pairs = decoded.iter().zip(held);
    let others: Vec<&ArrayRef> = pairs
        .filter(|(decoded, _)| views(decoded).is_none())
        .map(|(_, held)| held)
        .collect();
    // Spelling numbers takes time, and nearly no batch has a row that long: first by the most that there can be.
    let views: usize = decoded.iter().map(view_bytes).sum();
    let spelled_at_most: usize = others.iter().map(|column| most_spelled(column)).sum();
    if views + spelled_at_most <= limit {
        return Vec::new();
    }
    let mut rows = Vec::new();
    for (row, length) in row_lengths(decoded).into_iter().enumerate() {
        let is_too_long = length > limit
            || length
                + others
                    .iter()
                    .map(|column| spelled_length(column, row))
                    .sum::<usize>()
                > limit;
        if is_too_long {
            rows.push(row);
        }
    }
    rows
}

/// Bytes that a value of a column is spelled in, at most.
fn most_spelled(column: &ArrayRef) -> usize {
    let texts = spelling::as_text(column).map(|texts| texts.value_data().len());
    texts
        .or_else(|| Some(column.as_binary_opt::<i32>()?.value_data().len()))
        .unwrap_or(WIDEST)
}

/// Bytes that a value is spelled in.
fn spelled_length(column: &ArrayRef, row: usize) -> usize {
    let value = column.as_binary_opt::<i32>().filter(|bytes| bytes.is_valid(row));
    match (spelling::as_text(column), value) {
        (Some(texts), _) if texts.is_valid(row) => texts.value(row).len(),
        (_, Some(bytes)) => bytes.value(row).len(),
        _ => spelling::spell_value(column, row).map_or(0, |text| text.len()),
    }
}

/// A column of one text, or of nulls.
pub(super) fn constant_column(text: Option<&str>, rows: usize) -> ArrayRef {
    let mut texts = StringBuilder::with_capacity(rows, rows * text.map_or(0, str::len));
    (0..rows).for_each(|_| texts.append_option(text));
    Arc::new(texts.finish())
}

/// The columns with nulls in some rows.
pub(super) fn null_rows(columns: Vec<ArrayRef>, rows: &[usize]) -> Result<Vec<ArrayRef>, ArrowError> {
    let Some(first) = columns.first().filter(|_| !rows.is_empty()) else {
        return Ok(columns);
    };
    let mut marks = vec![false; first.len()];
    for row in rows {
        marks[*row] = true;
    }
    let marks = BooleanArray::from(marks);
    columns.iter().map(|column| nullif(column, &marks)).collect()
}

#[cfg(test)]
mod tests {
    use arrow_array::{
        Decimal128Array, FixedSizeBinaryArray, Float32Array, Int32Array, TimestampNanosecondArray,
        UInt64Array,
    };

    use super::super::leaves::BytesKind;
    use super::*;

    const PLAIN: Spelling = Spelling::leaf(BytesKind::Plain);

    #[test]
    fn types_that_a_batch_has_stay_and_others_are_text_of_the_same_spelling() {
        let decimal = Decimal128Array::from(vec![12_345])
            .with_precision_and_scale(9, 2)
            .unwrap();
        let columns: [(ArrayRef, DataType, &str); 9] = [
            (Arc::new(Int32Array::from(vec![-7])), DataType::Int64, "-7"),
            (Arc::new(UInt64Array::from(vec![7])), DataType::Int64, "7"),
            (
                Arc::new(UInt64Array::from(vec![u64::MAX])),
                DataType::Utf8,
                "18446744073709551615",
            ),
            (Arc::new(Float32Array::from(vec![0.1])), DataType::Float32, "0.1"),
            (Arc::new(decimal), DataType::Utf8, "123.45"),
            (
                Arc::new(StringViewArray::from(vec!["a text of some length"])),
                DataType::Utf8,
                "a text of some length",
            ),
            (
                Arc::new(BinaryViewArray::from(vec![&b"\x00\xff"[..]])),
                DataType::Utf8,
                "00ff",
            ),
            (
                Arc::new(TimestampNanosecondArray::from(vec![1_250_000_000]).with_timezone("UTC")),
                DataType::Timestamp(arrow_schema::TimeUnit::Nanosecond, Some("UTC".into())),
                "1970-01-01T00:00:01.250Z",
            ),
            (
                Arc::new(BooleanArray::from(vec![true])),
                DataType::Boolean,
                "true",
            ),
        ];
        for (column, kind, text) in columns {
            let held = batch_column(&column, &PLAIN, 100);
            assert_eq!(*held.data_type(), kind);
            assert_eq!(spelling::spell_value(&held, 0).as_deref(), Some(text));
            assert_eq!(
                spell_column(&column_of_text(&column), &PLAIN).value(0),
                text,
                "as it was spelled before"
            );
        }
    }

    /// Text and bytes as they come without views.
    fn column_of_text(column: &ArrayRef) -> ArrayRef {
        match column.data_type() {
            DataType::Utf8View => batch_column(column, &PLAIN, usize::MAX),
            DataType::BinaryView => Arc::new(bytes_column(column, usize::MAX)),
            _ => Arc::clone(column),
        }
    }

    #[test]
    fn a_row_is_too_long_by_all_that_is_spelled_of_it() {
        let texts: ArrayRef = Arc::new(StringViewArray::from(vec![
            Some("x".repeat(20)),
            None,
            Some("x".into()),
        ]));
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(123), Some(1_234_567_890), None]));
        let points: ArrayRef =
            Arc::new(FixedSizeBinaryArray::try_from_iter([[0_u8; 5]; 3].into_iter()).unwrap());
        let decoded = [texts, numbers, points];
        let held = |limit: usize| -> Vec<ArrayRef> {
            let [texts, numbers, points] = &decoded;
            let bytes: ArrayRef = Arc::new(bytes_column(points, limit));
            vec![batch_column(texts, &PLAIN, limit), Arc::clone(numbers), bytes]
        };
        let found = |limit: usize| rows_too_long(&decoded, &held(limit), limit);
        assert_eq!(
            [28, 27, 15, 14, 6, 5].map(found),
            [vec![], vec![0], vec![0], vec![0, 1], vec![0, 1], vec![0, 1, 2]]
        );
        assert!(held(19)[0].is_null(0), "a text over the limit isn't copied");
        let left = null_rows(held(27), &found(27)).unwrap();
        assert!(left.iter().all(|column| column.is_null(0)) && left[1].is_valid(1));
    }

    #[test]
    fn rows_are_taken_until_their_bytes_are_there() {
        let texts: ArrayRef = Arc::new(StringViewArray::from(vec!["x".repeat(20); 10]));
        let rows = RecordBatch::try_from_iter([("a", Arc::clone(&texts)), ("b", texts)]).unwrap();
        assert_eq!(
            [400, 399, 81, 80, 1].map(|bytes| rows_within(&rows, bytes)),
            [10, 10, 3, 2, 1]
        );
        assert_eq!(rows_within(&rows.slice(8, 2), 40), 1);
        assert_eq!(decoded_size(&rows), 400);
    }
}
