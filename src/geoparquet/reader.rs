//! Reads back the rows that `writer` wrote, and those of files like it. What a footer says, `footer` reads.
//!
//! Opens files; never writes one.

use std::fs::File;
use std::path::Path;

use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_select::concat::concat_batches;
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection};
use parquet::file::reader::ChunkReader;

use super::GeoparquetError;
use super::file::{open_regular_file, reader_options};
use super::footer::read_footer;
use crate::feature::FacilityRows;

/// Rows decoded at a time where all are wanted at once: few batches to put together.
const BATCH_ROWS: usize = 65_536;
/// Rows shown at a time where nobody keeps them: memory holds one such batch of a file, whatever its length.
const EACH_ROWS: usize = 8_192;

/// Reads the rows of a file, all columns or those named (in file order), as one batch.
///
/// # Errors
/// If the file can't be opened or decoded, or a named column is absent.
pub fn read(path: &Path, columns: Option<&[&str]>) -> Result<RecordBatch, GeoparquetError> {
    let builder = open_builder(path)?;
    let mask = match columns {
        None => ProjectionMask::all(),
        Some(names) => project_columns(path, &builder, names)?,
    };
    read_batch(path, builder.with_projection(mask))
}

/// Reads the rows of a file that is in memory as [`read`] does those of one on disk; `path` names it in messages.
///
/// # Errors
/// As `read`.
pub fn read_bytes(
    path: &Path,
    bytes: Bytes,
    columns: Option<&[&str]>,
) -> Result<RecordBatch, GeoparquetError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(bytes, reader_options())
        .map_err(|source| GeoparquetError::read_error(path, source))?;
    let mask = match columns {
        None => ProjectionMask::all(),
        Some(names) => project_columns(path, &builder, names)?,
    };
    read_batch(path, builder.with_projection(mask))
}

/// Reads the rows of a tile as [`read`] does those of any file.
///
/// # Errors
/// As `read`, and when a published column has another type.
pub fn read_facilities(path: &Path, columns: Option<&[&str]>) -> Result<FacilityRows, GeoparquetError> {
    checked_rows(path, read(path, columns)?)
}

fn checked_rows(path: &Path, rows: RecordBatch) -> Result<FacilityRows, GeoparquetError> {
    FacilityRows::try_new(rows).map_err(|source| GeoparquetError::column_error(path, source))
}

/// Shows the rows of a tile, those columns that are named (in file order), batch by batch.
///
/// # Errors
/// As `read_facilities`.
pub fn read_each(
    path: &Path,
    columns: &[&str],
    see: &mut dyn FnMut(&FacilityRows),
) -> Result<(), GeoparquetError> {
    let builder = open_builder(path)?;
    let mask = project_columns(path, &builder, columns)?;
    let reader = builder
        .with_projection(mask)
        .with_batch_size(EACH_ROWS)
        .build()
        .map_err(|source| GeoparquetError::read_error(path, source))?;
    for batch in reader {
        let rows = batch.map_err(|source| GeoparquetError::decode_error(path, source))?;
        see(&checked_rows(path, rows)?);
    }
    Ok(())
}

/// Reads some rows of a tile, by their places in it in ascending order, and the columns that are named (in file order). Pages
/// that hold none of them aren't decoded.
///
/// # Errors
/// As `read_facilities`.
pub fn read_rows(path: &Path, columns: &[&str], rows: &[usize]) -> Result<FacilityRows, GeoparquetError> {
    let builder = open_builder(path)?;
    let mask = project_columns(path, &builder, columns)?;
    let ranges = rows
        .chunk_by(|a, b| a + 1 == *b)
        .map(|run| run[0]..run[0] + run.len());
    let total = builder.metadata().file_metadata().num_rows();
    let total = usize::try_from(total).unwrap_or_default();
    let selection = RowSelection::from_consecutive_ranges(ranges, total);
    let batch = read_batch(path, builder.with_projection(mask).with_row_selection(selection))?;
    checked_rows(path, batch)
}

/// Reads the first rows of a file, all columns, as one batch.
///
/// # Errors
/// If the file can't be opened or decoded.
pub fn read_first(path: &Path, rows: usize) -> Result<RecordBatch, GeoparquetError> {
    let builder = open_builder(path)?;
    read_batch(path, builder.with_limit(rows))
}

/// What is to be read of a file, as one batch.
pub(super) fn read_batch<R: ChunkReader + 'static>(
    path: &Path,
    builder: ParquetRecordBatchReaderBuilder<R>,
) -> Result<RecordBatch, GeoparquetError> {
    let reader = builder.with_batch_size(BATCH_ROWS).build();
    let reader = reader.map_err(|source| GeoparquetError::read_error(path, source))?;
    // Of the reader, not of the first batch: a file without rows has columns, too.
    let schema = reader.schema();
    reader
        .collect::<Result<Vec<_>, _>>()
        .and_then(|batches| concat_batches(&schema, &batches))
        .map_err(|source| GeoparquetError::decode_error(path, source))
}

/// Reads those of the named columns that a tile has, in file order, as one batch.
///
/// # Errors
/// If the file can't be opened or decoded, or a published column has another type.
pub fn read_present(path: &Path, columns: &[&str]) -> Result<FacilityRows, GeoparquetError> {
    let schema = read_footer(path)?.schema;
    let present: Vec<&str> = columns
        .iter()
        .copied()
        .filter(|name| schema.index_of(name).is_ok())
        .collect();
    read_facilities(path, Some(&present))
}

fn open_builder(path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, GeoparquetError> {
    ParquetRecordBatchReaderBuilder::try_new_with_options(open_regular_file(path)?, reader_options())
        .map_err(|source| GeoparquetError::read_error(path, source))
}

/// Whole columns by their names; a struct such as `bbox` with all of its leaves.
fn project_columns<R: ChunkReader + 'static>(
    path: &Path,
    builder: &ParquetRecordBatchReaderBuilder<R>,
    names: &[&str],
) -> Result<ProjectionMask, GeoparquetError> {
    let found: Vec<String> = builder
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    let roots = names
        .iter()
        .map(|name| {
            found
                .iter()
                .position(|column| column == name)
                .ok_or_else(|| GeoparquetError::MissingColumn {
                    path: path.to_owned(),
                    column: (*name).to_owned(),
                    found: found.clone(),
                })
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(ProjectionMask::roots(builder.parquet_schema(), roots))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Int64Array};

    use super::super::writer::tests::{rows, write_tile};
    use super::super::{WriteOptions, page_boxes, write_table};
    use super::*;
    use crate::feature::error_chain;

    const OPTIONS: WriteOptions = WriteOptions {
        page_rows: 64,
        zstd_level: 3,
    };

    fn written() -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write_tile(&rows(300), &[200, 100], &OPTIONS, &mut file).unwrap();
        file
    }

    #[test]
    fn rows_come_back_as_they_were() {
        assert_eq!(read(written().path(), None).unwrap(), rows(300));
    }

    #[test]
    fn an_empty_tile_comes_back_with_its_columns() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write_tile(&rows(0), &[], &OPTIONS, &mut file).unwrap();
        assert_eq!(read(file.path(), None).unwrap(), rows(0));
        assert!(page_boxes(file.path()).unwrap().is_empty());
    }

    #[test]
    fn a_tile_with_a_published_column_of_another_type_is_refused_by_its_path() {
        let ids: ArrayRef = Arc::new(Int64Array::from(vec![7]));
        let mistyped = RecordBatch::try_from_iter([("facility_id", ids)]).unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write_table(&mistyped, &[], &OPTIONS, &mut file).unwrap();
        let all = read_facilities(file.path(), None).unwrap_err();
        let each = read_each(file.path(), &["facility_id"], &mut |_| {}).unwrap_err();
        let present = read_present(file.path(), &["facility_id", "geometry"]).unwrap_err();
        for error in [all, each, present] {
            assert_eq!(error.path(), Some(file.path()));
            assert!(
                error_chain(&error).ends_with("the column `facility_id` is Int64, not Utf8"),
                "{error:?}"
            );
        }
    }

    #[test]
    fn an_absent_column_is_named() {
        let file = written();
        assert_eq!(
            read(file.path(), Some(&["geometry", "facility_id"]))
                .unwrap()
                .num_columns(),
            2
        );
        let error = read(file.path(), Some(&["capacity"])).unwrap_err().to_string();
        assert!(error.starts_with("no column `capacity` in "), "{error}");
        assert!(
            error.ends_with("it has facility_id, capacity_mw, geometry, bbox"),
            "{error}"
        );
    }
}
