//! What need not be made again: a layer whose source and plan are those of the last release.
//!
//! A layer's *fingerprint* stands for all that its files follow from. Same fingerprint, same bytes (law 3):
//! so the last release's files are linked into the new one, and the rows are of this run all the same.

use std::path::Path;
use std::time::Instant;

use serde::Serialize;
use tracing::{error_span, info, warn};

use super::fetch::Tried;
use super::jurisdictions::Ground;
use super::layer::{flags_path, rejects_path};
use super::tile::{self, TileError};
use super::{Context, LayerOutcome, gate};
use crate::derive::inventory::FACILITIES;
use crate::derive::product::{Carried, Product};
use crate::derive::{national, wanted};
use crate::error::{Error, chain};
use crate::feature::{FileRecord, Landed, LayerReport, LayerStatus, RunReport, TileRecord};
use crate::geoparquet;
use crate::plan::{LayerPlan, Plan};
use crate::store::{self, StoreError};

/// To be raised when the same source and plan give other files than before within one version.
const GENERATION: u32 = 3;

/// What the last release gives to this one.
pub(super) struct Kept {
    /// Layers in plan order; none where one has to be made.
    pub(super) layers: Vec<Option<LayerOutcome>>,
    /// Where no layer has to be made: the inventory's tiles, and with them the reference tables and what else is
    /// linked whole.
    pub(super) rest: Option<Vec<TileRecord>>,
}

/// Everything but the source that a layer's files follow from.
#[derive(Serialize)]
struct Basis<'a> {
    generation: u32,
    version: &'static str,
    layer: &'a LayerPlan,
    limits: (usize, u64, Option<u64>),
    output: &'a crate::plan::Output,
    jurisdictions: &'a [crate::plan::JurisdictionPlan],
    /// Digests of the polygon sets and of the reference tables.
    tables: &'a [String],
}

/// Fingerprints of the layers that have landed, in plan order.
pub(super) fn fingerprints(plan: &Plan, sets: &[Ground], layers: &[Tried]) -> Vec<Option<String>> {
    let mut tables: Vec<String> = sets.iter().map(|set| name(&set.landed)).collect();
    // The reference tables hold lists alone, so their debug text is the same on every run.
    tables.push(store::sha256(format!("{:?}", plan.reference).as_bytes()));
    let of = |(layer, tried): (&LayerPlan, &Tried)| {
        let landed = tried.as_ref().ok()?.as_ref().ok()?;
        let basis = Basis {
            generation: GENERATION,
            version: env!("CARGO_PKG_VERSION"),
            layer,
            // Memory and the size of batches change no byte.
            limits: (plan.limits.record_bytes, plan.limits.archive_bytes, plan.limits.rows),
            output: &plan.output,
            jurisdictions: &plan.jurisdictions,
            tables: &tables,
        };
        let text = serde_json::to_string(&(basis, name(landed)));
        Some(store::sha256(text.expect("a plan has text keys only, so it serializes").as_bytes()))
    };
    plan.layers.iter().zip(layers).map(of).collect()
}

/// Digest and extension: the same bytes may be opened as two formats.
fn name(landed: &Landed) -> String {
    landed.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Links what need not be made again into the release to be.
///
/// # Errors
/// When the store can't be written to; what is damaged in the last release is made again.
pub(super) fn take(
    context: &Context<'_>,
    landed: &[Tried],
    prints: &[Option<String>],
) -> Result<Kept, Error> {
    let layers = &context.plan.layers;
    let none = || Kept { layers: layers.iter().map(|_| None).collect(), rest: None };
    let Some(last) = context.last.as_ref().filter(|_| !context.mode.rebuild) else { return Ok(none()) };
    let keep = |((layer, landed), print): ((&LayerPlan, &Tried), &Option<String>)| {
        let (Ok(Ok(landed)), Some(print)) = (landed, print) else { return Ok(None) };
        let before = last.layers.iter().find(|before| before.id == layer.id.as_str());
        let before = before.filter(|before| before.fingerprint.as_ref() == Some(print) && before.tiles > 0);
        before.map_or(Ok(None), |before| keep_layer(context, last, before, landed))
    };
    let kept = layers.iter().zip(landed).zip(prints).map(keep).collect::<Result<Vec<_>, Error>>()?;
    let are_same = last.layers.len() == layers.len()
        && last.layers.iter().zip(layers).all(|(before, layer)| before.id == layer.id.as_str());
    let is_there = |product: &dyn Product| {
        let about = product.about();
        !matches!(about.carried, Carried::Whole(_)) || last.product(about.doc.name).is_some()
    };
    let has_all = wanted(context.plan).all(is_there);
    let is_same = are_same && has_all && kept.iter().all(Option::is_some);
    let rest = if is_same { keep_rest(context, last)? } else { None };
    Ok(Kept { layers: kept, rest })
}

fn keep_layer(
    context: &Context<'_>,
    last: &RunReport,
    before: &LayerReport,
    landed: &Landed,
) -> Result<Option<LayerOutcome>, Error> {
    let _span = error_span!("layer", id = before.id).entered();
    let timer = Instant::now();
    let Some((tiles, national)) = sound(context, layer_files(context, last, before))? else {
        for path in [tile::base(&before.id), rejects_path(&before.id), flags_path(&before.id)] {
            context.staging.discard(&path).map_err(|source| Error::Store { source })?;
        }
        return Ok(None);
    };
    let first = tiles.first().map(|tile| context.staging.path_of(&tile.path));
    let footer = first.and_then(|path| geoparquet::inspect(&path).ok());
    info!(stage = "write", tiles = tiles.len(), "unchanged");
    let report = LayerReport {
        status: LayerStatus::Published,
        reason: None,
        carried_from: None,
        carried_days: None,
        gate: gate::unchanged(context, last, before),
        unchanged_since: before.unchanged_since.clone().or_else(|| Some(last.release.clone())),
        landed_at: Some(landed.landed_at.clone()),
        doubts: landed.doubts.clone(),
        seconds: timer.elapsed().as_secs_f64(),
        ..before.clone()
    };
    Ok(Some(LayerOutcome {
        report,
        tiles,
        schema: footer.map(|footer| footer.schema),
        national,
        changes: None,
        rejects: None,
        rows: None,
    }))
}

/// The value; none, with a warning, where the last release can't give it.
fn sound<T>(context: &Context<'_>, tried: Result<T, TileError>) -> Result<Option<T>, Error> {
    match tried {
        Ok(value) => Ok(Some(value)),
        Err(TileError::Store { source }) if !matches!(source, StoreError::Damaged { .. }) => {
            Err(Error::Store { source })
        }
        Err(error) => {
            let release = context.last.as_ref().map(|last| last.release.as_str());
            warn!(release, reason = chain(&error), "the last release can't be built on: made again");
            Ok(None)
        }
    }
}

type LayerFiles = (Vec<TileRecord>, Option<FileRecord>);

fn layer_files(
    context: &Context<'_>,
    last: &RunReport,
    before: &LayerReport,
) -> Result<LayerFiles, TileError> {
    let carry = |path: &Path| {
        context.staging.carry(&last.release, path).map_err(|source| TileError::Store { source })
    };
    let tiles = carry(&tile::base(&before.id).join("data"))?;
    let tiles = tiles.into_iter().map(|file| tile::carried(context, &before.id, file));
    let tiles = tiles.collect::<Result<Vec<_>, _>>()?;
    carry(&rejects_path(&before.id))?;
    carry(&flags_path(&before.id))?;
    let mut files = Vec::new();
    for about in wanted(context.plan).map(Product::about) {
        if let Carried::WithLayer(path) = about.carried
            && last.product(about.doc.name).is_some()
        {
            files.extend(carry(&path(&before.id))?);
        }
    }
    let national = national::path(&before.id);
    let file = files.into_iter().find(|file| file.path == national);
    let record = |file: store::Written| FileRecord {
        path: file.path,
        rows: before.rows_written,
        bytes: file.bytes,
        sha256: file.sha256,
    };
    Ok((tiles, file.map(record)))
}

fn keep_rest(context: &Context<'_>, last: &RunReport) -> Result<Option<Vec<TileRecord>>, Error> {
    let rest = sound(context, rest_files(context, last))?;
    if rest.is_none() {
        for path in whole(context).chain(["reference"]) {
            context.staging.discard(Path::new(path)).map_err(|source| Error::Store { source })?;
        }
    }
    Ok(rest)
}

fn rest_files(context: &Context<'_>, last: &RunReport) -> Result<Vec<TileRecord>, TileError> {
    let carry = |path: &str| {
        context.staging.carry(&last.release, Path::new(path)).map_err(|source| TileError::Store { source })
    };
    carry("reference")?;
    let mut files = Vec::new();
    let data = tile::base(FACILITIES).join("data");
    // An inventory without rows has no files.
    let is_there = |path: &&str| last.inventory_rows > 0 || !Path::new(path).starts_with(FACILITIES);
    for path in whole(context).filter(is_there) {
        files.extend(carry(path)?);
    }
    let tiles = files.into_iter().filter(|file| file.path.starts_with(&data));
    tiles.map(|file| tile::carried(context, FACILITIES, file)).collect()
}

/// What is linked whole, of the products that the plan asks for.
fn whole(context: &Context<'_>) -> impl Iterator<Item = &'static str> {
    let paths = |carried| match carried {
        Carried::Whole(paths) => paths,
        Carried::Never | Carried::WithLayer(_) => &[],
    };
    wanted(context.plan).flat_map(move |product| paths(product.about().carried)).copied()
}
