//! The derive stage: products of what their observers saw, written beside the tiles.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use arrow_schema::SchemaRef;
use rayon::prelude::*;
use serde_json::json;
use tracing::{info, warn};

use super::tile::{self, TileError, write_pieces, write_table};
use super::{Context, LayerOutcome, gate};
use crate::derive::product::{BoxError, Fill, Out};
use crate::derive::{Before, DeriveError, LayerTables, Release, Table, changes, wanted};
use crate::error::{Error, chain};
use crate::feature::{FileRecord, LayerQuality, LayerReport, LayerStatus, RunReport, Verdict};
use crate::plan::LayerPlan;
use crate::store::{self, Manifest};

/// Makes every product that isn't linked, and tells the report.
///
/// # Errors
/// When a tile can't be read back or a table can't be written.
pub(super) fn write(
    context: &Context<'_>,
    layers: &mut [LayerOutcome],
    report: &mut RunReport,
) -> Result<(), Error> {
    let _task = context.progress.start("derive", "products", None);
    let timer = Instant::now();
    for layer in &mut report.layers {
        // A carried report, or that of linked files, tells of another release.
        (layer.changes, layer.not_compared) = (None, None);
    }
    look_again(context, layers)?;
    let out = Files { context, files: Mutex::default() };
    make(context, layers, &out, report)?;
    let mut files = out.files.into_inner().unwrap_or_else(PoisonError::into_inner);
    info!(stage = "derive", tables = files.len(), seconds = timer.elapsed().as_secs_f64(), "derived");
    for (outcome, layer) in layers.iter_mut().zip(&report.layers) {
        outcome.changes = files.remove(&changes::path(&layer.id));
        outcome.report.clone_from(layer);
    }
    let products = report.products.get_or_insert_default();
    for product in wanted(context.plan) {
        let name = product.about().doc.name;
        // Linked whole, it is as the last release tells; packed, the report has it elsewhere.
        let told = context.last.as_ref().and_then(|last| last.product(name)).cloned();
        products.entry(name.to_owned()).or_insert_with(|| told.unwrap_or_else(|| json!({})));
    }
    report.quality.iter().flat_map(|quality| &quality.layers).for_each(tell);
    Ok(())
}

/// Shows the tiles that no observer saw in memory: those of earlier runs, each read once.
fn look_again(context: &Context<'_>, layers: &[LayerOutcome]) -> Result<(), Error> {
    let is_earlier =
        |report: &LayerReport| report.status == LayerStatus::Carried || report.unchanged_since.is_some();
    let earlier: Vec<_> = layers
        .iter()
        .filter(|outcome| is_earlier(&outcome.report))
        .flat_map(|outcome| outcome.tiles.iter().map(|tile| (&outcome.report, tile)))
        .collect();
    let seen = earlier.into_par_iter().try_for_each(|(report, tile)| {
        context.products.see_again(report, tile, &context.staging.path_of(&tile.path))
    });
    seen.map_err(|source| Error::Derive { source })
}

fn make(
    context: &Context<'_>,
    layers: &[LayerOutcome],
    out: &Files<'_>,
    report: &mut RunReport,
) -> Result<(), Error> {
    let last = context.last.as_ref();
    let earlier = last.map(|last| context.store.release_dir(&last.release));
    let manifest = last.zip(earlier.as_deref()).and_then(|(last, folder)| {
        let read = store::read_manifest(folder);
        let told = read.map_err(|error| {
            warn!(release = last.release, reason = chain(&error), "the last release has no manifest");
        });
        told.ok()
    });
    let before = |plan: &LayerPlan| {
        let ((last, report), folder) = gate::last_good(context, plan.id.as_str()).zip(earlier.as_deref())?;
        let tiles = manifest.as_ref().map(|manifest| tiles_of(manifest, folder, plan.id.as_str()));
        Some(Before { release: &last.release, folder, report, tiles })
    };
    let tables = context.plan.layers.iter().zip(layers).map(|(plan, outcome)| LayerTables {
        plan,
        report: &outcome.report,
        tiles: &outcome.tiles,
        before: before(plan),
    });
    let tables: Vec<LayerTables<'_>> = tables.collect();
    let folder = context.staging.path_of(Path::new(""));
    let release = Release { plan: context.plan, folder: &folder, layers: &tables, history: context.history };
    context.products.make(&release, out, report).map_err(failure)
}

/// A layer's tiles and their digests, by the manifest.
fn tiles_of(manifest: &Manifest, folder: &Path, layer: &str) -> Vec<(PathBuf, String)> {
    let data = tile::base(layer).join("data");
    let files = manifest.files.iter().filter(|file| Path::new(&file.path).starts_with(&data));
    files.map(|file| (folder.join(&file.path), file.sha256.clone())).collect()
}

/// A store that can't take a table is the store's failure.
fn failure(error: DeriveError) -> Error {
    match error {
        DeriveError::Write { path, source } => match source.downcast::<TileError>() {
            Ok(error) => Error::from(*error),
            Err(source) => Error::Derive { source: DeriveError::Write { path, source } },
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
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(file.path.clone(), file);
    }
}

impl Out for Files<'_> {
    fn table(&self, table: &Table) -> Result<(), BoxError> {
        self.note(write_table(self.context, &table.path, &table.rows)?);
        Ok(())
    }

    fn pieces(&self, path: &Path, schema: SchemaRef, fill: &mut Fill<'_>) -> Result<(), BoxError> {
        let (written, ()) = write_pieces(self.context, path, schema, |emit| fill(emit))?;
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
        of.map(|unmet| unmet.state_code.as_str()).collect::<Vec<_>>().join(" ")
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
