//! Where the rows of a layer came from, by their position: little memory, since rows mostly follow each other.

use std::sync::Arc;

use crate::feature::Origin;

/// Bits of a position that tell the place within the batch.
const PLACE_BITS: u32 = 32;

/// Origins of a layer's rows.
#[derive(Debug, Default)]
pub(super) struct Origins {
    batches: Vec<Batch>,
}

#[derive(Debug)]
struct Batch {
    source: Arc<str>,
    /// Places from which on rows of the source follow each other, and the row there.
    runs: Vec<(u64, u64)>,
}

impl Origins {
    /// Notes the rows of the next batch; gives the position of the first, which the others follow.
    pub(super) fn add_batch(&mut self, source: &Arc<str>, rows: &[u64]) -> u64 {
        // Rows follow each other but for rejects and repeated keys: a batch of thousands is a run or a few.
        let mut runs: Vec<(u64, u64)> = Vec::new();
        for (place, row) in (0u64..).zip(rows) {
            let follows = runs
                .last()
                .is_some_and(|(from, first)| first + (place - from) == *row);
            if !follows {
                runs.push((place, *row));
            }
        }
        self.batches.push(Batch {
            source: Arc::clone(source),
            runs,
        });
        (self.batches.len() as u64 - 1) << PLACE_BITS
    }

    /// The origin of the row at a position.
    pub(super) fn origin_at(&self, position: u64) -> Option<Origin> {
        let batch = self.batches.get(usize::try_from(position >> PLACE_BITS).ok()?)?;
        let place = position & ((1 << PLACE_BITS) - 1);
        let run = batch
            .runs
            .partition_point(|(from, _)| *from <= place)
            .checked_sub(1)?;
        let (from, first) = batch.runs[run];
        Some(Origin {
            source: Arc::clone(&batch.source),
            row: first + (place - from),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_their_position() {
        let mut origins = Origins::default();
        let rows = [2, 3, 4, 9, 10, 7];
        assert_eq!(origins.add_batch(&"a.csv".into(), &rows), 0);
        let second = origins.add_batch(&"b.csv".into(), &[5]);
        assert_eq!((origins.batches[0].runs.len(), second), (3, 1 << 32));
        let found: Vec<u64> = (0..6)
            .filter_map(|place| Some(origins.origin_at(place)?.row))
            .collect();
        assert_eq!(found, rows);
        assert_eq!(
            origins
                .origin_at(second)
                .map(|origin| origin.to_string())
                .as_deref(),
            Some("b.csv:5")
        );
        assert_eq!(origins.origin_at(3 << 32), None);
    }
}
