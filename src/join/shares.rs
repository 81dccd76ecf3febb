//! A row for each jurisdiction that a line or surface is in, with its share.

use std::sync::Arc;

use arrow_array::{BinaryArray, UInt32Array, UInt64Array};
use arrow_select::take::take;

use super::answers::Answers;
use super::polygons::PolygonSet;
use super::table::JoinedBatch;
use super::tally::Tally;
use crate::feature::RawBatch;
use crate::kernel::jurisdiction::ShareRule;

/// A row of the output: which row of the file it is made of, the jurisdiction, and its share.
struct Spread {
    row: usize,
    rank: Option<u32>,
    share: Option<f64>,
}

/// Has a row for each jurisdiction of the one set that a row is in, the largest share first; one for a row that is in none.
///
/// A point is in its jurisdiction with a share of 1. Shares are those of `SurfaceIndex::shares_of` by its usual rule: they
/// add up to 1 but for what is outside and for slivers below a millionth.
pub(super) fn spread_by_share(joined: JoinedBatch, sets: &[PolygonSet], tally: &mut Tally) -> JoinedBatch {
    let [set] = sets else { return joined };
    let Some(surfaces) = &set.surfaces else {
        return joined;
    };
    let mut spread: Vec<Spread> = Vec::with_capacity(joined.batch.len());
    let mut shapes = joined.positions.shapes.iter().peekable();
    for (row, rank) in joined.answers[0].ranks.iter().enumerate() {
        let first = spread.len();
        let shape = shapes.next_if(|(at, _)| *at == row);
        let held = shape.map(|(_, shape)| surfaces.shares_of(shape, ShareRule::default()));
        tally.tangled += u64::from(held.as_ref().is_some_and(|held| held.is_tangled));
        match held {
            Some(held) if !held.parts.is_empty() => {
                spread.extend(held.parts.iter().map(|part| Spread {
                    row,
                    rank: Some(part.rank),
                    share: Some(part.share),
                }));
            }
            Some(_) => spread.push(Spread {
                row,
                rank: None,
                share: None,
            }),
            None => spread.push(Spread {
                row,
                rank: *rank,
                share: rank.map(|_| 1.0),
            }),
        }
        if joined.positions.is_somewhere(row) {
            tally.sets[0].note_row(spread[first..].iter().filter_map(|part| part.rank));
        }
    }
    drop(shapes);
    let answers = Answers {
        ranks: spread.iter().map(|part| part.rank).collect(),
        measures: spread.iter().map(|part| part.share).collect(),
    };
    let rows: Vec<usize> = spread.into_iter().map(|part| part.row).collect();
    JoinedBatch {
        batch: repeated_rows(&joined.batch, &rows),
        positions: joined.positions.repeat_rows(&rows),
        answers: vec![answers],
        detail: joined.detail,
    }
}

/// The rows of a batch, some of them several times. Defects are the positions' by now, and geometries, too.
fn repeated_rows(batch: &RawBatch, rows: &[usize]) -> RawBatch {
    let places: UInt32Array = rows
        .iter()
        .map(|row| u32::try_from(*row).expect("a batch has less than 2^32 rows"))
        .collect();
    let columns = batch.columns.iter().map(|(name, values)| {
        // Fails only where a place is beyond the column.
        let repeated = take(values, &places, None).unwrap_or_else(|_| Arc::clone(values));
        (name.clone(), repeated)
    });
    RawBatch {
        columns: columns.collect(),
        geometry: BinaryArray::new_null(rows.len()),
        rows: UInt64Array::from_iter_values(rows.iter().map(|row| batch.rows.value(*row))),
        defects: vec![],
        crs: batch.crs.clone(),
        source: Arc::clone(&batch.source),
        repairs: batch.repairs,
    }
}
