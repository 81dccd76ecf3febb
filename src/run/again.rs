//! Rows of tiles that another run has made, put where this run's rows wait: to be packed once more.

use std::error::Error as StdError;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema};

use super::Context;
use crate::engine::Room;
use crate::engine::rows::{LocalRows, RowStore};
use crate::feature::{RejectReason, TileRecord};
use crate::geoparquet;
use crate::kernel::assemble::StageRows;
use crate::kernel::geometry;
use crate::kernel::sector::class;

type BoxError = Box<dyn StdError + Send + Sync>;

/// The rows of a layer as its tiles have them, a few at a time: the columns that are named and there, or all. A geometry
/// that isn't named only says where its row stands.
///
/// # Errors
/// When a tile can't be read, or a row has no geometry to stand somewhere.
pub(super) fn rows(
    context: &Context<'_>,
    room: &Room,
    tiles: &[TileRecord],
    columns: Option<&[&str]>,
) -> Result<LocalRows, BoxError> {
    let mut store = LocalRows::new(room);
    for tile in tiles {
        let file = context.staging.path_of(&tile.path);
        // A carried tile may lack a column that the plan or this program has added since.
        let there = geoparquet::inspect(&file)?.schema;
        let names = there.fields().iter().map(|field| field.name().as_str());
        let is_read = |name: &&str| {
            *name == "geometry" || *name != "bbox" && columns.is_none_or(|columns| columns.contains(name))
        };
        let names: Vec<&str> = names.filter(is_read).collect();
        let is_geometry_kept = columns.is_none_or(|columns| columns.contains(&"geometry"));
        let mut failed = None;
        geoparquet::read_each(&file, &names, &mut |rows| {
            if failed.is_none() {
                failed = put(&mut store, &tile.collection, rows, is_geometry_kept).err();
            }
        })?;
        failed.map_or(Ok(()), Err)?;
    }
    store.seal()?;
    Ok(store)
}

fn put(
    store: &mut LocalRows,
    layer: &str,
    rows: &RecordBatch,
    is_geometry_kept: bool,
) -> Result<(), BoxError> {
    let mut rows = placed(&with_class(layer, rows)?)?;
    if !is_geometry_kept {
        rows.rows.remove_column(rows.rows.schema().index_of("geometry")?);
    }
    Ok(store.push(rows)?)
}

/// Rows with their class, which a tile of an earlier version of this program doesn't tell.
fn with_class(layer: &str, rows: &RecordBatch) -> Result<RecordBatch, BoxError> {
    if rows.column_by_name(class::COLUMN).is_some() {
        return Ok(rows.clone());
    }
    let classes: ArrayRef = Arc::new(class::of_rows(layer, rows));
    let own = Arc::new(Field::new(class::COLUMN, DataType::Utf8, true));
    let fields: Vec<Arc<Field>> = rows.schema().fields().iter().cloned().chain([own]).collect();
    let columns = rows.columns().iter().cloned().chain([classes]).collect();
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

/// Rows with their centres and the points that stand for them.
fn placed(rows: &RecordBatch) -> Result<StageRows, BoxError> {
    let wkb = rows
        .column_by_name("geometry")
        .and_then(|column| column.as_binary_opt::<i32>());
    let wkb = wkb.ok_or("a tile has no geometry")?;
    let (mut centres, mut points) = (Vec::with_capacity(wkb.len()), Vec::with_capacity(wkb.len()));
    for bytes in wkb {
        let bytes = bytes.ok_or("a tile holds a row without geometry")?;
        let bounds = geometry::bounds(bytes).ok_or("a tile holds an empty geometry")?;
        let shape = geometry::decode(bytes).map_err(RejectReason::code)?;
        let point = geometry::representative_point(&shape).ok_or("a tile holds an empty geometry")?;
        centres.push([bounds.center().x, bounds.center().y]);
        points.push([point.x(), point.y()]);
    }
    let points = (points != centres).then_some(points);
    Ok(StageRows {
        rows: rows.clone(),
        centres,
        points,
    })
}
