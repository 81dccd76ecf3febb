//! A file of any columns, row group by row group: what it takes to write it again, byte for byte, with [`FeatureWriter`].
//!
//! Opens files; never writes one.
//!
//! [`FeatureWriter`]: super::FeatureWriter

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use arrow_select::concat::concat_batches;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::RowGroupMetaData;

use super::file::{open_regular_file, reader_options};
use super::{FooterEntry, GeoparquetError};

/// Rows decoded at a time: few batches to put together.
const BATCH_ROWS: usize = 65_536;

/// An open Parquet file of any columns, a tile or a plain table.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::{ArrayRef, RecordBatch, UInt64Array};
/// use cikr::geoparquet::{GroupedFile, WriteOptions, write_table};
///
/// let counts: ArrayRef = Arc::new(UInt64Array::from(vec![3, 5]));
/// let rows = RecordBatch::try_from_iter([("rows", counts)])?;
/// let mut file = tempfile::NamedTempFile::new()?;
/// write_table(&rows, &[], &WriteOptions::default(), &mut file)?;
/// let grouped = GroupedFile::open(file.path())?;
/// assert_eq!(grouped.group_rows(), [2]);
/// assert_eq!(grouped.read_group(0)?, rows);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct GroupedFile {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    schema: SchemaRef,
}

impl GroupedFile {
    /// Opens a file and reads its footer; no rows.
    ///
    /// # Errors
    /// When it can't be opened, or is no Parquet file.
    pub fn open(path: &Path) -> Result<Self, GeoparquetError> {
        let metadata = ArrowReaderMetadata::load(&open_regular_file(path)?, reader_options())
            .map_err(|source| GeoparquetError::read_error(path, source))?;
        // Pairs of the footer stand in the schema of a reader; two files of the same columns differ in them.
        let schema = Arc::new(Schema::new(metadata.schema().fields().clone()));
        Ok(Self {
            path: path.to_owned(),
            metadata,
            schema,
        })
    }

    /// Its columns, without what its footer says of the file.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Rows of each row group.
    pub fn group_rows(&self) -> Vec<usize> {
        let groups = self.metadata.metadata().row_groups().iter();
        groups
            .map(RowGroupMetaData::num_rows)
            .map(|rows| usize::try_from(rows).unwrap_or_default())
            .collect()
    }

    /// Keys and values of its footer, in file order.
    pub fn footer_entries(&self) -> Vec<FooterEntry> {
        let pairs = self.metadata.metadata().file_metadata().key_value_metadata();
        pairs
            .into_iter()
            .flatten()
            .map(|pair| (pair.key.clone(), pair.value.clone().unwrap_or_default()))
            .collect()
    }

    /// Rows of a row group, all columns.
    ///
    /// # Errors
    /// When it can't be read or decoded.
    pub fn read_group(&self, group: usize) -> Result<RecordBatch, GeoparquetError> {
        let file = open_regular_file(&self.path)?;
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
            .with_row_groups(vec![group])
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|source| GeoparquetError::read_error(&self.path, source))?;
        let decode_error = |source| GeoparquetError::decode_error(&self.path, source);
        let mut batches = Vec::new();
        for batch in reader {
            let batch = batch.and_then(|batch| batch.with_schema(Arc::clone(&self.schema)));
            batches.push(batch.map_err(decode_error)?);
        }
        concat_batches(&self.schema, &batches).map_err(decode_error)
    }
}
