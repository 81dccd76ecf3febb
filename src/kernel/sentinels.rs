//! Values that stand for none: a field's sentinels, found by comparing what a column has.
//!
//! Pure. A typed column compares values, with the outcome that comparing their spellings would have; text is compared as
//! text. Nothing is copied: a column loses bits of its validity, or is shared where no value is a sentinel.

use std::collections::HashSet;
use std::str::FromStr;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, BooleanArray, StringArray};
use arrow_schema::{ArrowError, DataType};
use arrow_select::nullif::nullif;

use crate::feature::spelling;
use crate::plan::{Field, FieldKind};

/// The column without the field's sentinels.
///
/// Of numbers, and codes that are padded, a spelling that only adds zeros after the point is the same sentinel:
/// `-999.00000` is `-999`.
pub(super) fn without_sentinels(column: &ArrayRef, field: &Field) -> Result<ArrayRef, ArrowError> {
    let is_number = matches!(field.kind, FieldKind::Integer | FieldKind::Number) || field.pad.is_some();
    let words: Vec<&str> = field
        .null
        .iter()
        .map(|word| if is_number { without_zeros(word) } else { word })
        .collect();
    let rows = sentinel_rows(column, &words, is_number);
    // So it is with most columns: shared, and not copied to take nothing out.
    if rows.is_empty() {
        return Ok(Arc::clone(column));
    }
    let mut marks = vec![false; column.len()];
    for row in rows {
        marks[row] = true;
    }
    let marks = BooleanArray::from(marks);
    // Text with the days of its native dates is two arrays: a row that loses one must lose the other.
    match (
        column.data_type(),
        spelling::as_text(column),
        spelling::date_column(column),
    ) {
        (DataType::Struct(_), Some(texts), Some(days)) => {
            let texts = nullif(texts, &marks)?.as_string::<i32>().clone();
            Ok(spelling::mixed_column(
                texts,
                nullif(&days, &marks)?.as_primitive().clone(),
            ))
        }
        _ => nullif(column, &marks),
    }
}

/// Rows whose value is one of the words.
fn sentinel_rows(column: &ArrayRef, words: &[&str], is_number: bool) -> Vec<usize> {
    // A typed value is spelled in one way alone: a word spelled otherwise is none of its values.
    match column.data_type() {
        _ if words.is_empty() => Vec::new(),
        DataType::Int64 => {
            let numbers: Vec<i64> = numbers_spelled(words);
            rows_where(column.as_primitive::<Int64Type>().values(), |value| {
                numbers.contains(value)
            })
        }
        DataType::Float64 => {
            let numbers: Vec<f64> = numbers_spelled(words);
            // `-0` is another word than `0`, and all that is no number is one word.
            rows_where(column.as_primitive::<Float64Type>().values(), |value| {
                numbers
                    .iter()
                    .any(|n| value.to_bits() == n.to_bits() || value.is_nan() && n.is_nan())
            })
        }
        kind if spelling::as_text(column).is_some() || words.iter().any(|word| may_spell(word, kind)) => {
            rows_with_words(&spelling::spell_column(column), words, is_number)
        }
        _ => Vec::new(),
    }
}

/// The numbers that are spelled like one of the words.
fn numbers_spelled<T: FromStr + ToString>(words: &[&str]) -> Vec<T> {
    words
        .iter()
        .filter_map(|word| {
            word.parse()
                .ok()
                .filter(|number: &T| number.to_string() == **word)
        })
        .collect()
}

fn rows_where<T>(values: &[T], is_sentinel: impl Fn(&T) -> bool) -> Vec<usize> {
    values
        .iter()
        .enumerate()
        .filter(|(_, value)| is_sentinel(value))
        .map(|(row, _)| row)
        .collect()
}

/// Rows whose text is one of the words, upper and lower case alike.
fn rows_with_words(texts: &StringArray, words: &[&str], is_number: bool) -> Vec<usize> {
    let lengths: HashSet<usize> = words.iter().map(|word| word.len()).collect();
    let longest = lengths.iter().max().copied().unwrap_or(0);
    let has_length: Vec<bool> = (0..=longest).map(|length| lengths.contains(&length)).collect();
    (0..texts.len())
        .filter(|row| texts.is_valid(*row))
        .filter(|row| {
            let text = texts.value(*row);
            let text = if is_number { without_zeros(text) } else { text };
            // Lengths first: most texts have that of no sentinel, and are compared with none.
            has_length.get(text.len()).is_some_and(|has| *has)
                && words.iter().any(|word| word.eq_ignore_ascii_case(text))
        })
        .collect()
}

/// Whether a value of a type could be spelled so; true is not always so, false is.
fn may_spell(word: &str, kind: &DataType) -> bool {
    match kind {
        DataType::Boolean => matches!(word, "true" | "false"),
        DataType::Date32 | DataType::Timestamp(..) => {
            word.contains(' ') || word.get(1..).is_some_and(|rest| rest.contains('-'))
        }
        _ => true,
    }
}

/// A number's text without the zeros that end its decimals.
pub(super) fn without_zeros(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}
