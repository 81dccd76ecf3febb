//! Records of a fixed size in memory that is bounded: sorted runs of them in a scratch file, and their order at the end.
//!
//! A record begins with what it is sorted and looked for by, in bytes whose order is that of what they mean: numbers with
//! the highest byte first. Knows nothing else of what is in it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use rayon::slice::ParallelSliceMut;

use super::{ScratchFile, ScratchSpace};

// An index of every record would be as long as the records themselves, and none at all would make of each look-up a
// binary search of reads. One record of a span in memory makes it one read of a span: for records of 40 bytes that is
// 10 KiB.

/// Records between two that memory keeps of a run: those between are one short read.
const SPAN: usize = 256;
/// Records that are written at a time, in whole spans.
const PIECE: usize = 64 * SPAN;
/// Records that are read at a time of each run where many are merged.
const AHEAD: usize = 16 * SPAN;

/// Where records are kept.
#[derive(Debug, Clone)]
pub struct RecordBudget {
    /// Memory for all of one kind, bytes.
    pub bytes: usize,
    /// Where what doesn't fit goes.
    pub space: Arc<dyn ScratchSpace>,
}

/// Records of `N` bytes, in any order so far.
#[derive(Debug)]
pub struct Records<const N: usize> {
    newest: Vec<[u8; N]>,
    most: usize,
    runs: Vec<Run<N>>,
    space: Arc<dyn ScratchSpace>,
}

impl<const N: usize> Records<N> {
    /// None yet.
    pub fn new(room: &RecordBudget) -> Self {
        Self {
            newest: vec![],
            // However little memory there is: runs that are shorter than a piece would be many files, and many reads
            // at once where they are merged.
            most: (room.bytes / N).max(PIECE),
            runs: vec![],
            space: Arc::clone(&room.space),
        }
    }

    /// Takes more.
    ///
    /// # Errors
    /// When the scratch file can't be written.
    pub fn extend(&mut self, records: impl IntoIterator<Item = [u8; N]>) -> io::Result<()> {
        for record in records {
            self.newest.push(record);
            if self.newest.len() >= self.most {
                self.spill()?;
            }
        }
        Ok(())
    }

    /// All of them, in order.
    ///
    /// # Errors
    /// When the scratch file can't be written or read.
    pub fn sorted(mut self) -> io::Result<Sorted<N>> {
        if self.runs.is_empty() {
            self.newest.par_sort_unstable();
            return Ok(Sorted::InMemory(self.newest));
        }
        // One run of all, though reading the merged ones would do for a single pass: a look-up then searches one run,
        // not each.
        self.spill()?;
        self.newest = vec![];
        let file: Arc<dyn ScratchFile> = self
            .space
            .create_file(self.runs.iter().map(Run::byte_len).sum())?
            .into();
        Run::write(RunMerge::of_runs(&self.runs)?, file).map(Sorted::Written)
    }

    fn spill(&mut self) -> io::Result<()> {
        // Unstable: records that are equal are so to the last byte, and nobody can tell which was first.
        self.newest.par_sort_unstable();
        let file = self.space.create_file((self.newest.len() * N) as u64)?.into();
        self.runs.push(Run::write(self.newest.drain(..).map(Ok), file)?);
        Ok(())
    }
}

/// Sorted records.
#[derive(Debug)]
pub enum Sorted<const N: usize> {
    /// In memory.
    InMemory(Vec<[u8; N]>),
    /// In a file.
    Written(Run<N>),
}

impl<const N: usize> Sorted<N> {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::InMemory(records) => records.len(),
            Self::Written(run) => run.len,
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Shows those at these places, one after the other.
    ///
    /// # Errors
    /// When the scratch file can't be read.
    pub fn visit_range(&self, places: Range<usize>, see: &mut dyn FnMut(usize, &[u8; N])) -> io::Result<()> {
        match self {
            Self::InMemory(records) => {
                (places.start..)
                    .zip(&records[places])
                    .for_each(|(at, record)| see(at, record));
            }
            Self::Written(run) => {
                for start in places.clone().step_by(AHEAD) {
                    let end = places.end.min(start + AHEAD);
                    (start..)
                        .zip(run.read(start..end)?)
                        .for_each(|(at, record)| see(at, &record));
                }
            }
        }
        Ok(())
    }

    /// The first that begins with `start`, and its place.
    ///
    /// # Errors
    /// When the scratch file can't be read.
    pub fn find(&self, start: &[u8]) -> io::Result<Option<(usize, [u8; N])>> {
        let (at, record) = match self {
            Self::InMemory(records) => {
                let at = first_from(records, start);
                (at, records.get(at).copied())
            }
            Self::Written(run) => run.first_from(start)?,
        };
        Ok(record
            .filter(|record| record.starts_with(start))
            .map(|record| (at, record)))
    }

    /// Places of those that begin with `start`.
    ///
    /// # Errors
    /// When the scratch file can't be read.
    pub fn range_starting_with(&self, start: &[u8]) -> io::Result<Range<usize>> {
        // What follows all of them: the start, counted one up.
        let mut after = start.to_vec();
        while after.last() == Some(&u8::MAX) {
            after.pop();
        }
        let end = match after.last_mut() {
            Some(last) => {
                *last += 1;
                self.first_place_from(&after)?
            }
            // Nothing but 0xFF, or nothing at all: no record can follow.
            None => self.len(),
        };
        Ok(self.first_place_from(start)?..end)
    }

    fn first_place_from(&self, start: &[u8]) -> io::Result<usize> {
        match self {
            Self::InMemory(records) => Ok(first_from(records, start)),
            Self::Written(run) => run.first_from(start).map(|(at, _)| at),
        }
    }
}

/// Place of the first record that doesn't come before `start`.
fn first_from<const N: usize>(records: &[[u8; N]], start: &[u8]) -> usize {
    records.partition_point(|record| &record[..start.len().min(N)] < start)
}

/// Sorted records in a file.
#[derive(Debug)]
pub struct Run<const N: usize> {
    file: Arc<dyn ScratchFile>,
    /// Where each piece of so many records is.
    pieces: Vec<u64>,
    len: usize,
    /// The first record of every span.
    firsts: Vec<[u8; N]>,
}

impl<const N: usize> Run<N> {
    /// Writes records that are in order.
    ///
    /// # Errors
    /// When the file can't be written, or records can't be had.
    pub fn write(
        records: impl Iterator<Item = io::Result<[u8; N]>>,
        file: Arc<dyn ScratchFile>,
    ) -> io::Result<Self> {
        let mut run = Self {
            file,
            pieces: vec![],
            len: 0,
            firsts: vec![],
        };
        let mut piece: Vec<u8> = Vec::with_capacity(PIECE * N);
        for record in records {
            let record = record?;
            if run.len.is_multiple_of(SPAN) {
                run.firsts.push(record);
            }
            run.len += 1;
            piece.extend(record);
            if piece.len() == PIECE * N {
                run.pieces.push(run.file.append(&piece)?);
                piece.clear();
            }
        }
        if !piece.is_empty() {
            run.pieces.push(run.file.append(&piece)?);
        }
        Ok(run)
    }

    /// Whether a record begins with `start`.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn has_record(&self, start: &[u8]) -> io::Result<bool> {
        Ok(self
            .first_from(start)?
            .1
            .is_some_and(|record| record.starts_with(start)))
    }

    fn byte_len(&self) -> u64 {
        (self.len * N) as u64
    }

    /// The first record that doesn't come before `start`, and its place.
    fn first_from(&self, start: &[u8]) -> io::Result<(usize, Option<[u8; N]>)> {
        // It is in the span before the first that doesn't, or is that one.
        let next = first_from(&self.firsts, start);
        let span = next.saturating_sub(1) * SPAN;
        let records = self.read(span..self.len.min(span + SPAN))?;
        let at = first_from(&records, start);
        let record = records.get(at).or_else(|| self.firsts.get(next)).copied();
        Ok((span + at, record))
    }

    /// Records at some places, which are within one piece or end at its end.
    fn read(&self, places: Range<usize>) -> io::Result<Vec<[u8; N]>> {
        let mut records = Vec::with_capacity(places.len());
        let mut start = places.start;
        while start < places.end {
            // Pieces lie where they were appended, not in a row: a file takes appends of several threads.
            let piece = start / PIECE;
            let within = start % PIECE;
            let end = places.end.min((piece + 1) * PIECE);
            let at = self.pieces[piece] + (within * N) as u64;
            records.extend_from_slice(self.file.read(at, (end - start) * N)?.as_chunks::<N>().0);
            start = end;
        }
        Ok(records)
    }
}

/// Several runs as one.
///
/// The heap is a greatest-first one; `Reverse` turns it around. It holds one record of each run, so that the next of all is
/// found in as many comparisons as the number of runs has digits in base two.
struct RunMerge<'r, const N: usize> {
    cursors: Vec<RunCursor<'r, N>>,
    /// The next record of every run, and which that is.
    next: BinaryHeap<Reverse<([u8; N], usize)>>,
}

/// A run that is read from its start to its end, some records ahead of what is taken.
struct RunCursor<'r, const N: usize> {
    run: &'r Run<N>,
    read: usize,
    records: std::vec::IntoIter<[u8; N]>,
}

impl<const N: usize> RunCursor<'_, N> {
    fn next_record(&mut self) -> io::Result<Option<[u8; N]>> {
        if self.records.as_slice().is_empty() && self.read < self.run.len {
            let end = self.run.len.min(self.read + AHEAD);
            self.records = self.run.read(self.read..end)?.into_iter();
            self.read = end;
        }
        Ok(self.records.next())
    }
}

impl<'r, const N: usize> RunMerge<'r, N> {
    fn of_runs(runs: &'r [Run<N>]) -> io::Result<Self> {
        let cursors = runs
            .iter()
            .map(|run| RunCursor {
                run,
                read: 0,
                records: vec![].into_iter(),
            })
            .collect();
        let mut merged = Self {
            cursors,
            next: BinaryHeap::new(),
        };
        (0..runs.len()).try_for_each(|run| merged.refill(run))?;
        Ok(merged)
    }

    fn refill(&mut self, run: usize) -> io::Result<()> {
        self.next.extend(
            self.cursors[run]
                .next_record()?
                .map(|record| Reverse((record, run))),
        );
        Ok(())
    }
}

impl<const N: usize> Iterator for RunMerge<'_, N> {
    type Item = io::Result<[u8; N]>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((record, run)) = self.next.pop()?;
        Some(self.refill(run).map(|()| record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::scratch_in_memory::Memory;

    /// Numbers out of order, every third twice, as records that begin with them.
    fn numbers(count: u32) -> Vec<[u8; 6]> {
        let number = |n: u32| (n.wrapping_mul(2_654_435_761) % count) / 3 * 2;
        let record = |n: u32| {
            let [a, b, c, d] = number(n).to_be_bytes();
            [a, b, c, d, 7, u8::try_from(n % 251).unwrap()]
        };
        (0..count).map(record).collect()
    }

    fn sorted(records: &[[u8; 6]], bytes: usize) -> Sorted<6> {
        let mut all = Records::new(&RecordBudget {
            bytes,
            space: Arc::new(Memory),
        });
        records
            .chunks(999)
            .for_each(|chunk| all.extend(chunk.iter().copied()).unwrap());
        all.sorted().unwrap()
    }

    #[test]
    fn records_are_in_order_and_found_whatever_the_memory() {
        let records = numbers(60_000);
        let mut expected = records.clone();
        expected.sort_unstable();
        for bytes in [0, 150_000, usize::MAX] {
            let sorted = sorted(&records, bytes);
            assert_eq!(matches!(sorted, Sorted::InMemory(_)), bytes == usize::MAX);
            let mut seen = Vec::new();
            sorted
                .visit_range(0..sorted.len(), &mut |at, record| seen.push((at, *record)))
                .unwrap();
            assert!(
                seen == expected.iter().copied().enumerate().collect::<Vec<_>>(),
                "{bytes} bytes"
            );
            for number in [0u32, 2, 3, 510, 512, 513, 20_000, 39_998, 40_000, u32::MAX] {
                let start = number.to_be_bytes();
                let at = expected.partition_point(|record| record[..4] < start[..]);
                let end = expected.partition_point(|record| record[..4] <= start[..]);
                let found = (at < end).then(|| (at, expected[at]));
                assert_eq!(sorted.find(&start).unwrap(), found, "{number} in {bytes} bytes");
                assert_eq!(
                    sorted.range_starting_with(&start).unwrap(),
                    at..end,
                    "{number} in {bytes} bytes"
                );
            }
            assert_eq!(sorted.range_starting_with(&[]).unwrap(), 0..60_000);
        }
    }

    #[test]
    fn nothing_is_found_among_nothing() {
        let none = sorted(&[], 0);
        assert!(none.is_empty() && none.find(&[1]).unwrap().is_none());
        assert_eq!(none.range_starting_with(&[u8::MAX]).unwrap(), 0..0);
    }
}
