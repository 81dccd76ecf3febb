//! Layers of a run: each through fetch … write, several at a time, none in another's way.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use arrow_array::{Array, StringArray};
use tracing::{error_span, info, warn};

use super::tile::{self, TileError};
use super::{Context, LayerOutcome, now, tables};
use crate::engine::{self, EngineError, LayerRows};
use crate::error::{Error, chain};
use crate::feature::{
    Flags, Landed, LayerReport, LayerStatus, LocationCounts, RegionId, Reject, RunReport, TileRecord,
};
use crate::geoparquet;
use crate::kernel::locate::JoinContext;
use crate::plan::LayerPlan;
use crate::store::StoreError;

/// Why a layer failed.
#[derive(Debug, thiserror::Error)]
enum LayerError {
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
    #[error("a stage panicked: {what}")]
    Panic { what: String },
}

impl LayerError {
    /// The store itself failed: no use in going on with other layers.
    fn into_fatal(self) -> Result<Self, StoreError> {
        match self {
            Self::Land { source, .. } | Self::Write { source: TileError::Store { source } } => Err(source),
            Self::Engine { source: EngineError::Sink { region, source } } => {
                match source.downcast::<TileError>().map(|error| *error) {
                    Ok(TileError::Store { source }) => Err(source),
                    Ok(source) => Ok(Self::Write { source }),
                    Err(source) => Ok(Self::Engine { source: EngineError::Sink { region, source } }),
                }
            }
            other => Ok(other),
        }
    }
}

/// Layers at work at the same time: one reads while another is located or written.
const AT_ONCE: usize = 2;

/// Runs every layer; the outcomes are in pipeline order.
///
/// # Errors
/// Only when the store fails: a layer's own failure is part of its outcome.
pub(super) fn run_all(context: &Context<'_>, join: &JoinContext) -> Result<Vec<LayerOutcome>, Error> {
    let (next, layers) = (AtomicUsize::new(0), &context.plan.layers);
    let work = || {
        let mut done = Vec::new();
        while let Some((at, layer)) =
            Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, layers.get(at)?)))
        {
            done.push((at, run_one(context, join, layer)));
        }
        done
    };
    let workers = AT_ONCE.min(rayon::current_num_threads());
    let done: Vec<(usize, Result<LayerOutcome, Error>)> = thread::scope(|scope| {
        let handles: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        handles.into_iter().flat_map(|handle| handle.join().expect("panics of layers are caught")).collect()
    });
    let mut done: BTreeMap<usize, Result<LayerOutcome, Error>> = done.into_iter().collect();
    (0..layers.len()).filter_map(|at| done.remove(&at)).collect()
}

fn run_one(context: &Context<'_>, join: &JoinContext, layer: &LayerPlan) -> Result<LayerOutcome, Error> {
    // Of the highest level, so that a warning names its layer whatever else is quiet.
    let _span = error_span!("layer", id = %layer.id).entered();
    let timer = Instant::now();
    let tried = catch_unwind(AssertUnwindSafe(|| attempt(context, join, layer)))
        .unwrap_or_else(|panic| Err(LayerError::Panic { what: panic_text(panic.as_ref()) }));
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

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned()
}

fn attempt(context: &Context<'_>, join: &JoinContext, layer: &LayerPlan) -> Result<LayerOutcome, LayerError> {
    let landed = {
        let _task = context.progress.start("fetch", layer.id.as_str(), None);
        let landed = context.store.land(layer.id.as_str(), &layer.source.path, &layer.source.shown, &now());
        landed.map_err(|source| {
            if source.is_source() {
                LayerError::Source { what: layer.source.as_shown(&chain(&source)) }
            } else {
                LayerError::Land { shown: layer.source.shown.to_string(), source }
            }
        })?
    };
    info!(stage = "fetch", bytes = landed.bytes, "landed");
    let rows = {
        let task = context.progress.start("read", layer.id.as_str(), None);
        engine::read_layer(layer, &landed, context.plan, join, &*task)
            .map_err(|source| LayerError::Engine { source })?
    };
    info!(stage = "locate", rows = rows.read, rejected = rows.rejects.len(), "read, normalised, located");
    let outcome = write(context, layer, &landed, rows)?;
    info!(stage = "write", tiles = outcome.report.tiles, bytes = outcome.report.bytes_out, "written");
    if is_conserved(&outcome.report) {
        return Ok(outcome);
    }
    let report = outcome.report;
    let (read, written, rejected) = (report.rows_read, report.rows_written, report.rows_rejected);
    Err(LayerError::Conservation { read, written, rejected })
}

/// Law 1: rows read = rows in tiles + rows rejected.
pub fn is_conserved(report: &LayerReport) -> bool {
    report.rows_read == report.rows_written + report.rows_rejected
}

fn write(
    context: &Context<'_>,
    layer: &LayerPlan,
    landed: &Landed,
    mut rows: LayerRows,
) -> Result<LayerOutcome, LayerError> {
    let task = context.progress.start("write", layer.id.as_str(), None);
    let sink = |tile: crate::feature::Tile, types: Vec<String>| {
        let record = tile::write(context, &tile, &types)?;
        task.advance(record.rows);
        Ok(record)
    };
    let assembled = &rows.assembled;
    let tiles =
        engine::cut_tiles(layer.id.as_str(), &assembled.rows, &assembled.boxes, &context.levels(), sink)
            .map_err(|source| LayerError::Engine { source })?;
    tables::write_rejects(context, layer.id.as_str(), &rows.rejects)
        .map_err(|source| LayerError::Write { source })?;
    tables::write_flags(context, layer.id.as_str(), &mut rows.flags)
        .map_err(|source| LayerError::Write { source })?;
    let mut report = started(layer, LayerStatus::Published);
    report.source_sha256 = Some(landed.sha256.clone());
    report.landed_at = Some(landed.landed_at.clone());
    report.bytes_in = landed.bytes;
    report.rows_read = rows.read;
    report.rows_written = tiles.iter().map(|tile| tile.rows).sum();
    report.rows_rejected = rows.rejects.len() as u64;
    report.rejects_by_reason = by_reason(&rows.rejects);
    report.bytes_out = tiles.iter().map(|tile| tile.bytes).sum();
    report.tiles = tiles.len() as u64;
    report.located = rows.located;
    report.rows_by_state = by_state(&rows);
    report.flags = rows.flags.counts();
    report.flags_truncated = truncated(&report);
    report.fields = rows.fields;
    report.fields_missing = rows.missing;
    report.dropped_z = rows.repairs.dropped_z;
    report.dropped_m = rows.repairs.dropped_m;
    report.recoded = rows.repairs.recoded;
    Ok(LayerOutcome { report, tiles, schema: Some(rows.assembled.rows.0.schema()), national: None })
}

fn started(layer: &LayerPlan, status: LayerStatus) -> LayerReport {
    LayerReport {
        id: layer.id.to_string(),
        status,
        reason: None,
        carried_from: None,
        unverified: layer.schema.unverified,
        source: layer.source.shown.to_string(),
        source_sha256: None,
        landed_at: None,
        rows_read: 0,
        rows_written: 0,
        rows_rejected: 0,
        rejects_by_reason: BTreeMap::new(),
        bytes_in: 0,
        bytes_out: 0,
        national_bytes: None,
        seconds: 0.0,
        tiles: 0,
        located: LocationCounts::default(),
        rows_by_state: BTreeMap::new(),
        fields: BTreeMap::new(),
        fields_missing: vec![],
        dropped_z: 0,
        dropped_m: 0,
        recoded: 0,
        flags: BTreeMap::new(),
        flags_truncated: vec![],
    }
}

/// Codes that were flagged more often than their flags are kept.
fn truncated(report: &LayerReport) -> Vec<String> {
    let many = report.flags.iter().filter(|(_, fields)| fields.values().sum::<u64>() > Flags::KEPT);
    many.map(|(code, _)| code.clone()).collect()
}

/// Rows of `quality/flags/<layer>.parquet`, by the report.
pub(super) fn flags_kept(report: &LayerReport) -> u64 {
    report.flags.values().map(|fields| fields.values().sum::<u64>().min(Flags::KEPT)).sum()
}

fn by_reason(rejects: &[Reject]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for reject in rejects {
        *counts.entry(reject.reason.code().to_owned()).or_default() += 1;
    }
    counts
}

fn by_state(rows: &LayerRows) -> BTreeMap<String, u64> {
    let column = rows.assembled.rows.0.column_by_name("state_code");
    let codes = column.and_then(|column| column.as_any().downcast_ref::<StringArray>());
    let mut counts = BTreeMap::new();
    for code in codes.into_iter().flatten() {
        *counts.entry(code.unwrap_or(RegionId::UNASSIGNED).to_owned()).or_default() += 1;
    }
    counts
}

/// A failed layer as the last release has it, or its absence.
fn instead(context: &Context<'_>, layer: &LayerPlan, error: &LayerError) -> Result<LayerOutcome, Error> {
    let id = layer.id.as_str();
    context.staging.discard(&tile::base(id)).map_err(|source| Error::Store { source })?;
    let last = context.last.as_ref().and_then(|last| {
        let before = last.layers.iter().find(|before| before.id == id)?;
        (before.status != LayerStatus::Absent).then_some((last, before))
    });
    let reason = chain(error);
    let Some((last, before)) = last else { return Ok(absent(layer, reason)) };
    match carried(context, last, before) {
        Ok(tiles) => {
            let report = LayerReport {
                status: LayerStatus::Carried,
                reason: Some(reason),
                carried_from: before.carried_from.clone().or_else(|| Some(last.release.clone())),
                ..before.clone()
            };
            let first = tiles.first().map(|tile| context.staging.path_of(&tile.path));
            let footer = first.and_then(|path| geoparquet::inspect(&path).ok());
            Ok(LayerOutcome { report, tiles, schema: footer.map(|footer| footer.schema), national: None })
        }
        // What can't be carried must not stop the other layers; a store that can't be written to must.
        Err(TileError::Store { source }) if !matches!(source, StoreError::Damaged { .. }) => {
            Err(Error::Store { source })
        }
        Err(error) => {
            context.staging.discard(&tile::base(id)).map_err(|source| Error::Store { source })?;
            Ok(absent(layer, format!("{reason}; and its last good data can't be used: {}", chain(&error))))
        }
    }
}

fn absent(layer: &LayerPlan, reason: String) -> LayerOutcome {
    let report = LayerReport { reason: Some(reason), ..started(layer, LayerStatus::Absent) };
    LayerOutcome { report, tiles: vec![], schema: None, national: None }
}

/// A layer's tiles, rejects and flags as an earlier release has them.
fn carried(
    context: &Context<'_>,
    last: &RunReport,
    before: &LayerReport,
) -> Result<Vec<TileRecord>, TileError> {
    let id = before.id.as_str();
    let carry = |path: &Path| {
        context.staging.carry(&last.release, path).map_err(|source| TileError::Store { source })
    };
    let files = if before.tiles == 0 { vec![] } else { carry(&tile::base(id).join("data"))? };
    let records: Result<Vec<TileRecord>, TileError> =
        files.into_iter().map(|file| tile::carried(context, id, file)).collect();
    let records = records?;
    carry(&rejects_path(id))?;
    // A release from before there were flags has no file of them: none were found, and none are made up.
    if flags_kept(before) == 0 {
        tables::write_flags(context, id, &mut Flags::default())?;
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
    Path::new("quality").join("flags").join(format!("{layer}.parquet"))
}
