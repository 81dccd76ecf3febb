//! What a product is: all that the other rooms need to know of one.
//!
//! A product is a folder of this room and a line of [`PRODUCTS`](super::PRODUCTS); whoever leaves a part out is told
//! so by the compiler. Makes nothing itself; writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use serde_json::Value;
use serde_json::value::RawValue;

pub use super::error::BoxError;
use super::error::DeriveError;
use super::release::Release;
pub use super::rows::{RowPlace, Rows};
use super::table::{FeatureTable, Table};
use crate::feature::records::RecordBudget;
use crate::feature::{FacilityRows, LayerReport, ProductDoc, RegionId, RunReport};
use crate::geoparquet::GeoparquetError;
use crate::plan::Plan;

/// What a product looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every tile, while it is in memory.
    Tile,
    /// A layer, once its tiles are written: what was seen of them, or what the run knows of it.
    Layer,
    /// All layers together.
    Release,
}

/// How a product comes into a release of which nothing is new.
///
/// Whether its bytes would be the same decides: a link costs nothing, and keeps the digests that readers know.
#[derive(Clone, Copy)]
pub enum Carried {
    /// It is made again: it tells of the night.
    Never,
    /// It is linked with its layer.
    WithLayer(fn(layer: &str) -> PathBuf),
    /// It is linked where the tiles of its layer are those of the last release, whatever else is new: by `run`, which looks.
    WithTiles,
    /// It is linked, where every layer is: files and folders within the release.
    Whole(&'static [&'static str]),
}

/// What is known of a product before it is made.
#[derive(Clone, Copy)]
pub struct About {
    /// Name (as in `[output] products`), and where it stands in a release: its tables with their columns, its
    /// collections without, since the plan gives those.
    pub doc: ProductDoc,
    /// Whether it is made where the pipeline says nothing.
    pub is_default: bool,
    /// What it looks at.
    pub scope: Scope,
    /// Columns of the tiles that it reads; empty for all of them.
    pub reads: &'static [&'static str],
    /// How it is carried.
    pub carried: Carried,
}

/// A product.
pub trait Product: Sync {
    /// What is known of it.
    fn describe(&self) -> About;

    /// Begins a night's work on it.
    ///
    /// # Errors
    /// When the night doesn't say what it needs.
    fn begin<'a>(&self, night: Night<'a>) -> Result<ProductWork<'a>, DeriveError>;

    /// What is wrong with it in a release that claims to hold it; of an older one, what isn't there isn't wrong.
    fn verify(&self, held: &ReleaseReadBack<'_>) -> Vec<Problem>;
}

/// What is known when a night begins.
#[derive(Debug, Clone, Copy)]
pub struct Night<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Reports of the releases the store still keeps, oldest first.
    pub history: &'a [RunReport],
    /// When the run began, RFC 3339 UTC.
    pub started: &'a str,
    /// What the last release holds of each layer; none where that can't be known.
    pub before: Option<&'a TilesBefore>,
    /// What is kept of every row may take so much memory, for each product that keeps something.
    pub room: &'a RecordBudget,
}

/// Tiles of the last release and their digests, by layer.
pub type TilesBefore = BTreeMap<String, Vec<(PathBuf, String)>>;

/// How a product is made.
pub enum ProductWork<'a> {
    /// Its rows are packed anew, in an order of their own: by `run`, which has them.
    Packed,
    /// Its tables are made of what was seen, or of the tiles.
    Tables(Box<dyn Tables + 'a>),
}

/// A product in the making.
pub trait Tables: Send + Sync {
    /// What looks at the tiles for it; none where they tell it nothing.
    fn observer(&self) -> Option<&dyn Observer>;

    /// Makes its tables, and tells its part of the report; what it returns stands there under its name.
    ///
    /// # Errors
    /// When a tile can't be read, or a table can't be put together or written.
    fn make_tables(
        &self,
        release: &Release<'_>,
        out: &dyn TableStore,
        report: &mut RunReport,
    ) -> Result<Value, DeriveError>;
}

// Products look at a row group while it is in memory, not at tiles once these are written: reading a release back would
// decode all of it a second time. What an observer keeps is therefore counts, or records of fixed size.

/// Looks at the layers' tiles. Several threads call at once, with pieces of tiles in any order: counts add up.
pub trait Observer: Sync {
    /// Columns to be read of a tile that was made in an earlier run, and lies on disk.
    fn columns_to_read(&self, layer: &LayerReport) -> Vec<&str>;

    /// Looks at a tile, or a piece of one.
    fn see_rows(&self, seen: &Seen<'_>);

    /// Forgets what was seen of a layer: it failed, or its rows are another's now.
    fn forget_layer(&self, layer: &str);

    /// All that was seen of a layer's tiles, to be kept for nights on which they are the same; none where it wants to see
    /// them again. Nothing in it depends on the day, unless `recall_layer` refuses it on days that it doesn't hold for.
    fn tally_layer(&self, layer: &str) -> Option<Box<RawValue>>;

    /// Takes what `tally_layer` once told of the same tiles for having seen them; tells whether it could.
    fn recall_layer(&self, layer: &LayerReport, told: &RawValue) -> bool;
}

/// Rows of a tile.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The layer.
    pub layer: &'a str,
    /// The region.
    pub region: &'a RegionId,
    /// Number of the tile in its region.
    pub ordinal: u32,
    /// The rows: every column of a tile in memory, those asked for of one on disk.
    pub rows: &'a FacilityRows,
    /// Where each row is to be had again ([`Rows`]); none of a tile on disk.
    pub places: Option<&'a [RowPlace]>,
    /// Nulls of every column but geometry and covering, in column order, where the rows have fewer columns.
    pub nulls: Option<&'a [(String, u64)]>,
}

/// Takes what a product writes.
pub trait TableStore: Sync {
    /// A whole table.
    ///
    /// # Errors
    /// When it can't be encoded or stored.
    fn write_table(&self, table: &Table) -> Result<(), BoxError>;

    /// A long table, piece by piece, as `fill` hands the pieces on.
    ///
    /// # Errors
    /// When `fill` fails, or a piece can't be encoded or stored.
    fn write_pieces(&self, path: &Path, schema: SchemaRef, fill: &mut Fill<'_>) -> Result<(), BoxError>;

    /// A whole table with geometry, as GeoParquet.
    ///
    /// # Errors
    /// When it can't be encoded or stored.
    fn write_features(&self, table: &FeatureTable) -> Result<(), BoxError>;
}

/// Takes a table piece by piece.
pub type Sink<'a> = dyn FnMut(&RecordBatch) -> Result<(), GeoparquetError> + 'a;

/// Hands the pieces of a table on.
pub type Fill<'a> = dyn FnMut(&mut Sink<'_>) -> Result<(), GeoparquetError> + 'a;

/// A release read back, to be verified.
#[derive(Debug, Clone, Copy)]
pub struct ReleaseReadBack<'a> {
    /// Its folder.
    pub folder: &'a Path,
    /// Its report.
    pub report: &'a RunReport,
    /// Paths of its files, as its manifest names them.
    pub files: &'a BTreeSet<&'a str>,
    /// Its tiles.
    pub tiles: &'a [TileReadBack],
}

impl<'a> ReleaseReadBack<'a> {
    /// Tiles of a collection.
    pub fn tiles_of(&self, collection: &str) -> impl Iterator<Item = &'a TileReadBack> {
        self.tiles
            .iter()
            .filter(move |tile| tile.collection == collection)
    }

    /// Whether a file's path starts so.
    pub fn has_file_below(&self, start: &str) -> bool {
        // Paths are in order: the first that doesn't come before `start` begins with it, or none does.
        self.files
            .range(start..)
            .next()
            .is_some_and(|path| path.starts_with(start))
    }
}

/// A tile as read back.
#[derive(Debug, Clone, Default)]
pub struct TileReadBack {
    /// Path within the release.
    pub path: PathBuf,
    /// `facilities`, or the layer's id.
    pub collection: String,
    /// Rows, by its footer.
    pub rows: u64,
    /// Columns; none where it can't be read.
    pub schema: Option<SchemaRef>,
    /// Ids of its facilities.
    pub ids: Vec<String>,
    /// Sector classes of its facilities: told or, in tiles of before there were any, computed.
    pub classes: BTreeSet<String>,
}

/// Something wrong with a release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Problem {
    /// File, relative to the release.
    pub path: PathBuf,
    /// What is wrong with it.
    pub what: String,
}

impl Problem {
    /// Of a file.
    ///
    /// ```
    /// use cikr::derive::product::Problem;
    ///
    /// let problem = Problem::new("report.json", "5 inventory rows, 4 in tiles");
    /// assert_eq!(problem.path.to_str(), Some("report.json"));
    /// ```
    pub fn new(path: impl Into<PathBuf>, what: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            what: what.into(),
        }
    }
}
