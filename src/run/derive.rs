//! The derive stage: products of what their observers saw, written beside the tiles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use arrow_array::{RecordBatch, UInt64Array};
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;
use arrow_select::take::take_record_batch;
use rayon::prelude::*;
use serde_json::json;
use tracing::{info, warn};

use super::tile::{TileError, write_pieces, write_table};
use super::{Context, LayerOutcome, gate, tallies};
use crate::derive::product::{BoxError, Fill, Out, Place, Rows, Sink};
use crate::derive::{Before, DeriveError, LayerTables, Release, Table, changes, wanted};
use crate::engine::LayerTiles;
use crate::engine::rows::LocalRows;
use crate::error::Error;
use crate::feature::{FileRecord, LayerQuality, LayerReport, LayerStatus, RunReport, TileRecord, Verdict};
use crate::kernel::pack::Spot;
use crate::plan::LayerPlan;
use crate::store::{self, Lock, StoreError};

/// Makes every product that isn't linked, and tells the report.
///
/// # Errors
/// When a tile can't be read back or a table can't be written.
pub(super) fn write(
    context: &Context<'_>,
    lock: &Lock,
    layers: &mut [LayerOutcome],
    report: &mut RunReport,
) -> Result<(), Error> {
    let _task = context.progress.start("derive", "products", None);
    let timer = Instant::now();
    for layer in &mut report.layers {
        // A carried report, or that of linked files, tells of another release.
        (layer.changes, layer.not_compared) = (None, None);
    }
    look_again(context, lock, layers)?;
    let out = Files {
        context,
        files: Mutex::default(),
    };
    make(context, layers, &out, report)?;
    let mut files = out.files.into_inner().unwrap_or_else(PoisonError::into_inner);
    info!(
        stage = "derive",
        tables = files.len(),
        seconds = timer.elapsed().as_secs_f64(),
        "derived"
    );
    for (outcome, layer) in layers.iter_mut().zip(&report.layers) {
        // Nothing else is made of the rows: their memory is free again.
        outcome.rows = None;
        outcome.changes = files.remove(&changes::path(&layer.id));
        outcome.report.clone_from(layer);
    }
    let products = report.products.get_or_insert_default();
    for product in wanted(context.plan) {
        let name = product.about().doc.name;
        // Linked whole, it is as the last release tells; packed, the report has it elsewhere.
        let told = context.last.as_ref().and_then(|last| last.product(name)).cloned();
        products
            .entry(name.to_owned())
            .or_insert_with(|| told.unwrap_or_else(|| json!({})));
    }
    report
        .quality
        .iter()
        .flat_map(|quality| &quality.layers)
        .for_each(tell);
    Ok(())
}

/// Shows the tiles that no observer saw in memory: those of earlier runs, each read once, where it isn't known what is seen
/// in them; keeps what is known now.
fn look_again(context: &Context<'_>, lock: &Lock, layers: &[LayerOutcome]) -> Result<(), Error> {
    let is_earlier =
        |report: &LayerReport| report.status == LayerStatus::Carried || report.unchanged_since.is_some();
    let (earlier, made): (Vec<_>, Vec<_>) = layers.iter().partition(|outcome| is_earlier(&outcome.report));
    let unknown: Vec<_> = earlier
        .into_iter()
        .filter(|outcome| !tallies::recall(context, outcome))
        .collect();
    let tiles: Vec<_> = unknown
        .iter()
        .flat_map(|outcome| outcome.tiles.iter().map(|tile| (&outcome.report, tile)))
        .collect();
    let seen = tiles.into_par_iter().try_for_each(|(report, tile)| {
        context
            .products
            .see_again(report, tile, &context.staging.path_of(&tile.path))
    });
    seen.map_err(|source| Error::Derive { source })?;
    tallies::keep(context, lock, &[made, unknown].concat())
}

fn make(
    context: &Context<'_>,
    layers: &[LayerOutcome],
    out: &Files<'_>,
    report: &mut RunReport,
) -> Result<(), Error> {
    let earlier = context
        .last
        .as_ref()
        .map(|last| context.store.release_dir(&last.release));
    let before = |plan: &LayerPlan| {
        let ((last, report), folder) = gate::last_good(context, plan.id.as_str()).zip(earlier.as_deref())?;
        let tiles = context.tiles_before;
        let tiles = tiles.map(|tiles| tiles.get(plan.id.as_str()).map_or(&[][..], Vec::as_slice));
        Some(Before {
            release: &last.release,
            folder,
            report,
            tiles,
            is_damaged: false,
        })
    };
    let waiting: Vec<Option<Waiting<'_>>> = context
        .plan
        .layers
        .iter()
        .zip(layers)
        .map(|(layer, outcome)| Waiting::of(layer, outcome))
        .collect();
    let tables = context
        .plan
        .layers
        .iter()
        .zip(layers)
        .zip(&waiting)
        .map(|((plan, outcome), rows)| LayerTables {
            plan,
            report: &outcome.report,
            tiles: &outcome.tiles,
            before: before(plan).map(|before| confirmed(&before, &outcome.tiles)),
            rows: rows.as_ref().map(|rows| rows as &dyn Rows),
        });
    let tables: Vec<LayerTables<'_>> = tables.collect();
    let release = Release {
        plan: context.plan,
        layers: &tables,
        history: context.history,
    };
    context.products.make(&release, out, report).map_err(failure)
}

/// The tiles of the release before that are to be compared are those that it was published with, or none is.
fn confirmed<'a>(before: &Before<'a>, now: &[TileRecord]) -> Before<'a> {
    let now: BTreeSet<&str> = now.iter().map(|tile| tile.sha256.as_str()).collect();
    let tiles = before.tiles.unwrap_or_default();
    let is_damaged = |(path, sha256): &(PathBuf, String)| {
        !now.contains(sha256.as_str()) && !store::has_digest(path, sha256)
    };
    Before {
        is_damaged: tiles.par_iter().any(is_damaged),
        ..*before
    }
}

/// A layer's rows in their store.
#[derive(Debug)]
struct Waiting<'a> {
    layer: &'a LayerPlan,
    store: &'a LocalRows,
    schema: &'a SchemaRef,
}

impl<'a> Waiting<'a> {
    fn of(layer: &'a LayerPlan, outcome: &'a LayerOutcome) -> Option<Self> {
        Some(Self {
            layer,
            store: outcome.rows.as_ref()?,
            schema: outcome.schema.as_ref()?,
        })
    }
}

/// Parts whose rows are taken at a time: those in a scratch file are in memory whole meanwhile.
const PARTS: usize = 16;

impl Rows for Waiting<'_> {
    fn take(&self, places: &[Place], columns: &[&str]) -> Result<RecordBatch, BoxError> {
        let unpacked = LayerTiles::new(self.layer, self.store, self.schema);
        let spot = |at: &usize| {
            let Place { part, row } = places[*at];
            Spot {
                x: 0.0,
                y: 0.0,
                tie: 0,
                part,
                row,
            }
        };
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.par_sort_unstable_by_key(|at| (places[*at].part, places[*at].row));
        let runs: Vec<&[usize]> = order
            .chunk_by(|a, b| places[*a].part == places[*b].part)
            .collect();
        let piece = |runs: &[&[usize]]| {
            let spots: Vec<Spot> = runs.iter().copied().flatten().map(spot).collect();
            unpacked.columns(&spots, columns)
        };
        let pieces = runs.chunks(PARTS).map(piece).collect::<Result<Vec<_>, _>>()?;
        let Some(first) = pieces.first() else {
            return Ok(unpacked.columns(&[], columns)?);
        };
        // Back into the order that was asked for.
        let mut back = vec![0u64; order.len()];
        for (to, at) in (0u64..).zip(&order) {
            back[*at] = to;
        }
        Ok(take_record_batch(
            &concat_batches(&first.schema(), &pieces)?,
            &UInt64Array::from(back),
        )?)
    }
}

/// A store that can't take a table is the store's failure.
fn failure(error: DeriveError) -> Error {
    match error {
        DeriveError::Write { path, source } => match source.downcast::<TileError>() {
            Ok(error) => Error::from(*error),
            Err(source) => Error::Derive {
                source: DeriveError::Write { path, source },
            },
        },
        DeriveError::Scratch { source } => match source.downcast::<StoreError>() {
            Ok(source) => Error::Store { source },
            Err(source) => Error::Derive {
                source: DeriveError::Scratch { source },
            },
        },
        source => Error::Derive { source },
    }
}

/// Tables go into the release to be.
struct Files<'a> {
    context: &'a Context<'a>,
    files: Mutex<BTreeMap<PathBuf, FileRecord>>,
}

impl Files<'_> {
    fn note(&self, file: FileRecord) {
        self.files
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(file.path.clone(), file);
    }
}

impl Out for Files<'_> {
    fn table(&self, table: &Table) -> Result<(), BoxError> {
        self.note(write_table(self.context, &table.path, &table.rows)?);
        Ok(())
    }

    fn pieces(&self, path: &Path, schema: SchemaRef, fill: &mut Fill<'_>) -> Result<(), BoxError> {
        let filled = |emit: &mut Sink<'_>| fill(emit).map_err(|source| TileError::encoding(path, source));
        let written = write_pieces(self.context, path, schema, filled)?;
        self.note(written);
        Ok(())
    }
}

/// Warns of a layer that isn't as expected: of what is missing as of what is too much.
fn tell(layer: &LayerQuality) {
    if layer.unmet.is_empty() {
        return;
    }
    let states = |verdict: Verdict| {
        let of = layer.unmet.iter().filter(|unmet| unmet.verdict == verdict);
        of.map(|unmet| unmet.state_code.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    };
    warn!(
        layer = layer.id,
        missing = states(Verdict::Missing),
        unexpected = states(Verdict::Unexpected),
        short = states(Verdict::Short),
        excess = states(Verdict::Excess),
        "rows are not as expected"
    );
}
