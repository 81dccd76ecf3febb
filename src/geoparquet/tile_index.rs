//! The footer of a tile whose bytes somebody has fetched: its columns, and what its row groups hold.
//!
//! Pure: bytes in, so that a tile on a disk and one behind a server are read by the same code. What the pages of a row group
//! hold, `group_index` says.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_schema::{Schema, SchemaRef};
use bytes::Bytes;
use parquet::arrow::parquet_to_arrow_schema;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, FileMetaData, ParquetMetaData, ParquetMetaDataReader};

use super::{ColumnBounds, GeoMetadata, GeoparquetError, SparseFile, ValueRange};
use crate::feature::BBOX_SIDES;

/// The end of a Parquet file: the length of its footer, and who it says to be.
pub(super) const END_BYTES: u64 = 8;
const MAGIC: &[u8] = b"PAR1";
/// Longest footer that is read, bytes: a thousand row groups of a thousand columns.
const MOST_FOOTER_BYTES: u64 = 256 << 20;

/// A tile's footer.
#[derive(Debug)]
pub struct TileIndex {
    pub(super) path: PathBuf,
    pub(super) metadata: ParquetMetaData,
    /// The footer's own part without its keys, which row groups that are decoded alone carry along.
    pub(super) bare: FileMetaData,
    schema: SchemaRef,
    /// What was fetched for the footer: pages and their index may be among it.
    held: SparseFile,
    footer_bytes: u64,
}

/// What a column of a row group takes, bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkWeight {
    /// Path of the column, with dots.
    pub column: String,
    /// As it is in the file.
    pub compressed: u64,
    /// Decompressed.
    pub uncompressed: u64,
    /// Of that in the file, its dictionary.
    pub dictionary: u64,
    /// Its column index and offset index, which stand apart.
    pub page_index: u64,
    /// Names of its encodings.
    pub encodings: Vec<String>,
    /// How it is compressed.
    pub compression: String,
}

impl TileIndex {
    /// Where the footer of a file is, by its last bytes; 8 are enough.
    ///
    /// # Errors
    /// When the file is no Parquet file, or says that its footer is longer than it can be.
    pub fn footer_range(path: &Path, held: &SparseFile) -> Result<Range<u64>, GeoparquetError> {
        let size = held.size();
        let start = size.saturating_sub(END_BYTES);
        let end = held.part(&(start..size)).unwrap_or_default();
        let length = end
            .split_first_chunk::<4>()
            .filter(|(_, magic)| *magic == MAGIC)
            .map(|(length, _)| u64::from(u32::from_le_bytes(*length)));
        length
            .filter(|length| *length <= start.min(MOST_FOOTER_BYTES))
            .map(|length| start - length..start)
            .ok_or_else(|| {
                let source = ParquetError::General("it has no footer of Parquet at its end".to_owned());
                GeoparquetError::read_error(path, source)
            })
    }

    /// Of a file of which the footer is at hand; `path` names it in messages.
    ///
    /// # Errors
    /// When the footer can't be understood.
    pub fn parse(path: &Path, held: SparseFile) -> Result<Self, GeoparquetError> {
        let range = Self::footer_range(path, &held)?;
        let footer_bytes = range.end - range.start;
        let parsed = held
            .part(&range)
            .ok_or_else(|| ParquetError::General("its footer wasn't fetched".to_owned()))
            .and_then(|footer| ParquetMetaDataReader::decode_metadata(&footer))
            .and_then(|metadata| {
                let file = metadata.file_metadata();
                let schema = parquet_to_arrow_schema(file.schema_descr(), None)?;
                Ok((schema, metadata))
            });
        let (schema, metadata) = parsed.map_err(|source| GeoparquetError::read_error(path, source))?;
        let file = metadata.file_metadata();
        let bare = FileMetaData::new(
            file.version(),
            file.num_rows(),
            file.created_by().map(str::to_owned),
            None,
            file.schema_descr_ptr(),
            file.column_orders().cloned(),
        );
        Ok(Self {
            path: path.to_owned(),
            schema: Arc::new(Schema::new(schema.fields().clone())),
            bare,
            metadata,
            held,
            footer_bytes,
        })
    }

    /// Its path, as messages name it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its columns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// What of the file is at hand.
    pub fn held(&self) -> &SparseFile {
        &self.held
    }

    /// Bytes of the footer.
    pub fn footer_bytes(&self) -> u64 {
        self.footer_bytes
    }

    /// Bytes of memory, about.
    pub fn memory_bytes(&self) -> u64 {
        self.held.held_bytes() + self.metadata.memory_size() as u64
    }

    /// Number of its row groups.
    pub fn groups(&self) -> usize {
        self.metadata.num_row_groups()
    }

    /// Rows of a row group.
    pub fn rows(&self, group: usize) -> usize {
        usize::try_from(self.metadata.row_group(group).num_rows()).unwrap_or_default()
    }

    /// Program that wrote the file.
    pub fn created_by(&self) -> Option<&str> {
        self.metadata.file_metadata().created_by()
    }

    /// The `geo` key; none where there is none.
    ///
    /// # Errors
    /// When it can't be understood.
    pub fn geo(&self) -> Result<Option<GeoMetadata>, GeoparquetError> {
        let pairs = self.metadata.file_metadata().key_value_metadata();
        let told = pairs.into_iter().flatten().find(|pair| pair.key == "geo");
        let told = told.and_then(|pair| pair.value.as_deref());
        told.map(serde_json::from_str)
            .transpose()
            .map_err(|source| GeoparquetError::Metadata {
                path: self.path.clone(),
                source,
            })
    }

    /// What is known of a column in a row group; none where there is no such column.
    pub fn bounds(&self, group: usize, column: &[&str]) -> Option<ColumnBounds<'_>> {
        self.chunk(group, column).map(ColumnBounds::of_chunk)
    }

    /// What the footer says of a column of a row group.
    pub(super) fn chunk(&self, group: usize, column: &[&str]) -> Option<&ColumnChunkMetaData> {
        let mut columns = self.metadata.row_group(group).columns().iter();
        columns.find(|chunk| chunk.column_path().parts() == column)
    }

    /// Box `[xmin, ymin, xmax, ymax]` around the rows of a row group, by the statistics of the covering, degrees; none where
    /// these don't tell.
    pub fn extent(&self, group: usize) -> Option<[f64; 4]> {
        let mut extent = [0.0; 4];
        for (value, side) in extent.iter_mut().zip(BBOX_SIDES) {
            let ValueRange::Numbers(least, greatest) = self.bounds(group, &["bbox", side])?.range? else {
                return None;
            };
            *value = if side.ends_with("min") { least } else { greatest };
        }
        Some(extent)
    }

    /// What the columns of a row group take.
    pub fn chunks(&self, group: usize) -> Vec<ChunkWeight> {
        let columns = self.metadata.row_group(group).columns().iter();
        columns
            .map(|chunk| {
                let dictionary = chunk.dictionary_page_offset().filter(|place| *place > 0);
                let index = [chunk.column_index_length(), chunk.offset_index_length()];
                ChunkWeight {
                    column: chunk.column_path().parts().join("."),
                    compressed: chunk.compressed_size().unsigned_abs(),
                    uncompressed: chunk.uncompressed_size().unsigned_abs(),
                    dictionary: dictionary.map_or(0, |place| chunk.data_page_offset().abs_diff(place)),
                    page_index: index
                        .into_iter()
                        .flatten()
                        .map(|length| u64::from(length.unsigned_abs()))
                        .sum(),
                    encodings: chunk.encodings().map(|encoding| encoding.to_string()).collect(),
                    compression: chunk.compression().to_string(),
                }
            })
            .collect()
    }

    /// Places of columns by their names; an absent one is told.
    ///
    /// # Errors
    /// When there is no column of a name.
    pub fn roots(&self, columns: &[String]) -> Result<Vec<usize>, GeoparquetError> {
        let find = |name: &String| {
            self.schema
                .index_of(name)
                .map_err(|_absent| GeoparquetError::MissingColumn {
                    path: self.path.clone(),
                    column: name.clone(),
                    found: self
                        .schema
                        .fields()
                        .iter()
                        .map(|field| field.name().clone())
                        .collect(),
                })
        };
        columns.iter().map(find).collect()
    }

    /// Where the column indexes and the offset indexes of a row group are; none where it has none.
    pub fn page_index_ranges(&self, group: usize) -> Option<[Range<u64>; 2]> {
        let columns = self.metadata.row_group(group).columns().iter();
        let column_index = columns
            .clone()
            .filter_map(|c| place(c.column_index_offset(), c.column_index_length()));
        let offset_index = columns.map(|c| place(c.offset_index_offset(), c.offset_index_length()));
        // Without all of these no column's pages can be found.
        let offset_index: Vec<Range<u64>> = offset_index.collect::<Option<_>>()?;
        Some([around(column_index)?, around(offset_index.into_iter())?])
    }

    /// The same file with further parts at hand.
    #[must_use]
    pub fn held_with(&self, parts: impl IntoIterator<Item = (u64, Bytes)>) -> SparseFile {
        self.held.with_parts(parts)
    }
}

fn place(offset: Option<i64>, length: Option<i32>) -> Option<Range<u64>> {
    let start = u64::try_from(offset?).ok()?;
    let length = u64::try_from(length?).ok()?;
    Some(start..start.checked_add(length)?)
}

/// The run of bytes around all.
fn around(ranges: impl Iterator<Item = Range<u64>>) -> Option<Range<u64>> {
    ranges.reduce(|all, next| all.start.min(next.start)..all.end.max(next.end))
}
