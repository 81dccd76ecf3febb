//! Derive: products made from a release's tables, after its tiles are written and before it is described.
//!
//! One module per product: it reads tables and returns tables. May use: `plan`, `feature`, `kernel`,
//! `geoparquet`. Writes nothing (tables go back to `run`), reads no clock, no network, no environment.

pub mod changes;
mod quality;
mod resolve;
pub mod sectors;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{ArrowError, Field, Schema};

use crate::feature::{LayerReport, QualityReport, RunReport};
use crate::geoparquet::GeoparquetError;
use crate::plan::{LayerPlan, Plan};

/// The release to be, as far as it is written: every layer's tiles, this run's or carried.
#[derive(Debug, Clone, Copy)]
pub struct Release<'a> {
    /// The plan of the run.
    pub plan: &'a Plan,
    /// Layers in pipeline order, absent ones included.
    pub layers: &'a [LayerTables<'a>],
    /// Reports of the releases the store still keeps, oldest first; this run's is not among them.
    pub history: &'a [RunReport],
    /// When the run began, RFC 3339 UTC.
    pub started: &'a str,
}

/// A layer's tables on disk.
#[derive(Debug, Clone)]
pub struct LayerTables<'a> {
    /// Its plan.
    pub plan: &'a LayerPlan,
    /// What became of it.
    pub report: &'a LayerReport,
    /// Its tiles below `data/`, to be read; empty where the layer is absent.
    pub tiles: Vec<PathBuf>,
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
        let fields: Vec<Field> =
            columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
        let arrays = columns.into_iter().map(|(_, array)| array).collect();
        match RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays) {
            Ok(rows) => Ok(Self { path, rows }),
            Err(source) => Err(DeriveError::Table { path, source }),
        }
    }
}

/// Takes a table piece by piece.
pub type Sink<'a> = dyn FnMut(&RecordBatch) -> Result<(), GeoparquetError> + 'a;

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
}

/// Reads the named columns of a tile that are there, one batch; a carried tile may lack a newer one.
///
/// # Errors
/// When the tile can't be read.
pub fn read_present(tile: &Path, columns: &[&str]) -> Result<RecordBatch, DeriveError> {
    crate::geoparquet::read_present(tile, columns).map_err(|source| DeriveError::Tile { source })
}

/// A tile's columns but geometry and covering, and nulls of those of which the footer tells.
pub(crate) fn null_counts(tile: &Path) -> Result<(Vec<String>, BTreeMap<String, u64>), DeriveError> {
    let failed = |source| DeriveError::Tile { source };
    let schema = crate::geoparquet::inspect(tile).map_err(failed)?.schema;
    let names = schema.fields().iter().map(|field| field.name().clone());
    let names = names.filter(|name| !matches!(name.as_str(), "geometry" | "bbox")).collect();
    Ok((names, crate::geoparquet::null_counts(tile).map_err(failed)?))
}

/// What is made of a release's tables.
#[derive(Debug)]
pub struct Products {
    /// Tables to be written.
    pub tables: Vec<Table>,
    /// What the report says of the release's quality.
    pub quality: QualityReport,
}

/// Every product of a release but `sectors` and `changes`, which are made and written layer by layer.
///
/// # Errors
/// When a tile can't be read or a table can't be put together.
pub fn products(release: &Release<'_>) -> Result<Products, DeriveError> {
    let (tables, quality) = quality::assess(release)?;
    Ok(Products { tables, quality })
}
