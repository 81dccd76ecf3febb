//! `layers/<layer>/national.parquet`: all rows of a layer in one file, made from its tiles.
//!
//! From the tiles, so that carried layers have one too. One layer at a time: memory holds its rows
//! twice (as read, and in order), as *write* does.

use std::error::Error as StdError;

use arrow_array::{BinaryArray, RecordBatch};
use arrow_select::concat::concat_batches;
use geo::{BoundingRect, Rect};
use tracing::info;

use super::tile::{self, TileError};
use super::{Context, LayerOutcome};
use crate::derive::national::{NAME, path};
use crate::error::Error;
use crate::feature::{FileRecord, RejectReason};
use crate::geoparquet;
use crate::kernel::{cut, geometry};

type BoxError = Box<dyn StdError + Send + Sync>;

/// Writes the file of every layer that has rows, where the pipeline wants them.
///
/// # Errors
/// When a tile can't be read back or a file can't be written.
pub(super) fn write(context: &Context<'_>, layers: &mut [LayerOutcome]) -> Result<(), Error> {
    for outcome in layers {
        if outcome.national.is_some() {
            continue;
        }
        // A carried report tells of the file that its own release had.
        outcome.report.national_bytes = None;
        if !context.plan.makes(NAME) || outcome.tiles.is_empty() {
            continue;
        }
        let _task = context.progress.start("write", "national.parquet", None);
        let file = one(context, outcome).map_err(|source| failure(&outcome.report.id, source))?;
        info!(stage = "write", layer = outcome.report.id, bytes = file.bytes, "national file written");
        outcome.report.national_bytes = Some(file.bytes);
        outcome.national = Some(file);
    }
    Ok(())
}

/// A store that can't take the file is the store's failure.
fn failure(layer: &str, source: BoxError) -> Error {
    match source.downcast::<TileError>() {
        Ok(error) => Error::from(*error),
        Err(source) => Error::National { layer: layer.to_owned(), source },
    }
}

fn one(context: &Context<'_>, outcome: &LayerOutcome) -> Result<FileRecord, BoxError> {
    let parts = outcome.tiles.iter().map(|tile| geoparquet::read(&context.staging.path_of(&tile.path), None));
    let parts = parts.collect::<Result<Vec<_>, _>>()?;
    let rows = concat_batches(&parts[0].schema(), &parts)?;
    drop(parts);
    let boxes = boxes(&rows)?;
    let whole = cut::whole(&rows, &boxes, &context.levels())?;
    drop(rows);
    Ok(tile::write_whole(context, &path(&outcome.report.id), &whole)?)
}

fn boxes(rows: &RecordBatch) -> Result<Vec<Rect<f64>>, BoxError> {
    let wkb = rows.column_by_name("geometry").and_then(|column| column.as_any().downcast_ref());
    let wkb: &BinaryArray = wkb.ok_or("a tile has no geometry")?;
    let rect = |bytes: Option<&[u8]>| -> Result<Rect<f64>, BoxError> {
        let shape = geometry::decode(bytes.unwrap_or_default()).map_err(RejectReason::code)?;
        Ok(shape.bounding_rect().ok_or("a tile holds an empty geometry")?)
    };
    wkb.iter().map(rect).collect()
}
