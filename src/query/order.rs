//! Rows in the order of a column: all of them in memory, or the first so many.

use std::cmp::Ordering;

use arrow_array::UInt32Array;

use super::QueryError;
use super::question::Order;
use crate::feature::{Cell, Cells, FacilityRows};

/// Rows that are put in order at most where no limit is asked for.
const MOST_ROWS: usize = 1_000_000;
/// So many times the limit are held before the rest is let go.
const HELD_TIMES: usize = 4;
/// Fewer rows than this are never let go: to put them in order costs nothing.
const FEW_ROWS: usize = 16_384;

/// All rows in the order of a column; ties stay in the order in which they came.
pub(super) fn in_order(
    rows: impl Iterator<Item = Result<FacilityRows, QueryError>>,
    order: &Order,
    column: &str,
    limit: Option<u64>,
) -> Result<Option<FacilityRows>, QueryError> {
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    let held_at_most = limit.map_or(MOST_ROWS, |limit| limit.saturating_mul(HELD_TIMES).max(FEW_ROWS));
    let mut held: Vec<FacilityRows> = Vec::new();
    let mut count = 0;
    for batch in rows {
        let batch = batch?;
        count += batch.num_rows();
        held.push(batch);
        if count <= held_at_most {
            continue;
        }
        if limit.is_none() {
            return Err(QueryError::asked(format!(
                "more than {MOST_ROWS} rows to put in order: say a limit, or ask for less"
            )));
        }
        held = vec![first_of(&held, order, column, limit)?];
        count = held[0].num_rows();
    }
    if held.is_empty() {
        return Ok(None);
    }
    first_of(&held, order, column, limit).map(Some)
}

fn first_of(
    held: &[FacilityRows],
    order: &Order,
    column: &str,
    limit: Option<usize>,
) -> Result<FacilityRows, QueryError> {
    let unfit = |what: String| QueryError::format("rows", what);
    let all = FacilityRows::concat(held).map_err(|source| unfit(source.to_string()))?;
    let keys = all.column(column).and_then(|keys| Cells::of_array(keys.as_ref()));
    let keys = keys.ok_or_else(|| QueryError::asked(format!("rows can't be put in order by `{column}`")))?;
    let count = u32::try_from(all.num_rows()).map_err(|_too_many| unfit("too many rows".to_owned()))?;
    let mut numbers: Vec<u32> = (0..count).collect();
    numbers.sort_by(|one, other| {
        compared(
            &keys.get(*one as usize),
            &keys.get(*other as usize),
            order.is_descending,
        )
    });
    numbers.truncate(limit.unwrap_or(usize::MAX));
    all.take(&UInt32Array::from(numbers))
        .map_err(|source| unfit(source.to_string()))
}

/// The order of two values of one column; none comes last either way.
fn compared(one: &Cell<'_>, other: &Cell<'_>, is_descending: bool) -> Ordering {
    let ordering = match (one, other) {
        (Cell::Null, Cell::Null) => return Ordering::Equal,
        (Cell::Null, _) => return Ordering::Greater,
        (_, Cell::Null) => return Ordering::Less,
        (Cell::Text(one), Cell::Text(other)) => one.cmp(other),
        (Cell::Texts(one), Cell::Texts(other)) => one.cmp(other),
        (Cell::Integer(one), Cell::Integer(other)) => one.cmp(other),
        (Cell::Number(one), Cell::Number(other)) => one.total_cmp(other),
        (Cell::Boolean(one), Cell::Boolean(other)) => one.cmp(other),
        (Cell::Day(one), Cell::Day(other)) => one.cmp(other),
        _ => Ordering::Equal,
    };
    if is_descending {
        ordering.reverse()
    } else {
        ordering
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array, RecordBatch};

    use super::*;

    fn rows(beds: &[Option<i64>]) -> FacilityRows {
        let column: ArrayRef = Arc::new(Int64Array::from(beds.to_vec()));
        FacilityRows::try_new(RecordBatch::try_from_iter([("beds", column)]).unwrap()).unwrap()
    }

    fn ordered(order: &str, limit: Option<u64>) -> Vec<String> {
        let order: Order = order.parse().unwrap();
        let batches = [rows(&[Some(3), None, Some(1)]), rows(&[Some(2), Some(9)])];
        let found = in_order(batches.into_iter().map(Ok), &order, "beds", limit)
            .unwrap()
            .unwrap();
        let beds = Cells::of_array(found.column("beds").unwrap().as_ref()).unwrap();
        (0..found.num_rows())
            .map(|row| beds.get(row).to_string())
            .collect()
    }

    #[test]
    fn rows_come_in_order_and_those_without_a_value_last() {
        assert_eq!(ordered("beds", None), ["1", "2", "3", "9", ""]);
        assert_eq!(ordered("-beds", None), ["9", "3", "2", "1", ""]);
        assert_eq!(ordered("-beds", Some(2)), ["9", "3"]);
        assert!(
            in_order([].into_iter(), &"beds".parse().unwrap(), "beds", None)
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn of_many_rows_only_the_first_are_held() {
        let batches = (0..40).map(|batch| {
            let beds: Vec<Option<i64>> = (0..1_000)
                .map(|row| Some((row * 7_919 + batch * 31) % 100_003))
                .collect();
            rows(&beds)
        });
        let mut all: Vec<i64> = (0..40)
            .flat_map(|batch| (0..1_000).map(move |row| (row * 7_919 + batch * 31) % 100_003))
            .collect();
        all.sort_unstable();
        let order: Order = "beds".parse().unwrap();
        let found = in_order(batches.map(Ok), &order, "beds", Some(3))
            .unwrap()
            .unwrap();
        let beds = Cells::of_array(found.column("beds").unwrap().as_ref()).unwrap();
        let found: Vec<String> = (0..3).map(|row| beds.get(row).to_string()).collect();
        let expected: Vec<String> = all[..3].iter().map(i64::to_string).collect();
        assert_eq!(found, expected);
    }
}
