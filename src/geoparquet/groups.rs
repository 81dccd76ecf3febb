//! A tile row group by row group: what each holds by its statistics, and its rows, few at a time.
//!
//! Opens files; never writes one.

use std::path::{Path, PathBuf};

use arrow_schema::SchemaRef;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder};
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics;

use super::file::{open_regular_file, reader_options};
use super::{ColumnBounds, GeoMetadata, GeoparquetError};
use crate::feature::{BBOX_SIDES, FacilityRows};

/// Rows decoded at a time: a row group may be as long as a pipeline likes.
const ROWS_AT_ONCE: usize = 8_192;

/// An open tile, whose row groups are looked at one by one.
#[derive(Debug)]
pub struct RowGroups {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
}

impl RowGroups {
    /// Opens a tile and reads its footer; no rows.
    ///
    /// # Errors
    /// When it can't be opened, or is no Parquet file.
    pub fn open(path: &Path) -> Result<Self, GeoparquetError> {
        let metadata = ArrowReaderMetadata::load(&open_regular_file(path)?, reader_options())
            .map_err(|source| GeoparquetError::read_error(path, source))?;
        Ok(Self {
            path: path.to_owned(),
            metadata,
        })
    }

    /// Its columns.
    pub fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    /// GeoParquet's names of the geometry types that it says it holds; none where it says nothing.
    ///
    /// # Errors
    /// When its `geo` key can't be understood.
    pub fn geometry_types(&self) -> Result<Vec<String>, GeoparquetError> {
        let pairs = self.metadata.metadata().file_metadata().key_value_metadata();
        let told = pairs
            .into_iter()
            .flatten()
            .find(|pair| pair.key == "geo")
            .and_then(|pair| pair.value.as_deref());
        let Some(told) = told else { return Ok(vec![]) };
        let geo: GeoMetadata = serde_json::from_str(told).map_err(|source| GeoparquetError::Metadata {
            path: self.path.clone(),
            source,
        })?;
        let column = geo.primary_column_metadata();
        Ok(column.map_or_else(Vec::new, |column| column.geometry_types.clone()))
    }

    /// Number of its row groups.
    pub fn count(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    /// Rows of a row group.
    pub fn rows(&self, group: usize) -> u64 {
        self.group(group).num_rows().unsigned_abs()
    }

    /// Box `[xmin, ymin, xmax, ymax]` around the rows of a row group, by the statistics of the covering; none where these
    /// don't tell.
    pub fn extent(&self, group: usize) -> Option<[f32; 4]> {
        let mut extent = [0.0; 4];
        for (value, side) in extent.iter_mut().zip(BBOX_SIDES) {
            let Statistics::Float(told) = self.column(group, &["bbox", side])?.statistics()? else {
                return None;
            };
            *value = if side.ends_with("min") {
                *told.min_opt()?
            } else {
                *told.max_opt()?
            };
        }
        Some(extent)
    }

    /// What is known of a column in a row group; none where there is no such column.
    pub fn bounds(&self, group: usize, column: &str) -> Option<ColumnBounds<'_>> {
        self.column(group, &[column]).map(ColumnBounds::of_chunk)
    }

    /// The rows of a row group, some thousands at a time, all columns.
    ///
    /// # Errors
    /// When it can't be read or decoded, or a published column has another type.
    pub fn read(
        &self,
        group: usize,
    ) -> Result<impl Iterator<Item = Result<FacilityRows, GeoparquetError>> + '_, GeoparquetError> {
        let file = open_regular_file(&self.path)?;
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
            .with_row_groups(vec![group])
            .with_batch_size(ROWS_AT_ONCE)
            .build()
            .map_err(|source| GeoparquetError::read_error(&self.path, source))?;
        Ok(reader.map(|rows| {
            let rows = rows.map_err(|source| GeoparquetError::decode_error(&self.path, source))?;
            FacilityRows::try_new(rows).map_err(|source| GeoparquetError::column_error(&self.path, source))
        }))
    }

    fn group(&self, group: usize) -> &RowGroupMetaData {
        self.metadata.metadata().row_group(group)
    }

    fn column(&self, group: usize, path: &[&str]) -> Option<&ColumnChunkMetaData> {
        let columns = self.group(group).columns();
        columns.iter().find(|column| column.column_path().parts() == path)
    }
}

#[cfg(test)]
mod tests {
    use super::super::writer::tests::{rows, write_tile};
    use super::super::{ValueRange, WriteOptions};
    use super::*;

    #[test]
    fn row_groups_tell_their_boxes_and_come_back_one_by_one() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write_tile(&rows(300), &[200, 100], &WriteOptions::default(), &mut file).unwrap();
        let groups = RowGroups::open(file.path()).unwrap();
        assert_eq!((groups.count(), groups.rows(0), groups.rows(1)), (2, 200, 100));
        assert_eq!(groups.geometry_types().unwrap(), ["Point"]);
        assert_eq!(groups.extent(1), Some([199.0, 99.0, 300.0, 150.5]));
        assert_eq!(groups.bounds(0, "no_such_column"), None);
        let capacity = groups.bounds(1, "capacity_mw").unwrap();
        assert_eq!(capacity.range, Some(ValueRange::Numbers(200.0, 299.0)));
        assert!(capacity.may_be_null, "every seventh");
        let second: Vec<_> = groups.read(1).unwrap().map(Result::unwrap).collect();
        assert_eq!(second.len(), 1);
        assert_eq!(second[0].as_batch(), &rows(300).slice(200, 100));
    }
}
