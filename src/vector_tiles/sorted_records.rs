//! Records of any length in the order of their keys, in memory that is bounded: sorted runs, which are merged at the end.
//!
//! Beside `feature::Sorter`, whose values are JSON and are sorted by one thread: these are bytes, and several threads put
//! them in order side by side.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::byte_log::{ByteLog, Chunks};
use super::protobuf::short_length;
use crate::feature::ScratchFile;

/// Bytes that a run has at least, however little memory there is: many short ones would be many reads at once.
const LEAST_RUN: usize = 2 << 20;

/// Bytes before a record in a file: key, tie, length.
const HEAD: usize = 20;

/// What a record is sorted by; of equal ones its bytes decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SortKey {
    pub(super) key: u64,
    pub(super) tie: u64,
}

/// A record with its key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SortedRecord {
    pub(super) key: SortKey,
    pub(super) bytes: Bytes,
}

/// Records in any order so far.
#[derive(Debug)]
pub(super) struct RecordSorter {
    file: Arc<dyn ScratchFile>,
    /// Bytes that a run may take.
    most: usize,
    /// Runs that no thread is at.
    open: Mutex<Vec<OpenRun>>,
    written: Mutex<Vec<ByteLog>>,
}

/// A run that still grows.
#[derive(Debug, Default)]
pub(super) struct OpenRun {
    bytes: Vec<u8>,
    records: Vec<RecordPlace>,
}

#[derive(Debug, Clone, Copy)]
struct RecordPlace {
    key: SortKey,
    start: u32,
    length: u32,
}

impl RecordSorter {
    /// None yet; all of them may take so much memory.
    pub(super) fn new(memory: usize, file: &Arc<dyn ScratchFile>) -> Self {
        let threads = rayon::current_num_threads().max(1);
        Self {
            file: Arc::clone(file),
            // Places of records and bytes grow by doubling, so that they may take twice of what is in them.
            most: (memory / threads / 2).clamp(LEAST_RUN, u32::MAX as usize / 2),
            open: Mutex::default(),
            written: Mutex::default(),
        }
    }

    /// Lets `fill` add records to a run that no other thread is at.
    pub(super) fn extend<E>(&self, fill: impl FnOnce(&mut RunFiller<'_>) -> Result<(), E>) -> Result<(), E> {
        let run = lock(&self.open).pop().unwrap_or_default();
        let mut growing = RunFiller { sorter: self, run };
        let done = fill(&mut growing);
        lock(&self.open).push(growing.run);
        done
    }

    /// All of them, in order.
    pub(super) fn into_sorted(self) -> io::Result<RecordMerge> {
        let open = self.open.into_inner().unwrap_or_else(PoisonError::into_inner);
        let written = self.written.into_inner().unwrap_or_else(PoisonError::into_inner);
        let written = written.into_iter().map(|log| RunCursor::Written {
            chunks: log.into_chunks(),
            chunk: Bytes::new(),
        });
        let open = open.into_iter().map(OpenRun::into_cursor);
        RecordMerge::of_runs(written.chain(open).collect())
    }
}

/// Adds records to a run, and puts it away when it is full.
pub(super) struct RunFiller<'a> {
    sorter: &'a RecordSorter,
    run: OpenRun,
}

impl RunFiller<'_> {
    /// Adds a record.
    pub(super) fn push(&mut self, key: SortKey, record: &[u8]) -> io::Result<()> {
        let start = short_length(&self.run.bytes);
        self.run.bytes.extend_from_slice(record);
        self.run.records.push(RecordPlace {
            key,
            start,
            length: short_length(record),
        });
        if self.run.bytes.len() + self.run.records.len() * size_of::<RecordPlace>() < self.sorter.most {
            return Ok(());
        }
        self.run.sort();
        let mut log = ByteLog::new(&self.sorter.file);
        let mut written = Vec::new();
        for place in &self.run.records {
            written.clear();
            written.extend(place.key.key.to_le_bytes());
            written.extend(place.key.tie.to_le_bytes());
            written.extend(place.length.to_le_bytes());
            written.extend_from_slice(self.run.bytes_of(place));
            log.push(&written)?;
        }
        lock(&self.sorter.written).push(log);
        self.run.bytes.clear();
        self.run.records.clear();
        Ok(())
    }
}

impl OpenRun {
    fn bytes_of(&self, place: &RecordPlace) -> &[u8] {
        &self.bytes[place.start as usize..(place.start + place.length) as usize]
    }

    fn sort(&mut self) {
        let mut records = std::mem::take(&mut self.records);
        records.sort_unstable_by(|a, b| {
            let by_key = a.key.cmp(&b.key);
            by_key.then_with(|| self.bytes_of(a).cmp(self.bytes_of(b)))
        });
        self.records = records;
    }

    fn into_cursor(mut self) -> RunCursor {
        self.sort();
        RunCursor::InMemory {
            bytes: self.bytes.into(),
            records: self.records.into_iter(),
        }
    }
}

/// A run that is read from its start to its end.
#[derive(Debug)]
enum RunCursor {
    InMemory {
        bytes: Bytes,
        records: std::vec::IntoIter<RecordPlace>,
    },
    Written {
        chunks: Chunks,
        chunk: Bytes,
    },
}

impl RunCursor {
    fn next_record(&mut self) -> io::Result<Option<SortedRecord>> {
        match self {
            Self::InMemory { bytes, records } => Ok(records.next().map(|place| SortedRecord {
                key: place.key,
                bytes: bytes.slice(place.start as usize..(place.start + place.length) as usize),
            })),
            Self::Written { chunks, chunk } => {
                if chunk.is_empty() {
                    let Some(next) = chunks.next() else {
                        return Ok(None);
                    };
                    *chunk = next?;
                }
                take_record(chunk)
                    .map(Some)
                    .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
            }
        }
    }
}

fn take_record(chunk: &mut Bytes) -> Option<SortedRecord> {
    let (head, _) = chunk.split_first_chunk::<HEAD>()?;
    let (key, rest) = head.split_first_chunk::<8>()?;
    let (tie, length) = rest.split_first_chunk::<8>()?;
    let key = SortKey {
        key: u64::from_le_bytes(*key),
        tie: u64::from_le_bytes(*tie),
    };
    let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
    if chunk.len() < HEAD + length {
        return None;
    }
    let bytes = chunk.slice(HEAD..HEAD + length);
    *chunk = chunk.slice(HEAD + length..);
    Some(SortedRecord { key, bytes })
}

/// Several runs as one.
#[derive(Debug)]
pub(super) struct RecordMerge {
    runs: Vec<RunCursor>,
    /// The next record of every run, and which that is: a greatest-first heap, turned around.
    next: BinaryHeap<Reverse<(SortedRecord, usize)>>,
}

impl RecordMerge {
    fn of_runs(mut runs: Vec<RunCursor>) -> io::Result<Self> {
        let mut next = BinaryHeap::with_capacity(runs.len());
        for (run, cursor) in runs.iter_mut().enumerate() {
            next.extend(cursor.next_record()?.map(|record| Reverse((record, run))));
        }
        Ok(Self { runs, next })
    }

    /// The next record; none after the last.
    pub(super) fn next_record(&mut self) -> io::Result<Option<SortedRecord>> {
        let Some(mut first) = self.next.peek_mut() else {
            return Ok(None);
        };
        let run = first.0.1;
        // In place of the one that is taken, so that the heap is put in order once.
        match self.runs[run].next_record()? {
            Some(following) => Ok(Some(std::mem::replace(&mut first.0.0, following))),
            None => Ok(Some(PeekMut::pop(first).0.0)),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::ScratchSpace;
    use crate::feature::scratch_in_memory::Memory;

    #[test]
    fn records_come_back_in_order_whatever_the_memory() {
        let records: Vec<(SortKey, Vec<u8>)> = (0..60_000_u64)
            .map(|n| {
                let key = SortKey {
                    key: n.wrapping_mul(2_654_435_761) % 9_000,
                    tie: n % 3,
                };
                let length = usize::try_from(n % 200).unwrap();
                (key, n.to_string().repeat(200)[..length].into())
            })
            .collect();
        let mut expected = records.clone();
        expected.sort();
        for memory in [0, usize::MAX] {
            let file: Arc<dyn ScratchFile> = Memory.create_file(0).unwrap().into();
            let sorter = RecordSorter::new(memory, &file);
            rayon::scope(|scope| {
                for chunk in records.chunks(1_000) {
                    scope.spawn(|_| {
                        let added: io::Result<()> = sorter.extend(|run| {
                            let mut records = chunk.iter();
                            records.try_for_each(|(key, bytes)| run.push(*key, bytes))
                        });
                        added.unwrap();
                    });
                }
            });
            assert_eq!(lock(&sorter.written).is_empty(), memory > 0);
            let mut merged = sorter.into_sorted().unwrap();
            let mut found = Vec::new();
            while let Some(record) = merged.next_record().unwrap() {
                found.push((record.key, record.bytes.to_vec()));
            }
            assert!(found == expected, "{memory} bytes");
        }
    }
}
