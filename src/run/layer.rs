//! Layers of a run: each through fetch … write, several at a time, none in another's way.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::iter;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use geo::Rect;
use tracing::{error_span, info, warn};

use super::fetch::{Landings, Tried};
use super::jurisdictions::Joined;
use super::layer_report::{flags_kept, is_conserved, published, started};
use super::tile::{self, TileError};
use super::unchanged::{self, Prints, Ready};
use super::{Context, LayerOutcome, gate, page, tables, takeover, veiled};
use crate::derive;
use crate::derive::product::Place;
use crate::engine::rows::RowsError;
use crate::engine::{self, EngineError, Group, LayerRows, LayerTiles, Room, Work};
use crate::error::{Error, chain};
use crate::feature::{
    Flag, GateReport, Landed, LayerReport, LayerStatus, Origin, Reject, RunReport, Tile, TileRecord, visible,
};
use crate::geoparquet;
use crate::kernel::locate::JoinContext;
use crate::kernel::pack::Spot;
use crate::kernel::profile;
use crate::plan::LayerPlan;
use crate::store::{Care, StoreError};

/// Why a layer failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum LayerError {
    #[error("cannot land the source: {what}")]
    Source { what: String },
    #[error("cannot land {shown}")]
    Land { shown: String, source: StoreError },
    #[error("the layer failed")]
    Engine { source: EngineError },
    #[error("cannot write the layer")]
    Write { source: TileError },
    #[error("rows went missing: {read} read, {written} written, {rejected} rejected")]
    Conservation { read: u64, written: u64, rejected: u64 },
    #[error("cannot read what was accepted of the layer")]
    Record { source: StoreError },
    #[error("held back by the gate: {}; `cikr accept` lets it through if it is meant", gate.reds())]
    Held { gate: Box<GateReport> },
    #[error("a stage panicked: {what}")]
    Panic { what: String },
}

impl LayerError {
    /// The store itself failed: no use in going on with other layers.
    fn into_fatal(self) -> Result<Self, StoreError> {
        match self {
            Self::Record { source }
            | Self::Land { source, .. }
            | Self::Write {
                source: TileError::Store { source },
            } => Err(source),
            Self::Engine {
                source: EngineError::Sink { region, source },
            } => match source.downcast::<TileError>().map(|error| *error) {
                Ok(source) => Self::Write { source }.into_fatal(),
                Err(source) => Ok(Self::Engine {
                    source: EngineError::Sink { region, source },
                }),
            },
            Self::Write {
                source: TileError::Rows { source },
            } => Self::Engine { source }.into_fatal(),
            Self::Engine {
                source:
                    EngineError::Rows {
                        source: RowsError::Scratch { source },
                    },
            } => {
                // The system's own error where it is not the store's.
                let scratch = |source| Self::Engine {
                    source: EngineError::Rows {
                        source: RowsError::Scratch { source },
                    },
                };
                source
                    .downcast::<StoreError>()
                    .map_or_else(|source| Ok(scratch(source)), Err)
            }
            other => Ok(other),
        }
    }
}

/// Layers at work at the same time: one reads while another is located or written.
pub(super) const AT_ONCE: usize = 2;

/// Layers that are ready, and those that are still on their way.
pub(super) struct Coming<'a> {
    pub(super) ready: Mutex<Vec<Ready>>,
    pub(super) landings: &'a Landings<'a>,
    pub(super) prints: Prints<'a>,
}

impl Coming<'_> {
    /// Waits for the next layer; none after the last.
    fn next(&self) -> Option<Ready> {
        let ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner).pop();
        ready.or_else(|| {
            self.landings
                .next_layer()
                .map(|(layer, tried)| (layer, tried, None))
        })
    }
}

/// Makes every layer that is not kept, as it comes; the outcomes are in pipeline order.
///
/// # Errors
/// Only when the store fails: a layer's own failure is part of its outcome.
pub(super) fn run_all(
    context: &Context<'_>,
    joined: &Joined,
    room: &Room,
    coming: &Coming<'_>,
) -> Result<Vec<LayerOutcome>, Error> {
    let ground = &Ground {
        join: &joined.context,
        places: profile::places(&joined.outlines),
        room,
    };
    let done = Mutex::new(BTreeMap::new());
    let work = || {
        while let Some(ready) = coming.next() {
            let layer = ready.0;
            let outcome = run_ready(context, ground, &coming.prints, ready);
            done.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(layer, outcome);
        }
    };
    let workers = AT_ONCE.min(rayon::current_num_threads());
    thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    let done: BTreeMap<usize, Result<LayerOutcome, Error>> =
        done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.into_values().collect()
}

/// A layer as it is kept, as the last release has it, or made.
fn run_ready(
    context: &Context<'_>,
    ground: &Ground<'_>,
    prints: &Prints<'_>,
    (at, landed, kept): Ready,
) -> Result<LayerOutcome, Error> {
    if let Some(kept) = kept {
        return Ok(kept);
    }
    let print = prints.of(at, &landed);
    match unchanged::take_layer(context, at, &landed, print.as_deref())? {
        Some(kept) => Ok(kept),
        None => made(
            context,
            ground,
            &context.plan.layers[at],
            landed,
            print.as_deref(),
        ),
    }
}

/// A layer as a run that died has finished it, or made here; `print` is its fingerprint.
fn made(
    context: &Context<'_>,
    ground: &Ground<'_>,
    layer: &LayerPlan,
    landed: Tried,
    print: Option<&str>,
) -> Result<LayerOutcome, Error> {
    let print_of_left = print.filter(|_| !context.mode.rebuild);
    let left = print_of_left
        .map(|print| takeover::take(context, ground.room, layer, print))
        .transpose()?;
    let mut outcome = left
        .flatten()
        .map_or_else(|| run_one(context, ground, layer, landed), Ok)?;
    outcome.report = veiled(context, &outcome.report)?;
    if outcome.report.status == LayerStatus::Published {
        outcome.report.fingerprint = print.map(str::to_owned);
        takeover::note(context, layer, &outcome.report)?;
    }
    Ok(outcome)
}

/// The polygon sets, as locate and the gate want them.
struct Ground<'a> {
    join: &'a JoinContext,
    /// Boxes around everything that is not far from a state.
    places: Vec<Rect<f64>>,
    room: &'a Room,
}

fn run_one(
    context: &Context<'_>,
    ground: &Ground<'_>,
    layer: &LayerPlan,
    landed: Tried,
) -> Result<LayerOutcome, Error> {
    // Of the highest level, so that a warning names its layer whatever else is quiet.
    let _span = error_span!("layer", id = %layer.id).entered();
    let timer = Instant::now();
    let tried =
        catch_unwind(AssertUnwindSafe(|| attempt(context, ground, layer, landed))).unwrap_or_else(|panic| {
            Err(LayerError::Panic {
                what: panic_text(panic.as_ref()),
            })
        });
    let mut outcome = match tried.map_err(LayerError::into_fatal) {
        Ok(outcome) => outcome,
        Err(Err(source)) => return Err(Error::Store { source }),
        Err(Ok(error)) => {
            warn!(reason = chain(&error), "layer failed");
            instead(context, layer, &error)?
        }
    };
    outcome.report.seconds = timer.elapsed().as_secs_f64();
    Ok(outcome)
}

pub(super) fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
        .to_owned()
}

fn attempt(
    context: &Context<'_>,
    ground: &Ground<'_>,
    layer: &LayerPlan,
    landed: Tried,
) -> Result<LayerOutcome, LayerError> {
    // A panic of the fetch stage is this layer's failure alone.
    let landed = landed
        .unwrap_or_else(|panic| resume_unwind(panic))
        .map_err(|error| match error.told() {
            Ok(what) => LayerError::Source {
                what: layer.source.as_shown(&what),
            },
            Err(source) => LayerError::Land {
                shown: layer.source.shown.to_string(),
                source,
            },
        })?;
    let mut rows = {
        let task = context.progress.start("read", layer.id.as_str(), None);
        let Ground { join, places, room } = ground;
        let readers = &context.readers;
        let work = Work {
            plan: context.plan,
            layer,
            join,
            places,
            room,
            readers,
        };
        engine::read_layer(work, &landed, &*task).map_err(|source| LayerError::Engine { source })?
    };
    // Before it is compared with what the last report has, which shows no secret either.
    for column in &mut rows.profile.columns {
        column.name = visible(&context.veil.own(&column.name)).into_owned();
    }
    info!(
        stage = "locate",
        rows = rows.tally.read,
        rejected = rows.rejects.count(),
        "read, normalised, located"
    );
    let gate = gate::judge(context, layer, &landed, &mut rows)?;
    rows.forget_keys();
    if let Some(gate) = gate.as_ref().filter(|gate| gate.held.is_some()) {
        return Err(LayerError::Held {
            gate: Box::new(gate.clone()),
        });
    }
    let mut outcome = write(context, ground.room, layer, &landed, rows)?;
    outcome.report.gate = gate;
    info!(
        stage = "write",
        tiles = outcome.report.tiles,
        bytes = outcome.report.bytes_out,
        "written"
    );
    if is_conserved(&outcome.report) {
        return Ok(outcome);
    }
    let report = outcome.report;
    let (read, written, rejected) = (report.rows_read, report.rows_written, report.rows_rejected);
    Err(LayerError::Conservation {
        read,
        written,
        rejected,
    })
}

fn write(
    context: &Context<'_>,
    room: &Room,
    layer: &LayerPlan,
    landed: &Landed,
    mut rows: LayerRows,
) -> Result<LayerOutcome, LayerError> {
    let task = context.progress.start("write", layer.id.as_str(), None);
    let unpacked = LayerTiles::new(layer, &rows.store, &rows.schema);
    let packing = context.packing(layer.id.as_str(), room, AT_ONCE.min(context.plan.layers.len()));
    let tiles = engine::pack(&unpacked, &packing, |tile, groups| {
        let record = tile::write(context, &rows.schema, tile, groups, &mut |group| {
            show(context, tile, group);
            Ok(())
        })?;
        task.advance(record.rows);
        Ok(record)
    });
    let tiles = tiles.map_err(|source| LayerError::Engine { source })?;
    let shared = unpacked.into_shared();
    let id = layer.id.as_str();
    // Another working folder gives the same bytes.
    let rejects = rows.rejects.rows().map(|reject| {
        reject.map(|reject| Reject {
            origin: as_written(layer, &reject.origin),
            ..reject
        })
    });
    tables::write_rejects(context, id, rejects).map_err(|source| LayerError::Write { source })?;
    let flags = rows.flagged(shared).map(|flag| {
        flag.map(|flag| Flag {
            origin: as_written(layer, &flag.origin),
            ..flag
        })
    });
    tables::write_flags(context, id, flags).map_err(|source| LayerError::Write { source })?;
    let report = published(layer, landed, &rows, &tiles);
    let schema = Some(Arc::clone(&rows.schema));
    let is_wanted = layer.inventory && context.plan.makes(derive::inventory::NAME)
        || context.plan.makes(derive::national::NAME)
        || is_compared(context, layer);
    let rejects =
        page::samples_of(context, layer, &rows.rejects).map_err(|source| LayerError::Write { source })?;
    let store = is_wanted.then_some(rows.store);
    Ok(LayerOutcome {
        report,
        tiles,
        schema,
        national: None,
        changes: None,
        rejects: Some(rejects),
        rows: store,
    })
}

/// An origin as tables of a release show it.
pub(super) fn as_written(layer: &LayerPlan, origin: &Origin) -> Origin {
    Origin {
        source: layer.source.as_written(&origin.source),
        row: origin.row,
    }
}

/// Shows a row group of a tile to the products, and where its rows are to be had.
pub(super) fn show(context: &Context<'_>, tile: &Tile, group: &Group) {
    let place = |spot: &Spot| Place {
        part: spot.part,
        row: spot.row,
    };
    let places: Vec<Place> = group.spots.iter().map(place).collect();
    context.products.see(tile, &group.published.rows.0, &places);
}

/// Whether a layer is to be compared with that of the last release, of which there are tiles.
pub(super) fn is_compared(context: &Context<'_>, layer: &LayerPlan) -> bool {
    let before = context
        .tiles_before
        .and_then(|tiles| tiles.get(layer.id.as_str()));
    context.plan.makes(derive::changes::NAME) && before.is_some_and(|tiles| !tiles.is_empty())
}

/// A failed layer as the newest sound release has it, or its absence.
fn instead(context: &Context<'_>, layer: &LayerPlan, error: &LayerError) -> Result<LayerOutcome, Error> {
    let id = layer.id.as_str();
    context.products.forget(id);
    discard(context, id)?;
    let mut reason = chain(error);
    let held = match error {
        LayerError::Held { gate } => Some((**gate).clone()),
        _ => None,
    };
    for (release, before) in past_good(context, id) {
        match carried(context, release, before) {
            Ok(tiles) => return Ok(as_before(context, (release, before), tiles, reason, held)),
            // What can't be carried must not stop the other layers; a store that can't be written to must.
            Err(TileError::Store { source }) if !matches!(source, StoreError::Damaged { .. }) => {
                return Err(Error::Store { source });
            }
            Err(error) => {
                warn!(
                    layer = id,
                    release = release.release,
                    reason = chain(&error),
                    "not carried from a release"
                );
                discard(context, id)?;
                let _ = write!(
                    reason,
                    "; and its last good data can't be used: {}",
                    chain(&error)
                );
            }
        }
    }
    Ok(absent(layer, reason, held))
}

/// The layer as releases hold it that have rows of it: the one that this run builds on, then the others, newest first.
fn past_good<'a>(
    context: &'a Context<'_>,
    layer: &'a str,
) -> impl Iterator<Item = (&'a RunReport, &'a LayerReport)> {
    let last = gate::last_good(context, layer);
    let is_last = |report: &&RunReport| {
        context
            .last
            .as_ref()
            .is_some_and(|last| last.release == report.release)
    };
    let older = context
        .history
        .iter()
        .rev()
        .filter(move |report| !is_last(report))
        .filter_map(move |report| {
            let before = report.layers.iter().find(|before| before.id == layer)?;
            (before.status != LayerStatus::Absent).then_some((report, before))
        });
    last.into_iter().chain(older)
}

/// Takes back all files of a layer.
///
/// # Errors
/// When the store can't be written to.
pub(super) fn discard(context: &Context<'_>, layer: &str) -> Result<(), Error> {
    let paths = [tile::base(layer), rejects_path(layer), flags_path(layer)];
    let discarded = paths.iter().try_for_each(|path| context.staging.discard(path));
    discarded.map_err(|source| Error::Store { source })
}

/// A layer with the tiles of an earlier release.
fn as_before(
    context: &Context<'_>,
    (release, before): (&RunReport, &LayerReport),
    tiles: Vec<TileRecord>,
    reason: String,
    held: Option<GateReport>,
) -> LayerOutcome {
    let made_for = gate::made_for(release, before);
    let report = LayerReport {
        status: LayerStatus::Carried,
        reason: Some(reason),
        unchanged_since: None,
        carried_from: Some(made_for.to_owned()),
        carried_days: gate::days_since(context, made_for),
        gate: held,
        ..before.clone()
    };
    let first = tiles.first().map(|tile| context.staging.path_of(&tile.path));
    let schema = first
        .and_then(|path| geoparquet::inspect(&path).ok())
        .map(|footer| footer.schema);
    LayerOutcome {
        report,
        tiles,
        schema,
        national: None,
        changes: None,
        rejects: None,
        rows: None,
    }
}

fn absent(layer: &LayerPlan, reason: String, gate: Option<GateReport>) -> LayerOutcome {
    let report = LayerReport {
        reason: Some(reason),
        gate,
        ..started(layer, LayerStatus::Absent)
    };
    LayerOutcome {
        report,
        tiles: vec![],
        schema: None,
        national: None,
        changes: None,
        rejects: None,
        rows: None,
    }
}

/// A layer's tiles, rejects and flags as an earlier release has them.
fn carried(
    context: &Context<'_>,
    last: &RunReport,
    before: &LayerReport,
) -> Result<Vec<TileRecord>, TileError> {
    let id = before.id.as_str();
    let carry = |path: &Path| {
        let carried = context.staging.carry(&last.release, path, Care::Each);
        carried.map_err(|source| TileError::Store { source })
    };
    let files = if before.tiles == 0 {
        vec![]
    } else {
        carry(&tile::base(id).join("data"))?
    };
    let records: Result<Vec<TileRecord>, TileError> = files
        .into_iter()
        .map(|file| tile::carried(context, id, file))
        .collect();
    let records = records?;
    carry(&rejects_path(id))?;
    // A release from before there were flags has no file of them: none were found, and none are made up.
    if flags_kept(before) == 0 {
        tables::write_flags(context, id, iter::empty())?;
    } else {
        carry(&flags_path(id))?;
    }
    Ok(records)
}

/// Path of a layer's rejects within a release.
pub(super) fn rejects_path(layer: &str) -> PathBuf {
    Path::new("rejects").join(format!("{layer}.parquet"))
}

/// Path of a layer's flags within a release.
pub(super) fn flags_path(layer: &str) -> PathBuf {
    Path::new("quality")
        .join("flags")
        .join(format!("{layer}.parquet"))
}
