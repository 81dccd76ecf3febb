//! What need not be made again: a layer whose source and plan are those of the last release.
//!
//! A layer's *fingerprint* stands for all that its files follow from. Same fingerprint, same bytes (law 3):
//! so the last release's files are linked into the new one, and the rows are of this run all the same.

use std::path::Path;
use std::time::Instant;

use serde::Serialize;
use tracing::{error_span, info, warn};

use super::fetch::{Landings, Tried};
use super::jurisdictions::Ground;
use super::layer::{discard, flags_path, rejects_path};
use super::tile::{self, TileError};
use super::{Context, LayerOutcome, gate, tallies};
use crate::derive::inventory::FACILITIES;
use crate::derive::product::{Carried, Product};
use crate::derive::{national, wanted};
use crate::error::{Error, chain};
use crate::feature::{FileRecord, Landed, LayerReport, LayerStatus, RunReport, TileRecord};
use crate::geoparquet;
use crate::plan::{LayerPlan, Plan};
use crate::store::{self, Care, StoreError};

/// To be raised when the same source and plan give other files than before within one version.
const GENERATION: u32 = 6;

/// What the last release gives to a night on which nothing has changed.
#[derive(Default)]
pub(super) struct Kept {
    /// Layers, each with how it landed; the outcome is none where one has to be made after all.
    pub(super) layers: Vec<Ready>,
    /// Where no layer has to be made: the inventory's tiles, and with them the reference tables and what else is
    /// linked whole.
    pub(super) rest: Option<Vec<TileRecord>>,
}

/// A layer that has landed: its number in the plan, how it landed, and its outcome where it need not be made.
pub(super) type Ready = (usize, Tried, Option<LayerOutcome>);

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

/// Tells the fingerprints of layers.
pub(super) struct Prints<'a> {
    plan: &'a Plan,
    /// Digests of the polygon sets and of the reference tables.
    tables: Vec<String>,
}

impl<'a> Prints<'a> {
    pub(super) fn new(plan: &'a Plan, sets: &[Ground]) -> Self {
        let mut tables: Vec<String> = sets.iter().map(|set| name(&set.landed)).collect();
        // The reference tables hold lists alone, so their debug text is the same on every run.
        tables.push(store::sha256(format!("{:?}", plan.reference).as_bytes()));
        Self { plan, tables }
    }

    /// That of the layer with this number; none where it hasn't landed.
    pub(super) fn of(&self, layer: usize, tried: &Tried) -> Option<String> {
        let landed = tried.as_ref().ok()?.as_ref().ok()?;
        let plan = self.plan;
        let basis = Basis {
            generation: GENERATION,
            version: env!("CARGO_PKG_VERSION"),
            layer: &plan.layers[layer],
            // Memory and the size of batches change no byte.
            limits: (
                plan.limits.record_bytes,
                plan.limits.archive_bytes,
                plan.limits.rows,
            ),
            output: &plan.output,
            jurisdictions: &plan.jurisdictions,
            tables: &self.tables,
        };
        let text = serde_json::to_string(&(basis, name(landed)));
        Some(store::sha256(
            text.expect("a plan has text keys only, so it serializes")
                .as_bytes(),
        ))
    }
}

/// Digest and extension: the same bytes may be opened as two formats.
fn name(landed: &Landed) -> String {
    landed
        .path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Whether a layer is what it was in the last release.
pub(super) fn is_same(context: &Context<'_>, prints: &Prints<'_>, layer: usize, tried: &Tried) -> bool {
    prints
        .of(layer, tried)
        .is_some_and(|print| before(context, layer, &print).is_some())
}

/// The last release, and what it tells of a layer that has the same fingerprint there.
fn before<'a>(
    context: &'a Context<'_>,
    layer: usize,
    print: &str,
) -> Option<(&'a RunReport, &'a LayerReport)> {
    let last = context.last.as_ref().filter(|_| !context.mode.rebuild)?;
    let id = context.plan.layers[layer].id.as_str();
    let before = last.layers.iter().find(|before| before.id == id)?;
    let is_same = before.fingerprint.as_deref() == Some(print) && before.tiles > 0;
    is_same.then_some((last, before))
}

/// Links a layer that need not be made again into the release to be, and of which something is to be made; none where it
/// must be made.
///
/// # Errors
/// When the store can't be written to; what is damaged in the last release is made again.
pub(super) fn take_layer(
    context: &Context<'_>,
    layer: usize,
    tried: &Tried,
    print: Option<&str>,
) -> Result<Option<LayerOutcome>, Error> {
    confirmed(context, link(context, layer, tried, print)?)
}

/// Waits for the layers until one has to be made; where none has, links all into the release to be.
///
/// # Errors
/// When the store can't be written to; what is damaged in the last release is made again.
pub(super) fn take(
    context: &Context<'_>,
    landings: &Landings<'_>,
    prints: &Prints<'_>,
) -> Result<Kept, Error> {
    let Some(last) = context.last.as_ref().filter(|last| has_same_list(context, last)) else {
        return Ok(Kept::default());
    };
    if landings.any_layer(|layer, tried| !is_same(context, prints, layer, tried)) {
        return Ok(Kept::default());
    }
    let mut layers = Vec::new();
    while let Some((layer, tried)) = landings.next_layer() {
        let mut outcome = link(context, layer, &tried, prints.of(layer, &tried).as_deref())?;
        // Else nothing of it is looked at.
        if outcome
            .as_ref()
            .is_some_and(|kept| !tallies::are_kept(context, &kept.report.id, &kept.tiles))
        {
            outcome = confirmed(context, outcome)?;
        }
        layers.push((layer, tried, outcome));
    }
    let are_kept = layers.iter().all(|(_, _, outcome)| outcome.is_some());
    let rest = if are_kept { keep_rest(context, last)? } else { None };
    if rest.is_none() {
        // The inventory is made of them after all.
        for (_, _, outcome) in &mut layers {
            *outcome = confirmed(context, outcome.take())?;
        }
    }
    Ok(Kept { layers, rest })
}

fn link(
    context: &Context<'_>,
    layer: usize,
    tried: &Tried,
    print: Option<&str>,
) -> Result<Option<LayerOutcome>, Error> {
    let before = print.and_then(|print| before(context, layer, print));
    match (before, tried) {
        (Some((last, before)), Ok(Ok(landed))) => keep_layer(context, last, before, landed),
        _ => Ok(None),
    }
}

/// A layer of which something is to be made is compared with its digests whole, whatever was compared of it in its turn:
/// one that is damaged is made again.
fn confirmed(context: &Context<'_>, kept: Option<LayerOutcome>) -> Result<Option<LayerOutcome>, Error> {
    let Some(outcome) = kept else { return Ok(None) };
    let id = &outcome.report.id;
    let problems = context.staging.damaged(&[tile::base(id).join("data")]);
    if problems.is_empty() {
        return Ok(Some(outcome));
    }
    let damaged = StoreError::Damaged {
        release: context.release.to_owned(),
        problems,
    };
    warn!(
        layer = id,
        reason = chain(&damaged),
        "what was linked is damaged: made again"
    );
    discard(context, id)?;
    Ok(None)
}

/// Whether the last release has the layers of the plan, and all that is linked whole.
fn has_same_list(context: &Context<'_>, last: &RunReport) -> bool {
    let layers = &context.plan.layers;
    let is_there = |product: &dyn Product| {
        let about = product.about();
        !matches!(about.carried, Carried::Whole(_)) || last.product(about.doc.name).is_some()
    };
    last.layers.len() == layers.len()
        && last
            .layers
            .iter()
            .zip(layers)
            .all(|(before, layer)| before.id == layer.id.as_str())
        && wanted(context.plan).all(is_there)
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
        discard(context, &before.id)?;
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
        unchanged_since: before
            .unchanged_since
            .clone()
            .or_else(|| Some(last.release.clone())),
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
            warn!(
                release,
                reason = chain(&error),
                "the last release can't be built on: made again"
            );
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
    let carry_with = |path: &Path, care| {
        context
            .staging
            .carry(&last.release, path, care)
            .map_err(|source| TileError::Store { source })
    };
    let carry = |path: &Path| carry_with(path, Care::InTurns);
    let tiles = carry(&tile::base(&before.id).join("data"))?;
    let tiles = tiles
        .into_iter()
        .map(|file| tile::carried(context, &before.id, file));
    let tiles = tiles.collect::<Result<Vec<_>, _>>()?;
    // The report page shows some of them.
    carry_with(&rejects_path(&before.id), Care::Each)?;
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
            context
                .staging
                .discard(Path::new(path))
                .map_err(|source| Error::Store { source })?;
        }
    }
    Ok(rest)
}

fn rest_files(context: &Context<'_>, last: &RunReport) -> Result<Vec<TileRecord>, TileError> {
    let carry = |path: &str| {
        let carried = context
            .staging
            .carry(&last.release, Path::new(path), Care::InTurns);
        carried.map_err(|source| TileError::Store { source })
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
    let tiles: Vec<TileRecord> = tiles
        .map(|file| tile::carried(context, FACILITIES, file))
        .collect::<Result<_, _>>()?;
    if tallies::facilities(context, &tiles).is_some() {
        return Ok(tiles);
    }
    // They will be counted.
    let problems = context.staging.damaged(&[data]);
    if problems.is_empty() {
        return Ok(tiles);
    }
    Err(TileError::Store {
        source: StoreError::Damaged {
            release: last.release.clone(),
            problems,
        },
    })
}

/// What is linked whole, of the products that the plan asks for.
fn whole(context: &Context<'_>) -> impl Iterator<Item = &'static str> {
    let paths = |carried| match carried {
        Carried::Whole(paths) => paths,
        Carried::Never | Carried::WithLayer(_) => &[],
    };
    wanted(context.plan)
        .flat_map(move |product| paths(product.about().carried))
        .copied()
}
