//! The tree of one tile: its levels, what its columns take, and what a window would read of it.
//!
//! Reads the footer and the page index; no rows.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde::Serialize;

use super::account::Meter;
use super::cache::{IndexCache, KEPT_BYTES};
use super::items::TileItem;
use super::levels::{LevelShape, Spread, around, level_of, spread_of};
use super::reader::{GroupsOf, Reader};
use super::{Limits, QueryError};
use crate::feature::ReleaseFiles;
use crate::geoparquet::{GroupIndex, TileIndex};

/// Windows that are tried.
const WINDOWS: usize = 100;
/// Side of a window of 1 % of the area, as a share of the side of the tile's box.
const SIDE: f64 = 0.1;

/// What a tile is like.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// Bytes of the file.
    pub bytes: u64,
    /// Its rows.
    pub rows: u64,
    /// Program that wrote it.
    pub created_by: Option<String>,
    /// Version of GeoParquet; none where the file has no `geo` key.
    pub geoparquet: Option<String>,
    /// Types of geometry that it says it holds.
    pub geometry_types: Vec<String>,
    /// Box `[xmin, ymin, xmax, ymax]` around its row groups, degrees; none where no statistics tell.
    pub extent: Option<[f64; 4]>,
    /// Bytes of the footer.
    pub footer_bytes: u64,
    /// Bytes of the page index.
    pub page_index_bytes: u64,
    /// Its row groups; none where they have no boxes.
    pub row_groups: Option<LevelShape>,
    /// Its pages, the leaves; none where the covering has no page index.
    pub pages: Option<LevelShape>,
    /// What each column takes, in the order of the file.
    pub columns: Vec<ColumnWeight>,
    /// What a window would read; none where there are no leaves.
    pub window: Option<WindowReads>,
}

/// What a column takes, bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnWeight {
    /// Its path, with dots.
    pub column: String,
    /// In the file.
    pub bytes: u64,
    /// Decompressed.
    pub decoded_bytes: u64,
    /// Of those in the file, its dictionaries.
    pub dictionary_bytes: u64,
    /// Of its page index.
    pub page_index_bytes: u64,
    /// Names of its encodings.
    pub encodings: Vec<String>,
    /// How it is compressed.
    pub compression: String,
}

/// What windows of 1 % of the box's area would read, all columns, each around the middle of a leaf.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WindowReads {
    /// Windows tried.
    pub windows: u64,
    /// Row groups met.
    pub row_groups: Spread,
    /// Leaves met.
    pub pages: Spread,
    /// Bytes read, footer and page index included, as a share of the file.
    pub share_of_bytes: Spread,
}

/// Looks at a tile of so many bytes.
///
/// # Errors
/// When it can't be read, or is no Parquet file.
pub fn inspect(files: Arc<dyn ReleaseFiles>, path: &str, size: u64) -> Result<Inspection, QueryError> {
    let reader = Reader {
        files,
        cache: Arc::new(IndexCache::new(KEPT_BYTES)),
        meter: Arc::new(Meter::default()),
        limits: Limits::default(),
    };
    let item = TileItem {
        path: path.to_owned(),
        size,
        rows: 0,
        first_row: 0,
        bounds: [0.0; 4],
    };
    let tiles = reader.tiles(&[&item])?;
    let Some(tile) = tiles.first() else {
        return Err(QueryError::format(path, "it has no footer"));
    };
    let asked = GroupsOf {
        tile,
        groups: (0..tile.groups()).collect(),
    };
    let groups: Vec<Arc<GroupIndex>> = reader.groups(&[asked])?.into_iter().flatten().collect();
    inspection_of(tile, &groups, size)
}

fn inspection_of(tile: &TileIndex, groups: &[Arc<GroupIndex>], size: u64) -> Result<Inspection, QueryError> {
    let geo = tile.geo()?;
    let column = geo.as_ref().and_then(|geo| geo.primary_column_metadata());
    let columns = weights_of(tile);
    let group_boxes: Option<Vec<[f64; 4]>> = (0..tile.groups()).map(|group| tile.extent(group)).collect();
    let group_rows: Vec<usize> = (0..tile.groups()).map(|group| tile.rows(group)).collect();
    let has_leaves = groups
        .iter()
        .all(|group| !group.leaves().is_empty() || group.rows() == 0);
    let leaves = groups.iter().flat_map(|group| group.leaves());
    let leaf_boxes: Vec<[f64; 4]> = leaves.clone().map(|leaf| leaf.bounds).collect();
    let leaf_rows: Vec<usize> = leaves.map(|leaf| leaf.rows.len()).collect();
    let extent = group_boxes.as_deref().and_then(around);
    let page_index_bytes = columns.iter().map(|column| column.page_index_bytes).sum();
    Ok(Inspection {
        bytes: size,
        rows: group_rows.iter().map(|rows| *rows as u64).sum(),
        created_by: tile.created_by().map(str::to_owned),
        geoparquet: geo.as_ref().map(|geo| geo.version.clone()),
        geometry_types: column.map_or_else(Vec::new, |column| column.geometry_types.clone()),
        extent,
        footer_bytes: tile.footer_bytes(),
        page_index_bytes,
        window: extent
            .filter(|_| has_leaves)
            .and_then(|extent| window_reads(tile, groups, extent, size)),
        row_groups: group_boxes.and_then(|boxes| level_of(boxes, &group_rows)),
        pages: level_of(leaf_boxes, &leaf_rows).filter(|_| has_leaves),
        columns,
    })
}

fn weights_of(tile: &TileIndex) -> Vec<ColumnWeight> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut weights: Vec<ColumnWeight> = Vec::new();
    for chunk in (0..tile.groups()).flat_map(|group| tile.chunks(group)) {
        let place = *places.entry(chunk.column.clone()).or_insert_with(|| {
            weights.push(ColumnWeight {
                column: chunk.column.clone(),
                bytes: 0,
                decoded_bytes: 0,
                dictionary_bytes: 0,
                page_index_bytes: 0,
                encodings: vec![],
                compression: chunk.compression.clone(),
            });
            weights.len() - 1
        });
        let weight = &mut weights[place];
        weight.bytes += chunk.compressed;
        weight.decoded_bytes += chunk.uncompressed;
        weight.dictionary_bytes += chunk.dictionary;
        weight.page_index_bytes += chunk.page_index;
        for encoding in chunk.encodings {
            if !weight.encodings.contains(&encoding) {
                weight.encodings.push(encoding);
            }
        }
    }
    weights
}

fn window_reads(
    tile: &TileIndex,
    groups: &[Arc<GroupIndex>],
    extent: [f64; 4],
    size: u64,
) -> Option<WindowReads> {
    let half = [
        (extent[2] - extent[0]) * SIDE / 2.0,
        (extent[3] - extent[1]) * SIDE / 2.0,
    ];
    let leaves: Vec<[f64; 4]> = groups
        .iter()
        .flat_map(|group| group.leaves())
        .map(|leaf| leaf.bounds)
        .collect();
    let step = leaves.len().div_ceil(WINDOWS).max(1);
    let all_columns: Vec<usize> = (0..tile.schema().fields().len()).collect();
    let mut met_groups = Vec::new();
    let mut met_pages = Vec::new();
    let mut shares = Vec::new();
    for bounds in leaves.iter().step_by(step) {
        let middle = [
            f64::midpoint(bounds[0], bounds[2]),
            f64::midpoint(bounds[1], bounds[3]),
        ];
        let window = [
            middle[0] - half[0],
            middle[1] - half[1],
            middle[0] + half[0],
            middle[1] + half[1],
        ];
        let (count_of_groups, count_of_pages, bytes) = read_by(window, tile, groups, &all_columns);
        met_groups.push(count_of_groups);
        met_pages.push(count_of_pages);
        shares.push(bytes as f64 / size as f64);
    }
    Some(WindowReads {
        windows: shares.len() as u64,
        row_groups: spread_of(met_groups.into_iter().map(|count| count as f64))?,
        pages: spread_of(met_pages.into_iter().map(|count| count as f64))?,
        share_of_bytes: spread_of(shares.into_iter())?,
    })
}

/// Row groups, leaves and bytes that a window meets.
fn read_by(
    window: [f64; 4],
    tile: &TileIndex,
    groups: &[Arc<GroupIndex>],
    columns: &[usize],
) -> (usize, usize, u64) {
    let length = |range: &Range<u64>| range.end - range.start;
    let mut met_groups = 0;
    let mut met_pages = 0;
    let mut bytes = tile.footer_bytes();
    for (number, group) in groups.iter().enumerate() {
        if tile
            .extent(number)
            .is_some_and(|extent| !do_meet(&extent, &window))
        {
            continue;
        }
        let leaves = group
            .leaves()
            .iter()
            .filter(|leaf| do_meet(&leaf.bounds, &window));
        let runs: Vec<Range<usize>> = leaves.map(|leaf| leaf.rows.clone()).collect();
        let index = tile.page_index_ranges(number);
        met_groups += 1;
        met_pages += runs.len();
        bytes += index.iter().flatten().map(length).sum::<u64>();
        if !runs.is_empty() {
            bytes += group.byte_ranges(columns, &runs).iter().map(length).sum::<u64>();
        }
    }
    (met_groups, met_pages, bytes)
}

fn do_meet(one: &[f64; 4], other: &[f64; 4]) -> bool {
    one[0] <= other[2] && other[0] <= one[2] && one[1] <= other[3] && other[1] <= one[3]
}
