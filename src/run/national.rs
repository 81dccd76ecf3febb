//! `layers/<layer>/national.parquet`: all rows of a layer in one file, as one packed R-tree.
//!
//! Made of the rows as they wait for it; those of a layer that this run did not make are
//! read from its tiles once.

use std::error::Error as StdError;

use tracing::info;

use super::context::Context;
use super::layer_outcome::LayerOutcome;
use super::tile::TileColumns;
use super::tile_error::TileError;
use super::{reread, tile};
use crate::engine::{self, LayerTiles, PackError, Room, WholeLayer};
use crate::error::Error;
use crate::feature::FileRecord;
use crate::feature::release::paths::{NATIONAL, national_path};
use crate::feature::release::product_names;
use crate::plan::LayerPlan;

/// Writes the file of every layer that has rows, where the pipeline wants them.
///
/// # Errors
/// When a tile can't be read back or a file can't be written.
pub(super) fn write_national_files(
    context: &Context<'_>,
    room: &Room,
    layers: &mut [LayerOutcome],
) -> Result<(), Error> {
    for (layer, outcome) in context.plan.layers.iter().zip(layers) {
        if outcome.national.is_some() {
            continue;
        }
        // A carried report tells of the file that its own release had.
        outcome.report.national_bytes = None;
        if !context.plan.makes_product(product_names::NATIONAL) || outcome.tiles.is_empty() {
            continue;
        }
        let _task = context.progress.start("write", NATIONAL, None);
        let file = write_one(context, layer, outcome, room)?;
        info!(
            stage = "write",
            layer = outcome.report.id.as_str(),
            bytes = file.bytes,
            "national file written"
        );
        outcome.report.national_bytes = Some(file.bytes);
        outcome.national = Some(file);
    }
    Ok(())
}

fn write_one(
    context: &Context<'_>,
    layer: &LayerPlan,
    outcome: &LayerOutcome,
    room: &Room,
) -> Result<FileRecord, Error> {
    let id = outcome.report.id.as_str();
    let Some(schema) = &outcome.schema else {
        return Err(national_error(id, "a layer with tiles has no columns"));
    };
    let earlier;
    let store = if let Some(rows) = &outcome.rows {
        rows
    } else {
        earlier = reread::rows_of_tiles(context, room, &outcome.tiles, None)
            .map_err(|source| national_error(id, source))?;
        &earlier
    };
    let unpacked = WholeLayer(LayerTiles::new(layer, store, schema));
    let mut packing = context.packing_alone(layer.id.as_str(), room);
    // One file holds all: it is packed as the one tile of one region. Where its spots don't fit (32 bytes for
    // each row of a layer that may have millions), packing cuts them out of the rows slice by slice.
    packing.levels.tile_rows = usize::MAX;
    let path = national_path(id);
    let columns = TileColumns::new(context, Some(layer), schema);
    let files = engine::pack(&unpacked, &packing, |_, groups| {
        let written = tile::write_features(context, &columns, &path, groups, &mut |_| Ok(()))?;
        Ok::<_, TileError>(written.file)
    });
    match files {
        Ok(files) => files
            .into_iter()
            .next()
            .ok_or_else(|| national_error(id, "a layer with tiles has no rows")),
        Err(PackError::Sink { source, .. }) => Err(source.into()),
        Err(PackError::Engine { source }) => Err(national_error(id, source)),
    }
}

fn national_error(layer: &str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    Error::National {
        layer: layer.to_owned(),
        source: source.into(),
    }
}
