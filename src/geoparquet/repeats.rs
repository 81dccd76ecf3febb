//! Which columns hold values that hardly repeat: of these, a dictionary is as long as they are, with a number for each row
//! on top, and least and greatest values say nothing of a page.
//!
//! Told by the first rows of a file, so that it depends on nothing but its rows: text may come as a dictionary or not.

use std::collections::HashSet;
use std::hash::Hash;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;

use crate::feature::Texts;

/// Rows that are looked at.
const SAMPLE: usize = 4_096;
/// Fewer tell nothing, and are short either way.
const FEW: usize = 1_024;
/// Of the values among them, so many in a hundred are different where they hardly repeat.
const DIFFERENT: usize = 75;

/// Columns of text and of numbers whose values hardly repeat, and which of them are text.
pub(super) fn nearly_unique_columns(rows: &RecordBatch) -> Vec<(&str, bool)> {
    if rows.num_rows() < FEW {
        return vec![];
    }
    let fields = rows.schema_ref().fields().iter().zip(rows.columns());
    let fields = fields.filter(|(_, column)| hardly_repeats(&column.slice(0, column.len().min(SAMPLE))));
    fields
        .map(|(field, column)| {
            (
                field.name().as_str(),
                Texts::from_array(column.as_ref()).is_some(),
            )
        })
        .collect()
}

fn hardly_repeats(column: &dyn Array) -> bool {
    // Bits stand for doubles, which have no equality to hash by.
    let different = match column.data_type() {
        DataType::Int64 => count_distinct(column.as_primitive::<Int64Type>().iter().flatten()),
        DataType::Float64 => count_distinct(
            column
                .as_primitive::<Float64Type>()
                .iter()
                .flatten()
                .map(f64::to_bits),
        ),
        _ => match Texts::from_array(column) {
            Some(texts) => count_distinct(texts.iter().flatten()),
            None => return false,
        },
    };
    // Nulls repeat, and cost nothing either way: they are in the definition levels, not among the values.
    let values = column.len() - column.logical_null_count();
    different * 100 > values * DIFFERENT
}

fn count_distinct<T: Hash + Eq>(values: impl Iterator<Item = T>) -> usize {
    values.collect::<HashSet<T>>().len()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::types::Int32Type;
    use arrow_array::{ArrayRef, DictionaryArray, Float64Array, Int64Array, StringArray};

    use super::*;

    #[test]
    fn values_that_are_nearly_all_different_hardly_repeat() {
        let rows = 0..10_000_i64;
        let text = |of: fn(i64) -> Option<i64>| -> ArrayRef {
            Arc::new(
                rows.clone()
                    .map(|row| of(row).map(|n| format!("name {n}")))
                    .collect::<StringArray>(),
            )
        };
        let coded: DictionaryArray<Int32Type> = (0..10_000).map(|row| Some(["a", "b"][row % 2])).collect();
        let name = text(|row| (row % 3 > 0).then_some(row));
        let coded_name: DictionaryArray<Int32Type> = name.as_string::<i32>().iter().collect();
        let columns: [(&str, ArrayRef); 8] = [
            ("name", name),
            ("coded name", Arc::new(coded_name)),
            ("city", text(|row| Some(row % 900))),
            ("none", text(|_| None)),
            ("code", Arc::new(coded)),
            ("serial", Arc::new(rows.clone().map(Some).collect::<Int64Array>())),
            (
                "beds",
                Arc::new(rows.clone().map(|row| Some(row % 500)).collect::<Int64Array>()),
            ),
            (
                "size",
                Arc::new(
                    rows.clone()
                        .map(|row| Some(row as f64 / 7.0))
                        .collect::<Float64Array>(),
                ),
            ),
        ];
        let columns = columns.map(|(name, column)| (name, column, true));
        let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        let expected = [
            ("name", true),
            ("coded name", true),
            ("serial", false),
            ("size", false),
        ];
        assert_eq!(nearly_unique_columns(&batch), expected);
        assert_eq!(nearly_unique_columns(&batch.slice(0, 100)), []);
    }
}
