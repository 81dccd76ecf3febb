//! `layers/<layer>/national.parquet`: all rows of a layer in one file, as one packed R-tree.
//!
//! Made of the rows as they wait for it; those of a layer that this run did not make are read from its tiles once.

use std::error::Error as StdError;

use tracing::info;

use super::tile::{self, TileError};
use super::{Context, LayerOutcome, again};
use crate::derive::national::{NAME, path};
use crate::engine::{self, EngineError, LayerTiles, OneFile, Room};
use crate::error::Error;
use crate::feature::FileRecord;
use crate::plan::LayerPlan;

type BoxError = Box<dyn StdError + Send + Sync>;

/// Writes the file of every layer that has rows, where the pipeline wants them.
///
/// # Errors
/// When a tile can't be read back or a file can't be written.
pub(super) fn write(context: &Context<'_>, room: &Room, layers: &mut [LayerOutcome]) -> Result<(), Error> {
    for (layer, outcome) in context.plan.layers.iter().zip(layers) {
        if outcome.national.is_some() {
            continue;
        }
        // A carried report tells of the file that its own release had.
        outcome.report.national_bytes = None;
        if !context.plan.makes(NAME) || outcome.tiles.is_empty() {
            continue;
        }
        let _task = context.progress.start("write", "national.parquet", None);
        let file =
            one(context, layer, outcome, room).map_err(|source| failure(&outcome.report.id, source))?;
        info!(
            stage = "write",
            layer = outcome.report.id,
            bytes = file.bytes,
            "national file written"
        );
        outcome.report.national_bytes = Some(file.bytes);
        outcome.national = Some(file);
    }
    Ok(())
}

/// A store that can't take the file is the store's failure.
fn failure(layer: &str, source: BoxError) -> Error {
    match source.downcast::<TileError>() {
        Ok(error) => Error::from(*error),
        Err(source) => Error::National {
            layer: layer.to_owned(),
            source,
        },
    }
}

fn one(
    context: &Context<'_>,
    layer: &LayerPlan,
    outcome: &LayerOutcome,
    room: &Room,
) -> Result<FileRecord, BoxError> {
    let schema = outcome
        .schema
        .as_ref()
        .ok_or("a layer with tiles has no columns")?;
    let earlier = match &outcome.rows {
        Some(_) => None,
        None => Some(again::rows(context, room, &outcome.tiles, None)?),
    };
    let store = outcome
        .rows
        .as_ref()
        .or(earlier.as_ref())
        .ok_or("a layer with tiles has no rows")?;
    let unpacked = OneFile(LayerTiles::new(layer, store, schema));
    let mut packing = context.packing(layer.id.as_str(), room, 1);
    packing.levels.tile_rows = usize::MAX;
    let path = path(&outcome.report.id);
    let files = engine::pack(&unpacked, &packing, |_, groups| {
        Ok(tile::write_groups(context, schema, &path, groups, &mut |_| Ok(()))?.file)
    });
    match files {
        Ok(files) => files
            .into_iter()
            .next()
            .ok_or_else(|| "a layer with tiles has no rows".into()),
        Err(EngineError::Sink { source, .. }) => Err(source),
        Err(error) => Err(Box::new(error)),
    }
}
