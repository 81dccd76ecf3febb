//! What need not be made again: a layer whose source and plan are those of the last release.
//!
//! Same fingerprint, same bytes (law 3): so the last release's files are linked into the new one, and the
//! rows are of this run all the same.

use std::path::Path;
use std::time::Instant;

use tracing::{error_span, info, warn};

use super::arrival::Arrival;
use super::carry::{CarryFailure, discard_layer};
use super::context::Context;
use super::fetch::Landings;
use super::fingerprint::Fingerprints;
use super::layer_outcome::LayerOutcome;
use super::tile_error::TileError;
use super::{beside, gate, tallies, tile};
use crate::derive::product::{Carried, Product};
use crate::derive::products_wanted;
use crate::error::{Error, error_chain};
use crate::feature::release::paths::{
    FACILITIES, REFERENCE, flags_path, national_path, rejects_path, tile_folder,
};
use crate::feature::{FileRecord, Landed, LayerReport, RunReport, Standing, TileRecord};
use crate::geoparquet;
use crate::store::{Care, ReleaseFile, StoreError};

/// A layer whose source has landed, or failed to.
pub(super) struct LandedLayer {
    /// Its number in the plan.
    pub(super) index: usize,
    /// How its source landed.
    pub(super) arrival: Arrival,
    /// Its outcome, where it is linked and need not be made.
    pub(super) linked: Option<LayerOutcome>,
}

/// What the last release gives to a night on which nothing has changed.
#[derive(Default)]
pub(super) struct LinkedRelease {
    /// All layers, if they were waited for; one that couldn't be linked has to be made after all.
    pub(super) layers: Vec<LandedLayer>,
    /// Where no layer has to be made: the inventory's tiles, and with them the reference tables and
    /// what else is linked whole.
    pub(super) inventory: Option<Vec<TileRecord>>,
}

/// Waits for the layers until one has to be made; where none has, links all into the release to be.
///
/// # Errors
/// When the store can't be written to; what is damaged in the last release is made again.
pub(super) fn link_if_all_same(
    context: &Context<'_>,
    landings: &Landings<'_>,
    fingerprints: &Fingerprints<'_>,
) -> Result<LinkedRelease, Error> {
    let last = context.last.filter(|last| has_same_list(context, last));
    let Some(last) = last else {
        return Ok(LinkedRelease::default());
    };
    // Which products are at work depends on whether all is linked, and they have to be at work before the
    // first layer is made. So nothing is touched until one is known to have changed, or all to be the same.
    if landings.any_layer(|index, arrival| !is_same(context, fingerprints, index, arrival)) {
        return Ok(LinkedRelease::default());
    }
    let mut layers = Vec::new();
    while let Some((index, arrival)) = landings.next_layer() {
        let fingerprint = fingerprints.of_layer(index, &arrival);
        let mut linked = link_unlooked(context, index, &arrival, fingerprint.as_deref())?;
        // Where its tally is kept, nothing of its tiles is looked at: digesting them
        // all is left to their turn.
        if let Some(outcome) = &linked
            && !tallies::are_kept(context, outcome.report.id.as_str(), &outcome.tiles)
        {
            linked = keep_if_undamaged(context, linked)?;
        }
        layers.push(LandedLayer {
            index,
            arrival,
            linked,
        });
    }
    let inventory = if layers.iter().all(|layer| layer.linked.is_some()) {
        link_whole(context, last)?
    } else {
        None
    };
    if inventory.is_none() {
        // The inventory is made of them after all.
        for layer in &mut layers {
            layer.linked = keep_if_undamaged(context, layer.linked.take())?;
        }
    }
    Ok(LinkedRelease { layers, inventory })
}

/// Links a layer that need not be made again into the release to be, and of which something is to be made;
/// none where it must be made.
///
/// # Errors
/// When the store can't be written to; what is damaged in the last release is made again.
pub(super) fn link_one(
    context: &Context<'_>,
    index: usize,
    arrival: &Arrival,
    fingerprint: Option<&str>,
) -> Result<Option<LayerOutcome>, Error> {
    keep_if_undamaged(context, link_unlooked(context, index, arrival, fingerprint)?)
}

/// Whether a layer is what it was in the last release.
fn is_same(context: &Context<'_>, fingerprints: &Fingerprints<'_>, index: usize, arrival: &Arrival) -> bool {
    fingerprints
        .of_layer(index, arrival)
        .is_some_and(|fingerprint| layer_before(context, index, &fingerprint).is_some())
}

/// The last release, and what it tells of a layer that has the same fingerprint there.
fn layer_before<'a>(
    context: &'a Context<'_>,
    index: usize,
    fingerprint: &str,
) -> Option<(&'a RunReport, &'a LayerReport)> {
    let last = context.last.filter(|_| !context.mode.rebuild)?;
    let id = &context.plan.layers[index].id;
    let before = last.layers.iter().find(|before| before.id == *id)?;
    let is_same = before.fingerprint.as_deref() == Some(fingerprint) && before.tiles > 0;
    is_same.then_some((last, before))
}

/// Whether the last release has the layers of the plan, and all that is linked whole.
fn has_same_list(context: &Context<'_>, last: &RunReport) -> bool {
    let before = last.layers.iter().map(|before| &before.id);
    let now = context.plan.layers.iter().map(|layer| &layer.id);
    before.eq(now)
        && products_wanted(context.plan).map(Product::describe).all(|about| {
            !matches!(about.carried, Carried::Whole(_)) || last.product(about.doc.name).is_some()
        })
}

/// Links a layer, whose files are compared with their digests in turns.
fn link_unlooked(
    context: &Context<'_>,
    index: usize,
    arrival: &Arrival,
    fingerprint: Option<&str>,
) -> Result<Option<LayerOutcome>, Error> {
    let before = fingerprint.and_then(|fingerprint| layer_before(context, index, fingerprint));
    match (before, arrival) {
        (Some((last, before)), Arrival::Landed(landed)) => link_layer(context, last, before, landed),
        _ => Ok(None),
    }
}

/// A layer of which something is to be made is compared with its digests whole, whatever was compared of it
/// in its turn: one that is damaged is made again.
fn keep_if_undamaged(
    context: &Context<'_>,
    linked: Option<LayerOutcome>,
) -> Result<Option<LayerOutcome>, Error> {
    let Some(outcome) = linked else { return Ok(None) };
    let id = outcome.report.id.as_str();
    let paths = [vec![tile_folder(id)], beside::beside_paths(&outcome.report)].concat();
    let problems = context.staging.damaged_files(&paths);
    if problems.is_empty() {
        return Ok(Some(outcome));
    }
    let damaged = StoreError::Damaged {
        release: context.release.to_owned(),
        problems,
    };
    warn!(
        layer = id,
        reason = error_chain(&damaged),
        "what was linked is damaged: made again"
    );
    discard_layer(context, id)?;
    Ok(None)
}

fn link_layer(
    context: &Context<'_>,
    last: &RunReport,
    before: &LayerReport,
    landed: &Landed,
) -> Result<Option<LayerOutcome>, Error> {
    let _span = error_span!("layer", id = before.id.as_str()).entered();
    let timer = Instant::now();
    let Some(files) = linked_or_warn(context, layer_files(context, last, before))? else {
        discard_layer(context, before.id.as_str())?;
        return Ok(None);
    };
    let first = files.tiles.first();
    let first = first.map(|tile| context.staging.path_of(&tile.path));
    let footer = first.and_then(|path| geoparquet::read_footer(&path).ok());
    info!(stage = "write", tiles = files.tiles.len(), "unchanged");
    let since = before.unchanged_since().unwrap_or(&last.release);
    let report = LayerReport {
        standing: Standing::Published {
            unchanged_since: Some(since.clone()),
        },
        gate: gate::report_of_same(context, last, before),
        landed_at: Some(landed.landed_at.clone()),
        doubts: landed.doubts.clone(),
        seconds: timer.elapsed().as_secs_f64(),
        ..before.clone()
    };
    Ok(Some(LayerOutcome {
        national: files.national,
        crossing: files.crossing,
        ..LayerOutcome::of_tiles(report, files.tiles, footer.map(|footer| footer.schema))
    }))
}

/// What was linked; none, with a warning, where the last release can't give it.
fn linked_or_warn<T>(context: &Context<'_>, linked: Result<T, TileError>) -> Result<Option<T>, Error> {
    match linked.map_err(CarryFailure::from) {
        Ok(linked) => Ok(Some(linked)),
        Err(CarryFailure::EndsRun { source }) => Err(source.into()),
        Err(CarryFailure::Unusable { source }) => {
            let release = context.last.map(|last| last.release.as_str());
            warn!(
                release,
                reason = error_chain(&source),
                "the last release can't be built on: made again"
            );
            Ok(None)
        }
    }
}

/// Files of a layer that are linked.
struct LayerFiles {
    tiles: Vec<TileRecord>,
    crossing: Vec<TileRecord>,
    national: Option<FileRecord>,
}

fn layer_files(
    context: &Context<'_>,
    last: &RunReport,
    before: &LayerReport,
) -> Result<LayerFiles, TileError> {
    // What is only linked is compared with its digests in turns, each file once in seven nights at least: all
    // of them every night would read the whole release where nothing else is read.
    let id = before.id.as_str();
    let staging = context.staging;
    let tiles = staging.carry(&last.release, &tile_folder(id), Care::InTurns)?;
    let tiles = tiles
        .into_iter()
        .map(|file| tile::read_record(context, id, file))
        .collect::<Result<Vec<_>, _>>()?;
    let crossing = beside::link_beside(context, &last.release, before, Care::InTurns)?;
    // The report page shows some of them, so that they are opened tonight.
    staging.carry(&last.release, &rejects_path(id), Care::Each)?;
    staging.carry(&last.release, &flags_path(id), Care::InTurns)?;
    let mut files: Vec<ReleaseFile> = Vec::new();
    for about in products_wanted(context.plan).map(Product::describe) {
        if let Carried::WithLayer(path) = about.carried
            && last.product(about.doc.name).is_some()
        {
            files.extend(staging.carry(&last.release, &path(id), Care::InTurns)?);
        }
    }
    let national_path = national_path(id);
    let national = files.into_iter().find(|file| file.path == national_path);
    Ok(LayerFiles {
        tiles,
        crossing,
        national: national.map(|file| FileRecord {
            path: file.path,
            rows: before.rows_written,
            bytes: file.bytes,
            sha256: file.sha256,
        }),
    })
}

/// Links what is linked whole: the inventory, whose tiles are returned, the reference tables, and products.
fn link_whole(context: &Context<'_>, last: &RunReport) -> Result<Option<Vec<TileRecord>>, Error> {
    let inventory = linked_or_warn(context, whole_files(context, last))?;
    if inventory.is_none() {
        for path in whole_paths(context).chain([REFERENCE]) {
            context.staging.discard(Path::new(path))?;
        }
    }
    Ok(inventory)
}

fn whole_files(context: &Context<'_>, last: &RunReport) -> Result<Vec<TileRecord>, TileError> {
    let staging = context.staging;
    staging.carry(&last.release, Path::new(REFERENCE), Care::InTurns)?;
    let mut files = Vec::new();
    for path in whole_paths(context).map(Path::new) {
        // An inventory without rows has no files.
        if last.inventory_rows > 0 || !path.starts_with(FACILITIES) {
            files.extend(staging.carry(&last.release, path, Care::InTurns)?);
        }
    }
    let data = tile_folder(FACILITIES);
    let tiles: Vec<TileRecord> = files
        .into_iter()
        .filter(|file| file.path.starts_with(&data))
        .map(|file| tile::read_record(context, FACILITIES, file))
        .collect::<Result<_, _>>()?;
    if tallies::recall_facilities(context, &tiles).is_some() {
        return Ok(tiles);
    }
    // They will be counted for the page, and what is read is digested first.
    let problems = staging.damaged_files(&[data]);
    if problems.is_empty() {
        return Ok(tiles);
    }
    Err(StoreError::Damaged {
        release: last.release.clone(),
        problems,
    }
    .into())
}

/// What is linked whole, of the products that the plan asks for.
fn whole_paths(context: &Context<'_>) -> impl Iterator<Item = &'static str> {
    products_wanted(context.plan)
        .flat_map(|product| match product.describe().carried {
            Carried::Whole(paths) => paths,
            Carried::Never | Carried::WithLayer(_) | Carried::WithTiles => &[],
        })
        .copied()
}
