//! Arrow ↔ Polars, column by column, through safe builders.
//!
//! Only what normalise needs: text in; text, integers, floats, booleans and dates out.
//! Costs about 40 ns per string and direction; no FFI, so no `unsafe`.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray};
use polars::prelude::{Column, DataType, IntoColumn, NewChunkedArray, PolarsResult, StringChunked};

use super::repair;

/// A Polars text column from an Arrow one, every value repaired.
pub(super) fn to_polars(name: &str, values: &StringArray) -> Column {
    let repaired = values.iter().map(|value| value.and_then(repair::text));
    StringChunked::from_iter_options(name.into(), repaired).into_column()
}

/// An Arrow array from a Polars column of text, `Int64`, `Float64`, `Boolean` or `Date`.
pub(super) fn to_arrow(column: &Column) -> PolarsResult<ArrayRef> {
    let series = column.as_materialized_series();
    Ok(match series.dtype() {
        DataType::Int64 => Arc::new(series.i64()?.iter().collect::<Int64Array>()),
        DataType::Float64 => Arc::new(series.f64()?.iter().collect::<Float64Array>()),
        DataType::Boolean => Arc::new(series.bool()?.iter().collect::<BooleanArray>()),
        DataType::Date => Arc::new(series.date()?.phys.iter().collect::<Date32Array>()),
        _ => Arc::new(series.str()?.iter().collect::<StringArray>()),
    })
}
