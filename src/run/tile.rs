//! Writes tiles and tables into the release to be, and reads carried ones back.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use geo::{Coord, Rect};

use super::Context;
use crate::error::Error;
use crate::feature::{FileRecord, RegionId, Tile, TileRecord};
use crate::geoparquet::{self, Features, GeoMetadata, GeoparquetError, TableWriter, WriteOptions};
use crate::kernel::cut::Whole;
use crate::store::{Staged, StoreError, Written};

/// Why a tile isn't there.
#[derive(Debug, thiserror::Error)]
pub(super) enum TileError {
    /// The store can't take it.
    #[error("cannot store a tile")]
    Store {
        /// Cause.
        source: StoreError,
    },
    /// Parquet can't encode or decode it.
    #[error("cannot encode or decode {}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Cause.
        source: GeoparquetError,
    },
    /// A table can't be put together: a mistake of this program.
    #[error("cannot make {}", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// Cause.
        source: ArrowError,
    },
    /// A tile of an earlier release tells no extent.
    #[error("{} has no GeoParquet extent", path.display())]
    Carried {
        /// The file.
        path: PathBuf,
    },
}

impl From<TileError> for Error {
    fn from(error: TileError) -> Self {
        match error {
            TileError::Store { source } => Self::Store { source },
            other => Self::Table { source: Box::new(other) },
        }
    }
}

/// Folder of a collection within a release.
pub(super) fn base(collection: &str) -> PathBuf {
    if collection == "facilities" { PathBuf::from(collection) } else { Path::new("layers").join(collection) }
}

/// Writes one tile below its collection's `data/`.
pub(super) fn write(context: &Context<'_>, tile: &Tile, types: &[String]) -> Result<TileRecord, TileError> {
    let path = base(&tile.collection).join("data").join(tile.file());
    let (written, rows) =
        staged(context, &path, |out| geoparquet::write(tile, types, &context.write_options(), out))?;
    context.note_rows(&path, rows);
    Ok(TileRecord {
        collection: tile.collection.clone(),
        region: tile.region.clone(),
        ordinal: tile.ordinal,
        path,
        rows,
        bytes: written.bytes,
        sha256: written.sha256,
        extent: tile.extent,
        geometry_types: types.to_vec(),
    })
}

/// Writes a layer's rows as one file.
pub(super) fn write_whole(
    context: &Context<'_>,
    path: &Path,
    whole: &Whole,
) -> Result<FileRecord, TileError> {
    let features = Features {
        what: &path.display().to_string(),
        rows: &whole.rows,
        row_groups: &whole.row_groups,
        extent: Some(whole.extent),
        geometry_types: &whole.geometry_types,
        footer: &[],
    };
    let (written, rows) =
        staged(context, path, |out| geoparquet::write_features(&features, &context.write_options(), out))?;
    context.note_rows(path, rows);
    Ok(FileRecord { path: path.to_owned(), rows, bytes: written.bytes, sha256: written.sha256 })
}

/// Writes a table without geometry.
pub(super) fn write_table(
    context: &Context<'_>,
    path: &Path,
    rows: &RecordBatch,
) -> Result<FileRecord, TileError> {
    let (written, rows) =
        staged(context, path, |out| geoparquet::write_table(rows, &context.write_options(), out))?;
    context.note_rows(path, rows);
    Ok(FileRecord { path: path.to_owned(), rows, bytes: written.bytes, sha256: written.sha256 })
}

/// Writes a long table piece by piece, as `fill` hands the pieces on; tells what that returns, too.
pub(super) fn write_pieces<T>(
    context: &Context<'_>,
    path: &Path,
    schema: SchemaRef,
    fill: impl FnOnce(&mut dyn FnMut(&RecordBatch) -> Result<(), GeoparquetError>) -> Result<T, GeoparquetError>,
) -> Result<(FileRecord, T), TileError> {
    let options = long_options(context);
    let (written, (rows, filled)) = staged(context, path, |out| {
        let mut table = TableWriter::new(schema, &options, out)?;
        let filled = fill(&mut |piece| table.write(piece))?;
        Ok((table.close()?, filled))
    })?;
    context.note_rows(path, rows);
    Ok((FileRecord { path: path.to_owned(), rows, bytes: written.bytes, sha256: written.sha256 }, filled))
}

/// Of a long table of few distinct values: beyond level 3, zstd takes six times as long over it.
fn long_options(context: &Context<'_>) -> WriteOptions {
    let options = context.write_options();
    WriteOptions { zstd_level: options.zstd_level.min(3), ..options }
}

fn staged<T>(
    context: &Context<'_>,
    path: &Path,
    encode: impl FnOnce(&mut Watched<'_>) -> Result<T, GeoparquetError>,
) -> Result<(Written, T), TileError> {
    let store = |source| TileError::Store { source };
    let mut out = Watched { file: context.staging.create(path).map_err(store)?, failure: None };
    let made = encode(&mut out);
    if let Some(source) = out.failure {
        return Err(store(source));
    }
    let made = made.map_err(|source| TileError::Parquet { path: path.to_owned(), source })?;
    Ok((out.file.commit().map_err(store)?, made))
}

/// A staged file that remembers why it could not be written: a full disk is the store's failure,
/// not the encoder's.
struct Watched<'a> {
    file: Staged<'a>,
    failure: Option<StoreError>,
}

impl Watched<'_> {
    fn note<T>(&mut self, done: io::Result<T>) -> io::Result<T> {
        done.map_err(|error| {
            let kind = error.kind();
            self.failure = self.failure.take().or_else(|| error.downcast::<StoreError>().ok());
            io::Error::from(kind)
        })
    }
}

impl Write for Watched<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.file.write(bytes);
        self.note(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.file.flush();
        self.note(done)
    }
}

/// The record of a tile carried from an earlier release.
pub(super) fn carried(
    context: &Context<'_>,
    collection: &str,
    written: Written,
) -> Result<TileRecord, TileError> {
    let file = context.staging.path_of(&written.path);
    let footer = geoparquet::inspect(&file)
        .map_err(|source| TileError::Parquet { path: written.path.clone(), source })?;
    context.note_rows(&written.path, footer.rows);
    let (region, ordinal) = place(&written.path);
    let column = footer.geo.as_ref().and_then(GeoMetadata::primary).cloned();
    let column = column.ok_or_else(|| TileError::Carried { path: written.path.clone() })?;
    let Some([xmin, ymin, xmax, ymax]) = column.bbox.as_deref() else {
        return Err(TileError::Carried { path: written.path });
    };
    Ok(TileRecord {
        collection: collection.to_owned(),
        region,
        ordinal,
        path: written.path,
        rows: footer.rows,
        bytes: written.bytes,
        sha256: written.sha256,
        extent: Rect::new(Coord { x: *xmin, y: *ymin }, Coord { x: *xmax, y: *ymax }),
        geometry_types: column.geometry_types,
    })
}

/// Region and ordinal from `…/region=R06/part-000.parquet`.
fn place(path: &Path) -> (RegionId, u32) {
    let part = |path: Option<&std::ffi::OsStr>, before: &str| -> Option<String> {
        Some(path?.to_str()?.strip_prefix(before)?.to_owned())
    };
    let region = part(path.parent().and_then(Path::file_name), "region=");
    let ordinal = part(path.file_stem(), "part-").and_then(|text| text.parse().ok());
    (RegionId::new(region.as_deref()), ordinal.unwrap_or(0))
}
