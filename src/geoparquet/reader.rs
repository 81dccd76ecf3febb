//! Reads back what `writer` wrote, and files like it: rows, footers, page boxes.
//!
//! Opens files; never writes one.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use arrow_select::concat::concat_batches;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, RowGroupMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::Statistics;

use super::writer::BBOX_SIDES;
use super::{GeoMetadata, GeoparquetError};

/// Rows decoded at a time.
const BATCH_ROWS: usize = 65_536;
/// Rows shown at a time.
const EACH_ROWS: usize = 8_192;

/// What a file's footer says.
#[derive(Debug, Clone)]
pub struct Footer {
    /// Rows in the file.
    pub rows: u64,
    /// Rows of each row group.
    pub row_groups: Vec<u64>,
    /// Columns.
    pub schema: SchemaRef,
    /// Program that wrote the file.
    pub created_by: Option<String>,
    /// Names of the key-value pairs, in file order.
    pub keys: Vec<String>,
    /// The `geo` key, where there is one.
    pub geo: Option<GeoMetadata>,
    /// Box of every data page, in row order; empty where the covering has no page index.
    pub page_boxes: Vec<[f32; 4]>,
}

/// Reads the rows of a file, all columns or those named (in file order), as one batch.
///
/// # Errors
/// If the file can't be opened or decoded, or a named column is absent.
pub fn read(path: &Path, columns: Option<&[&str]>) -> Result<RecordBatch, GeoparquetError> {
    let unreadable = |source| GeoparquetError::Read {
        path: path.to_owned(),
        source,
    };
    let builder = ParquetRecordBatchReaderBuilder::try_new(open(path)?).map_err(unreadable)?;
    let mask = match columns {
        None => ProjectionMask::all(),
        Some(names) => projection(path, &builder, names)?,
    };
    gathered(path, builder.with_projection(mask))
}

/// Shows the rows of a file, those columns that are named (in file order), batch by batch.
///
/// # Errors
/// As `read`.
pub fn read_each(
    path: &Path,
    columns: &[&str],
    see: &mut dyn FnMut(&RecordBatch),
) -> Result<(), GeoparquetError> {
    let unreadable = |source| GeoparquetError::Read {
        path: path.to_owned(),
        source,
    };
    let builder = ParquetRecordBatchReaderBuilder::try_new(open(path)?).map_err(unreadable)?;
    let mask = projection(path, &builder, columns)?;
    let reader = builder
        .with_projection(mask)
        .with_batch_size(EACH_ROWS)
        .build()
        .map_err(unreadable)?;
    for batch in reader {
        see(&batch.map_err(|source| GeoparquetError::Decode {
            path: path.to_owned(),
            source,
        })?);
    }
    Ok(())
}

/// Reads the first rows of a file, all columns, as one batch.
///
/// # Errors
/// If the file can't be opened or decoded.
pub fn read_first(path: &Path, rows: usize) -> Result<RecordBatch, GeoparquetError> {
    let unreadable = |source| GeoparquetError::Read {
        path: path.to_owned(),
        source,
    };
    let builder = ParquetRecordBatchReaderBuilder::try_new(open(path)?).map_err(unreadable)?;
    gathered(path, builder.with_limit(rows))
}

/// What is to be read of a file, as one batch.
pub(super) fn gathered(
    path: &Path,
    builder: ParquetRecordBatchReaderBuilder<File>,
) -> Result<RecordBatch, GeoparquetError> {
    let reader = builder.with_batch_size(BATCH_ROWS).build();
    let reader = reader.map_err(|source| GeoparquetError::Read {
        path: path.to_owned(),
        source,
    })?;
    let undecodable = |source| GeoparquetError::Decode {
        path: path.to_owned(),
        source,
    };
    let schema = arrow_array::RecordBatchReader::schema(&reader);
    let batches = reader.collect::<Result<Vec<_>, _>>().map_err(undecodable)?;
    concat_batches(&schema, &batches).map_err(undecodable)
}

/// Reads those of the named columns that the file has, in file order, as one batch.
///
/// # Errors
/// If the file can't be opened or decoded.
pub fn read_present(path: &Path, columns: &[&str]) -> Result<RecordBatch, GeoparquetError> {
    let schema = inspect(path)?.schema;
    let present: Vec<&str> = columns
        .iter()
        .copied()
        .filter(|name| schema.index_of(name).is_ok())
        .collect();
    read(path, Some(&present))
}

/// Reads a file's footer and page index; no rows.
///
/// # Errors
/// If the file can't be opened or is no Parquet file, or its `geo` key can't be understood.
pub fn inspect(path: &Path) -> Result<Footer, GeoparquetError> {
    let loaded = load(path)?;
    let file = loaded.metadata().file_metadata();
    let pairs = file.key_value_metadata().map_or(&[][..], Vec::as_slice);
    let geo = pairs
        .iter()
        .find(|pair| pair.key == "geo")
        .and_then(|pair| pair.value.as_deref());
    let geo = geo
        .map(serde_json::from_str)
        .transpose()
        .map_err(|source| GeoparquetError::Metadata {
            path: path.to_owned(),
            source,
        })?;
    Ok(Footer {
        rows: file.num_rows().unsigned_abs(),
        row_groups: loaded
            .metadata()
            .row_groups()
            .iter()
            .map(|g| g.num_rows().unsigned_abs())
            .collect(),
        // The key-value pairs differ from tile to tile; the columns must not.
        schema: Arc::new(Schema::new(loaded.schema().fields().clone())),
        created_by: file.created_by().map(str::to_owned),
        keys: pairs.iter().map(|pair| pair.key.clone()).collect(),
        geo,
        page_boxes: boxes(path, loaded.metadata()).unwrap_or_default(),
    })
}

/// Box `[xmin, ymin, xmax, ymax]` of every data page, in row order: the leaves of the file's R-tree.
///
/// # Errors
/// If the file can't be opened or is no Parquet file, or the `bbox` columns have no aligned page index.
pub fn page_boxes(path: &Path) -> Result<Vec<[f32; 4]>, GeoparquetError> {
    boxes(path, load(path)?.metadata())
}

/// Nulls of every flat column, from the footer alone.
///
/// Lists, structs and columns without statistics are left out: their nulls are to be counted in the rows.
///
/// # Errors
/// If the file can't be opened or is no Parquet file.
pub fn null_counts(path: &Path) -> Result<BTreeMap<String, u64>, GeoparquetError> {
    let loaded = load(path)?;
    let mut counts: BTreeMap<String, Option<u64>> = BTreeMap::new();
    for column in loaded
        .metadata()
        .row_groups()
        .iter()
        .flat_map(RowGroupMetaData::columns)
    {
        let [name] = column.column_path().parts() else {
            continue;
        };
        let nulls = column.statistics().and_then(Statistics::null_count_opt);
        let total = counts.entry(name.clone()).or_insert(Some(0));
        *total = total.zip(nulls).map(|(total, nulls)| total + nulls);
    }
    Ok(counts
        .into_iter()
        .filter_map(|(name, nulls)| Some((name, nulls?)))
        .collect())
}

pub(super) fn open(path: &Path) -> Result<File, GeoparquetError> {
    // Before it is opened: a pipe would wait for somebody to write.
    let found = fs::metadata(path).and_then(|found| {
        if found.is_file() {
            File::open(path)
        } else {
            Err(io::Error::other("not a regular file"))
        }
    });
    found.map_err(|source| GeoparquetError::Open {
        path: path.to_owned(),
        source,
    })
}

fn load(path: &Path) -> Result<ArrowReaderMetadata, GeoparquetError> {
    let options = ArrowReaderOptions::new().with_page_index_policy(PageIndexPolicy::Optional);
    ArrowReaderMetadata::load(&open(path)?, options).map_err(|source| GeoparquetError::Read {
        path: path.to_owned(),
        source,
    })
}

fn projection(
    path: &Path,
    builder: &ParquetRecordBatchReaderBuilder<File>,
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

fn boxes(path: &Path, metadata: &ParquetMetaData) -> Result<Vec<[f32; 4]>, GeoparquetError> {
    let absent = |side: &str| GeoparquetError::NoPageIndex {
        path: path.to_owned(),
        column: format!("bbox.{side}"),
    };
    let mut pages = Vec::new();
    for group in 0..metadata.num_row_groups() {
        let [xmin, ymin, xmax, ymax] =
            BBOX_SIDES.map(|side| page_values(metadata, group, side).ok_or_else(|| absent(side)));
        let (xmin, ymin, xmax, ymax) = (xmin?, ymin?, xmax?, ymax?);
        if [ymin.len(), xmax.len(), ymax.len()] != [xmin.len(); 3] {
            return Err(GeoparquetError::Read {
                path: path.to_owned(),
                source: ParquetError::General("the pages of `bbox` don't align".to_owned()),
            });
        }
        pages.extend((0..xmin.len()).map(|page| [xmin[page], ymin[page], xmax[page], ymax[page]]));
    }
    Ok(pages)
}

/// The pages' least values of a `…min` column, greatest of a `…max` column.
fn page_values(metadata: &ParquetMetaData, group: usize, side: &str) -> Option<Vec<f32>> {
    let columns = metadata.row_group(group).columns();
    let column = columns
        .iter()
        .position(|c| matches!(c.column_path().parts(), [b, s] if b == "bbox" && s == side))?;
    let ColumnIndexMetaData::FLOAT(index) = metadata.column_index()?.get(group)?.get(column)? else {
        return None;
    };
    let values = if side.ends_with("min") {
        index.min_values()
    } else {
        index.max_values()
    };
    Some(values.to_vec())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::writer::tests::{rows, write_tile};
    use super::super::{WriteOptions, crs84_projjson, write_table};
    use super::*;

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

    #[test]
    fn the_footer_says_what_the_tile_is() {
        let footer = inspect(written().path()).unwrap();
        let geo = footer.geo.unwrap();
        let column = geo.primary().unwrap();
        assert_eq!((footer.rows, footer.row_groups), (300, vec![200, 100]));
        assert_eq!(footer.keys, ["geo"]);
        assert_eq!(geo.version, "1.1.0");
        assert_eq!(column.geometry_types, ["Point"]);
        assert_eq!(column.bbox.as_deref(), Some(&[0.0, 0.0, 299.0, 149.5][..]));
        assert_eq!(column.crs, Some(crs84_projjson()));
        assert_eq!(column.covering.as_ref().unwrap().bbox["xmin"], ["bbox", "xmin"]);
    }

    #[test]
    fn page_boxes_cover_their_rows() {
        let boxes = page_boxes(written().path()).unwrap();
        assert_eq!(boxes.len(), 6);
        let ends = (
            Some(&[-1.0, -1.0, 64.0, 32.5]),
            Some(&[263.0, 131.0, 300.0, 150.5]),
        );
        assert_eq!((boxes.first(), boxes.last()), ends);
    }

    #[test]
    fn a_table_has_no_page_boxes() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        write_table(&rows(10).project(&[0]).unwrap(), &OPTIONS, &mut file).unwrap();
        assert!(inspect(file.path()).unwrap().geo.is_none());
        let error = page_boxes(file.path()).unwrap_err().to_string();
        assert!(error.ends_with("has no column index for `bbox.xmin`"), "{error}");
    }

    #[test]
    fn what_is_no_parquet_is_refused_by_name() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"<html>not found</html>").unwrap();
        let error = inspect(file.path()).unwrap_err().to_string();
        assert!(
            error.starts_with("cannot read ") && error.contains(&*file.path().to_string_lossy()),
            "{error}"
        );
    }
}
