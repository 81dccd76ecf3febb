//! Layers that an earlier run had finished when it died: taken over as they are, where this run would make the same.
//!
//! Their rows are read back from their tiles and shown to the products as if they had just been packed, so that nothing
//! of the release tells of it.

use std::error::Error as StdError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use tracing::{info, warn};

use super::layer::{self, AT_ONCE, flags_path, rejects_path};
use super::layer_report::flags_kept;
use super::{Context, LayerOutcome, again, tile};
use crate::engine::{self, LayerTiles, Room};
use crate::error::{Error, chain};
use crate::feature::{LayerReport, TileRecord};
use crate::geoparquet;
use crate::plan::LayerPlan;
use crate::store::{self, Written};

type BoxError = Box<dyn StdError + Send + Sync>;

/// What a layer's files are, before anything of them is known: its fingerprint, and what it was let through by.
fn print(layer: &LayerPlan, fingerprint: &str) -> String {
    store::sha256(format!("{fingerprint} {:?}", layer.gate).as_bytes())
}

/// Files and folders of a layer that is made, as far as they are there before products are.
fn paths(layer: &LayerPlan) -> [PathBuf; 3] {
    let id = layer.id.as_str();
    [tile::base(id).join("data"), rejects_path(id), flags_path(id)]
}

/// Notes that a layer is finished, for the run that comes after this one if it dies.
///
/// # Errors
/// When the store can't be written to.
pub(super) fn note(context: &Context<'_>, layer: &LayerPlan, report: &LayerReport) -> Result<(), Error> {
    let Some(fingerprint) = &report.fingerprint else {
        return Ok(());
    };
    let noted = context
        .staging
        .finish(&print(layer, fingerprint), report, &paths(layer));
    noted.map_err(|source| Error::Store { source })
}

/// A layer as a run that died has finished it; none where there is none such.
///
/// # Errors
/// When the store can't be written to.
pub(super) fn take(
    context: &Context<'_>,
    room: &Room,
    layer: &LayerPlan,
    fingerprint: &str,
) -> Result<Option<LayerOutcome>, Error> {
    let store_error = |source| Error::Store { source };
    let left = context
        .staging
        .take_over(layer.id.as_str(), &print(layer, fingerprint));
    let Some((report, files)) = left.map_err(store_error)? else {
        return Ok(None);
    };
    // A panic is a reason to make the layer again, as an error is, and no other layer's affair.
    let tried = catch_unwind(AssertUnwindSafe(|| outcome(context, room, layer, report, files)));
    match tried.unwrap_or_else(|panic| Err(layer::panic_text(panic.as_ref()).into())) {
        Ok(outcome) => {
            let tiles = outcome.tiles.len();
            info!(
                stage = "write",
                layer = outcome.report.id,
                tiles,
                "taken over from a run that died"
            );
            Ok(Some(outcome))
        }
        Err(error) => {
            let reason = chain(error.as_ref());
            warn!(layer = %layer.id, reason, "what a run that died has left can't be used: made again");
            context.products.forget(layer.id.as_str());
            paths(layer)
                .iter()
                .try_for_each(|path| context.staging.discard(path))
                .map_err(store_error)?;
            Ok(None)
        }
    }
}

fn outcome(
    context: &Context<'_>,
    room: &Room,
    layer: &LayerPlan,
    report: LayerReport,
    files: Vec<Written>,
) -> Result<LayerOutcome, BoxError> {
    context.note_rows(&rejects_path(&report.id), report.rows_rejected);
    context.note_rows(&flags_path(&report.id), flags_kept(&report));
    let data = tile::base(&report.id).join("data");
    let tiles = files.into_iter().filter(|file| file.path.starts_with(&data));
    let tiles = tiles
        .map(|file| tile::carried(context, &report.id, file))
        .collect::<Result<Vec<_>, _>>()?;
    let first = tiles.first().ok_or("a finished layer has no tiles")?;
    let schema = geoparquet::inspect(&context.staging.path_of(&first.path))?.schema;
    let rows = again::rows(context, room, &tiles, None)?;
    let unpacked = LayerTiles::new(layer, &rows, &schema);
    let at_once = AT_ONCE.min(context.plan.layers.len());
    let packed = engine::pack(
        &unpacked,
        &context.packing(&report.id, room, at_once),
        |tile, groups| {
            let mut rows = 0;
            for group in groups {
                let group = group?;
                layer::show(context, tile, &group);
                rows += group.published.rows.0.num_rows() as u64;
            }
            Ok((tile.region.clone(), tile.ordinal, rows))
        },
    )?;
    let is_as_packed = |(tile, (region, ordinal, rows)): (&TileRecord, &(_, u32, u64))| {
        (&tile.region, tile.ordinal, tile.rows) == (region, *ordinal, *rows)
    };
    if packed.len() != tiles.len() || !tiles.iter().zip(&packed).all(is_as_packed) {
        return Err("its tiles are not those that its rows give".into());
    }
    let schema = Some(Arc::clone(&schema));
    Ok(LayerOutcome {
        report,
        tiles,
        schema,
        national: None,
        changes: None,
        rejects: None,
        rows: Some(rows),
    })
}
