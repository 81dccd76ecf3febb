//! What is known of a column's values without reading them: by the statistics of a row group, or of a page.
//!
//! Pure.

use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::{Statistics, ValueStatistics};

/// Least and greatest value of a column. Those of text may be shortened: all texts lie between them all the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ValueRange<'a> {
    /// Text, as UTF-8.
    Texts(&'a [u8], &'a [u8]),
    /// Whole numbers.
    Integers(i64, i64),
    /// Numbers; those that are none (NaN) don't count.
    Numbers(f64, f64),
    /// Days since 1970-01-01.
    Days(i32, i32),
    /// Yes and no.
    Booleans(bool, bool),
}

/// What is known of a column's values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColumnBounds<'a> {
    /// Between which values they lie; none where nothing tells.
    pub range: Option<ValueRange<'a>>,
    /// Whether one may be null.
    pub may_be_null: bool,
    /// Whether one may be a value.
    pub may_be_value: bool,
}

impl<'a> ColumnBounds<'a> {
    /// By the statistics of a row group.
    pub(super) fn of_chunk(column: &'a ColumnChunkMetaData) -> Self {
        let statistics = column.statistics();
        let nulls = statistics.and_then(Statistics::null_count_opt);
        Self {
            range: statistics.and_then(range_of_statistics),
            may_be_null: nulls != Some(0),
            may_be_value: nulls.is_none_or(|nulls| nulls < column.num_values().unsigned_abs()),
        }
    }

    /// By the column index, of one of its pages.
    pub(super) fn of_page(index: &'a ColumnIndexMetaData, page: usize) -> Self {
        if index.is_null_page(page) {
            return Self {
                range: None,
                may_be_null: true,
                may_be_value: false,
            };
        }
        Self {
            range: range_of_page(index, page),
            may_be_null: index.null_count(page) != Some(0),
            may_be_value: true,
        }
    }
}

fn range_of_statistics(statistics: &Statistics) -> Option<ValueRange<'_>> {
    Some(match statistics {
        Statistics::ByteArray(told) => ValueRange::Texts(told.min_opt()?.data(), told.max_opt()?.data()),
        Statistics::Int64(told) => {
            let (least, greatest) = ends(told)?;
            ValueRange::Integers(least, greatest)
        }
        Statistics::Int32(told) => {
            let (least, greatest) = ends(told)?;
            ValueRange::Days(least, greatest)
        }
        Statistics::Double(told) => {
            let (least, greatest) = ends(told)?;
            ValueRange::Numbers(least, greatest)
        }
        Statistics::Float(told) => {
            let (least, greatest) = ends(told)?;
            ValueRange::Numbers(least.into(), greatest.into())
        }
        Statistics::Boolean(told) => {
            let (least, greatest) = ends(told)?;
            ValueRange::Booleans(least, greatest)
        }
        _ => return None,
    })
}

fn ends<T: Copy>(told: &ValueStatistics<T>) -> Option<(T, T)> {
    Some((*told.min_opt()?, *told.max_opt()?))
}

fn range_of_page(index: &ColumnIndexMetaData, page: usize) -> Option<ValueRange<'_>> {
    Some(match index {
        ColumnIndexMetaData::BYTE_ARRAY(told) => {
            ValueRange::Texts(told.min_value(page)?, told.max_value(page)?)
        }
        ColumnIndexMetaData::INT64(told) => {
            ValueRange::Integers(*told.min_value(page)?, *told.max_value(page)?)
        }
        ColumnIndexMetaData::INT32(told) => ValueRange::Days(*told.min_value(page)?, *told.max_value(page)?),
        ColumnIndexMetaData::DOUBLE(told) => {
            ValueRange::Numbers(*told.min_value(page)?, *told.max_value(page)?)
        }
        ColumnIndexMetaData::FLOAT(told) => {
            ValueRange::Numbers((*told.min_value(page)?).into(), (*told.max_value(page)?).into())
        }
        ColumnIndexMetaData::BOOLEAN(told) => {
            ValueRange::Booleans(*told.min_value(page)?, *told.max_value(page)?)
        }
        _ => return None,
    })
}
