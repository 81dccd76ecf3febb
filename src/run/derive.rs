//! The derive stage: products of what their observers saw, written beside the tiles.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rayon::prelude::*;
use serde_json::json;
use tracing::{info, warn};

use super::context::Context;
use super::jurisdictions::JoinedSets;
use super::layer_outcome::LayerOutcome;
use super::product_files::{ProductFiles, derive_error};
use super::rows_at_hand::RowsAtHand;
use super::{gate, tallies};
use crate::derive::product::Rows;
use crate::derive::{Before, LayerTables, Release, products_wanted};
use crate::error::Error;
use crate::feature::release::paths::changes_path;
use crate::feature::{LayerQuality, LayerReport, RunReport, TileRecord, Verdict};
use crate::plan::LayerPlan;
use crate::store::{self, Lock};

/// Makes every product that isn't linked, and tells the report.
///
/// # Errors
/// When a tile can't be read back or a table can't be written.
pub(super) fn write_products(
    context: &Context<'_>,
    lock: &Lock,
    joined: &JoinedSets,
    layers: &mut [LayerOutcome],
    report: &mut RunReport,
) -> Result<(), Error> {
    let _task = context.progress.start("derive", "products", None);
    let timer = Instant::now();
    for layer in &mut report.layers {
        // A carried report, or that of linked files, tells of another release.
        layer.changes = None;
        layer.not_compared = None;
    }
    show_earlier_tiles(context, lock, layers)?;
    let files = ProductFiles::new(context);
    make_tables(context, joined, layers, &files, report)?;
    let mut files = files.into_files();
    info!(
        stage = "derive",
        tables = files.len(),
        seconds = timer.elapsed().as_secs_f64(),
        "derived"
    );
    for (outcome, layer) in layers.iter_mut().zip(&report.layers) {
        // Nothing else is made of the rows: their memory is free again.
        outcome.rows = None;
        outcome.changes = files.remove(&changes_path(layer.id.as_str()));
        outcome.report.clone_from(layer);
    }
    report_linked_products(context, report);
    for layer in report.quality.iter().flat_map(|quality| &quality.layers) {
        warn_of_unmet(layer);
    }
    Ok(())
}

/// Every product stands in the report: one that is linked whole, as the last release tells of it; one that is
/// packed, of which the report has it all elsewhere, with nothing.
fn report_linked_products(context: &Context<'_>, report: &mut RunReport) {
    let products = report.products.get_or_insert_default();
    for product in products_wanted(context.plan) {
        let name = product.describe().doc.name;
        products.entry(name.to_owned()).or_insert_with(|| {
            let told = context.last.and_then(|last| last.product(name)).cloned();
            told.unwrap_or_else(|| json!({}))
        });
    }
}

/// Shows the tiles that no observer saw in memory: those of earlier runs, each read once, where it isn't
/// known what is seen in them; keeps what is known now.
fn show_earlier_tiles(context: &Context<'_>, lock: &Lock, layers: &[LayerOutcome]) -> Result<(), Error> {
    // Linked and carried tiles were never in this run's memory. What was once counted of tiles with the same
    // digests counts still, so that on most nights none of them is opened.
    let mut counted = Vec::new();
    let mut unknown = Vec::new();
    for outcome in layers {
        if !is_of_earlier_run(&outcome.report) {
            counted.push(outcome);
        } else if !tallies::recall_layer(context, outcome) {
            unknown.push(outcome);
        }
    }
    let tiles: Vec<(&LayerReport, &TileRecord)> = unknown
        .iter()
        .flat_map(|outcome| outcome.tiles.iter().map(|tile| (&outcome.report, tile)))
        .collect();
    let seen = tiles.into_par_iter().try_for_each(|(report, tile)| {
        let path = context.staging.path_of(&tile.path);
        context.products.observe_tile_on_disk(report, tile, &path)
    });
    seen.map_err(|source| Error::Derive { source })?;
    counted.extend(unknown);
    tallies::keep_layers(context, lock, &counted)
}

fn is_of_earlier_run(report: &LayerReport) -> bool {
    report.is_carried() || report.unchanged_since().is_some()
}

fn make_tables(
    context: &Context<'_>,
    joined: &JoinedSets,
    layers: &[LayerOutcome],
    files: &ProductFiles<'_>,
    report: &mut RunReport,
) -> Result<(), Error> {
    let folder = context.last.map(|last| context.store.release_dir(&last.release));
    let plans = &context.plan.layers;
    let waiting: Vec<Option<RowsAtHand<'_>>> = plans
        .iter()
        .zip(layers)
        .map(|(layer, outcome)| RowsAtHand::of_outcome(layer, outcome))
        .collect();
    let mut tables = Vec::with_capacity(layers.len());
    for ((plan, outcome), rows) in plans.iter().zip(layers).zip(&waiting) {
        let before = layer_before(context, plan, folder.as_deref());
        tables.push(LayerTables {
            plan,
            report: &outcome.report,
            tiles: &outcome.tiles,
            before: before.map(|before| with_damage(before, &outcome.tiles)),
            rows: rows.as_ref().map(|rows| rows as &dyn Rows),
        });
    }
    let history_folders: Vec<PathBuf> = context
        .history
        .iter()
        .map(|report| context.store.release_dir(&report.release))
        .collect();
    let release = Release {
        plan: context.plan,
        layers: &tables,
        history: context.history,
        history_folders: &history_folders,
        jurisdictions: &joined.jurisdictions,
    };
    let made = context.products.make_tables(&release, files, report);
    made.map_err(derive_error)
}

/// The layer in the last release, whose folder it is.
fn layer_before<'a>(
    context: &'a Context<'_>,
    plan: &LayerPlan,
    folder: Option<&'a Path>,
) -> Option<Before<'a>> {
    let (last, report) = gate::last_good(context, &plan.id)?;
    let tiles = context.tiles_before;
    Some(Before {
        release: last.release.as_str(),
        folder: folder?,
        report,
        tiles: tiles.map(|tiles| tiles.get(plan.id.as_str()).map_or(&[][..], Vec::as_slice)),
        is_damaged: false,
    })
}

/// The tiles of the release before that are to be compared are those that it was published with, or none is.
/// One whose digest is that of a tile of this release isn't read: what it holds is what that holds.
fn with_damage<'a>(before: Before<'a>, now: &[TileRecord]) -> Before<'a> {
    let now: BTreeSet<&str> = now.iter().map(|tile| tile.sha256.as_str()).collect();
    let tiles = before.tiles.unwrap_or_default();
    let is_damaged = tiles
        .par_iter()
        .any(|(path, sha256)| !now.contains(sha256.as_str()) && !store::has_digest(path, sha256));
    Before { is_damaged, ..before }
}

/// Warns of a layer that isn't as expected: of what is missing as of what is too much.
fn warn_of_unmet(layer: &LayerQuality) {
    if layer.unmet.is_empty() {
        return;
    }
    warn!(
        layer = layer.id.as_str(),
        missing = unmet_states(layer, Verdict::Missing),
        unexpected = unmet_states(layer, Verdict::Unexpected),
        short = unmet_states(layer, Verdict::Short),
        excess = unmet_states(layer, Verdict::Excess),
        "rows are not as expected"
    );
}

fn unmet_states(layer: &LayerQuality, verdict: Verdict) -> String {
    let unmet = layer.unmet.iter().filter(|unmet| unmet.verdict == verdict);
    let states: Vec<&str> = unmet.map(|unmet| unmet.state_code.as_str()).collect();
    states.join(" ")
}
