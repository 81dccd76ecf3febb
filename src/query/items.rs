//! The items of a layer: a box, a size and a count of rows for each of its tiles, as `items.parquet` has them.
//!
//! Pure: a table in. The root of the R-tree.

use std::path::{Component, Path};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, Float64Array, RecordBatch};

use super::QueryError;
use crate::feature::release::paths::{collection_folder, is_crossing};
use crate::feature::{BBOX_SIDES, Texts};

/// Columns of the table that are read.
pub(super) const COLUMNS: [&str; 3] = ["assets", "table:row_count", "bbox"];

/// A tile by its item.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TileItem {
    /// Path within the release.
    pub(super) path: String,
    /// Bytes of the file.
    pub(super) size: u64,
    /// Rows in it.
    pub(super) rows: u64,
    /// Rows of the layer before its first.
    pub(super) first_row: u64,
    /// Box `[xmin, ymin, xmax, ymax]` around them, degrees.
    pub(super) bounds: [f64; 4],
}

/// The tiles of a layer in which each of its rows stands once, in the order of their paths.
pub(super) fn tiles_of(layer: &str, file: &str, table: &RecordBatch) -> Result<Vec<TileItem>, QueryError> {
    let unlike = |what: &str| QueryError::format(file, format!("it isn't as this program writes it: {what}"));
    let data = table
        .column_by_name("assets")
        .and_then(|assets| {
            assets
                .as_struct_opt()?
                .column_by_name("data")?
                .as_struct_opt()
                .cloned()
        })
        .ok_or_else(|| unlike("no `assets.data`"))?;
    let hrefs = data
        .column_by_name("href")
        .and_then(|column| Texts::from_array(column.as_ref()));
    let hrefs = hrefs.ok_or_else(|| unlike("no `assets.data.href`"))?;
    let sizes = data
        .column_by_name("file:size")
        .and_then(|column| column.as_primitive_opt::<Int64Type>())
        .ok_or_else(|| unlike("no `assets.data.file:size`"))?;
    let counts = table
        .column_by_name("table:row_count")
        .and_then(|column| column.as_primitive_opt::<Int64Type>())
        .ok_or_else(|| unlike("no `table:row_count`"))?;
    let corners = sides_of(table).ok_or_else(|| unlike("no `bbox` of four numbers"))?;
    let folder = collection_folder(layer);
    let mut tiles = Vec::with_capacity(table.num_rows());
    for row in 0..table.num_rows() {
        let href = hrefs.value(row).unwrap_or_default();
        // What a table says must not lead out of the release that it stands in.
        if !Path::new(href)
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
        {
            return Err(unlike("a path in it leads out of the release"));
        }
        let path = folder.join(href);
        if is_crossing(&path) {
            continue;
        }
        tiles.push(TileItem {
            path: path.display().to_string(),
            size: sizes.value(row).unsigned_abs(),
            rows: counts.value(row).unsigned_abs(),
            first_row: 0,
            bounds: corners.each_ref().map(|side| side.value(row)),
        });
    }
    tiles.sort_by(|one, other| one.path.cmp(&other.path));
    let mut before = 0_u64;
    for tile in &mut tiles {
        tile.first_row = before;
        before = before.saturating_add(tile.rows);
    }
    Ok(tiles)
}

fn sides_of(table: &RecordBatch) -> Option<[Float64Array; 4]> {
    let boxes = table.column_by_name("bbox")?.as_struct_opt()?;
    let mut sides = Vec::with_capacity(BBOX_SIDES.len());
    for side in BBOX_SIDES {
        let column = boxes.column_by_name(side)?.as_primitive_opt::<Float64Type>()?;
        if column.null_count() > 0 {
            return None;
        }
        sides.push(column.clone());
    }
    sides.try_into().ok()
}
