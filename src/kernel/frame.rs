//! Arrow ↔ Polars, column by column, through safe builders.
//!
//! Only what normalise needs: text in; text, integers, floats, booleans and dates out. A conversion costs tens of
//! nanoseconds per text, and so does what Polars then does with it: where texts repeat, each goes through once.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray, UInt32Array,
};
use arrow_select::take::take;
use polars::prelude::{DataType, NewChunkedArray, PolarsResult, Series, StringChunked};

use super::KernelError;

/// Rows after which a column whose texts hardly repeat is taken as it is.
const PATIENCE: usize = 256;

/// Takes each text of a column through `map`, which goes value by value.
pub(super) fn map_texts(
    texts: &StringArray,
    map: impl FnOnce(&StringChunked) -> PolarsResult<Series>,
) -> Result<ArrayRef, KernelError> {
    match distinct_texts(texts) {
        None => map_through_polars(texts.iter(), map),
        Some((keys, distinct)) => {
            let values = map_through_polars(distinct.into_iter().map(Some), map)?;
            take(&values, &keys, None).map_err(|source| KernelError::Arrow { source })
        }
    }
}

fn map_through_polars<'t>(
    texts: impl Iterator<Item = Option<&'t str>>,
    map: impl FnOnce(&StringChunked) -> PolarsResult<Series>,
) -> Result<ArrayRef, KernelError> {
    let texts = StringChunked::from_iter_options("".into(), texts);
    map(&texts)
        .and_then(|series| to_arrow(&series))
        .map_err(|source| KernelError::Frame { source })
}

/// The place of every text among the distinct ones; none where few texts repeat.
fn distinct_texts(texts: &StringArray) -> Option<(UInt32Array, Vec<&str>)> {
    let mut places: HashMap<&str, u32> = HashMap::new();
    let mut distinct: Vec<&str> = Vec::new();
    let mut keys: Vec<Option<u32>> = Vec::with_capacity(texts.len());
    for (row, text) in texts.iter().enumerate() {
        let key = text.map(|text| {
            *places.entry(text).or_insert_with(|| {
                distinct.push(text);
                u32::try_from(distinct.len() - 1).unwrap_or(u32::MAX)
            })
        });
        keys.push(key);
        // More than half of them were new: looking up the rest would spare little.
        if row >= PATIENCE && distinct.len() > row / 2 {
            return None;
        }
    }
    Some((UInt32Array::from(keys), distinct))
}

/// An Arrow array from a Polars column of text, `Int64`, `Float64`, `Boolean` or `Date`.
fn to_arrow(series: &Series) -> PolarsResult<ArrayRef> {
    Ok(match series.dtype() {
        DataType::Int64 => Arc::new(series.i64()?.iter().collect::<Int64Array>()),
        DataType::Float64 => Arc::new(series.f64()?.iter().collect::<Float64Array>()),
        DataType::Boolean => Arc::new(series.bool()?.iter().collect::<BooleanArray>()),
        DataType::Date => Arc::new(series.date()?.phys.iter().collect::<Date32Array>()),
        _ => Arc::new(series.str()?.iter().collect::<StringArray>()),
    })
}

#[cfg(test)]
mod tests {
    use polars::prelude::ChunkCast;

    use super::*;

    #[test]
    fn texts_that_repeat_come_out_in_their_places() {
        let few: StringArray = (0..2_000)
            .map(|row| (row % 7 > 0).then(|| format!("{}", row % 5)))
            .collect();
        let many: StringArray = (0..2_000)
            .map(|row| (row % 7 > 0).then(|| format!("{row}")))
            .collect();
        assert!(distinct_texts(&few).is_some_and(|(_, distinct)| distinct.len() == 5));
        assert!(distinct_texts(&many).is_none());
        for texts in [few, many, StringArray::new_null(3), StringArray::new_null(0)] {
            let expected: Int64Array = texts.iter().map(|text| text?.parse::<i64>().ok()).collect();
            let done = map_texts(&texts, |texts| texts.cast(&DataType::Int64)).unwrap();
            assert_eq!(done.as_any().downcast_ref(), Some(&expected));
        }
    }
}
