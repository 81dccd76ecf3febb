//! Batches of a file through a function, several at a time, and what it gives in the order of the file.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use rayon::prelude::*;

use super::asked::Detail;
use super::error::JoinError;
use super::open::Opened;
use crate::feature::{CoordinatesSeen, Crs, Progress, RawBatch, Reproject};
use crate::source::{self, Reader, SourceError};

/// Memory that a batch on its way may take: as read, and as written.
const BATCH_BYTES: u64 = 128 << 20;

/// How a join goes about it.
#[derive(Clone, Copy)]
pub struct Flow<'a> {
    /// What is wanted beside codes and names.
    pub detail: Detail,
    /// Memory that rows on their way may take, bytes; sets come on top. Some batches for each thread where nobody says.
    pub memory: Option<u64>,
    /// How far the work is.
    pub progress: &'a dyn Progress,
}

impl Flow<'_> {
    /// Batches at work at a time.
    fn batches_at_once(self) -> usize {
        let usual = rayon::current_num_threads() * 2;
        let fitting = self.memory.map_or(usual as u64, |bytes| bytes / BATCH_BYTES);
        usize::try_from(fitting).unwrap_or(usual).clamp(1, usual)
    }
}

/// What is made of a batch, given the rows of the file before it, and the way to OGC:CRS84 where there is one to go.
pub(super) type MapBatch<'a, T> =
    dyn Fn(RawBatch, usize, Option<&dyn Reproject>) -> Result<T, JoinError> + Sync + 'a;

/// A batch as it was read, and the rows before it.
type Numbered = (usize, Result<RawBatch, SourceError>);

/// What was made of a batch.
struct Mapped<T> {
    made: T,
    rows: usize,
    /// What its coordinates looked like.
    seen: CoordinatesSeen,
}

/// Takes every batch through `map`, on rayon's pool, and what it makes to `fold`, in the order of the file.
pub(super) fn for_each_batch<T: Send>(
    opened: &Opened,
    flow: Flow<'_>,
    map: &MapBatch<'_, T>,
    fold: &mut dyn FnMut(T) -> Result<(), JoinError>,
) -> Result<(), JoinError> {
    let reader = opened.open_reader()?;
    let crs = reader.crs().clone();
    let total = reader.rows_at_most().filter(|_| opened.has_known_length());
    let task = flow.progress.start("join", opened.shown(), total);
    let at_once = flow.batches_at_once();
    let mut seen = CoordinatesSeen::default();
    thread::scope(|scope| {
        let (sender, batches) = sync_channel(at_once);
        scope.spawn(move || {
            let mut rows_before = 0;
            for batch in reader {
                let rows = batch.as_ref().map_or(0, RawBatch::len);
                // Nobody takes any more: what failed is told there.
                if sender.send((rows_before, batch)).is_err() {
                    break;
                }
                rows_before += rows;
            }
        });
        while let Some(waiting) = next_batches(&batches, at_once) {
            let mapped: Vec<Result<Mapped<T>, JoinError>> = waiting
                .into_par_iter()
                .map(|(rows_before, batch)| {
                    let batch = batch.map_err(|source| opened.source_error(source))?;
                    map_batch(batch, rows_before, &crs, map)
                })
                .collect();
            for mapped in mapped {
                let mapped = mapped?;
                seen.add(mapped.seen);
                fold(mapped.made)?;
                task.advance(mapped.rows as u64);
            }
        }
        Ok::<(), JoinError>(())
    })?;
    refuse_degrees(opened, seen, &crs.to_string())
}

fn map_batch<T>(
    batch: RawBatch,
    rows_before: usize,
    crs: &Crs,
    map: &MapBatch<'_, T>,
) -> Result<Mapped<T>, JoinError> {
    let rows = batch.len();
    // PROJ's way is one thread's: to make it costs less than a batch of points.
    let transform = source::reprojection_to_crs84(crs).map_err(|source| JoinError::Source { source })?;
    let made = map(batch, rows_before, transform.as_deref())?;
    let seen = transform.map(|transform| transform.coordinates_seen());
    Ok(Mapped {
        made,
        rows,
        seen: seen.unwrap_or_default(),
    })
}

/// Metres that could all be degrees are in another CRS than is said.
pub(super) fn refuse_degrees(opened: &Opened, seen: CoordinatesSeen, crs: &str) -> Result<(), JoinError> {
    if !seen.are_degrees() {
        return Ok(());
    }
    Err(JoinError::Degrees {
        shown: opened.shown().to_string(),
        crs: crs.to_owned(),
    })
}

/// What has been read, at least one batch unless there is none any more.
fn next_batches(batches: &Receiver<Numbered>, most: usize) -> Option<Vec<Numbered>> {
    let mut waiting = vec![batches.recv().ok()?];
    waiting.extend(batches.try_iter().take(most - 1));
    Some(waiting)
}

/// The columns of every batch, with their types: by reading all of it, once.
pub(super) fn each_batch(
    reader: Reader,
    opened: &Opened,
    take: &mut dyn FnMut(&RawBatch),
) -> Result<(), JoinError> {
    for batch in reader {
        take(&batch.map_err(|source| opened.source_error(source))?);
    }
    Ok(())
}
