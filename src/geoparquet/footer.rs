//! What the footer of a file says: rows, columns, metadata, and the box of every page.
//!
//! Opens files; reads no rows and never writes one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, RowGroupMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::statistics::Statistics;

use super::file::{open_regular_file, reader_options};
use super::{GeoMetadata, GeoparquetError};
use crate::feature::BBOX_SIDES;

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

/// Reads a file's footer and page index; no rows.
///
/// # Errors
/// If the file can't be opened or is no Parquet file, or its `geo` key can't be understood.
pub fn read_footer(path: &Path) -> Result<Footer, GeoparquetError> {
    let loaded = load_metadata(path)?;
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
        page_boxes: covering_page_boxes(path, loaded.metadata()).unwrap_or_default(),
    })
}

/// Box `[xmin, ymin, xmax, ymax]` of every data page, in row order: the leaves of the file's R-tree.
///
/// # Errors
/// If the file can't be opened or is no Parquet file, or the `bbox` columns have no aligned page index.
pub fn page_boxes(path: &Path) -> Result<Vec<[f32; 4]>, GeoparquetError> {
    covering_page_boxes(path, load_metadata(path)?.metadata())
}

/// Nulls of every flat column, from the footer alone.
///
/// Lists, structs and columns without statistics are left out: their nulls are to be counted in the rows.
///
/// # Errors
/// If the file can't be opened or is no Parquet file.
pub fn null_counts(path: &Path) -> Result<BTreeMap<String, u64>, GeoparquetError> {
    let loaded = load_metadata(path)?;
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
        // One row group without statistics makes the whole column unknown: a sum of the others would be too small.
        let total = counts.entry(name.clone()).or_insert(Some(0));
        *total = total.zip(nulls).map(|(total, nulls)| total + nulls);
    }
    Ok(counts
        .into_iter()
        .filter_map(|(name, nulls)| Some((name, nulls?)))
        .collect())
}

fn load_metadata(path: &Path) -> Result<ArrowReaderMetadata, GeoparquetError> {
    // Optional: a table, or a file of another writer, may have none, and its rows are read all the same.
    let options = reader_options().with_page_index_policy(PageIndexPolicy::Optional);
    ArrowReaderMetadata::load(&open_regular_file(path)?, options)
        .map_err(|source| GeoparquetError::read_error(path, source))
}

fn covering_page_boxes(path: &Path, metadata: &ParquetMetaData) -> Result<Vec<[f32; 4]>, GeoparquetError> {
    let mut pages = Vec::new();
    for group in 0..metadata.num_row_groups() {
        let mut sides = Vec::with_capacity(BBOX_SIDES.len());
        for side in BBOX_SIDES {
            let values = page_values(metadata, group, side);
            sides.push(values.ok_or_else(|| GeoparquetError::NoPageIndex {
                path: path.to_owned(),
                column: format!("bbox.{side}"),
            })?);
        }
        // Other writers cut pages by bytes, column by column: the n-th page of one side then has other rows than that of
        // another, and boxes made of both would hold neither's.
        let count = sides[0].len();
        if sides.iter().any(|values| values.len() != count) {
            let source = ParquetError::General("the pages of `bbox` don't align".to_owned());
            return Err(GeoparquetError::read_error(path, source));
        }
        pages.extend((0..count).map(|page| [0, 1, 2, 3].map(|side: usize| sides[side][page])));
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
    fn the_footer_says_what_the_tile_is() {
        let footer = read_footer(written().path()).unwrap();
        let geo = footer.geo.unwrap();
        let column = geo.primary_column_metadata().unwrap();
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
        write_table(&rows(10).project(&[0]).unwrap(), &[], &OPTIONS, &mut file).unwrap();
        assert!(read_footer(file.path()).unwrap().geo.is_none());
        let error = page_boxes(file.path()).unwrap_err().to_string();
        assert!(error.ends_with("has no column index for `bbox.xmin`"), "{error}");
    }

    #[test]
    fn what_is_no_parquet_is_refused_by_name() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"<html>not found</html>").unwrap();
        let error = read_footer(file.path()).unwrap_err().to_string();
        assert!(
            error.starts_with("cannot read ") && error.contains(&*file.path().to_string_lossy()),
            "{error}"
        );
    }
}
