//! The columns of a file one after the other: its footer is read once.
//!
//! Opens files; never writes one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_schema::{Fields, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};

use super::GeoparquetError;
use super::file::{open_regular_file, reader_options};
use super::reader::read_batch;

/// A file whose footer was read.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::{ArrayRef, Int64Array, RecordBatch};
/// use cikr::geoparquet::{ColumnReader, WriteOptions, write_table};
///
/// let beds: ArrayRef = Arc::new(Int64Array::from(vec![120, 80]));
/// let rows = RecordBatch::try_from_iter([("beds", Arc::clone(&beds))])?;
/// let mut file = tempfile::NamedTempFile::new()?;
/// write_table(&rows, &[], &WriteOptions::default(), &mut file)?;
///
/// let columns = ColumnReader::open(file.path())?;
/// assert_eq!(columns.schema().field(0).name(), "beds");
/// assert_eq!(&columns.read("beds")?, &beds);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ColumnReader {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
}

impl ColumnReader {
    /// Reads the footer of a file.
    ///
    /// # Errors
    /// If it can't be opened or is no Parquet file.
    pub fn open(path: &Path) -> Result<Self, GeoparquetError> {
        let file = open_regular_file(path)?;
        let metadata = ArrowReaderMetadata::load(&file, reader_options())
            .map_err(|source| GeoparquetError::read_error(path, source))?;
        Ok(Self {
            path: path.to_owned(),
            metadata,
        })
    }

    /// Which columns there are.
    pub fn schema(&self) -> Schema {
        Schema::new(self.fields().clone())
    }

    /// A column, whole.
    ///
    /// # Errors
    /// If it is not there, or the file can't be opened or decoded.
    pub fn read(&self, column: &str) -> Result<ArrayRef, GeoparquetError> {
        let Some((at, _)) = self.fields().find(column) else {
            return Err(GeoparquetError::MissingColumn {
                path: self.path.clone(),
                column: column.to_owned(),
                found: self.fields().iter().map(|field| field.name().clone()).collect(),
            });
        };
        // A handle of its own: clones of one would share their place in the file.
        let file = open_regular_file(&self.path)?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        // By root, not by leaf: a struct such as `bbox` is one column here, with all of its leaves.
        let mask = ProjectionMask::roots(builder.parquet_schema(), [at]);
        Ok(Arc::clone(
            read_batch(&self.path, builder.with_projection(mask))?.column(0),
        ))
    }

    fn fields(&self) -> &Fields {
        self.metadata.schema().fields()
    }
}

#[cfg(test)]
mod tests {
    use super::super::writer::tests::{rows, write_tile};
    use super::super::{WriteOptions, read};
    use super::*;

    #[test]
    fn columns_are_those_of_a_whole_read() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let options = WriteOptions {
            page_rows: 64,
            zstd_level: 3,
        };
        write_tile(&rows(300), &[200, 100], &options, &mut file).unwrap();
        let columns = ColumnReader::open(file.path()).unwrap();
        let whole = read(file.path(), None).unwrap();
        for (field, expected) in whole.schema().fields().iter().zip(whole.columns()) {
            assert_eq!(&columns.read(field.name()).unwrap(), expected);
        }
        assert_eq!(columns.schema(), *whole.schema());
        let error = columns.read("capacity").unwrap_err().to_string();
        assert!(error.starts_with("no column `capacity` in "), "{error}");
    }
}
