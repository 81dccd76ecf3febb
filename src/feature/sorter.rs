//! Values of any size in order, in memory that is bounded: sorted runs of them in a scratch file, merged at the end.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::{io, iter, vec};

use super::ScratchFile;
use super::records::RecordBudget;
use super::spool::{PendingRows, Piece, Spooled};

/// Values in any order so far.
#[derive(Debug)]
pub struct Sorter<T> {
    newest: PendingRows<T>,
    /// Pieces of each sorted run.
    runs: Vec<Vec<Piece>>,
}

impl<T: Spooled + Ord> Sorter<T> {
    /// None yet.
    pub fn new(room: &RecordBudget) -> Self {
        Self {
            newest: PendingRows::new(room),
            runs: vec![],
        }
    }

    /// Takes one more.
    ///
    /// # Errors
    /// When the scratch file can't be written.
    pub fn push(&mut self, value: T) -> io::Result<()> {
        if self.newest.push(value) {
            // Values are compared whole, so that equal ones are the same whichever comes first.
            self.newest.rows.sort_unstable();
            self.runs.push(self.newest.put_away()?);
        }
        Ok(())
    }

    /// All of them in order, one after the other; an error when the scratch file can't be read.
    ///
    /// # Errors
    /// As of the first.
    pub fn in_order(self) -> io::Result<impl Iterator<Item = io::Result<T>>> {
        let PendingRows {
            rows: mut newest,
            file,
            ..
        } = self.newest;
        newest.sort_unstable();
        // What is still in memory is merged as a run that has no pieces: it need not be written to be in order.
        let written = self
            .runs
            .into_iter()
            .map(|pieces| (pieces.into_iter(), vec![].into_iter()));
        let newest = (vec![].into_iter(), newest.into_iter());
        let mut merged = PieceMerge {
            file,
            runs: written.chain([newest]).collect(),
            next: BinaryHeap::new(),
        };
        (0..merged.runs.len()).try_for_each(|run| merged.refill(run))?;
        Ok(iter::from_fn(move || merged.next_value()))
    }
}

/// Several runs as one.
struct PieceMerge<T> {
    file: Option<Box<dyn ScratchFile>>,
    /// Of each, pieces that are still to be read, and values that have been.
    runs: Vec<(vec::IntoIter<Piece>, vec::IntoIter<T>)>,
    /// The next value of every run, and which that is.
    next: BinaryHeap<Reverse<(T, usize)>>,
}

impl<T: Spooled + Ord> PieceMerge<T> {
    fn next_value(&mut self) -> Option<io::Result<T>> {
        let Reverse((value, run)) = self.next.pop()?;
        Some(self.refill(run).map(|()| value))
    }

    fn refill(&mut self, run: usize) -> io::Result<()> {
        let (pieces, values) = &mut self.runs[run];
        // Of each run one piece is in memory, whatever its length.
        if values.as_slice().is_empty()
            && let Some((piece, file)) = pieces.next().zip(self.file.as_ref())
        {
            *values = piece.read(file.as_ref())?.into_iter();
        }
        self.next.extend(values.next().map(|value| Reverse((value, run))));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::feature::scratch_in_memory::Memory;

    #[test]
    fn values_come_back_in_order_whatever_the_memory() {
        let values: Vec<String> = (0..30_000_u32)
            .map(|n| (n.wrapping_mul(2_654_435_761) / 3).to_string())
            .collect();
        let mut expected = values.clone();
        expected.sort();
        for bytes in [0, 60_000, usize::MAX] {
            let mut sorter = Sorter::new(&RecordBudget {
                bytes,
                space: Arc::new(Memory),
            });
            for value in &values {
                sorter.push(value.clone()).unwrap();
            }
            assert_eq!(sorter.runs.is_empty(), bytes == usize::MAX);
            let back: Vec<String> = sorter.in_order().unwrap().collect::<io::Result<_>>().unwrap();
            assert!(back == expected, "{bytes} bytes");
        }
        let none = Sorter::<String>::new(&RecordBudget {
            bytes: 0,
            space: Arc::new(Memory),
        });
        assert_eq!(none.in_order().unwrap().count(), 0);
    }
}
