//! Layers that an earlier run had finished when it died: taken over as they are, where this
//! run would make the same.
//!
//! Their rows are read back from their tiles and shown to the products as if they had just been packed, so
//! that nothing of the release tells of it.

use std::error::Error as StdError;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use arrow_schema::SchemaRef;
use tracing::{info, warn};

use super::context::Context;
use super::fingerprint::digest_of;
use super::layer_error::panic_message;
use super::layer_outcome::LayerOutcome;
use super::{beside, reread, tile};
use crate::engine::rows::LocalRows;
use crate::engine::{self, EngineError, LayerTiles, Room};
use crate::error::{Error, error_chain};
use crate::feature::release::paths::{flags_path, rejects_path, tile_folder};
use crate::feature::{LayerReport, TileRecord};
use crate::geoparquet;
use crate::plan::LayerPlan;
use crate::store::ReleaseFile;

/// Why what was left can't be used. It is told, and decides nothing: whatever it is, the layer is made again.
type BoxError = Box<dyn StdError + Send + Sync>;

/// What a layer's files are known by before anything of them is: its fingerprint, and
/// what it was let through by.
fn finished_key(layer: &LayerPlan, fingerprint: &str) -> String {
    digest_of(&(fingerprint, &layer.gate))
}

/// Files and folders of a layer that is made, as far as they are there before products are.
fn layer_paths(report: &LayerReport) -> Vec<PathBuf> {
    let id = report.id.as_str();
    let own = vec![tile_folder(id), rejects_path(id), flags_path(id)];
    [own, beside::beside_paths(report)].concat()
}

/// Notes that a layer is finished, for the run that comes after this one if it dies.
///
/// # Errors
/// When the store can't be written to.
pub(super) fn note_finished(
    context: &Context<'_>,
    layer: &LayerPlan,
    report: &LayerReport,
) -> Result<(), Error> {
    if let Some(fingerprint) = &report.fingerprint {
        let key = finished_key(layer, fingerprint);
        context.staging.finish_layer(&key, report, &layer_paths(report))?;
    }
    Ok(())
}

/// A layer as a run that died has finished it; none where there is none such.
///
/// # Errors
/// When the store can't be written to.
pub(super) fn take_over(
    context: &Context<'_>,
    room: &Room,
    layer: &LayerPlan,
    fingerprint: &str,
) -> Result<Option<LayerOutcome>, Error> {
    let key = finished_key(layer, fingerprint);
    let Some((report, files)) = context.staging.take_over_layer(layer.id.as_str(), &key)? else {
        return Ok(None);
    };
    // A panic is a reason to make the layer again, as an error is, and no other layer's affair.
    let paths = layer_paths(&report);
    let restored = catch_unwind(AssertUnwindSafe(|| restore(context, room, layer, report, files)));
    match restored.unwrap_or_else(|panic| Err(panic_message(panic.as_ref()).into())) {
        Ok(outcome) => {
            info!(
                stage = "write",
                layer = outcome.report.id.as_str(),
                tiles = outcome.tiles.len(),
                "taken over from a run that died"
            );
            Ok(Some(outcome))
        }
        Err(error) => {
            let reason = error_chain(error.as_ref());
            warn!(layer = %layer.id, reason, "what a run that died has left can't be used: made again");
            context.products.forget(layer.id.as_str());
            for path in paths {
                context.staging.discard(&path)?;
            }
            Ok(None)
        }
    }
}

fn restore(
    context: &Context<'_>,
    room: &Room,
    layer: &LayerPlan,
    report: LayerReport,
    files: Vec<ReleaseFile>,
) -> Result<LayerOutcome, BoxError> {
    let id = layer.id.as_str();
    context.note_rows(&rejects_path(id), report.rows_rejected);
    context.note_rows(&flags_path(id), report.kept_flags());
    let data = tile_folder(id);
    let crossing = beside::read_beside(context, &report, files.clone())?;
    let tiles = files
        .into_iter()
        .filter(|file| file.path.starts_with(&data))
        .map(|file| tile::read_record(context, id, file))
        .collect::<Result<Vec<_>, _>>()?;
    let first = tiles.first().ok_or("a finished layer has no tiles")?;
    let schema = geoparquet::read_footer(&context.staging.path_of(&first.path))?.schema;
    let rows = reread::rows_of_tiles(context, room, &tiles, None)?;
    show_repacked(context, room, layer, &rows, &schema, &tiles)?;
    Ok(LayerOutcome {
        rows: Some(rows),
        crossing,
        ..LayerOutcome::of_tiles(report, tiles, Some(schema))
    })
}

/// Packs rows as if their tiles were still to be written, and shows them to the products: these remember
/// where a row is to be had again, which only this run's own packing tells.
fn show_repacked(
    context: &Context<'_>,
    room: &Room,
    layer: &LayerPlan,
    rows: &LocalRows,
    schema: &SchemaRef,
    tiles: &[TileRecord],
) -> Result<(), BoxError> {
    let unpacked = LayerTiles::new(layer, rows, schema);
    let packing = context.packing_shared(layer.id.as_str(), room);
    let packed = engine::pack(&unpacked, &packing, |tile, groups| {
        let mut rows = 0;
        for group in groups {
            let group = group?;
            context.show_group(tile, &group);
            rows += group.published.rows.facilities().num_rows() as u64;
        }
        Ok::<_, EngineError>((tile.region.clone(), tile.ordinal, rows))
    })?;
    let written = tiles
        .iter()
        .map(|tile| (tile.region.clone(), tile.ordinal, tile.rows));
    if packed.into_iter().eq(written) {
        return Ok(());
    }
    Err("its tiles are not those that its rows give".into())
}
