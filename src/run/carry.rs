//! Layers that this run can't make: as an earlier release has them, or absent. Makes nothing of its own.

use std::fmt::Write as _;
use std::iter;
use std::path::Path;

use tracing::warn;

use super::context::Context;
use super::layer_error::LayerError;
use super::layer_outcome::LayerOutcome;
use super::layer_report::report_of_plan;
use super::tile_error::TileError;
use super::{beside, gate, tables, tile};
use crate::error::{Error, error_chain};
use crate::feature::release::paths::{collection_folder, flags_path, rejects_path, tile_folder};
use crate::feature::{GateReport, LayerId, LayerReport, RunReport, Standing, TileRecord};
use crate::geoparquet;
use crate::plan::LayerPlan;
use crate::store::{Care, ReleaseFile, StoreError};

/// Why files of an earlier release can't be linked, by what that ends.
pub(super) enum CarryFailure {
    /// The store can't be written to: the run is over.
    EndsRun { source: StoreError },
    /// They are damaged, or not what this program can read: another release may have them whole.
    Unusable { source: TileError },
}

impl From<TileError> for CarryFailure {
    fn from(error: TileError) -> Self {
        match error {
            // Damage is found by this run, but was done to another: it says nothing of
            // what can be written now.
            TileError::Store { source } if !matches!(source, StoreError::Damaged { .. }) => {
                Self::EndsRun { source }
            }
            source => Self::Unusable { source },
        }
    }
}

impl From<StoreError> for CarryFailure {
    fn from(source: StoreError) -> Self {
        Self::from(TileError::Store { source })
    }
}

/// A failed layer as the newest sound release has it, or its absence.
///
/// # Errors
/// When the store can't be written to.
pub(super) fn carry_or_absent(
    context: &Context<'_>,
    layer: &LayerPlan,
    error: &LayerError,
) -> Result<LayerOutcome, Error> {
    let id = layer.id.as_str();
    // It may have failed in the middle of its tiles: neither they nor what products saw of them may stay.
    context.products.forget(id);
    discard_layer(context, id)?;
    let mut reason = error_chain(error);
    let held = match error {
        LayerError::Withheld { gate } => Some((**gate).clone()),
        _ => None,
    };
    for past in past_layers(context, &layer.id) {
        match link_layer(context, past) {
            Ok((tiles, crossing)) => {
                let outcome = carried_outcome(context, past, tiles, reason, held);
                return Ok(LayerOutcome { crossing, ..outcome });
            }
            Err(CarryFailure::EndsRun { source }) => return Err(source.into()),
            Err(CarryFailure::Unusable { source }) => {
                warn!(
                    layer = id,
                    release = past.release.release.as_str(),
                    reason = error_chain(&source),
                    "not carried from a release"
                );
                discard_layer(context, id)?;
                for path in beside::beside_paths(past.layer) {
                    context.staging.discard(&path)?;
                }
                // After the layer's own failure, which is what has to be mended.
                let _ = write!(
                    reason,
                    "; and its last good data can't be used: {}",
                    error_chain(&source)
                );
            }
        }
    }
    Ok(absent_outcome(layer, reason, held))
}

/// A layer as an earlier release has it.
#[derive(Clone, Copy)]
struct PastLayer<'a> {
    release: &'a RunReport,
    layer: &'a LayerReport,
}

/// The layer as releases hold it that have rows of it: the one that this run builds on, then
/// the others, newest first.
///
/// The gate compares with the first; the others are asked only where its files are damaged.
fn past_layers<'a>(context: &'a Context<'_>, id: &'a LayerId) -> impl Iterator<Item = PastLayer<'a>> {
    let last = gate::last_good(context, id).map(|(release, layer)| PastLayer { release, layer });
    let last_release = context.last.map(|last| last.release.as_str());
    let older = context
        .history
        .iter()
        .rev()
        .filter(move |report| Some(report.release.as_str()) != last_release)
        .filter_map(move |release| {
            let layer = release.layers.iter().find(|layer| layer.id == *id)?;
            (!layer.is_absent()).then_some(PastLayer { release, layer })
        });
    last.into_iter().chain(older)
}

/// Links a layer's tiles, what stands beside them, rejects and flags as an earlier release has them; gives its tiles, and
/// those in further regions.
fn link_layer(
    context: &Context<'_>,
    past: PastLayer<'_>,
) -> Result<(Vec<TileRecord>, Vec<TileRecord>), CarryFailure> {
    let id = past.layer.id.as_str();
    let files = if past.layer.tiles == 0 {
        vec![]
    } else {
        link_files(context, past.release, &tile_folder(id))?
    };
    let records: Result<Vec<TileRecord>, TileError> = files
        .into_iter()
        .map(|file| tile::read_record(context, id, file))
        .collect();
    let records = records?;
    let crossing = beside::link_beside(context, &past.release.release, past.layer, Care::Each)?;
    link_files(context, past.release, &rejects_path(id))?;
    // A release from before there were flags has no file of them: none were found, and none are made up.
    if past.layer.kept_flags() == 0 {
        tables::write_flags(context, id, iter::empty())?;
    } else {
        link_files(context, past.release, &flags_path(id))?;
    }
    Ok((records, crossing))
}

/// Links files of a release, each compared with its digest: where one is damaged, an older release
/// may have the layer whole.
fn link_files(
    context: &Context<'_>,
    release: &RunReport,
    path: &Path,
) -> Result<Vec<ReleaseFile>, StoreError> {
    context.staging.carry(&release.release, path, Care::Each)
}

/// Takes back all files of a layer.
///
/// # Errors
/// When the store can't be written to.
pub(super) fn discard_layer(context: &Context<'_>, layer: &str) -> Result<(), Error> {
    let own = [collection_folder(layer), rejects_path(layer), flags_path(layer)];
    for path in own.into_iter().chain(beside::possible_paths(context, layer)) {
        context.staging.discard(&path)?;
    }
    Ok(())
}

/// A layer with the tiles of an earlier release.
fn carried_outcome(
    context: &Context<'_>,
    past: PastLayer<'_>,
    tiles: Vec<TileRecord>,
    reason: String,
    held: Option<GateReport>,
) -> LayerOutcome {
    // That release may have carried it, too: its rows are as old as the release that made them.
    let made_for = gate::release_made_for(past.release, past.layer);
    let report = LayerReport {
        standing: Standing::Carried {
            reason,
            from: Some(made_for.clone()),
            days: gate::days_since(context, made_for),
        },
        gate: held,
        ..past.layer.clone()
    };
    // Of a tile, and not of the plan: a release of an earlier version may lack columns
    // that this one would write.
    let first = tiles.first().map(|tile| context.staging.path_of(&tile.path));
    let footer = first.and_then(|path| geoparquet::read_footer(&path).ok());
    LayerOutcome::of_tiles(report, tiles, footer.map(|footer| footer.schema))
}

fn absent_outcome(layer: &LayerPlan, reason: String, held: Option<GateReport>) -> LayerOutcome {
    let report = LayerReport {
        gate: held,
        ..report_of_plan(layer, Standing::Absent { reason })
    };
    LayerOutcome::of_tiles(report, vec![], None)
}
