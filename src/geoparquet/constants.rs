//! Columns with one value in all rows of a row group, as its statistics tell: nobody has to read them.
//!
//! Pure. Of fifty columns of a layer some twenty are such: what a source doesn't have, and what is the same for all of it.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Int64Array, StringArray, UInt32Array, new_null_array,
};
use arrow_schema::{ArrowError, DataType};
use arrow_select::take::take;
use parquet::file::statistics::Statistics;

use super::{ColumnBounds, TileIndex};

impl TileIndex {
    /// The value that a column has in every row of a row group, as an array of one row; none where that can't be told.
    ///
    /// Numbers with a point are never told: their statistics say nothing of NaN.
    pub fn constant(&self, group: usize, column: &str) -> Option<ArrayRef> {
        let kind = self.schema().field_with_name(column).ok()?.data_type();
        let chunk = self.chunk(group, &[column])?;
        let bounds = ColumnBounds::of_chunk(chunk);
        if !bounds.may_be_value {
            return Some(new_null_array(kind, 1));
        }
        let statistics = chunk.statistics().filter(|_| !bounds.may_be_null)?;
        // A long text is shortened in statistics, and rounded up or down.
        let is_exact = statistics.min_is_exact() && statistics.max_is_exact();
        if !is_exact || statistics.min_bytes_opt() != statistics.max_bytes_opt() {
            return None;
        }
        Some(match (kind, statistics) {
            (DataType::Utf8, Statistics::ByteArray(texts)) => {
                let text = std::str::from_utf8(texts.min_opt()?.data()).ok()?;
                Arc::new(StringArray::from(vec![text]))
            }
            (DataType::Boolean, Statistics::Boolean(marks)) => {
                Arc::new(BooleanArray::from(vec![*marks.min_opt()?]))
            }
            (DataType::Int64, Statistics::Int64(numbers)) => {
                Arc::new(Int64Array::from(vec![*numbers.min_opt()?]))
            }
            (DataType::Date32, Statistics::Int32(days)) => {
                Arc::new(Date32Array::from(vec![*days.min_opt()?]))
            }
            _ => return None,
        })
    }
}

/// An array with the value of one row so many times.
///
/// # Errors
/// When it is longer than an array can be.
pub fn repeated(value: &ArrayRef, rows: usize) -> Result<ArrayRef, ArrowError> {
    if value.is_null(0) {
        return Ok(new_null_array(value.data_type(), rows));
    }
    take(value, &UInt32Array::from_value(0, rows), None)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use arrow_array::Float64Array;
    use arrow_array::cast::AsArray;
    use arrow_schema::Field;

    use super::super::writer::tests::{rows, write_tile};
    use super::super::{SparseFile, WriteOptions};
    use super::*;
    use crate::feature::FacilityRows;

    const ROWS: usize = 300;

    /// The footer of a tile with one row group of some rows and a further column.
    fn tile_with(column: ArrayRef) -> TileIndex {
        let field = Field::new("extra", column.data_type().clone(), true);
        let rows = FacilityRows::try_new(rows(300)).unwrap();
        let rows = rows.with_column(field, column).unwrap();
        let options = WriteOptions {
            page_rows: 64,
            zstd_level: 3,
        };
        let mut out = Vec::new();
        write_tile(rows.as_batch(), &[ROWS], &options, &mut out).unwrap();
        let held = SparseFile::new(out.len() as u64, vec![(0, out.into())]);
        TileIndex::parse(Path::new("part-000.parquet"), held).unwrap()
    }

    fn texts(text_of: impl Fn(usize) -> Option<String>) -> ArrayRef {
        Arc::new((0..ROWS).map(text_of).collect::<StringArray>())
    }

    #[test]
    fn one_value_of_all_rows_is_told_and_nothing_else() {
        let told: Vec<ArrayRef> = vec![
            texts(|_row| Some("OPEN".to_owned())),
            texts(|_row| None),
            Arc::new(BooleanArray::from(vec![true; ROWS])),
            Arc::new(Int64Array::from(vec![-7; ROWS])),
            Arc::new(Date32Array::from(vec![20_000; ROWS])),
            new_null_array(&DataType::Float64, ROWS),
        ];
        for column in told {
            let value = tile_with(Arc::clone(&column)).constant(0, "extra").unwrap();
            assert_eq!(&repeated(&value, ROWS).unwrap(), &column);
        }
        let long = "x".repeat(200);
        let untold: Vec<ArrayRef> = vec![
            texts(|row| (row != 299).then(|| "OPEN".to_owned())),
            texts(|row| Some(format!("{long}{}", row % 2))),
            Arc::new(Int64Array::from_iter_values(0..300)),
            Arc::new(Float64Array::from_iter_values(
                (0..ROWS).map(|row| if row == 5 { f64::NAN } else { 1.0 }),
            )),
        ];
        for column in untold {
            let tile = tile_with(Arc::clone(&column));
            assert!(tile.constant(0, "extra").is_none(), "{:?}", column.slice(298, 2));
        }
    }

    #[test]
    fn nested_columns_are_read_and_absent_ones_are_none() {
        let tile = tile_with(texts(|_row| None));
        assert!(tile.constant(0, "bbox").is_none() && tile.constant(0, "no_such_column").is_none());
        assert_eq!(
            repeated(&texts(|_row| Some("A".to_owned())), 2)
                .unwrap()
                .as_string::<i32>()
                .value(1),
            "A"
        );
    }
}
