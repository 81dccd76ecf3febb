//! The inventory `facilities`: every facility of every layer, core columns, a point.
//!
//! Made of the rows as they wait for it; those of layers that this run did not make are read from their tiles once.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use geo::Geometry;
use tracing::info;

use super::tile::TileError;
use super::{Context, LayerOutcome, page, tile};
use crate::derive::inventory::FACILITIES;
use crate::engine::rows::{LocalRows, RowStore};
use crate::engine::{self, EngineError, Facilities, Member, Room};
use crate::error::Error;
use crate::feature::{RejectReason, TileRecord};
use crate::geoparquet;
use crate::kernel::assemble::{StageRows, inventory_schema};
use crate::kernel::geometry;
use crate::kernel::locate::JoinContext;
use crate::kernel::sector::class;
use crate::plan::LayerPlan;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Writes the inventory of the layers that take part in it.
///
/// # Errors
/// When a tile of an earlier release can't be read, or one can't be written.
pub(super) fn write(
    context: &Context<'_>,
    join: &JoinContext,
    room: &Room,
    layers: &[LayerOutcome],
) -> Result<Vec<TileRecord>, Error> {
    let task = context.progress.start("pack", FACILITIES, None);
    let schema = inventory_schema(join.further_sets());
    let taking_part = || context.plan.layers.iter().zip(layers).filter(|(layer, _)| layer.inventory);
    let mut earlier: Vec<(&LayerPlan, LocalRows)> = Vec::new();
    for (layer, outcome) in taking_part().filter(|(_, outcome)| outcome.rows.is_none()) {
        let rows = from_tiles(context, &schema, room, &outcome.tiles);
        earlier.push((layer, rows.map_err(|source| Error::Inventory { source })?));
    }
    let made = taking_part().filter_map(|(layer, outcome)| Some((layer, outcome.rows.as_ref()?)));
    let all = made.chain(earlier.iter().map(|(layer, rows)| (*layer, rows)));
    let members: Vec<Member<'_>> = all.map(|(layer, store)| Member { layer, store }).collect();
    let unpacked = Facilities::new(&members, &schema);
    let tiles = engine::pack(&unpacked, &context.packing(FACILITIES, room), |tile, groups| {
        let record = tile::write(context, &schema, tile, groups, &mut |group| {
            page::see(context, tile, &group.published.rows.0)
        })?;
        task.advance(record.rows);
        Ok(record)
    });
    let tiles = tiles.map_err(failure)?;
    let rows: u64 = tiles.iter().map(|tile| tile.rows).sum();
    info!(stage = "write", collection = FACILITIES, rows, tiles = tiles.len(), "inventory written");
    Ok(tiles)
}

/// A store that can't take a tile is the store's failure.
fn failure(error: EngineError) -> Error {
    let EngineError::Sink { region, source } = error else {
        return Error::Inventory { source: Box::new(error) };
    };
    match source.downcast::<TileError>() {
        Ok(error) => Error::from(*error),
        Err(source) => Error::Inventory { source: Box::new(EngineError::Sink { region, source }) },
    }
}

/// Core rows of a layer as its tiles have them.
fn from_tiles(
    context: &Context<'_>,
    schema: &SchemaRef,
    room: &Room,
    tiles: &[TileRecord],
) -> Result<LocalRows, BoxError> {
    let mut store = LocalRows::new(room);
    let names: Vec<&str> =
        schema.fields().iter().map(|field| field.name().as_str()).filter(|name| *name != "bbox").collect();
    for tile in tiles {
        // A carried tile may lack a column that the plan or this program has added since.
        let rows = geoparquet::read_present(&context.staging.path_of(&tile.path), &names)?;
        store.push(staged(&with_class(&tile.collection, rows)?)?)?;
    }
    store.seal()?;
    Ok(store)
}

/// Rows of a tile with their class, which one of an earlier version of this program doesn't tell.
fn with_class(layer: &str, rows: RecordBatch) -> Result<RecordBatch, BoxError> {
    if rows.column_by_name(class::COLUMN).is_some() {
        return Ok(rows);
    }
    let classes: ArrayRef = Arc::new(class::of_rows(layer, &rows));
    let schema = rows.schema();
    let own = Arc::new(Field::new(class::COLUMN, DataType::Utf8, true));
    let fields: Vec<Arc<Field>> = schema.fields().iter().cloned().chain([own]).collect();
    let columns = rows.columns().iter().cloned().chain([classes]).collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

/// Rows of a tile with the points that stand for them.
fn staged(rows: &RecordBatch) -> Result<StageRows, BoxError> {
    let wkb = rows.column_by_name("geometry").and_then(|column| column.as_binary_opt::<i32>());
    let point = |bytes: &[u8]| -> Result<[f64; 2], BoxError> {
        let shape: Geometry<f64> = geometry::decode(bytes).map_err(RejectReason::code)?;
        let point = geometry::representative_point(&shape).ok_or("a tile holds an empty geometry")?;
        Ok([point.x(), point.y()])
    };
    let points: Vec<[f64; 2]> = wkb.into_iter().flatten().flatten().map(point).collect::<Result<_, _>>()?;
    let kept: Vec<usize> =
        (0..rows.num_columns()).filter(|at| rows.schema().field(*at).name() != "geometry").collect();
    Ok(StageRows { rows: rows.project(&kept)?, centres: points, points: None })
}
