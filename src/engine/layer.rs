//! One layer on this machine: read on one thread, kernels on the pool, tiles to a sink.

use std::collections::{BTreeMap, HashSet};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use arrow_array::{Array, RecordBatch, StringArray};
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;
use geo::{Point, Rect};
use rayon::prelude::*;

use super::EngineError;
use crate::feature::{
    Crs, FeatureBatch, FieldCounts, Flag, Flags, Landed, LocationCounts, Origin, RawBatch, Reject,
    RejectReason, Repairs, Reproject, RowFlag, SourceProfile, Task, Tile,
};
use crate::kernel::assemble::{self, Assembled};
use crate::kernel::locate::{self, JoinContext};
use crate::kernel::normalise::{self, Normalised};
use crate::kernel::pack::Levels;
use crate::kernel::profile::Profiler;
use crate::kernel::{KernelError, cut, flags, geometry, sector};
use crate::plan::{GeometryKind, LayerPlan, Plan};
use crate::source::{self, Reader, SourceError};

/// A layer's rows in their published schema, and what happened to those that aren't there.
#[derive(Debug)]
pub struct LayerRows {
    /// Rows with their boxes.
    pub assembled: Assembled,
    /// Rows the source had.
    pub read: u64,
    /// Rows that can't be used, in source order.
    pub rejects: Vec<Reject>,
    /// What is doubtful about the others.
    pub flags: Flags,
    /// How rows were located.
    pub located: LocationCounts,
    /// Values turned to null.
    pub fields: BTreeMap<String, FieldCounts>,
    /// Schema fields the source doesn't have.
    pub missing: Vec<String>,
    /// What reading has left out or repaired.
    pub repairs: Repairs,
    /// What the source looks like.
    pub profile: SourceProfile,
}

/// Batches that may wait between the reading thread and the kernels.
const WAITING: usize = 2;

/// Reads a landed layer and takes it through normalise, classify and locate.
///
/// # Errors
/// When the source can't be read, lacks a required column, is empty, or too many rows are rejected.
pub fn read_layer(
    layer: &LayerPlan,
    landed: &Landed,
    plan: &Plan,
    join: &JoinContext,
    progress: &dyn Task,
) -> Result<LayerRows, EngineError> {
    let reader = source::open(landed, &layer.source, &plan.limits, layer.schema.crs.as_ref())
        .map_err(|source| EngineError::Source { source })?;
    let (sender, batches) = sync_channel(WAITING);
    let rows = thread::scope(|scope| {
        let reading = scope.spawn(move || send_all(reader, &sender));
        // `run` takes the receiver: when it gives up, the reading thread finds nobody listening and ends.
        let rows = Line::new(layer, plan, join).run(batches, progress);
        reading.join().map_or_else(|panic| resume_unwind(panic), |()| rows)
    })?;
    judge(layer, rows)
}

/// Ends when the source does, or when nobody listens any more.
fn send_all(reader: Reader, sender: &SyncSender<Result<RawBatch, SourceError>>) {
    for batch in reader {
        if sender.send(batch).is_err() {
            return;
        }
    }
}

/// The stages between read and pack, for one layer.
struct Line<'a> {
    layer: &'a LayerPlan,
    plan: &'a Plan,
    join: &'a JoinContext,
    further: Vec<String>,
    schema: SchemaRef,
    keys: HashSet<String>,
    missing: Option<HashSet<String>>,
    /// Origin of every assembled row.
    origins: Vec<Origin>,
    profiler: Profiler,
    rows: LayerRows,
}

impl<'a> Line<'a> {
    fn new(layer: &'a LayerPlan, plan: &'a Plan, join: &'a JoinContext) -> Self {
        let schema = assemble::layer_schema(&layer.schema, join.further_sets());
        let rows = LayerRows {
            assembled: Assembled {
                rows: FeatureBatch(RecordBatch::new_empty(Arc::clone(&schema))),
                boxes: vec![],
            },
            read: 0,
            rejects: vec![],
            flags: Flags::default(),
            located: LocationCounts::default(),
            fields: BTreeMap::new(),
            missing: vec![],
            repairs: Repairs::default(),
            profile: SourceProfile::default(),
        };
        let further = join.further_sets().map(str::to_owned).collect();
        let (keys, origins, profiler) = (HashSet::new(), vec![], Profiler::default());
        Self { layer, plan, join, further, schema, keys, missing: None, origins, profiler, rows }
    }

    fn run(
        mut self,
        batches: Receiver<Result<RawBatch, SourceError>>,
        progress: &dyn Task,
    ) -> Result<LayerRows, EngineError> {
        let mut transform: Option<Option<Box<dyn Reproject>>> = None;
        let mut assembled: Vec<RecordBatch> = Vec::new();
        let mut crs = Crs::Crs84;
        for batch in batches {
            let raw = batch.map_err(|source| EngineError::Source { source })?;
            if transform.is_none() {
                crs.clone_from(&raw.crs);
                let made = source::reprojection(&raw.crs).map_err(|source| EngineError::Source { source })?;
                transform = Some(made);
            }
            let transform = transform.as_ref().and_then(|inner| inner.as_deref());
            let done = self.batch(&raw, transform).map_err(|source| EngineError::Kernel { source })?;
            assembled.push(done.rows.0);
            self.rows.assembled.boxes.extend(done.boxes);
            progress.advance(raw.len() as u64);
        }
        if transform.flatten().is_some_and(|transform| transform.saw_only_degrees()) {
            let (shown, crs) = (self.layer.source.shown.to_string(), crs.to_string());
            return Err(EngineError::Degrees { shown, crs });
        }
        // Of the same columns as published, but some as dictionaries.
        let flowing = assembled.first().map_or_else(|| Arc::clone(&self.schema), RecordBatch::schema);
        let rows = concat_batches(&flowing, &assembled)
            .map_err(|source| EngineError::Kernel { source: KernelError::Arrow { source } })?;
        self.rows.assembled.rows = FeatureBatch(rows);
        self.flag_shared();
        self.rows.profile = self.profiler.finish(&self.rows.assembled.boxes);
        let missing = self.missing.unwrap_or_default();
        self.rows.missing = self
            .layer
            .schema
            .fields
            .iter()
            .map(|f| f.name.clone())
            .filter(|name| missing.contains(name))
            .collect();
        Ok(self.rows)
    }

    fn batch(&mut self, raw: &RawBatch, transform: Option<&dyn Reproject>) -> Result<Assembled, KernelError> {
        let schema = &self.layer.schema;
        let states = &self.plan.reference.states;
        let normalised = normalise::normalise(raw, schema, states, transform)?;
        let normalised = self.without_duplicates(raw, normalised)?;
        self.count(raw, &normalised);
        let column = |name: &str| -> Option<&StringArray> {
            normalised.columns.column_by_name(name)?.as_any().downcast_ref()
        };
        let sectors = sector::classify(normalised.rows.len(), column, self.layer, &self.plan.reference)?;
        let points: Vec<Point<f64>> = normalised
            .geometries
            .par_iter()
            .with_min_len(256)
            .map(|shape| geometry::representative_point(shape).expect("a checked geometry has a point"))
            .collect();
        let located = locate::locate(&points, schema.geometry, column("county_fips_claimed"), self.join);
        add(&mut self.rows.located, located.counts);
        let done =
            assemble::assemble(self.layer, &self.schema, &normalised, &sectors, &located, &self.further)?;
        let origin = |row: &u64| Origin { source: Arc::clone(&raw.source), row: *row };
        let first = self.origins.len();
        self.origins.extend(normalised.rows.iter().map(origin));
        let mut doubts = normalised.flags;
        doubts.extend(sectors.flags);
        doubts.extend(flags::mismatches(&normalised.columns, &located, self.join));
        doubts.sort_by_key(|flag| flag.index);
        self.flag(doubts, &done.rows, first);
        Ok(done)
    }

    /// Notes flags of rows whose first has the origin at `first`.
    fn flag(&mut self, doubts: Vec<RowFlag>, rows: &FeatureBatch, first: usize) {
        let ids = rows.0.column_by_name("facility_id").and_then(|ids| ids.as_any().downcast_ref());
        let Some(ids): Option<&StringArray> = ids else { return };
        for RowFlag { index, field, value, code, detail } in doubts {
            let (origin, facility_id) = (self.origins[first + index].clone(), ids.value(index).to_owned());
            self.rows.flags.push(Flag { origin, facility_id, field, value, code, detail });
        }
    }

    /// Points are compared over the whole layer: the last rule, when every row is there.
    fn flag_shared(&mut self) {
        if self.layer.schema.geometry == GeometryKind::Point {
            let (doubts, rows) = (flags::shared(&self.rows.assembled.boxes), &self.rows.assembled.rows);
            let rows = rows.clone();
            self.flag(doubts, &rows, 0);
        }
    }

    /// The first row by origin keeps a key; the others become rejects.
    fn without_duplicates(&mut self, raw: &RawBatch, rows: Normalised) -> Result<Normalised, KernelError> {
        let fresh: Vec<bool> =
            rows.keys.iter().flatten().map(|key| self.keys.insert(key.to_owned())).collect();
        if fresh.iter().all(|fresh| *fresh) {
            return Ok(rows);
        }
        let duplicate = |row: usize| Reject {
            origin: Origin { source: Arc::clone(&raw.source), row: rows.rows[row] },
            field: self.layer.schema.key.join("/"),
            value: normalise::shortened(rows.keys.value(row)),
            reason: RejectReason::DuplicateKey,
        };
        let rejects = (0..fresh.len()).filter(|row| !fresh[*row]).map(duplicate).collect();
        rows.keep(&fresh, rejects)
    }

    fn count(&mut self, raw: &RawBatch, normalised: &Normalised) {
        self.rows.read += raw.len() as u64;
        self.rows.repairs.add(raw.repairs);
        self.profiler.add(raw);
        self.rows.rejects.extend(normalised.rejects.iter().cloned());
        for (field, counts) in &normalised.fields {
            let total = self.rows.fields.entry(field.clone()).or_default();
            total.sentinel += counts.sentinel;
            total.unparsed += counts.unparsed;
            total.unknown_code += counts.unknown_code;
        }
        let missing: HashSet<String> = normalise::missing(raw, &self.layer.schema).into_iter().collect();
        self.missing = Some(match self.missing.take() {
            Some(before) => before.intersection(&missing).cloned().collect(),
            None => missing,
        });
    }
}

fn add(total: &mut LocationCounts, more: LocationCounts) {
    total.within += more.within;
    total.nearest += more.nearest;
    total.representative_point += more.representative_point;
    total.none += more.none;
    total.county_mismatch += more.county_mismatch;
}

/// An empty source, one with too many rejects and one that leaves no row fail their layer.
fn judge(layer: &LayerPlan, mut rows: LayerRows) -> Result<LayerRows, EngineError> {
    if rows.read == 0 {
        return Err(EngineError::Empty { shown: layer.source.shown.to_string() });
    }
    // A folder's files are read in the order of their names.
    let place = |reject: &Reject| (Arc::clone(&reject.origin.source), reject.origin.row);
    rows.rejects.sort_by_cached_key(place);
    let rejected = rows.rejects.len() as u64;
    if rejected as f64 > layer.schema.max_rejects * rows.read as f64 || rejected == rows.read {
        let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
        for reject in &rows.rejects {
            *reasons.entry(reject.reason.code()).or_default() += 1;
        }
        let reasons: Vec<String> = reasons.iter().map(|(reason, n)| format!("{reason} {n}")).collect();
        let first = rows.rejects.first();
        let limit = if rejected == rows.read {
            "so none is left".to_owned()
        } else {
            format!("more than max-rejects = {} allows", layer.schema.max_rejects)
        };
        return Err(EngineError::TooManyRejects {
            rejected,
            read: rows.read,
            reasons: reasons.join(", "),
            limit,
            first: first.map_or_else(String::new, |r| format!("{} {} `{}`", r.origin, r.field, r.value)),
        });
    }
    Ok(rows)
}

/// Packs rows region by region and hands every tile to `sink`, in parallel.
///
/// # Errors
/// When the sink fails; the first failure stands.
pub fn cut_tiles<T: Send>(
    collection: &str,
    rows: &FeatureBatch,
    boxes: &[Rect<f64>],
    levels: &Levels,
    sink: impl Fn(Tile, Vec<String>) -> Result<T, Box<dyn std::error::Error + Send + Sync>> + Sync,
) -> Result<Vec<T>, EngineError> {
    cut::partition(rows, boxes, levels)
        .par_iter()
        .map(|part| {
            let (tile, types) =
                cut::tile(collection, rows, boxes, part).map_err(|source| EngineError::Kernel { source })?;
            let region = tile.region.to_string();
            sink(tile, types).map_err(|source| EngineError::Sink { region, source })
        })
        .collect()
}
