//! Rows as they are published, and the files that they stand in.
//!
//! LEAF.

use std::path::PathBuf;

use arrow_array::RecordBatch;
use geo::Rect;

use super::ids::RegionId;
use super::release::paths;

/// Rows in a layer's published schema: core columns, then the layer's attributes, then
/// `geometry` (little-endian 2-D WKB in OGC:CRS84, never null) and `bbox`
/// (struct of f32 `xmin, ymin, xmax, ymax`, rounded outward, never null).
/// A text column may be a dictionary: read it by [`Texts`](super::Texts).
#[derive(Debug, Clone)]
pub struct FeatureBatch(pub RecordBatch);

/// One GeoParquet file to be: which rows it is for, and how they are cut. The rows come row group by row group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Collection the tile belongs to: a layer id, or `facilities`.
    pub collection: String,
    /// Region it is for.
    pub region: RegionId,
    /// 0-based number within the region.
    pub ordinal: u32,
    /// Row-group lengths.
    pub row_groups: Vec<usize>,
}

impl Tile {
    /// Path below the collection's `data/` folder.
    ///
    /// ```
    /// use std::path::Path;
    /// use cikr::feature::{RegionId, Tile};
    ///
    /// let tile = Tile {
    ///     collection: "dams".to_owned(),
    ///     region: RegionId::new(Some("R06")),
    ///     ordinal: 0,
    ///     row_groups: vec![10_240],
    /// };
    /// assert_eq!(tile.file(), Path::new("region=R06/part-000.parquet"));
    /// ```
    pub fn file(&self) -> PathBuf {
        paths::tile_file(&self.region, self.ordinal)
    }
}

/// What stands on disk for a tile.
#[derive(Debug, Clone)]
pub struct TileRecord {
    /// Collection: a layer id, or `facilities`.
    pub collection: String,
    /// Region it is for.
    pub region: RegionId,
    /// 0-based number within the region.
    pub ordinal: u32,
    /// Path relative to the release, such as `layers/dams/data/region=R06/part-000.parquet`.
    pub path: PathBuf,
    /// Rows in the file.
    pub rows: u64,
    /// Size of the file.
    pub bytes: u64,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
    /// Exact extent, degrees.
    pub extent: Rect<f64>,
    /// GeoParquet names of the geometry types present, sorted.
    pub geometry_types: Vec<String>,
}

/// What stands on disk for a file that holds a whole layer.
#[derive(Debug, Clone)]
pub struct FileRecord {
    /// Path relative to the release, such as `layers/dams/national.parquet`.
    pub path: PathBuf,
    /// Rows in the file.
    pub rows: u64,
    /// Size of the file.
    pub bytes: u64,
    /// SHA-256 of the file, lower-case hex.
    pub sha256: String,
}
