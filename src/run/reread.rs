//! Rows of tiles that another run has made, put where this run's rows wait: to be packed once more.

use std::sync::Arc;

use arrow_array::Array;
use arrow_schema::{ArrowError, DataType, Field};

use super::context::Context;
use crate::engine::Room;
use crate::engine::rows::{LocalRows, RowStore, RowsError};
use crate::feature::{ColumnError, FacilityRows, RejectReason, TileRecord};
use crate::geoparquet::{self, GeoparquetError};
use crate::kernel::assemble::StageRows;
use crate::kernel::geometry;
use crate::kernel::sector::class;

/// Why the rows of a tile can't be had back.
#[derive(Debug, thiserror::Error)]
pub(super) enum RereadError {
    /// The tile can't be read.
    #[error(transparent)]
    Tile {
        #[from]
        source: GeoparquetError,
    },
    /// Its rows can't be put where rows wait.
    #[error(transparent)]
    Rows {
        #[from]
        source: RowsError,
    },
    /// Its columns don't fit together.
    #[error(transparent)]
    Columns {
        #[from]
        source: ArrowError,
    },
    /// One of them is not as a row on its way has it.
    #[error(transparent)]
    Column {
        #[from]
        source: ColumnError,
    },
    /// A geometry is not one that a tile may hold.
    #[error("{what}")]
    Geometry { what: &'static str },
}

/// The rows of a layer as its tiles have them, a few at a time: the columns that are named and there, or all.
/// A geometry that isn't named only says where its row stands.
///
/// # Errors
/// When a tile can't be read, or a row has no geometry to stand somewhere.
pub(super) fn rows_of_tiles(
    context: &Context<'_>,
    room: &Room,
    tiles: &[TileRecord],
    columns: Option<&[&str]>,
) -> Result<LocalRows, RereadError> {
    let mut store = LocalRows::new(room);
    let is_geometry_kept = columns.is_none_or(|columns| columns.contains(&"geometry"));
    for tile in tiles {
        let file = context.staging.path_of(&tile.path);
        // A carried tile may lack a column that the plan or this program has added since.
        let schema = geoparquet::read_footer(&file)?.schema;
        let names = schema.fields().iter().map(|field| field.name().as_str());
        // The geometry is always read, since rows are packed by where they stand; the
        // covering follows from it.
        let names: Vec<&str> = names
            .filter(|name| match *name {
                "geometry" => true,
                "bbox" => false,
                name => columns.is_none_or(|columns| columns.contains(&name)),
            })
            .collect();
        // What `read_each` calls can't fail: the first failure is kept, and the rows after it are let pass.
        let mut failed = None;
        geoparquet::read_each(&file, &names, &mut |rows| {
            if failed.is_none() {
                failed = store_rows(&mut store, &tile.collection, rows, is_geometry_kept).err();
            }
        })?;
        failed.map_or(Ok(()), Err)?;
    }
    store.seal()?;
    Ok(store)
}

fn store_rows(
    store: &mut LocalRows,
    layer: &str,
    rows: &FacilityRows,
    is_geometry_kept: bool,
) -> Result<(), RereadError> {
    store.push(with_places(with_class(layer, rows)?, is_geometry_kept)?)?;
    Ok(())
}

/// Rows with their class, which a tile of an earlier version of this program doesn't tell.
fn with_class(layer: &str, rows: &FacilityRows) -> Result<FacilityRows, ArrowError> {
    if rows.column(class::COLUMN).is_some() {
        return Ok(rows.clone());
    }
    let classes = class::of_rows(layer, rows);
    rows.with_column(Field::new(class::COLUMN, DataType::Utf8, true), Arc::new(classes))
}

/// Rows with their centres and the points that stand for them.
fn with_places(rows: FacilityRows, is_geometry_kept: bool) -> Result<StageRows, RereadError> {
    let wkb = rows
        .geometry()
        .ok_or_else(|| bad_geometry("a tile has no geometry"))?;
    let mut centres = Vec::with_capacity(wkb.len());
    let mut points = Vec::with_capacity(wkb.len());
    for bytes in wkb {
        let bytes = bytes.ok_or_else(|| bad_geometry("a tile holds a row without geometry"))?;
        let bounds =
            geometry::wkb_bounds(bytes).ok_or_else(|| bad_geometry("a tile holds an empty geometry"))?;
        let shape = geometry::decode(bytes).map_err(|reason: RejectReason| bad_geometry(reason.code()))?;
        let point = geometry::representative_point(&shape)
            .ok_or_else(|| bad_geometry("a tile holds an empty geometry"))?;
        centres.push([bounds.center().x, bounds.center().y]);
        points.push([point.x(), point.y()]);
    }
    let rows = if is_geometry_kept {
        rows
    } else {
        rows.without_column("geometry")
    };
    Ok(StageRows::try_new(rows, centres, points)?)
}

fn bad_geometry(what: &'static str) -> RereadError {
    RereadError::Geometry { what }
}
