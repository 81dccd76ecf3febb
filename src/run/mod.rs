//! The stages in order: the only room that sees every other, and the only one that reads the clock.
//!
//! A layer's failure is a result, not the end of the run: it is carried from the last release, or
//! left out, and named. Only when no layer succeeds is nothing published.

mod again;
mod derive;
mod describe;
mod feed;
mod fetch;
mod gate;
mod inventory;
mod jurisdictions;
mod kept;
mod landing;
mod layer;
mod layer_report;
mod memory;
mod national;
mod nearby;
mod page;
mod past;
mod reference;
mod tables;
mod takeover;
mod tallies;
mod tile;
mod unchanged;
mod verify;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use arrow_schema::SchemaRef;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tracing::{debug, info, warn};

pub use feed::write_feed;
use fetch::{Fetching, Landings};
pub use gate::{Wish, accept};
use jurisdictions::Joined;
pub use landing::{AgedCopy, Fetched, FetchedSource, Keep, SourceStatus, day_of_ms, fetch, landings, prune};
use layer::Coming;
pub use layer_report::is_conserved;
pub use past::{last_report, report_of};
use unchanged::Prints;
pub use verify::{Verified, verify, verify_store};

pub use crate::derive::product::Problem;

use crate::catalog::page::{Facilities, RejectSample};
use crate::derive::product::{Night, TilesBefore};
use crate::derive::{self as products, Products};
use crate::engine::rows::LocalRows;
use crate::engine::{Packing, Room};
use crate::error::{Error, chain};
use crate::feature::{
    FileRecord, LayerReport, LayerStatus, Progress, QualityReport, RunReport, TileRecord, Veil,
};
use crate::fetch::http::ClientSettings;
use crate::geoparquet::WriteOptions;
use crate::kernel::pack::Levels;
use crate::plan::{Plan, ProductName};
use crate::source::{Program, Readers};
use crate::store::{Lock, Publication, Scratch, Staging, Store, StoreError};

/// What a run published.
#[derive(Debug)]
pub struct Outcome {
    /// Content of `report.json`.
    pub report: RunReport,
    /// Folder of the release.
    pub release: PathBuf,
    /// Counts that may be other than expected; none for any number.
    unmet: Option<u64>,
}

impl Outcome {
    /// Whether every layer and its boundaries are of this run, and no more counts than allowed are other than expected.
    pub fn is_complete(&self) -> bool {
        let is_fresh = self
            .report
            .layers
            .iter()
            .all(|layer| layer.status == LayerStatus::Published);
        let quality = self.report.quality.as_ref();
        let unmet = quality.map_or(0, QualityReport::unmet);
        let is_placed = self.report.jurisdictions.iter().all(|set| set.stale.is_none());
        is_fresh && is_placed && self.unmet.is_none_or(|allowed| unmet <= allowed)
    }
}

/// How a run goes about it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mode<'a> {
    /// Fetch nothing: what was landed last is used.
    pub offline: bool,
    /// Make every layer again, changed or not.
    pub rebuild: bool,
    /// Folder for scratch files; in the store where none is named.
    pub scratch: Option<&'a Path>,
    /// What is started to read a source in a process of its own; none to read all in this one.
    pub reader: Option<&'a Program>,
}

/// What the stages of a run share.
struct Context<'a> {
    plan: &'a Plan,
    store: &'a Store,
    mode: Mode<'a>,
    readers: Readers,
    staging: &'a Staging<'a>,
    progress: &'a dyn Progress,
    /// Release that the run makes.
    release: &'a str,
    started: &'a str,
    last: Option<RunReport>,
    /// Reports of the releases the store still keeps, oldest first.
    history: &'a [RunReport],
    /// Tiles of the last release by layer; none where its manifest can't be read.
    tiles_before: Option<&'a TilesBefore>,
    /// What nothing of the release shows.
    veil: &'a Veil,
    /// Products at work.
    products: Products<'a>,
    /// What was seen of the inventory for the report page; none where it is linked.
    facilities: Mutex<Option<Facilities>>,
    /// Rows of every Parquet file staged, for the manifest.
    rows: Mutex<BTreeMap<PathBuf, u64>>,
}

impl Context<'_> {
    fn note_rows(&self, path: &Path, rows: u64) {
        self.rows
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(path.to_owned(), rows);
    }

    fn write_options(&self) -> WriteOptions {
        WriteOptions {
            page_rows: self.plan.output.page_rows,
            zstd_level: self.plan.output.zstd_level,
        }
    }

    /// How a collection is packed, of which so many are made at the same time: they share the memory that is left.
    fn packing<'c>(&self, collection: &'c str, room: &Room, at_once: usize) -> Packing<'c> {
        let memory = room.budget.left() / at_once.max(1);
        Packing {
            collection,
            levels: Levels::from(&self.plan.output),
            memory,
        }
    }
}

/// A layer in the release to be.
struct LayerOutcome {
    report: LayerReport,
    tiles: Vec<TileRecord>,
    schema: Option<SchemaRef>,
    /// The file of all its rows, where the pipeline wants one.
    national: Option<FileRecord>,
    /// What differs from the release before, where it could be compared.
    changes: Option<FileRecord>,
    /// Its first rejects, where this run found them.
    rejects: Option<Vec<RejectSample>>,
    /// Its rows, where this run made them and something else is to be made of them.
    rows: Option<LocalRows>,
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn clock() -> DateTime<Utc> {
    Utc::now()
}

fn now() -> String {
    clock().to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Id for a release begun now: its UTC time to the millisecond, so that ids sort by age.
pub fn release_id() -> String {
    clock().format("%Y%m%dT%H%M%S%3fZ").to_string()
}

/// Runs a plan and publishes a release called `id`.
///
/// # Errors
/// When a polygon set fails, no layer succeeds, or the store fails; the last release stays as it was.
pub fn run(
    plan: &Plan,
    store: &Store,
    id: &str,
    mode: Mode<'_>,
    settings: &ClientSettings,
    progress: &dyn Progress,
) -> Result<Outcome, Error> {
    let lock = store.lock().map_err(store_error)?;
    let fetching = Fetching {
        plan,
        store,
        progress,
        settings,
        is_offline: mode.offline,
    };
    night(fetching, &lock, id, mode).inspect_err(|error| {
        if error.is_out_of_space() {
            // What it has made so far would keep the next run from having room.
            store.abandon(&lock, id).unwrap_or_else(|error| {
                warn!(
                    reason = chain(&error),
                    "what a run without room has left can't be removed"
                );
            });
        }
    })
}

/// A run, under the lock.
fn night(fetching: Fetching<'_>, lock: &Lock, id: &str, mode: Mode<'_>) -> Result<Outcome, Error> {
    let Fetching {
        plan,
        store,
        progress,
        settings,
        ..
    } = fetching;
    let (started, timer) = (now(), Instant::now());
    let staging = store.begin(lock, id).map_err(store_error)?;
    let last = past::last_sound(store);
    let history = past::history(store);
    let tiles_before = last.as_ref().and_then(|last| past::tiles(store, last));
    // Products look at it, and the context holds them.
    let records;
    let mut context = Context {
        plan,
        store,
        mode,
        readers: readers(plan, mode),
        staging: &staging,
        progress,
        release: id,
        started: &started,
        last,
        history: &history,
        tiles_before: tiles_before.as_ref(),
        veil: &settings.veil,
        products: Products::default(),
        facilities: Mutex::default(),
        rows: Mutex::default(),
    };
    let room = room(&context);
    records = room.for_records();
    let before = context.tiles_before;
    let night = Night {
        plan,
        history: &history,
        started: &started,
        before,
        room: &records,
    };
    let (joined, mut layers, rest) = land_and_make(&mut context, night, &room, fetching)?;
    gate::note_held(&context, lock, &layers)?;
    refuse_nothing(&layers)?;
    national::write(&context, &room, &mut layers)?;
    let facilities = match rest {
        Some(tiles) => tiles,
        None => made(&context, &joined, &room, &mut layers)?,
    };
    let report = report(&context, &joined, &layers, &facilities);
    let report = ended(&context, lock, &mut layers, report, timer)?;
    describe::write(&context, lock, &report, &joined, &layers, &facilities)?;
    let task = progress.start("publish", id, None);
    let rows = std::mem::take(&mut *context.rows.lock().unwrap_or_else(PoisonError::into_inner));
    drop(context);
    let (linked, digested) = staging.care_taken();
    info!(
        stage = "publish",
        linked, digested, "bytes of earlier releases linked, and compared with their digests"
    );
    let tiles = layers.iter().map(|layer| layer.tiles.len() as u64).sum::<u64>() + facilities.len() as u64;
    let facilities = facilities_of(plan, &report);
    let publication = Publication {
        rows: &rows,
        tiles,
        facilities,
        keep: plan.keep,
        now: &now(),
    };
    let published = staging.publish(&publication).map_err(store_error)?;
    drop(task);
    gate::settle(store, lock, &report)?;
    write_feed(store, lock);
    for warning in &published.warnings {
        warn!(stage = "publish", "{warning}");
    }
    info!(
        stage = "publish",
        release = id,
        bytes = published.latest.bytes,
        "published"
    );
    let unmet = plan.expected.as_ref().and_then(|expected| expected.unmet);
    Ok(Outcome {
        report,
        release: published.folder,
        unmet,
    })
}

/// What every row is joined to, the layers in plan order, and the inventory's tiles where all is linked.
type Layers = (Joined, Vec<LayerOutcome>, Option<Vec<TileRecord>>);

/// Lands the sources, and makes each layer while others are on their way.
fn land_and_make<'a>(
    context: &mut Context<'a>,
    night: Night<'a>,
    room: &Room,
    fetching: Fetching<'_>,
) -> Result<Layers, Error> {
    let landings = Landings::new(fetching);
    thread::scope(|scope| {
        landings.start(scope);
        let made = make_as_they_land(context, night, room, &landings);
        // Where that failed, nothing more need land.
        landings.stop();
        made
    })
}

/// Links or makes each layer as soon as its source has landed; what products there are is settled by the first that has
/// to be made.
fn make_as_they_land<'a>(
    context: &mut Context<'a>,
    night: Night<'a>,
    room: &Room,
    landings: &Landings<'_>,
) -> Result<Layers, Error> {
    let sets = jurisdictions::ground(context, landings.sets())?;
    let prints = Prints::new(context.plan, &sets);
    let kept = unchanged::take(context, landings, &prints)?;
    context.products =
        Products::begin(night, kept.rest.is_some()).map_err(|source| Error::Derive { source })?;
    let joined = match (&kept.rest, &context.last) {
        (Some(_), Some(last)) => jurisdictions::known(context, &sets, last)?,
        _ => jurisdictions::join(context, &sets)?,
    };
    let coming = Coming {
        ready: Mutex::new(kept.layers),
        landings,
        prints,
    };
    let layers = layer::run_all(context, &joined, room, &coming)?;
    Ok((joined, layers, kept.rest))
}

/// The report with what is derived from the layers, as it is published.
fn ended(
    context: &Context<'_>,
    lock: &Lock,
    layers: &mut [LayerOutcome],
    mut report: RunReport,
    timer: Instant,
) -> Result<RunReport, Error> {
    derive::write(context, lock, layers, &mut report)?;
    report.seconds = timer.elapsed().as_secs_f64();
    report.peak_memory_bytes = peak_memory();
    veiled(context, &report)
}

/// What is to be published of a run or a layer: without secrets, whoever has repeated them, and with nothing in it that
/// can't be seen.
fn veiled<T: Serialize + DeserializeOwned>(context: &Context<'_>, report: &T) -> Result<T, Error> {
    context.veil.over(report).map_err(|source| Error::Law {
        what: source.to_string(),
    })
}

fn store_error(source: StoreError) -> Error {
    Error::Store { source }
}

/// How sources are read: a reader's memory is a part of the run's.
fn readers(plan: &Plan, mode: Mode<'_>) -> Readers {
    let memory = memory::for_run(plan.memory_bytes);
    mode.reader
        .map_or_else(Readers::inside, |program| Readers::apart(program.clone(), memory))
}

/// What rows may take of the machine.
fn room(context: &Context<'_>) -> Room {
    let memory = memory::for_run(context.plan.memory_bytes);
    let rows = memory::for_rows(memory, rayon::current_num_threads());
    let folder = context.mode.scratch.unwrap_or_else(|| context.staging.scratch());
    debug!(memory, rows, scratch = %folder.display(), "memory");
    Room::new(rows, Scratch::new(folder))
}

/// Facilities of a release: those of its inventory, else of its layers.
fn facilities_of(plan: &Plan, report: &RunReport) -> u64 {
    if plan.makes(products::inventory::NAME) {
        return report.inventory_rows;
    }
    report.layers.iter().map(|layer| layer.rows_written).sum()
}

/// Products that a pipeline may ask for.
pub fn products() -> Vec<ProductName> {
    products::names()
}

/// The inventory, where the pipeline wants one, and the reference tables.
fn made(
    context: &Context<'_>,
    joined: &Joined,
    room: &Room,
    layers: &mut [LayerOutcome],
) -> Result<Vec<TileRecord>, Error> {
    let is_wanted = context.plan.makes(products::inventory::NAME);
    let facilities = if is_wanted {
        inventory::write(context, &joined.context, room, layers)?
    } else {
        vec![]
    };
    // The rows of the others are free to go: nothing else is made of them.
    for (layer, outcome) in context.plan.layers.iter().zip(layers) {
        outcome.rows = outcome.rows.take().filter(|_| layer::is_compared(context, layer));
    }
    reference::write(context, joined)?;
    Ok(facilities)
}

fn refuse_nothing(layers: &[LayerOutcome]) -> Result<(), Error> {
    if layers
        .iter()
        .any(|layer| layer.report.status == LayerStatus::Published)
    {
        return Ok(());
    }
    let reason = |layer: &LayerOutcome| {
        format!(
            "{}: {}",
            layer.report.id,
            layer.report.reason.as_deref().unwrap_or("no reason")
        )
    };
    Err(Error::NothingPublished {
        reasons: layers.iter().map(reason).collect(),
    })
}

fn report(
    context: &Context<'_>,
    joined: &Joined,
    layers: &[LayerOutcome],
    facilities: &[TileRecord],
) -> RunReport {
    RunReport {
        version: 1,
        release: context.release.to_owned(),
        pipeline: context.plan.id.clone(),
        title: context.plan.title.clone(),
        base_url: context.plan.output.base_url.clone(),
        cikr_version: env!("CARGO_PKG_VERSION").to_owned(),
        started: context.started.to_owned(),
        seconds: 0.0,
        peak_memory_bytes: None,
        layers: layers.iter().map(|layer| layer.report.clone()).collect(),
        jurisdictions: joined.reports.clone(),
        inventory_rows: facilities.iter().map(|tile| tile.rows).sum(),
        inventory_bytes: facilities.iter().map(|tile| tile.bytes).sum(),
        quality: None,
        products: Some(BTreeMap::new()),
    }
}

/// Peak resident memory as Linux tells it (`VmHWM` of proc(5)).
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string(Path::new("/proc/self/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}
