//! A row group by itself: what its pages hold, where their bytes are, and its rows once these are at hand.
//!
//! Pure: bytes in, rows out. The leaves of the packed R-tree are the pages of the covering.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder, RowSelection};
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use parquet::file::page_index::column_index::ColumnIndexMetaData;
use parquet::file::page_index::offset_index::PageLocation;

use super::file::reader_options;
use super::{ColumnBounds, GeoparquetError, SparseFile, TileIndex, ValueRange};
use crate::feature::{BBOX_SIDES, FacilityRows};

/// Rows decoded at a time.
const ROWS_AT_ONCE: usize = 16_384;

/// A row group and the index of its pages.
#[derive(Debug)]
pub struct GroupIndex {
    path: PathBuf,
    group: usize,
    rows: usize,
    /// Of a file with this row group alone.
    metadata: ArrowReaderMetadata,
    leaves: Vec<LeafBox>,
}

/// A leaf of the R-tree: a data page of the covering.
#[derive(Debug, Clone, PartialEq)]
pub struct LeafBox {
    /// Its rows within the row group.
    pub rows: Range<usize>,
    /// Box `[xmin, ymin, xmax, ymax]` around them, degrees.
    pub bounds: [f64; 4],
}

/// A data page of a column.
#[derive(Debug, Clone, PartialEq)]
pub struct PageBounds<'a> {
    /// Its rows within the row group.
    pub rows: Range<usize>,
    /// Its bytes, header included.
    pub bytes: u64,
    /// What is known of its values.
    pub bounds: Option<ColumnBounds<'a>>,
}

impl GroupIndex {
    /// Of a row group whose page index is at hand, or which is to be read without one.
    ///
    /// # Errors
    /// When the index can't be understood.
    pub fn parse(
        tile: &TileIndex,
        group: usize,
        index: Option<&SparseFile>,
    ) -> Result<Self, GeoparquetError> {
        let row_group = tile.metadata.row_group(group).clone();
        let rows = usize::try_from(row_group.num_rows()).unwrap_or_default();
        let alone = ParquetMetaData::new(tile.bare.clone(), vec![row_group]);
        let indexed = match index {
            Some(bytes) => with_page_index(alone, bytes),
            None => Ok(alone),
        };
        let metadata =
            indexed.and_then(|alone| ArrowReaderMetadata::try_new(Arc::new(alone), reader_options()));
        let metadata = metadata.map_err(|source| GeoparquetError::read_error(&tile.path, source))?;
        let mut index = Self {
            path: tile.path.clone(),
            group,
            rows,
            metadata,
            leaves: vec![],
        };
        index.leaves = index.leaf_boxes().unwrap_or_default();
        Ok(index)
    }

    /// The tile's path, as messages name it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its number within the tile.
    pub fn group(&self) -> usize {
        self.group
    }

    /// Its rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes of memory, about.
    pub fn memory_bytes(&self) -> u64 {
        (self.metadata.metadata().memory_size() + self.leaves.len() * size_of::<LeafBox>()) as u64
    }

    /// The leaves of the R-tree, in the order of the rows; none where the covering has no page index.
    pub fn leaves(&self) -> &[LeafBox] {
        &self.leaves
    }

    /// The data pages of a column; none where there is no such column, or no index of it.
    pub fn pages(&self, column: &[&str]) -> Option<Vec<PageBounds<'_>>> {
        let leaf = self.leaf_of(column)?;
        let locations = self.locations(leaf)?;
        let index = self.metadata.metadata().column_index();
        let index = index.and_then(|groups| groups.first()?.get(leaf));
        // A column that is written without statistics has none here, and its number of pages can't be asked for.
        let index = index.filter(|index| {
            !matches!(index, ColumnIndexMetaData::NONE) && index.num_pages() == locations.len() as u64
        });
        let pages = page_rows(locations, self.rows).enumerate();
        Some(
            pages
                .map(|(page, rows)| PageBounds {
                    rows,
                    bytes: u64::try_from(locations[page].compressed_page_size).unwrap_or_default(),
                    bounds: index.map(|index| ColumnBounds::of_page(index, page)),
                })
                .collect(),
        )
    }

    /// Where the bytes are that decoding some rows takes, of columns by their places; in the order of the file.
    pub fn byte_ranges(&self, roots: &[usize], runs: &[Range<usize>]) -> Vec<Range<u64>> {
        let schema = self.metadata.metadata().file_metadata().schema_descr();
        let selection = RowSelection::from_consecutive_ranges(runs.iter().cloned(), self.rows);
        let mut ranges = Vec::new();
        for (leaf, chunk) in self.row_group().columns().iter().enumerate() {
            if !roots.contains(&schema.get_column_root_idx(leaf)) {
                continue;
            }
            let (start, length) = chunk.byte_range();
            match self.locations(leaf).filter(|locations| !locations.is_empty()) {
                Some(locations) => {
                    // What stands before the first page is the dictionary.
                    let first = u64::try_from(locations[0].offset).unwrap_or_default();
                    if start < first {
                        ranges.push(start..first);
                    }
                    ranges.extend(selection.scan_ranges(locations));
                }
                None => ranges.push(start..start.saturating_add(length)),
            }
        }
        ranges
    }

    /// Some rows, of columns by their places, in the order of the file.
    ///
    /// # Errors
    /// When their bytes aren't at hand or can't be decoded, or a published column has another type.
    pub fn decode(
        &self,
        bytes: SparseFile,
        roots: &[usize],
        runs: &[Range<usize>],
    ) -> Result<Vec<FacilityRows>, GeoparquetError> {
        let schema = self.metadata.metadata().file_metadata().schema_descr();
        let mask = ProjectionMask::roots(schema, roots.iter().copied());
        let selection = RowSelection::from_consecutive_ranges(runs.iter().cloned(), self.rows);
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(bytes, self.metadata.clone())
            .with_projection(mask)
            .with_row_selection(selection)
            .with_batch_size(ROWS_AT_ONCE)
            .build()
            .map_err(|source| GeoparquetError::read_error(&self.path, source))?;
        reader
            .map(|rows| {
                let rows = rows.map_err(|source| GeoparquetError::decode_error(&self.path, source))?;
                FacilityRows::try_new(rows)
                    .map_err(|source| GeoparquetError::column_error(&self.path, source))
            })
            .collect()
    }

    fn row_group(&self) -> &RowGroupMetaData {
        self.metadata.metadata().row_group(0)
    }

    fn leaf_of(&self, column: &[&str]) -> Option<usize> {
        let columns = self.row_group().columns().iter();
        columns
            .enumerate()
            .find_map(|(leaf, chunk)| (chunk.column_path().parts() == column).then_some(leaf))
    }

    fn locations(&self, leaf: usize) -> Option<&Vec<PageLocation>> {
        let groups = self.metadata.metadata().offset_index()?;
        Some(groups.first()?.get(leaf)?.page_locations())
    }

    fn leaf_boxes(&self) -> Option<Vec<LeafBox>> {
        let mut sides = Vec::with_capacity(BBOX_SIDES.len());
        for side in BBOX_SIDES {
            sides.push(self.pages(&["bbox", side])?);
        }
        // Other writers cut pages by bytes, column by column: boxes made of the n-th of each would hold no page's rows.
        let are_aligned = sides[1..].iter().all(|pages| {
            pages.len() == sides[0].len()
                && pages
                    .iter()
                    .zip(&sides[0])
                    .all(|(one, other)| one.rows == other.rows)
        });
        if !are_aligned {
            return None;
        }
        let leaves = sides[0].iter().enumerate().map(|(page, first)| {
            let mut bounds = [0.0; 4];
            for ((value, side), pages) in bounds.iter_mut().zip(BBOX_SIDES).zip(&sides) {
                let ValueRange::Numbers(least, greatest) = pages[page].bounds?.range? else {
                    return None;
                };
                *value = if side.ends_with("min") { least } else { greatest };
            }
            Some(LeafBox {
                rows: first.rows.clone(),
                bounds,
            })
        });
        leaves.collect()
    }
}

/// The metadata with its column and its offset index. One after the other: they stand apart in the file, and what is between
/// them is of other row groups.
fn with_page_index(alone: ParquetMetaData, bytes: &SparseFile) -> Result<ParquetMetaData, ParquetError> {
    let mut metadata = alone;
    for (columns, offsets) in [
        (PageIndexPolicy::Optional, PageIndexPolicy::Skip),
        (PageIndexPolicy::Skip, PageIndexPolicy::Required),
    ] {
        let mut reader = ParquetMetaDataReader::new_with_metadata(metadata)
            .with_column_index_policy(columns)
            .with_offset_index_policy(offsets);
        reader.read_page_indexes_sized(bytes, bytes.size())?;
        metadata = reader.finish()?;
    }
    Ok(metadata)
}

/// The rows of each page of a row group of so many.
fn page_rows(locations: &[PageLocation], rows: usize) -> impl Iterator<Item = Range<usize>> {
    let first = move |page: &PageLocation| {
        usize::try_from(page.first_row_index)
            .unwrap_or_default()
            .min(rows)
    };
    (0..locations.len()).map(move |page| {
        let end = locations.get(page + 1).map_or(rows, first);
        first(&locations[page])..end.max(first(&locations[page]))
    })
}

#[cfg(test)]
mod tests {
    use arrow_select::concat::concat_batches;
    use bytes::Bytes;

    use super::super::WriteOptions;
    use super::super::writer::tests::{rows, write_tile};
    use super::*;

    const OPTIONS: WriteOptions = WriteOptions {
        page_rows: 64,
        zstd_level: 3,
    };

    /// A file of two row groups, and a part of it at its place.
    fn written() -> Bytes {
        let mut out = Vec::new();
        write_tile(&rows(300), &[200, 100], &OPTIONS, &mut out).unwrap();
        out.into()
    }

    fn part(file: &Bytes, range: Range<u64>) -> (u64, Bytes) {
        let places = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        (range.start, file.slice(places))
    }

    /// The tile and its second row group, of which nothing was read but footer and page index.
    fn opened(file: &Bytes) -> (TileIndex, GroupIndex) {
        let size = file.len() as u64;
        let path = Path::new("part-000.parquet");
        let end = SparseFile::new(size, vec![part(file, size - 8..size)]);
        let footer = TileIndex::footer_range(path, &end).unwrap();
        let tile = TileIndex::parse(path, end.with_parts([part(file, footer)])).unwrap();
        let ranges = tile.page_index_ranges(1).unwrap();
        let indexes = tile.held_with(ranges.map(|range| part(file, range)));
        let group = GroupIndex::parse(&tile, 1, Some(&indexes)).unwrap();
        (tile, group)
    }

    #[test]
    fn a_row_group_tells_its_leaves_and_the_pages_of_its_columns() {
        let (tile, group) = opened(&written());
        assert_eq!((tile.groups(), tile.rows(1), group.rows()), (2, 100, 100));
        assert_eq!(tile.extent(1), Some([199.0, 99.0, 300.0, 150.5]));
        let leaves: Vec<Range<usize>> = group.leaves().iter().map(|leaf| leaf.rows.clone()).collect();
        assert_eq!(leaves, [0..64, 64..100]);
        assert_eq!(group.leaves()[1].bounds.to_vec(), [263.0, 131.0, 300.0, 150.5]);
        let capacity = group.pages(&["capacity_mw"]).unwrap();
        let bounds = capacity[1].bounds.unwrap();
        assert_eq!(bounds.range, Some(ValueRange::Numbers(264.0, 299.0)));
        assert!(bounds.may_be_null && bounds.may_be_value, "every seventh");
        assert!(
            group.pages(&["geometry"]).unwrap()[0]
                .bounds
                .is_none_or(|bounds| bounds.range.is_none())
        );
        assert_eq!(group.pages(&["no_such_column"]), None);
    }

    #[test]
    fn rows_are_decoded_of_no_other_bytes_than_those_told() {
        let file = written();
        let (tile, group) = opened(&file);
        let runs = [3..5, 70..80];
        let roots = tile
            .roots(&["facility_id".to_owned(), "geometry".to_owned()])
            .unwrap();
        let ranges = group.byte_ranges(&roots, &runs);
        let size = file.len() as u64;
        let told = SparseFile::new(size, ranges.into_iter().map(|range| part(&file, range)).collect());
        let found = group.decode(told, &roots, &runs).unwrap();
        let found: Vec<_> = found.iter().map(|rows| rows.as_batch().clone()).collect();
        let found = concat_batches(found[0].schema_ref(), &found).unwrap();
        let all = rows(300).project(&[0, 2]).unwrap();
        let expected = concat_batches(found.schema_ref(), &[all.slice(203, 2), all.slice(270, 10)]).unwrap();
        assert_eq!(found, expected);
        let one_page = group.byte_ranges(&roots, &runs[1..]);
        let less = SparseFile::new(
            size,
            one_page.into_iter().map(|range| part(&file, range)).collect(),
        );
        let error = group.decode(less, &roots, &runs).unwrap_err();
        assert!(
            matches!(
                error,
                GeoparquetError::Decode { .. } | GeoparquetError::Read { .. }
            ),
            "{error:?}"
        );
    }

    #[test]
    fn what_is_no_parquet_has_no_footer() {
        let page = SparseFile::new(22, vec![(0, Bytes::from_static(b"<html>not found</html>"))]);
        let error = TileIndex::footer_range(Path::new("a.parquet"), &page).unwrap_err();
        assert_eq!(error.to_string(), "cannot read a.parquet");
        let claims = [&[0xff, 0xff, 0xff, 0x7f][..], b"PAR1"].concat();
        let short = SparseFile::new(8, vec![(0, claims.into())]);
        assert!(
            TileIndex::footer_range(Path::new("a.parquet"), &short).is_err(),
            "longer than the file"
        );
    }
}
