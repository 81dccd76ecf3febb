//! Tiles and tables as Parquet: what a file carries, how it is laid out, how it is read back.
//!
//! May use: `feature`, `parquet`, `arrow`. Opens files to read them; writes only into what it is
//! handed, so that `store` alone creates files. No clock: the same rows give the same bytes.

mod bounds;
mod columns;
mod constants;
mod features;
mod file;
mod footer;
mod group_index;
mod grouped;
mod groups;
mod metadata;
mod reader;
mod repeats;
mod sparse;
mod table;
mod tile_index;
mod writer;

use std::path::{Path, PathBuf};

use arrow_schema::ArrowError;
use parquet::errors::ParquetError;

pub use bounds::{ColumnBounds, ValueRange};
pub use columns::ColumnReader;
pub use constants::repeated;
pub use features::{Encodings, FeatureWriter, Features, write_features};
pub use footer::{Footer, null_counts, page_boxes, read_footer};
pub use group_index::{GroupIndex, LeafBox, PageBounds};
pub use grouped::GroupedFile;
pub use groups::RowGroups;
pub use metadata::{Covering, GeoColumn, GeoMetadata, crs84_projjson, geo_metadata};
pub use reader::{read, read_bytes, read_each, read_facilities, read_first, read_present, read_rows};
pub use sparse::SparseFile;
pub use table::TableWriter;
pub use tile_index::{ChunkWeight, TileIndex};
pub use writer::{WriteOptions, write_table};

use crate::feature::ColumnError;

/// Media type of every Parquet file in a release.
pub const MEDIA_TYPE: &str = "application/vnd.apache.parquet";

/// A key of a file's footer and its value.
pub type FooterEntry = (String, String);

/// Why a file could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GeoparquetError {
    /// The file can't be opened.
    #[error("cannot open {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file is no Parquet file, or a damaged one.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The decoder's reason.
        source: ParquetError,
    },
    /// The rows of the file can't be decoded, or don't fit together.
    #[error("cannot decode the rows of {}", path.display())]
    Decode {
        /// The file.
        path: PathBuf,
        /// Arrow's reason.
        source: ArrowError,
    },
    /// A column is not as it is published.
    #[error("cannot use the columns of {}", path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// Which, and what it is.
        source: ColumnError,
    },
    /// A column that was asked for is not there.
    #[error("no column `{column}` in {}; it has {}", path.display(), found.join(", "))]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The absent column.
        column: String,
        /// The columns it has.
        found: Vec<String>,
    },
    /// The `geo` metadata is not JSON of the expected form.
    #[error("the `geo` metadata of {} cannot be understood", path.display())]
    Metadata {
        /// The file.
        path: PathBuf,
        /// The parser's reason.
        source: serde_json::Error,
    },
    /// The covering has no usable page index.
    #[error("{} has no column index for `{column}`", path.display())]
    NoPageIndex {
        /// The file.
        path: PathBuf,
        /// Column without an index.
        column: String,
    },
    /// The rows can't be encoded or the writer failed.
    #[error("cannot write {what}")]
    Write {
        /// What was being written, such as `dams/region=R06/part-000.parquet`.
        what: String,
        /// The encoder's reason.
        source: ParquetError,
    },
    /// Row groups that don't add up to the rows.
    #[error("the row groups of {what} hold {grouped} rows, but there are {rows}")]
    RowGroups {
        /// What was being written.
        what: String,
        /// Sum of the row groups.
        grouped: usize,
        /// Rows in the batch.
        rows: usize,
    },
    /// Rows that are to be written can't be had.
    #[error("cannot take the rows of {what}")]
    Rows {
        /// What they are of.
        what: String,
        /// Why, as who has them says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl GeoparquetError {
    /// The file that could not be read; none where one could not be written.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Open { path, .. }
            | Self::Read { path, .. }
            | Self::Decode { path, .. }
            | Self::Column { path, .. }
            | Self::MissingColumn { path, .. }
            | Self::Metadata { path, .. }
            | Self::NoPageIndex { path, .. } => Some(path),
            Self::Write { .. } | Self::RowGroups { .. } | Self::Rows { .. } => None,
        }
    }

    /// The Parquet decoder refuses a file.
    fn read_error(path: &Path, source: ParquetError) -> Self {
        Self::Read {
            path: path.to_owned(),
            source,
        }
    }

    /// Rows of a file can't be put together.
    pub(crate) fn decode_error(path: &Path, source: ArrowError) -> Self {
        Self::Decode {
            path: path.to_owned(),
            source,
        }
    }

    /// A column of a file is another than it must be.
    pub(crate) fn column_error(path: &Path, source: ColumnError) -> Self {
        Self::Column {
            path: path.to_owned(),
            source,
        }
    }

    /// The encoder, or what it writes into, fails.
    fn write_error(what: &str, source: ParquetError) -> Self {
        Self::Write {
            what: what.to_owned(),
            source,
        }
    }
}
