//! A tile read back: what it holds, and what is wrong with it alone.

use std::path::Path;

use arrow_array::{Array, BinaryArray, Float32Array, RecordBatch, StringArray, StructArray};
use geo::{BoundingRect, Rect};

use crate::derive::product::{HeldTile, Problem};
use crate::error::error_chain;
use crate::feature::RegionId;
use crate::feature::release::paths::{collection_of, region_of};
use crate::geoparquet;
use crate::kernel::geometry;
use crate::kernel::sector::class;

/// A tile as read back, and what is wrong with it alone.
pub(super) struct CheckedTile {
    pub(super) tile: HeldTile,
    pub(super) problems: Vec<Problem>,
}

/// Reads a tile whole, and checks what can be told without any other.
pub(super) fn check_tile(release: &Path, path: &Path) -> CheckedTile {
    let mut tile = HeldTile {
        path: path.to_owned(),
        collection: collection_of(path).unwrap_or_default(),
        ..HeldTile::default()
    };
    let file = release.join(path);
    let read = geoparquet::read_footer(&file).and_then(|footer| Ok((footer, geoparquet::read(&file, None)?)));
    let problems = match read {
        Ok((footer, rows)) => {
            tile.rows = footer.rows;
            tile.schema = Some(footer.schema);
            tile.ids = text_column(&rows, "facility_id")
                .iter()
                .flatten()
                .map(str::to_owned)
                .collect();
            let classes = class::classes(&tile.collection, &rows);
            tile.classes = classes.into_iter().map(|class| class.name).collect();
            let found = [
                foreign_region(path, &rows),
                uncovered_row(&rows),
                class::misnamed_class(&rows),
            ];
            found
                .into_iter()
                .flatten()
                .map(|what| Problem::new(path, what))
                .collect()
        }
        Err(error) => vec![Problem::new(path, error_chain(&error))],
    };
    CheckedTile { tile, problems }
}

fn text_column(rows: &RecordBatch, name: &str) -> StringArray {
    rows.column_by_name(name)
        .and_then(|column| column.as_any().downcast_ref::<StringArray>())
        .cloned()
        .unwrap_or_else(|| StringArray::new_null(rows.num_rows()))
}

/// The path's region is that of every row.
fn foreign_region(path: &Path, rows: &RecordBatch) -> Option<String> {
    let folder = region_of(path)?;
    let codes = text_column(rows, "region_code");
    let other = codes
        .iter()
        .find(|code| RegionId::new(*code).as_str() != folder)?;
    Some(format!("holds a row of region {}", RegionId::new(other)))
}

/// Every geometry decodes and stands inside its `bbox`.
fn uncovered_row(rows: &RecordBatch) -> Option<String> {
    let shapes: &BinaryArray = rows.column_by_name("geometry")?.as_any().downcast_ref()?;
    let boxes: &StructArray = rows.column_by_name("bbox")?.as_any().downcast_ref()?;
    let sides: Vec<&Float32Array> = boxes
        .columns()
        .iter()
        .filter_map(|side| side.as_any().downcast_ref())
        .collect();
    let bad = (0..rows.num_rows()).find(|row| {
        let shape = geometry::decode(shapes.value(*row)).ok();
        let bounds = shape.and_then(|shape| shape.bounding_rect());
        bounds.is_none_or(|bounds| sticks_out(bounds, &sides, *row))
    })?;
    Some(format!("row {bad}: bbox doesn't cover the geometry"))
}

/// Whether a geometry reaches beyond its covering. The covering's sides are 32-bit numbers, rounded outwards
/// when it was written, so that no tolerance is needed.
fn sticks_out(bounds: Rect<f64>, sides: &[&Float32Array], row: usize) -> bool {
    let [xmin, ymin, xmax, ymax] = [0, 1, 2, 3].map(|side| f64::from(sides[side].value(row)));
    xmin > bounds.min().x || ymin > bounds.min().y || xmax < bounds.max().x || ymax < bounds.max().y
}
