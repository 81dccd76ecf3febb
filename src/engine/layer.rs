//! One layer on this machine: batches read one after the other, mapped several at a time, folded in the order of the source.
//!
//! Whoever is free reads the next batch, takes it through the kernels, and folds what is due: reading and folding are one
//! at a time, mapping is not, and nobody waits but when one batch takes far longer than those after it.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use arrow_schema::SchemaRef;
use geo::Rect;
use tracing::Span;

use super::EngineError;
use super::fold::Fold;
use super::keys::KeySet;
use super::origins::Origins;
use super::room::Room;
use super::rows::{LocalRows, RowStore, RowsError, Stands};
use super::sample::Sample;
use super::seats::Seats;
use crate::feature::{CoordinatesSeen, Flags, Landed, RawBatch, Rejects, Reproject, SourceProfile, Task};
use crate::kernel::again::Again;
use crate::kernel::assemble;
use crate::kernel::core::core;
use crate::kernel::locate::JoinContext;
use crate::kernel::map::{self, MapContext, StageBatch};
use crate::kernel::tally::LayerTally;
use crate::plan::{LayerPlan, Plan};
use crate::source::{self, Reader, Readers};

/// Batches that may wait for an earlier one, for each thread that maps.
const WAITING: usize = 2;

/// What a layer is made with.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// The plan of the run.
    pub plan: &'a Plan,
    /// The layer.
    pub layer: &'a LayerPlan,
    /// The polygon sets.
    pub join: &'a JoinContext,
    /// Boxes around everything that is not far from a state.
    pub places: &'a [Rect<f64>],
    /// Memory and scratch files.
    pub room: &'a Room,
    /// How its source is read.
    pub readers: &'a Readers,
}

/// A layer's rows, and what happened to those that aren't there.
#[derive(Debug)]
pub struct LayerRows {
    /// The rows that can be published.
    pub store: LocalRows,
    /// Their published columns.
    pub schema: SchemaRef,
    /// What the rows count.
    pub tally: LayerTally,
    /// Rows that can't be used, in source order.
    pub rejects: Rejects,
    /// What is doubtful about the others, but for those that share their point: packing meets them.
    pub flags: Flags,
    /// Schema fields the source doesn't have.
    pub missing: Vec<String>,
    /// What the source looks like.
    pub profile: SourceProfile,
    /// Where the rows came from.
    pub(super) origins: Origins,
    /// Keys that stand in several rows, as [`Again`] has them.
    repeated: HashMap<u128, u64>,
    /// None once nobody asks for them any more: they are the budget's no more than the sample is.
    keys: Option<KeySet>,
    /// A few of the rows, to be compared with another night's.
    pub sample: Sample,
}

impl LayerRows {
    /// Whether a row has this key; none has once the keys are forgotten.
    ///
    /// # Errors
    /// When a scratch file can't be read.
    pub fn has_key(&self, key: &str) -> io::Result<bool> {
        self.keys
            .as_ref()
            .map_or(Ok(false), |keys| keys.holds(map::key_number(key)))
    }

    /// Frees what is known of the keys.
    pub fn forget_keys(&mut self) {
        self.keys = None;
    }

    /// What a second reading has to know, if it would do anything otherwise.
    fn again(&self) -> Again {
        Again {
            recovered: self.tally.recovered_dates(),
            repeated: self.repeated.clone(),
        }
    }
}

/// Reads a landed layer and takes it through normalise, classify and locate.
///
/// # Errors
/// When the source can't be read, lacks a required column, is empty, or too many rows are rejected.
pub fn read_layer(work: Work<'_>, landed: &Landed, progress: &dyn Task) -> Result<LayerRows, EngineError> {
    let first = read_once(work, landed, progress, &Again::default())?;
    let again = first.again();
    if again.is_nothing() {
        return judge(work.layer, first);
    }
    // What some rows mean can be said once the last is seen.
    drop(first);
    tracing::debug!(
        dates = again.recovered.len(),
        keys = again.repeated.len(),
        "reading once more"
    );
    judge(work.layer, read_once(work, landed, progress, &again)?)
}

/// Reads a layer; `again` is what an earlier reading has shown.
fn read_once(
    work: Work<'_>,
    landed: &Landed,
    progress: &dyn Task,
    again: &Again,
) -> Result<LayerRows, EngineError> {
    let (layer, plan) = (work.layer, work.plan);
    let reader = work
        .readers
        .open(landed, &layer.source, &plan.limits, layer.schema.crs.as_ref())
        .map_err(|source| EngineError::Source { source })?;
    let crs = reader.crs().to_string();
    // Rows whose key repeats may be told apart the second time.
    let is_final = layer.schema.key_repeated.is_empty() || !again.is_nothing();
    let most_rejects = reader.rows_at_most().filter(|_| is_final);
    let most_rejects = most_rejects.map(|rows| layer.schema.max_rejects * rows as f64);
    let schema = assemble::layer_schema(&layer.schema, work.join.further_sets());
    let further: Vec<String> = work.join.further_sets().map(str::to_owned).collect();
    let context = MapContext {
        layer,
        schema: &schema,
        reference: &plan.reference,
        join: work.join,
        further: &further,
        places: work.places,
        again,
    };
    let line = Line::new(reader, context, work.room, most_rejects, progress);
    let workers = rayon::current_num_threads();
    // So that what is said on the way names the layer.
    let span = Span::current();
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| span.in_scope(|| line.work(&work.room.seats)));
        }
    });
    let (fold, seen) = line.finish()?;
    if seen.are_degrees() {
        return Err(EngineError::Degrees {
            shown: layer.source.shown.to_string(),
            crs,
        });
    }
    sealed(layer, Arc::clone(&schema), fold)
}

/// The line between reading and packing, worked on by several threads.
struct Line<'c> {
    feed: Mutex<Feed>,
    due: Mutex<Due<'c>>,
    folded: Condvar,
    context: MapContext<'c>,
    progress: &'c dyn Task,
}

/// Where batches come from.
struct Feed {
    /// None once it has ended or panicked.
    reader: Option<Reader>,
    /// Number of the next batch.
    next: u64,
    /// Row of the layer that the next batch begins with.
    first: u64,
}

/// A batch as the reader gives it, or the panic that it gives instead.
struct Given {
    number: u64,
    /// Row of the layer that it begins with.
    first: u64,
    raw: thread::Result<Result<RawBatch, EngineError>>,
}

/// Batches that wait for earlier ones, and what those before came to.
struct Due<'c> {
    waiting: BTreeMap<u64, Mapped>,
    /// Number of the batch that is folded next.
    next: u64,
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

/// A transformation is made once by each thread, for one can't be shared.
#[derive(Default)]
struct Transform {
    is_made: bool,
    /// None where coordinates are longitudes and latitudes already.
    made: Option<Box<dyn Reproject>>,
}

impl<'c> Line<'c> {
    fn new(
        reader: Reader,
        context: MapContext<'c>,
        room: &Room,
        most_rejects: Option<f64>,
        progress: &'c dyn Task,
    ) -> Self {
        let due = Due {
            waiting: BTreeMap::new(),
            next: 0,
            fold: Fold::new(context, room),
            most_rejects,
            seen: CoordinatesSeen::default(),
            failed: None,
        };
        let feed = Mutex::new(Feed {
            reader: Some(reader),
            next: 0,
            first: 0,
        });
        Self {
            feed,
            due: Mutex::new(due),
            folded: Condvar::new(),
            context,
            progress,
        }
    }

    /// One thread's share of the work; ends with the source, or when the layer has failed.
    fn work(&self, seats: &Seats) {
        let mut transform = Transform::default();
        loop {
            // Taken before the batch is, so that whoever is waited for has one.
            let _seat = seats.take();
            let Some(Given { number, first, raw }) = self.read() else {
                break;
            };
            let rows = raw
                .as_ref()
                .map_or(0, |raw| raw.as_ref().map_or(0, |raw| raw.len() as u64));
            let map = |raw| catch_unwind(AssertUnwindSafe(|| self.map(raw, first, &mut transform)));
            let mapped = raw.and_then(map).unwrap_or_else(Mapped::Panicked);
            if !self.hand_in(number, mapped) {
                break;
            }
            self.progress.advance(rows);
        }
        self.due().seen.add(transform.seen());
    }

    fn due(&self) -> MutexGuard<'_, Due<'c>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next batch.
    fn read(&self) -> Option<Given> {
        let mut feed = self.feed.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reader = feed.reader.take()?;
        let raw = catch_unwind(AssertUnwindSafe(|| reader.next())).transpose()?;
        let (number, first) = (feed.next, feed.first);
        feed.next += 1;
        // A reader that has panicked is asked for nothing more.
        if let Ok(read) = &raw {
            feed.reader = Some(reader);
            feed.first += read.as_ref().map_or(0, |raw| raw.len() as u64);
        }
        let raw = raw.map(|read| read.map_err(|source| EngineError::Source { source }));
        Some(Given { number, first, raw })
    }

    fn map(&self, raw: Result<RawBatch, EngineError>, first: u64, transform: &mut Transform) -> Mapped {
        let mapped = raw.and_then(|raw| {
            let transform = transform.of(&raw)?;
            let mapped = map::map(&raw, first, &self.context, transform);
            mapped
                .and_then(StageBatch::clustered)
                .map_err(|source| EngineError::Kernel { source })
        });
        mapped.map_or_else(Mapped::Failed, |batch| Mapped::Batch(Box::new(batch)))
    }

    /// Folds what is due with this batch; tells whether there is reason to go on.
    fn hand_in(&self, number: u64, mapped: Mapped) -> bool {
        let mut due = self.due();
        let most = WAITING * rayon::current_num_threads();
        while due.failed.is_none() && number != due.next && due.waiting.len() >= most {
            due = self.folded.wait(due).unwrap_or_else(PoisonError::into_inner);
        }
        due.waiting.insert(number, mapped);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| due.fold_due())) {
            due.failed = Some(Mapped::Panicked(panic));
        }
        self.folded.notify_all();
        due.failed.is_none()
    }

    fn finish(self) -> Result<(Fold<'c>, CoordinatesSeen), EngineError> {
        let due = self.due.into_inner().unwrap_or_else(PoisonError::into_inner);
        match due.failed {
            None | Some(Mapped::Batch(_)) => Ok((due.fold, due.seen)),
            Some(Mapped::Failed(error)) => Err(error),
            Some(Mapped::Panicked(panic)) => resume_unwind(panic),
        }
    }
}

impl Due<'_> {
    /// Folds a batch, unless so many rows are rejected by now that the layer must fail.
    fn add(&mut self, batch: StageBatch) -> Result<(), EngineError> {
        self.fold.add(batch)?;
        let rejected = self.fold.rejects.faults();
        match self.most_rejects.filter(|most| rejected as f64 > *most) {
            None => Ok(()),
            Some(most) => {
                let limit = format!(
                    "more than the {} that max-rejects allows of all there can be",
                    most.floor()
                );
                Err(too_many(&self.fold.rejects, self.fold.tally.read, limit))
            }
        }
    }

    fn fold_due(&mut self) {
        while self.failed.is_none()
            && let Some(mapped) = self.waiting.remove(&self.next)
        {
            self.next += 1;
            self.failed = match mapped {
                Mapped::Batch(batch) => self.add(*batch).err().map(Mapped::Failed),
                failed => Some(failed),
            };
        }
    }
}

impl Transform {
    fn of(&mut self, raw: &RawBatch) -> Result<Option<&dyn Reproject>, EngineError> {
        if !self.is_made {
            self.made = source::reprojection(&raw.crs).map_err(|source| EngineError::Source { source })?;
            self.is_made = true;
        }
        Ok(self.made.as_deref())
    }

    fn seen(&self) -> CoordinatesSeen {
        self.made
            .as_deref()
            .map_or_else(CoordinatesSeen::default, Reproject::seen)
    }
}

/// The layer's rows, once the last batch is folded.
fn sealed(layer: &LayerPlan, schema: SchemaRef, fold: Fold<'_>) -> Result<LayerRows, EngineError> {
    let mut store = fold.store;
    let rows = |source| EngineError::Rows { source };
    store.seal().map_err(rows)?;
    let mut profile = fold.tally.profile.clone().finish();
    profile.extent = fold.tally.rows.extent.map(|extent| {
        let (low, high) = (extent.min(), extent.max());
        [low.x, low.y, high.x, high.y]
    });
    let centres =
        |see: &mut dyn FnMut([f64; 2])| store.each(None, Stands::AtCentre, &mut |spot| see([spot.x, spot.y]));
    profile.core = core(store.rows_in(None), &centres).map_err(rows)?;
    profile.far = fold.tally.rows.far;
    let missing = fold.tally.missing.clone().unwrap_or_default();
    let names = layer.schema.fields.iter().map(|field| &field.name);
    let rows = LayerRows {
        store,
        schema,
        missing: names.filter(|name| missing.contains(*name)).cloned().collect(),
        tally: fold.tally,
        rejects: fold.rejects,
        flags: fold.flags,
        profile,
        origins: fold.origins,
        repeated: fold.repeated,
        keys: Some(fold.keys),
        sample: fold.sample,
    };
    Ok(rows)
}

/// An empty source, one with too many rejects and one that leaves no row fail their layer.
fn judge(layer: &LayerPlan, rows: LayerRows) -> Result<LayerRows, EngineError> {
    let read = rows.tally.read;
    if read == 0 {
        return Err(EngineError::Empty {
            shown: layer.source.shown.to_string(),
        });
    }
    let is_left = rows.rejects.count() < read;
    if rows.rejects.faults() as f64 <= layer.schema.max_rejects * read as f64 && is_left {
        return Ok(rows);
    }
    let limit = if is_left {
        format!("more than max-rejects = {} allows", layer.schema.max_rejects)
    } else {
        "so none is left".to_owned()
    };
    Err(too_many(&rows.rejects, read, limit))
}

/// What to say of a layer of which so many rows are read, and too many rejected.
fn too_many(rejects: &Rejects, read: u64, limit: String) -> EngineError {
    let reasons: Vec<String> = rejects
        .by_reason()
        .iter()
        .map(|(reason, rows)| format!("{reason} {rows}"))
        .collect();
    let first = match rejects.rows().next().transpose() {
        Ok(first) => first,
        Err(source) => {
            return EngineError::Rows {
                source: RowsError::Scratch { source },
            };
        }
    };
    EngineError::TooManyRejects {
        rejected: rejects.count(),
        read,
        reasons: reasons.join(", "),
        limit,
        first: first.map_or_else(String::new, |r| format!("{} {} `{}`", r.origin, r.field, r.value)),
    }
}
