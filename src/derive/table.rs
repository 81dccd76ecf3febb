//! A table as a product makes it: columns under a path of the release, with geometry or without.
//!
//! Pure; `run` encodes and stores it.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{Field, Schema};

use super::error::DeriveError;
use geo::Rect;

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
    /// ```
    /// use std::sync::Arc;
    /// use arrow_array::UInt64Array;
    /// use cikr::derive::Table;
    ///
    /// let rows = Arc::new(UInt64Array::from(vec![3, 5]));
    /// let table = Table::new("quality/rows.parquet", vec![("rows", rows)])?;
    /// assert_eq!(table.rows.num_rows(), 2);
    /// assert!(table.rows.schema().field(0).is_nullable());
    /// # Ok::<(), cikr::derive::DeriveError>(())
    /// ```
    ///
    /// # Errors
    /// When lengths differ, which would be a mistake of this program.
    pub fn new(path: impl Into<PathBuf>, columns: Vec<(&str, ArrayRef)>) -> Result<Self, DeriveError> {
        let path = path.into();
        // Even where no row is null: a table of another night, in which one is, must have the same schema.
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

/// A table of the release to be, with geometry.
#[derive(Debug)]
pub struct FeatureTable {
    /// Path within the release, such as `jurisdictions/county.parquet`.
    pub path: PathBuf,
    /// Its rows, with a column `geometry` (WKB in OGC:CRS84) and the struct `bbox`; a row may have neither.
    pub rows: RecordBatch,
    /// Box around all geometries, degrees; none where no row has one.
    pub extent: Option<Rect<f64>>,
    /// Types of the geometries, as GeoParquet calls them, each once.
    pub geometry_types: Vec<String>,
}
