//! A few rows of a layer with their values, the same ones from night to night as long as their keys stay.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use arrow_array::{Array, ArrayRef};

use super::keys::mix_bits;
use crate::feature::spelling;
use crate::kernel::assemble::StageRows;
use crate::kernel::keys::key_number;

/// Rows that are kept.
const MOST_ROWS: usize = 2_000;

/// Rows whose keys come first in an order that has nothing to do with them.
#[derive(Debug, Default)]
pub struct Sample {
    fields: Vec<String>,
    rows: BTreeMap<u64, Facility>,
}

/// What is kept of a row.
#[derive(Debug)]
pub struct Facility {
    /// Its values in the order of the fields, as [`value_digest`] has them.
    pub values: Vec<Option<u64>>,
    /// Centre of its box, degrees.
    pub place: [f64; 2],
}

impl Sample {
    /// No rows yet, and of those to come these columns.
    pub(super) fn new(fields: Vec<String>) -> Self {
        Self {
            fields,
            rows: BTreeMap::new(),
        }
    }

    /// The columns that are compared.
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// Takes those of a batch that belong to the sample; `places` gives where among `stage` a row of `numbers` is.
    pub(super) fn add_batch(&mut self, numbers: &[u128], places: impl Fn(usize) -> usize, stage: &StageRows) {
        let columns: Vec<Option<&ArrayRef>> = self
            .fields
            .iter()
            .map(|field| stage.rows().column(field))
            .collect();
        for (row, number) in numbers.iter().enumerate() {
            // By a digest, not by chance or place: two nights keep the same rows, whatever was added between them and however
            // the source is ordered.
            let rank = mix_bits(*number);
            let is_full = self.rows.len() >= MOST_ROWS;
            if is_full && self.rows.last_key_value().is_some_and(|(last, _)| *last < rank) {
                continue;
            }
            let place = places(row);
            let values = columns
                .iter()
                .map(|column| value_digest((*column)?, place))
                .collect();
            self.rows.insert(
                rank,
                Facility {
                    values,
                    place: stage.centres()[place],
                },
            );
            if self.rows.len() > MOST_ROWS {
                self.rows.pop_last();
            }
        }
    }

    /// A facility, where it is in the sample.
    pub fn facility(&self, key: &str) -> Option<&Facility> {
        self.rows.get(&mix_bits(key_number(key)))
    }
}

/// A value as a number, equal where their spellings are; none for null.
///
/// ```
/// use std::sync::Arc;
///
/// use arrow_array::{ArrayRef, Float64Array, StringArray};
/// use cikr::engine::sample::value_digest;
///
/// let numbers: ArrayRef = Arc::new(Float64Array::from(vec![Some(12.5), None]));
/// let texts: ArrayRef = Arc::new(StringArray::from(vec!["12.5"]));
/// assert_eq!(value_digest(&numbers, 0), value_digest(&texts, 0), "values are as their spellings");
/// assert_eq!(value_digest(&numbers, 1), None);
/// ```
pub fn value_digest(column: &ArrayRef, row: usize) -> Option<u64> {
    let text = column
        .is_valid(row)
        .then(|| spelling::spell_value(column, row))
        .flatten()?;
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    Some(hasher.finish())
}
