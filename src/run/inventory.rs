//! The inventory `facilities`: every facility of every layer, core columns, a point.
//!
//! Made region by region from the layers' tiles, so that carried layers are in it too and memory
//! holds a region at a time per thread.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BinaryArray, RecordBatch, new_null_array};
use arrow_schema::SchemaRef;
use arrow_select::concat::concat_batches;
use geo::{Geometry, Rect};
use rayon::prelude::*;
use tracing::info;

use super::{Context, LayerOutcome, page, tile};
use crate::derive::inventory::FACILITIES;
use crate::engine;
use crate::error::Error;
use crate::feature::{FeatureBatch, RegionId, RejectReason, Tile, TileRecord};
use crate::geoparquet;
use crate::kernel::assemble::{geometry_columns, inventory_schema};
use crate::kernel::geometry;
use crate::kernel::locate::JoinContext;
use crate::kernel::sector::class;

type BoxError = Box<dyn StdError + Send + Sync>;

/// Writes the inventory of the layers that take part in it.
///
/// # Errors
/// When a tile can't be read back or written.
pub(super) fn write(
    context: &Context<'_>,
    join: &JoinContext,
    layers: &[LayerOutcome],
) -> Result<Vec<TileRecord>, Error> {
    let task = context.progress.start("pack", FACILITIES, None);
    let schema = inventory_schema(join.further_sets());
    let mut regions: BTreeMap<&RegionId, Vec<&TileRecord>> = BTreeMap::new();
    for (layer, outcome) in context.plan.layers.iter().zip(layers) {
        for tile in outcome.tiles.iter().filter(|_| layer.inventory) {
            regions.entry(&tile.region).or_default().push(tile);
        }
    }
    let tiles: Result<Vec<Vec<TileRecord>>, BoxError> =
        regions.into_par_iter().map(|(_, tiles)| region(context, &schema, &tiles)).collect();
    let tiles: Vec<TileRecord> =
        tiles.map_err(|source| Error::Inventory { source })?.into_iter().flatten().collect();
    let rows: u64 = tiles.iter().map(|tile| tile.rows).sum();
    task.advance(rows);
    info!(stage = "write", collection = FACILITIES, rows, tiles = tiles.len(), "inventory written");
    Ok(tiles)
}

fn region(
    context: &Context<'_>,
    schema: &SchemaRef,
    tiles: &[&TileRecord],
) -> Result<Vec<TileRecord>, BoxError> {
    let (mut parts, mut boxes) = (Vec::with_capacity(tiles.len()), Vec::new());
    for tile in tiles {
        let (rows, more) = as_points(&core_rows(context, schema, tile)?)?;
        parts.push(rows.0);
        boxes.extend(more);
    }
    let rows = FeatureBatch(concat_batches(schema, &parts)?);
    let sink = |tile: Tile, types: Vec<String>| {
        page::see(context, &tile)?;
        Ok(tile::write(context, &tile, &types)?)
    };
    Ok(engine::cut_tiles(FACILITIES, &rows, &boxes, &context.levels(), sink)?)
}

/// A tile's core columns; a carried tile may lack one that the plan or this program has added since.
fn core_rows(context: &Context<'_>, schema: &SchemaRef, tile: &TileRecord) -> Result<RecordBatch, BoxError> {
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let rows = geoparquet::read_present(&context.staging.path_of(&tile.path), &names)?;
    let columns = schema.fields().iter().map(|field| -> ArrayRef {
        match (rows.column_by_name(field.name()), field.name().as_str()) {
            (Some(column), _) => Arc::clone(column),
            (None, class::COLUMN) => Arc::new(class::of_rows(&tile.collection, &rows)),
            (None, _) => new_null_array(field.data_type(), rows.num_rows()),
        }
    });
    Ok(RecordBatch::try_new(Arc::clone(schema), columns.collect())?)
}

/// Every geometry as the point that locate used for it.
fn as_points(rows: &RecordBatch) -> Result<(FeatureBatch, Vec<Rect<f64>>), BoxError> {
    let wkb =
        rows.column_by_name("geometry").and_then(|column| column.as_any().downcast_ref::<BinaryArray>());
    let point = |bytes: &[u8]| -> Result<Geometry<f64>, BoxError> {
        let shape = geometry::decode(bytes).map_err(RejectReason::code)?;
        Ok(Geometry::Point(geometry::representative_point(&shape).ok_or("a tile holds an empty geometry")?))
    };
    let shapes: Vec<&[u8]> = wkb.into_iter().flatten().flatten().collect();
    let points: Vec<Geometry<f64>> = shapes.into_iter().map(point).collect::<Result<_, _>>()?;
    let (geometry, bbox, boxes) = geometry_columns(&points);
    let replaced = rows.schema_ref().fields().iter().zip(rows.columns()).map(|(field, column)| {
        Arc::clone(match field.name().as_str() {
            "geometry" => &geometry,
            "bbox" => &bbox,
            _ => column,
        })
    });
    Ok((FeatureBatch(RecordBatch::try_new(rows.schema(), replaced.collect())?), boxes))
}
