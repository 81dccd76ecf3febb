//! Cuts packed rows into tiles, region by region.
//!
//! Pure. `partition` decides which rows stand in which tile and in which order; `tile` takes them.

use std::collections::BTreeMap;

use arrow_array::{Array, BinaryArray, RecordBatch, StringArray, UInt32Array};
use arrow_select::take::take_record_batch;
use geo::{Coord, Rect};
use rayon::prelude::*;

use super::KernelError;
use super::pack::{Levels, cuts, str_order};
use crate::feature::{FeatureBatch, RegionId, Tile};

/// Rows of one tile, in page order.
#[derive(Debug, Clone)]
pub struct TileRows {
    region: RegionId,
    ordinal: u32,
    rows: Vec<u32>,
    row_groups: Vec<usize>,
}

/// Splits rows by `region_code`, orders each region as a packed R-tree, and cuts it into tiles.
///
/// Any order of the rows gives the same tiles: ties fall to `facility_id`.
pub fn partition(rows: &FeatureBatch, boxes: &[Rect<f64>], levels: &Levels) -> Vec<TileRows> {
    let regions: Vec<(RegionId, Vec<u32>)> = by_region(text(&rows.0, "region_code")).into_iter().collect();
    let ids = text(&rows.0, "facility_id");
    let tiles = regions.into_par_iter().flat_map_iter(|(region, rows)| {
        let boxes: Vec<Rect<f64>> = rows.iter().map(|row| boxes[*row as usize]).collect();
        let ids: Vec<&str> = rows.iter().map(|row| ids.value(*row as usize)).collect();
        let order: Vec<u32> = str_order(&boxes, &ids, levels).iter().map(|at| rows[*at as usize]).collect();
        let cut = move |(ordinal, cut): (u32, super::pack::TileCut)| TileRows {
            region: region.clone(),
            ordinal,
            rows: order[cut.rows].to_vec(),
            row_groups: cut.row_groups,
        };
        (0..).zip(cuts(rows.len(), levels)).map(cut).collect::<Vec<_>>()
    });
    tiles.collect()
}

/// Takes a tile's rows.
///
/// # Errors
/// When Arrow can't take them (a column over 2 GiB).
pub fn tile(
    collection: &str,
    rows: &FeatureBatch,
    boxes: &[Rect<f64>],
    part: &TileRows,
) -> Result<(Tile, Vec<String>), KernelError> {
    let indices = UInt32Array::from(part.rows.clone());
    let taken = take_record_batch(&rows.0, &indices).map_err(|source| KernelError::Arrow { source })?;
    let types = geometry_types(&taken);
    let tile = Tile {
        collection: collection.to_owned(),
        region: part.region.clone(),
        ordinal: part.ordinal,
        extent: extent(part.rows.iter().map(|row| boxes[*row as usize])),
        rows: FeatureBatch(taken),
        row_groups: part.row_groups.clone(),
    };
    Ok((tile, types))
}

/// A layer's rows as one file holds them.
#[derive(Debug, Clone)]
pub struct Whole {
    /// Every row, in page order.
    pub rows: RecordBatch,
    /// Row-group lengths; they add up to the rows.
    pub row_groups: Vec<usize>,
    /// Exact extent of the geometries, degrees.
    pub extent: Rect<f64>,
    /// GeoParquet names of the geometry types present, sorted.
    pub geometry_types: Vec<String>,
}

/// Orders all rows as one packed R-tree, whatever their region and however many they are.
///
/// # Errors
/// When Arrow can't take them (a column over 2 GiB).
pub fn whole(rows: &RecordBatch, boxes: &[Rect<f64>], levels: &Levels) -> Result<Whole, KernelError> {
    let levels = Levels { tile_rows: usize::MAX, ..*levels };
    let ids: Vec<&str> = text(rows, "facility_id").iter().map(Option::unwrap_or_default).collect();
    let order = UInt32Array::from(str_order(boxes, &ids, &levels));
    let taken = take_record_batch(rows, &order).map_err(|source| KernelError::Arrow { source })?;
    Ok(Whole {
        row_groups: cuts(boxes.len(), &levels).into_iter().flat_map(|cut| cut.row_groups).collect(),
        extent: extent(boxes.iter().copied()),
        geometry_types: geometry_types(&taken),
        rows: taken,
    })
}

fn by_region(codes: &StringArray) -> BTreeMap<RegionId, Vec<u32>> {
    let mut regions: BTreeMap<RegionId, Vec<u32>> = BTreeMap::new();
    for (row, code) in (0..).zip(codes) {
        regions.entry(RegionId::new(code)).or_default().push(row);
    }
    regions
}

fn geometry_types(rows: &RecordBatch) -> Vec<String> {
    let wkb =
        rows.column_by_name("geometry").and_then(|column| column.as_any().downcast_ref::<BinaryArray>());
    let names = wkb.into_iter().flatten().flatten().map(type_name);
    let distinct: std::collections::BTreeSet<&str> = names.collect();
    distinct.into_iter().map(str::to_owned).collect()
}

/// GeoParquet's name for the type of a tile's WKB (little-endian, 2-D): ISO codes 1 to 6.
fn type_name(wkb: &[u8]) -> &'static str {
    match wkb.get(1) {
        Some(1) => "Point",
        Some(2) => "LineString",
        Some(3) => "Polygon",
        Some(4) => "MultiPoint",
        Some(5) => "MultiLineString",
        _ => "MultiPolygon",
    }
}

fn extent(boxes: impl Iterator<Item = Rect<f64>>) -> Rect<f64> {
    let join = |a: Rect<f64>, b: Rect<f64>| {
        let (low, high) = (a.min(), a.max());
        Rect::new(
            Coord { x: low.x.min(b.min().x), y: low.y.min(b.min().y) },
            Coord { x: high.x.max(b.max().x), y: high.y.max(b.max().y) },
        )
    };
    boxes.reduce(join).unwrap_or_else(|| Rect::new((0.0, 0.0), (0.0, 0.0)))
}

/// A text column that every published row has.
pub(super) fn text<'a>(rows: &'a RecordBatch, name: &str) -> &'a StringArray {
    let column = rows.column_by_name(name).expect("published rows have the core columns");
    column.as_any().downcast_ref().expect("core text columns are Utf8")
}
