//! A tile read back: what it holds, and what is wrong with it alone.

use std::path::Path;

use arrow_array::{Array, Float32Array};
use geo::{BoundingRect, Rect};

use crate::derive::product::{Problem, TileReadBack};
use crate::error::error_chain;
use crate::feature::release::paths::{collection_of, region_of};
use crate::feature::{FacilityRows, FeatureBatch, RegionId, Texts};
use crate::geoparquet;
use crate::kernel::geometry;
use crate::kernel::sector::class;

/// A tile as read back, and what is wrong with it alone.
pub(super) struct CheckedTile {
    pub(super) tile: TileReadBack,
    pub(super) problems: Vec<Problem>,
}

/// Reads a tile whole, and checks what can be told without any other.
pub(super) fn check_tile(release: &Path, path: &Path) -> CheckedTile {
    let mut tile = TileReadBack {
        path: path.to_owned(),
        collection: collection_of(path).unwrap_or_default(),
        ..TileReadBack::default()
    };
    let file = release.join(path);
    let read = geoparquet::read_footer(&file)
        .and_then(|footer| Ok((footer, geoparquet::read_facilities(&file, None)?)));
    let problems = match read {
        Ok((footer, rows)) => {
            tile.rows = footer.rows;
            tile.schema = Some(footer.schema);
            let ids = rows.ids().into_iter().flat_map(Texts::iter).flatten();
            tile.ids = ids.map(str::to_owned).collect();
            let classes = class::classes(&tile.collection, &rows);
            tile.classes = classes.into_iter().map(|class| class.name).collect();
            let misnamed = class::misnamed_class(&rows);
            let found = misplaced_rows(path, rows).into_iter().chain(misnamed);
            found.map(|what| Problem::new(path, what)).collect()
        }
        Err(error) => vec![Problem::new(path, error_chain(&error))],
    };
    CheckedTile { tile, problems }
}

/// Rows that aren't where they say they are; or why they don't say it.
fn misplaced_rows(path: &Path, rows: FacilityRows) -> Vec<String> {
    match FeatureBatch::of_rows(rows) {
        Ok(rows) => [foreign_region(path, &rows), uncovered_row(&rows)]
            .into_iter()
            .flatten()
            .collect(),
        Err(error) => vec![error.to_string()],
    }
}

/// The path's region is that of every row.
fn foreign_region(path: &Path, rows: &FeatureBatch) -> Option<String> {
    let folder = region_of(path)?;
    let other = rows
        .regions()
        .iter()
        .find(|code| RegionId::new(*code).as_str() != folder)?;
    Some(format!("holds a row of region {}", RegionId::new(other)))
}

/// Every geometry decodes and stands inside its `bbox`.
fn uncovered_row(rows: &FeatureBatch) -> Option<String> {
    let shapes = rows.geometry();
    let sides = rows.covering();
    let bad = (0..shapes.len()).find(|row| {
        let shape = geometry::decode(shapes.value(*row)).ok();
        let bounds = shape.and_then(|shape| shape.bounding_rect());
        bounds.is_none_or(|bounds| sticks_out(bounds, sides, *row))
    })?;
    Some(format!("row {bad}: bbox doesn't cover the geometry"))
}

/// Whether a geometry reaches beyond its covering. The covering's sides are 32-bit numbers, rounded outwards
/// when it was written, so that no tolerance is needed.
fn sticks_out(bounds: Rect<f64>, sides: [&Float32Array; 4], row: usize) -> bool {
    let [xmin, ymin, xmax, ymax] = sides.map(|side| f64::from(side.value(row)));
    xmin > bounds.min().x || ymin > bounds.min().y || xmax < bounds.max().x || ymax < bounds.max().y
}
