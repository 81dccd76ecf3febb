//! The pipeline between reading and packing one layer, worked on by several threads.
//!
//! Whoever is free reads the next batch, takes it through the kernels, and folds what is due: reading and folding are one
//! at a time, mapping is not, and nobody waits but when one batch takes far longer than those after it.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::EngineError;
use super::fold::Fold;
use super::rejected::too_many_rejects;
use super::room::Room;
use super::seats::Seats;
use crate::feature::{CoordinatesSeen, RawBatch, Reproject, Task};
use crate::kernel::map::{self, MapContext, StageBatch};
use crate::source::{self, Reader};

/// Batches that may wait for an earlier one, for each thread that maps.
///
/// One that waits is held whole in memory: with no bound, a single slow batch would let the others read the rest of the
/// layer meanwhile. With none at all, every thread would stand still behind it.
const WAITING_PER_THREAD: usize = 2;

/// Batches of a layer, read one after the other, mapped several at a time, folded in the order of the source.
pub(super) struct Pipeline<'c> {
    queue: Mutex<ReadQueue>,
    reorder: Mutex<ReorderBuffer<'c>>,
    folded: Condvar,
    context: MapContext<'c>,
    progress: &'c dyn Task,
}

/// Where batches come from.
struct ReadQueue {
    /// None once it has ended or panicked.
    reader: Option<Reader>,
    /// Number of the next batch.
    next_batch: u64,
    /// Row of the layer that the next batch begins with.
    next_row: u64,
}

/// A batch as the reader gives it, or the panic that it gives instead.
struct NumberedBatch {
    number: u64,
    /// Row of the layer that it begins with.
    first_row: u64,
    raw: thread::Result<Result<RawBatch, EngineError>>,
}

/// Batches that wait for earlier ones, and what those before came to.
struct ReorderBuffer<'c> {
    waiting: BTreeMap<u64, Mapped>,
    /// Number of the batch that is folded next.
    next_batch: u64,
    fold: Fold<'c>,
    /// More rejects than these are too many, whatever follows.
    most_rejects: Option<f64>,
    seen: CoordinatesSeen,
    /// Why the layer failed: the reason of its earliest batch.
    failed: Option<Mapped>,
}

/// A batch, mapped or failed.
enum Mapped {
    Batch(Box<StageBatch>),
    Failed(EngineError),
    Panicked(Box<dyn Any + Send>),
}

/// A thread's own way from the source's CRS to OGC:CRS84: made once by each, since PROJ's can't be shared.
#[derive(Default)]
struct ThreadTransform {
    is_made: bool,
    /// None where coordinates are longitudes and latitudes already.
    made: Option<Box<dyn Reproject>>,
}

impl<'c> Pipeline<'c> {
    pub(super) fn new(
        reader: Reader,
        context: MapContext<'c>,
        room: &Room,
        most_rejects: Option<f64>,
        progress: &'c dyn Task,
    ) -> Self {
        let reorder = ReorderBuffer {
            waiting: BTreeMap::new(),
            next_batch: 0,
            fold: Fold::new(context, room),
            most_rejects,
            seen: CoordinatesSeen::default(),
            failed: None,
        };
        let queue = ReadQueue {
            reader: Some(reader),
            next_batch: 0,
            next_row: 0,
        };
        Self {
            queue: Mutex::new(queue),
            reorder: Mutex::new(reorder),
            folded: Condvar::new(),
            context,
            progress,
        }
    }

    /// One thread's share of the work; ends with the source, or when the layer has failed.
    pub(super) fn work_as_thread(&self, seats: &Seats) {
        let mut transform = ThreadTransform::default();
        loop {
            // Taken before the batch is, so that whoever is waited for has one: were the seats taken by threads that wait for
            // a batch without one, nobody would go on.
            let _seat = seats.take_seat();
            let Some(batch) = self.read_batch() else { break };
            let rows = batch.len();
            let first_row = batch.first_row;
            let mapped = batch
                .raw
                .and_then(|raw| {
                    catch_unwind(AssertUnwindSafe(|| {
                        self.map_batch(raw, first_row, &mut transform)
                    }))
                })
                .unwrap_or_else(Mapped::Panicked);
            if !self.hand_in(batch.number, mapped) {
                break;
            }
            self.progress.advance(rows);
        }
        self.lock_reorder().seen.add(transform.coordinates_seen());
    }

    // A thread that panics leaves a lock poisoned. What it guards stays in order, for panics are caught where they can
    // happen and become the failure of the layer: the others are to end in peace, not to panic in turn.
    fn lock_reorder(&self) -> MutexGuard<'_, ReorderBuffer<'c>> {
        self.reorder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next batch; none after the last.
    fn read_batch(&self) -> Option<NumberedBatch> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reader = queue.reader.take()?;
        let raw = catch_unwind(AssertUnwindSafe(|| reader.next())).transpose()?;
        let number = queue.next_batch;
        let first_row = queue.next_row;
        queue.next_batch += 1;
        // A reader that has panicked is asked for nothing more.
        if let Ok(read) = &raw {
            queue.reader = Some(reader);
            queue.next_row += read.as_ref().map_or(0, |raw| raw.len() as u64);
        }
        let raw = raw.map(|read| read.map_err(|source| EngineError::Source { source }));
        Some(NumberedBatch {
            number,
            first_row,
            raw,
        })
    }

    fn map_batch(
        &self,
        raw: Result<RawBatch, EngineError>,
        first_row: u64,
        transform: &mut ThreadTransform,
    ) -> Mapped {
        let mapped = raw.and_then(|raw| {
            let transform = transform.for_batch(&raw)?;
            let mapped = map::map_batch(&raw, first_row, &self.context, transform);
            mapped
                .and_then(StageBatch::clustered)
                .map_err(|source| EngineError::Kernel { source })
        });
        mapped.map_or_else(Mapped::Failed, |batch| Mapped::Batch(Box::new(batch)))
    }

    /// Folds what is due with this batch; tells whether there is reason to go on.
    fn hand_in(&self, number: u64, mapped: Mapped) -> bool {
        let mut reorder = self.lock_reorder();
        let most = WAITING_PER_THREAD * rayon::current_num_threads();
        // The batch that all wait for never waits itself, however many are here: else nobody would go on.
        while reorder.failed.is_none() && number != reorder.next_batch && reorder.waiting.len() >= most {
            reorder = self.folded.wait(reorder).unwrap_or_else(PoisonError::into_inner);
        }
        reorder.waiting.insert(number, mapped);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| reorder.fold_due())) {
            reorder.failed = Some(Mapped::Panicked(panic));
        }
        self.folded.notify_all();
        reorder.failed.is_none()
    }

    /// What all batches came to, once every thread has ended.
    ///
    /// # Errors
    /// Of several failures, that of the earliest batch.
    ///
    /// # Panics
    /// Goes on with the panic of a thread.
    pub(super) fn finish(self) -> Result<(Fold<'c>, CoordinatesSeen), EngineError> {
        let reorder = self.reorder.into_inner().unwrap_or_else(PoisonError::into_inner);
        match reorder.failed {
            None | Some(Mapped::Batch(_)) => Ok((reorder.fold, reorder.seen)),
            Some(Mapped::Failed(error)) => Err(error),
            Some(Mapped::Panicked(panic)) => resume_unwind(panic),
        }
    }
}

impl NumberedBatch {
    /// Rows that it has; none where it couldn't be read.
    fn len(&self) -> u64 {
        match &self.raw {
            Ok(Ok(raw)) => raw.len() as u64,
            _ => 0,
        }
    }
}

impl ReorderBuffer<'_> {
    /// Folds the batches whose predecessors are all folded. A failure is folded in its turn too: of several that of the
    /// earliest batch is told, whichever thread was done first.
    fn fold_due(&mut self) {
        while self.failed.is_none()
            && let Some(mapped) = self.waiting.remove(&self.next_batch)
        {
            self.next_batch += 1;
            self.failed = match mapped {
                Mapped::Batch(batch) => self.fold_batch(*batch).err().map(Mapped::Failed),
                failed => Some(failed),
            };
        }
    }

    /// Folds a batch, unless so many rows are rejected by now that the layer must fail.
    fn fold_batch(&mut self, batch: StageBatch) -> Result<(), EngineError> {
        self.fold.add_batch(batch)?;
        let rejected = self.fold.rejects.count_faults();
        let Some(most) = self.most_rejects.filter(|most| rejected as f64 > *most) else {
            return Ok(());
        };
        let limit = format!(
            "more than the {} that max-rejects allows of all there can be",
            most.floor()
        );
        Err(too_many_rejects(&self.fold.rejects, self.fold.tally.read, limit))
    }
}

impl ThreadTransform {
    /// The transformation for a batch: that of the first, for all batches of a source have one CRS.
    fn for_batch(&mut self, raw: &RawBatch) -> Result<Option<&dyn Reproject>, EngineError> {
        if !self.is_made {
            self.made =
                source::reprojection_to_crs84(&raw.crs).map_err(|source| EngineError::Source { source })?;
            self.is_made = true;
        }
        Ok(self.made.as_deref())
    }

    fn coordinates_seen(&self) -> CoordinatesSeen {
        self.made
            .as_deref()
            .map_or_else(CoordinatesSeen::default, Reproject::coordinates_seen)
    }
}
