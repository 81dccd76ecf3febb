//! `layers/<layer>/national.parquet`: all rows of a layer in one file, as one packed R-tree.
//!
//! Made of the rows as they wait for it; those of a layer that this run did not make are read from its tiles once.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray, UInt64Array};
use arrow_select::concat::concat;
use arrow_select::take::take;
use tracing::info;

use super::tile::{self, TileError};
use super::{Context, LayerOutcome};
use crate::engine::rows::{LocalRows, RowStore};
use crate::engine::{self, EngineError, LayerTiles, OneFile, Room};
use crate::error::{Error, chain};
use crate::feature::{FileRecord, TileRecord};
use crate::geoparquet;
use crate::kernel::assemble::StageRows;
use crate::kernel::geometry;
use crate::plan::LayerPlan;

type BoxError = Box<dyn StdError + Send + Sync>;

/// Path of a layer's file within a release.
pub(super) fn path(layer: &str) -> PathBuf {
    tile::base(layer).join("national.parquet")
}

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
        if !context.plan.output.national || outcome.tiles.is_empty() {
            continue;
        }
        let _task = context.progress.start("write", "national.parquet", None);
        let file =
            one(context, layer, outcome, room).map_err(|source| failure(&outcome.report.id, source))?;
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

fn one(
    context: &Context<'_>,
    layer: &LayerPlan,
    outcome: &LayerOutcome,
    room: &Room,
) -> Result<FileRecord, BoxError> {
    let schema = outcome.schema.as_ref().ok_or("a layer with tiles has no columns")?;
    let earlier = match &outcome.rows {
        Some(_) => None,
        None => Some(from_tiles(context, room, &outcome.tiles)?),
    };
    let store = outcome.rows.as_ref().or(earlier.as_ref()).ok_or("a layer with tiles has no rows")?;
    let unpacked = OneFile(LayerTiles::new(layer, store, schema));
    let mut packing = context.packing(layer.id.as_str(), room);
    packing.levels.tile_rows = usize::MAX;
    let path = path(&outcome.report.id);
    let files = engine::pack(&unpacked, &packing, |_, groups| {
        Ok(tile::write_groups(context, schema, &path, groups)?.file)
    });
    match files {
        Ok(files) => files.into_iter().next().ok_or_else(|| "a layer with tiles has no rows".into()),
        Err(EngineError::Sink { source, .. }) => Err(source),
        Err(error) => Err(Box::new(error)),
    }
}

/// Rows of a layer as its tiles have them.
fn from_tiles(context: &Context<'_>, room: &Room, tiles: &[TileRecord]) -> Result<LocalRows, BoxError> {
    let mut store = LocalRows::new(room);
    for tile in tiles {
        store.push(staged(&geoparquet::read(&context.staging.path_of(&tile.path), None)?)?)?;
    }
    store.seal()?;
    Ok(store)
}

/// Rows of a tile with their centres.
fn staged(rows: &RecordBatch) -> Result<StageRows, BoxError> {
    let wkb = rows.column_by_name("geometry").and_then(|column| column.as_binary_opt::<i32>());
    let wkb = wkb.ok_or("a tile has no geometry")?;
    let centre = |bytes: Option<&[u8]>| -> Result<[f64; 2], BoxError> {
        let bounds = bytes.and_then(geometry::bounds).ok_or("a tile holds an empty geometry")?;
        Ok([bounds.center().x, bounds.center().y])
    };
    let centres = wkb.iter().map(centre).collect::<Result<_, _>>()?;
    let kept: Vec<usize> =
        (0..rows.num_columns()).filter(|at| rows.schema().field(*at).name() != "bbox").collect();
    Ok(StageRows { rows: rows.project(&kept)?, centres, points: None })
}

/// What is wrong with a layer's file in a release: it must hold the very rows of the tiles.
///
/// Compares column by column, so that memory holds one column of the layer.
pub(super) fn problems(release: &Path, layer: &str, told: Option<u64>, tiles: &[PathBuf]) -> Vec<String> {
    let file = release.join(path(layer));
    match told {
        None if file.exists() => vec!["a file that report.json doesn't know".to_owned()],
        None => vec![],
        Some(_) => differences(&file, tiles).unwrap_or_else(|error| vec![chain(&*error)]),
    }
}

fn differences(file: &Path, tiles: &[PathBuf]) -> Result<Vec<String>, BoxError> {
    let footer = geoparquet::inspect(file)?;
    let Some(first) = tiles.first() else { return Ok(vec!["the layer has no tiles".to_owned()]) };
    if footer.schema != geoparquet::inspect(first)?.schema {
        return Ok(vec!["its columns are not those of the tiles".to_owned()]);
    }
    let ids = column(std::slice::from_ref(&file.to_owned()), "facility_id")?;
    let expected = column(tiles, "facility_id")?;
    let (order, wanted) = (by_id(&ids)?, by_id(&expected)?);
    let (found, wanted_rows) = (order.len(), wanted.len());
    if found != wanted_rows {
        return Ok(vec![format!("{found} rows, {wanted_rows} in the tiles")]);
    }
    for field in footer.schema.fields() {
        let of = |files: &[PathBuf], order: &UInt64Array| -> Result<ArrayRef, BoxError> {
            Ok(take(&column(files, field.name())?, order, None)?)
        };
        if of(std::slice::from_ref(&file.to_owned()), &order)? != of(tiles, &wanted)? {
            return Ok(vec![format!("`{}` is not that of the tiles", field.name())]);
        }
    }
    Ok(vec![])
}

fn column(files: &[PathBuf], name: &str) -> Result<ArrayRef, BoxError> {
    let read = |file: &PathBuf| -> Result<ArrayRef, BoxError> {
        Ok(Arc::clone(geoparquet::read(file, Some(&[name]))?.column(0)))
    };
    let parts = files.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    Ok(concat(&parts)?)
}

/// Positions in the order of the ids; one that stands twice counts as a mistake of both files alike.
fn by_id(ids: &ArrayRef) -> Result<UInt64Array, BoxError> {
    let ids: &StringArray = ids.as_any().downcast_ref().ok_or("`facility_id` is no text")?;
    let order: BTreeMap<(&str, usize), u64> =
        ids.iter().zip(0..).map(|(id, row)| ((id.unwrap_or_default(), row), row as u64)).collect();
    Ok(order.into_values().collect())
}
