//! Derive: products made of a release's rows and tables, before it is described.
//!
//! One folder or file per product, one line each in [`PRODUCTS`]: see [`product`]. May use: `plan`, `feature`, `kernel`,
//! `geoparquet`. Writes nothing itself (rows go to the [`product::Out`] of `run`), reads no clock, no network, no environment.

pub mod changes;
pub mod inventory;
pub mod national;
mod night;
pub mod product;
pub mod quality;
pub mod sectors;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, Field, Schema};

pub use self::night::{Products, Tally, wanted};
use self::product::{BoxError, Product, Rows};
use crate::feature::{LayerReport, ProductDoc, RunReport, TileRecord};
use crate::geoparquet::GeoparquetError;
use crate::plan::{LayerPlan, Plan, ProductName};

/// Every product, in the order in which they are made.
pub const PRODUCTS: &[&dyn Product] = &[
    &inventory::Inventory,
    &national::National,
    &changes::Changes,
    &sectors::Sectors,
    &quality::Quality,
];

/// Names of the products, for pipelines to choose from.
pub fn names() -> Vec<ProductName> {
    let name = |product: &&dyn Product| {
        let about = product.about();
        ProductName {
            name: about.doc.name,
            is_default: about.is_default,
        }
    };
    PRODUCTS.iter().map(name).collect()
}

/// What the products are that a plan asks for.
pub fn docs(plan: &Plan) -> Vec<ProductDoc> {
    wanted(plan).map(|product| product.about().doc).collect()
}

/// The release to be, as far as it is written: every layer's tiles, this run's or carried.
#[derive(Debug, Clone, Copy)]
pub struct Release<'a> {
    /// The plan of the run.
    pub plan: &'a Plan,
    /// Layers in pipeline order, absent ones included.
    pub layers: &'a [LayerTables<'a>],
    /// Reports of the releases the store still keeps, oldest first; this run's is not among them.
    pub history: &'a [RunReport],
}

/// A layer in the release to be.
#[derive(Debug, Clone)]
pub struct LayerTables<'a> {
    /// Its plan.
    pub plan: &'a LayerPlan,
    /// What became of it.
    pub report: &'a LayerReport,
    /// Its tiles below `data/`; empty where the layer is absent.
    pub tiles: &'a [TileRecord],
    /// The layer in the last release; none where that has no rows of it.
    pub before: Option<Before<'a>>,
    /// Its rows, where this run made them.
    pub rows: Option<&'a dyn Rows>,
}

/// A layer in the release before.
#[derive(Debug, Clone, Copy)]
pub struct Before<'a> {
    /// Id of the release.
    pub release: &'a str,
    /// Its folder.
    pub folder: &'a Path,
    /// What became of the layer then.
    pub report: &'a LayerReport,
    /// Its tiles and their digests; none where the manifest can't be read.
    pub tiles: Option<&'a [(PathBuf, String)]>,
    /// Whether one of those that would be compared is not what was published.
    pub is_damaged: bool,
}

/// Folder of a layer within a release.
pub fn layer_folder(layer: &str) -> PathBuf {
    Path::new("layers").join(layer)
}

/// A table of the release to be, without geometry.
#[derive(Debug)]
pub struct Table {
    /// Path within the release, such as `quality/coverage.parquet`.
    pub path: PathBuf,
    /// Its rows.
    pub rows: RecordBatch,
}

impl Table {
    /// Puts named columns together; every column is nullable.
    ///
    /// # Errors
    /// When lengths differ, which would be a mistake of this program.
    pub fn new(path: impl Into<PathBuf>, columns: Vec<(&str, ArrayRef)>) -> Result<Self, DeriveError> {
        let path = path.into();
        let fields: Vec<Field> = columns
            .iter()
            .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
            .collect();
        let arrays = columns.into_iter().map(|(_, array)| array).collect();
        match RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays) {
            Ok(rows) => Ok(Self { path, rows }),
            Err(source) => Err(DeriveError::Table { path, source }),
        }
    }
}

/// Why a product could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeriveError {
    /// The run doesn't say when it began.
    #[error("`{started}` is no time")]
    Started {
        /// What it says.
        started: String,
        /// Cause.
        source: chrono::ParseError,
    },
    /// A tile can't be read back.
    #[error("cannot read a tile back")]
    Tile {
        /// Cause.
        source: GeoparquetError,
    },
    /// Columns don't fit together.
    #[error("cannot make {}", path.display())]
    Table {
        /// Path within the release.
        path: PathBuf,
        /// Arrow's reason.
        source: ArrowError,
    },
    /// What is kept of every row can't be put away or had back.
    #[error("cannot use a scratch file for what is kept of every row")]
    Scratch {
        /// What the system said, with the store's own error within.
        source: std::io::Error,
    },
    /// A table can't be encoded or stored.
    #[error("cannot write {}", path.display())]
    Write {
        /// Path within the release.
        path: PathBuf,
        /// Cause, of a kind that the caller knows.
        source: BoxError,
    },
}

impl DeriveError {
    fn write(path: impl AsRef<Path>, source: BoxError) -> Self {
        Self::Write {
            path: path.as_ref().to_owned(),
            source,
        }
    }
}

/// Reads the named columns of a tile that are there, one batch; a carried tile may lack a newer one.
///
/// # Errors
/// When the tile can't be read.
pub fn read_present(tile: &Path, columns: &[&str]) -> Result<RecordBatch, DeriveError> {
    crate::geoparquet::read_present(tile, columns).map_err(|source| DeriveError::Tile { source })
}

/// Nulls of a tile's columns but geometry and covering, in column order: from the footer where it tells, else from
/// the rows, which may have been read of it already.
fn null_counts(tile: &Path, rows: &RecordBatch) -> Result<Vec<(String, u64)>, DeriveError> {
    let failed = |source| DeriveError::Tile { source };
    let schema = crate::geoparquet::inspect(tile).map_err(failed)?.schema;
    let names = schema.fields().iter().map(|field| field.name().as_str());
    let names: Vec<&str> = names
        .filter(|name| !matches!(*name, "geometry" | "bbox"))
        .collect();
    let told = crate::geoparquet::null_counts(tile).map_err(failed)?;
    let unknown = names.iter().copied().filter(|name| !told.contains_key(*name));
    let unread: Vec<&str> = unknown
        .filter(|name| rows.column_by_name(name).is_none())
        .collect();
    let more = if unread.is_empty() {
        None
    } else {
        Some(read_present(tile, &unread)?)
    };
    let count = |name: &str| -> u64 {
        let column = || {
            rows.column_by_name(name)
                .or_else(|| more.as_ref()?.column_by_name(name))
        };
        told.get(name)
            .copied()
            .unwrap_or_else(|| column().map_or(0, |column| column.null_count() as u64))
    };
    Ok(names
        .into_iter()
        .map(|name| (name.to_owned(), count(name)))
        .collect())
}
