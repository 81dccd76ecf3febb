//! The values that flow through the stages, and the words every room shares.
//!
//! LEAF: imports no other room. Holds data and its invariants, no behaviour of any stage.
//! `RawBatch → FeatureBatch → Tile` is the whole story.

mod chain;
mod changes;
mod columns;
pub mod curves;
pub mod entries;
mod flag;
mod gate;
mod landing;
mod outcome;
mod quality;
pub mod records;
mod reject;
mod scratch;
#[cfg(test)]
pub(crate) mod scratch_in_memory;
mod shared_text;
mod sorter;
pub mod spelling;
mod spool;
mod tables;
mod texts;
pub mod unseen;
mod veil;
mod visible;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, RecordBatch, UInt64Array};
use geo::Rect;
use serde::{Deserialize, Serialize};

pub use chain::chain;
pub use changes::{ColumnChange, LayerChanges};
pub use columns::{CORE_COLUMNS, CoreColumn, CoreType, is_row_number};
pub use flag::{Flag, FlagCode, Flags, RowFlag};
pub use gate::{Acceptance, Check, Finding, GateReport, HeldBack, SourceColumn, SourceProfile, ValueKind};
pub use landing::{FetchRecord, Generalised, PageRecord};
pub use outcome::{
    FieldCounts, JurisdictionReport, LayerReport, LayerStatus, LocationCounts, RunReport, UNVERIFIED,
};
pub use quality::{
    ClaimKind, ClaimPair, LayerQuality, NullShare, QualityReport, Score, SourceDates, Unmet, Verdict,
};
pub use reject::{Reject, RejectReason, Rejects};
pub use scratch::{ScratchFile, ScratchSpace};
pub use sorter::Sorter;
pub use spool::{Spool, Spooled};
pub use tables::{ProductDoc, TableDoc};
pub use texts::Texts;
pub use veil::{MASKED, Veil, shortened};
pub use visible::{is_invisible, visible, visible_json};

/// Identifier of a layer: lower-case letters, digits and `_`, starting with a letter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct LayerId(String);

impl LayerId {
    /// Wraps an identifier that `spec` has checked.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The identifier as written in the pipeline.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LayerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Code of the region whose team a tile is for, such as `R06`; `unassigned` outside every region.
///
/// ```
/// use cikr::feature::RegionId;
///
/// assert_eq!(RegionId::new(Some("R06")).as_str(), "R06");
/// assert_eq!(RegionId::new(None).as_str(), "unassigned");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RegionId(String);

impl RegionId {
    /// The partition of facilities outside every region.
    pub const UNASSIGNED: &'static str = "unassigned";

    /// Wraps a region code; `None` is the unassigned region.
    pub fn new(code: Option<&str>) -> Self {
        Self(code.unwrap_or(Self::UNASSIGNED).to_owned())
    }

    /// The code as it stands in the path (`region=<code>`).
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RegionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a row came from: the source as the pipeline names it, and the row in it.
///
/// `row` is 1-based: the line number of a record in a text file (CSV and newline-delimited
/// GeoJSON, header counted), the position of a feature in a GeoJSON collection, the FID of a
/// GDAL layer (which starts where the format starts it), the position of a row in a Parquet file,
/// the row number of a sheet, the position of a row in a page of an ArcGIS layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The source, such as `sample-data/hospitals.csv` or `schools.gdb.zip/schools.gdb (layer Schools)`.
    #[serde(with = "shared_text")]
    pub source: Arc<str>,
    /// Row in the source.
    pub row: u64,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.source, self.row)
    }
}

/// A coordinate reference system, as a source states it or a person declares it.
///
/// ```
/// use cikr::feature::Crs;
///
/// assert_eq!(Crs::Crs84.to_string(), "OGC:CRS84");
/// assert_eq!(Crs::Wkt(r#"PROJCS["Texas_Centric",GEOGCS["NAD83"]]"#.to_owned()).to_string(), "Texas_Centric");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub enum Crs {
    /// Longitude, latitude on WGS 84: what tiles hold.
    Crs84,
    /// `AUTHORITY:CODE`, such as `EPSG:3857`.
    Code(String),
    /// A WKT definition that names no authority code.
    Wkt(String),
}

impl From<Crs> for String {
    fn from(crs: Crs) -> Self {
        crs.to_string()
    }
}

impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crs84 => f.write_str("OGC:CRS84"),
            Self::Code(code) => f.write_str(code),
            Self::Wkt(wkt) => f.write_str(wkt.split('"').nth(1).unwrap_or("unnamed WKT")),
        }
    }
}

/// Turns coordinates of a source CRS into OGC:CRS84, in place.
///
/// Made by `source` (which knows PROJ), called by `kernel` (which must not).
pub trait Reproject {
    /// Transforms `x[i], y[i]`; all values are finite.
    ///
    /// # Errors
    /// Says why a point cannot be transformed; the slices are then unspecified.
    fn to_crs84(&self, x: &mut [f64], y: &mut [f64]) -> Result<(), String>;

    /// What the coordinates transformed so far looked like, where the CRS is a projected one.
    fn seen(&self) -> CoordinatesSeen {
        CoordinatesSeen::default()
    }
}

/// What coordinates of a projected CRS looked like, in points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CoordinatesSeen {
    /// Those that could be a longitude and a latitude.
    pub degrees: u64,
    /// Those that can't.
    pub others: u64,
}

impl CoordinatesSeen {
    /// Adds those that another thread saw.
    pub fn add(&mut self, more: Self) {
        self.degrees += more.degrees;
        self.others += more.others;
    }

    /// Whether there were some, and all could be longitudes and latitudes.
    pub fn are_degrees(self) -> bool {
        self.degrees > 0 && self.others == 0
    }
}

/// Rows as they came from a source: columns under their source names, and geometry.
///
/// A column is nullable text as the source spelled it, or of one of the types that [`spelling`] lists, where the
/// source has types. A value is spelled only where text is asked for: in a text field, a key, a comparison with
/// text, a reject, a flag. Two batches of one layer may differ in their columns (GeoJSON properties vary) and in
/// the types of these (a column with values of several types is text).
#[derive(Debug, Clone)]
pub struct RawBatch {
    /// Source columns, in source order.
    pub columns: Vec<(String, ArrayRef)>,
    /// WKB in `crs`, null where the source has none or `defects` says why not.
    pub geometry: BinaryArray,
    /// Row in the source, for `Origin`.
    pub rows: UInt64Array,
    /// Rows that are present but can't be used, by index into this batch: (index, field, value, reason).
    pub defects: Vec<Defect>,
    /// CRS of `geometry`.
    pub crs: Crs,
    /// The source as the pipeline names it.
    pub source: Arc<str>,
    /// What reading has left out or repaired.
    pub repairs: Repairs,
}

/// What reading has left out or repaired, in rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repairs {
    /// Geometries that had heights (Z); tiles are two-dimensional.
    pub dropped_z: u64,
    /// Geometries that had measures (M).
    pub dropped_m: u64,
    /// Rows whose text was no UTF-8 and was read as Windows-1252.
    pub recoded: u64,
    /// Rows of text whose quotes were not as they should be, but could be understood.
    pub requoted: u64,
    /// Rows with a text written as a formula (`="0100"`).
    pub unwrapped: u64,
    /// Numbers that are none (`NaN`, `Infinity`), left null.
    pub not_numbers: u64,
    /// Holes, rings, lines and points of geometries that were degenerate and left out.
    pub dropped_parts: u64,
    /// Geometries with rings that were left open, or parts that couldn't be used and were left out.
    pub mended_parts: u64,
    /// Geometries whose curves became straight segments.
    pub straightened: u64,
    /// Geometries that came with fewer vertices than the service has.
    pub generalised: u64,
}

impl Repairs {
    /// Adds those of a further batch.
    pub fn add(&mut self, more: Self) {
        self.dropped_z += more.dropped_z;
        self.dropped_m += more.dropped_m;
        self.recoded += more.recoded;
        self.requoted += more.requoted;
        self.unwrapped += more.unwrapped;
        self.not_numbers += more.not_numbers;
        self.dropped_parts += more.dropped_parts;
        self.mended_parts += more.mended_parts;
        self.straightened += more.straightened;
        self.generalised += more.generalised;
    }
}

impl RawBatch {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.values().len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A row of a `RawBatch` that can't be used, found while reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defect {
    /// Index of the row in its batch.
    pub index: usize,
    /// Source field, or `geometry`, or `record` for the whole row.
    pub field: String,
    /// The offending value, shortened.
    pub value: String,
    /// Why.
    pub reason: RejectReason,
}

/// Rows in a layer's published schema: core columns, then the layer's attributes, then
/// `geometry` (little-endian 2-D WKB in OGC:CRS84, never null) and `bbox`
/// (struct of f32 `xmin, ymin, xmax, ymax`, rounded outward, never null).
/// A text column may be a dictionary: read it by [`Texts`].
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
        PathBuf::from(format!("region={}", self.region)).join(format!("part-{:03}.parquet", self.ordinal))
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

/// Outline of an area, coarse: for drawings, not for answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Outline {
    /// Code of the area.
    pub code: String,
    /// Outer rings as longitude and latitude, without the closing corner.
    pub rings: Vec<Vec<[f64; 2]>>,
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

/// A source's bytes, unchanged, in the store's landing.
#[derive(Debug, Clone)]
pub struct Landed {
    /// What to open: a file, or a folder for a FileGDB; keeps the source's extension.
    pub path: PathBuf,
    /// SHA-256 of the bytes, lower-case hex.
    pub sha256: String,
    /// Total size.
    pub bytes: u64,
    /// When it was first landed, RFC 3339 UTC.
    pub landed_at: String,
    /// What can't be known of its rows.
    pub doubts: Vec<String>,
}

impl Landed {
    /// Bytes that are read where they lie, outside a landing.
    pub fn at(path: PathBuf) -> Self {
        Self {
            path,
            sha256: String::new(),
            bytes: 0,
            landed_at: String::new(),
            doubts: vec![],
        }
    }
}

/// Follows the run's work; implemented for terminals and logs by `report`.
pub trait Progress: Sync {
    /// A stage begins on `what`; `total` units if known (rows, bytes or tiles). It ends when the task is dropped.
    fn start(&self, stage: &'static str, what: &str, total: Option<u64>) -> Box<dyn Task>;
}

/// A stage at work on something.
pub trait Task: Send + Sync {
    /// `n` more units are done.
    fn advance(&self, n: u64);
}
