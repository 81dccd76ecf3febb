//! Writes tiles and tables into the release to be, and reads carried ones back.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, SchemaRef};
use geo::{Coord, Rect};

use super::Context;
use crate::derive::product::Sink;
use crate::engine::rows::RowsError;
use crate::engine::{EngineError, Group, Groups};
use crate::error::Error;
use crate::feature::{FileRecord, RegionId, Tile, TileRecord};
use crate::geoparquet::{self, FeatureWriter, GeoMetadata, GeoparquetError, TableWriter, WriteOptions};
use crate::kernel::assemble::{self, around};
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
    /// Its rows can't be had back from where they waited.
    #[error("cannot take a tile's rows")]
    Rows {
        /// Cause.
        source: EngineError,
    },
    /// What looks at its rows on the way can't make sense of them: a mistake of this program.
    #[error("cannot count a tile's rows")]
    Shown {
        /// Cause.
        source: Box<dyn std::error::Error + Send + Sync>,
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

impl TileError {
    /// A file can't be encoded or decoded.
    pub(super) fn encoding(path: &Path, source: GeoparquetError) -> Self {
        Self::Parquet {
            path: path.to_owned(),
            source,
        }
    }

    /// Rows that outgrew memory can't be read back.
    pub(super) fn from_scratch(source: io::Error) -> Self {
        Self::Rows {
            source: EngineError::Rows {
                source: RowsError::Scratch { source },
            },
        }
    }
}

impl From<TileError> for Error {
    fn from(error: TileError) -> Self {
        match error {
            TileError::Store { source } => Self::Store { source },
            other => Self::Table {
                source: Box::new(other),
            },
        }
    }
}

/// Folder of a collection within a release.
pub(super) fn base(collection: &str) -> PathBuf {
    if collection == "facilities" {
        PathBuf::from(collection)
    } else {
        Path::new("layers").join(collection)
    }
}

/// Is shown every row group of a file while it is in memory.
pub(super) type Show<'a> = dyn FnMut(&Group) -> Result<(), TileError> + 'a;

/// Writes one tile below its collection's `data/`, row group by row group.
pub(super) fn write(
    context: &Context<'_>,
    schema: &SchemaRef,
    tile: &Tile,
    groups: &mut Groups<'_>,
    show: &mut Show<'_>,
) -> Result<TileRecord, TileError> {
    let path = base(&tile.collection).join("data").join(tile.file());
    let written = write_groups(context, schema, &path, groups, show)?;
    Ok(TileRecord {
        collection: tile.collection.clone(),
        region: tile.region.clone(),
        ordinal: tile.ordinal,
        path,
        rows: written.file.rows,
        bytes: written.file.bytes,
        sha256: written.file.sha256,
        extent: written.extent,
        geometry_types: written.geometry_types,
    })
}

/// A file of features, and what its footer says of them.
pub(super) struct WrittenFeatures {
    pub(super) file: FileRecord,
    extent: Rect<f64>,
    geometry_types: Vec<String>,
}

/// Writes features as one file, row group by row group.
pub(super) fn write_groups(
    context: &Context<'_>,
    schema: &SchemaRef,
    path: &Path,
    groups: &mut Groups<'_>,
    show: &mut Show<'_>,
) -> Result<WrittenFeatures, TileError> {
    let encoding = |source| TileError::encoding(path, source);
    let (written, (rows, extent, geometry_types)) = staged(context, path, |out| {
        let (what, options) = (path.display().to_string(), context.write_options());
        let mut writer = FeatureWriter::new(&what, Arc::clone(schema), &options, out);
        let (mut extent, mut types) = (None, BTreeSet::new());
        for group in groups {
            let group = group.map_err(|source| TileError::Rows { source })?;
            show(&group)?;
            let published = group.published;
            extent = Some(extent.map_or(published.extent, |extent| around(extent, published.extent)));
            types.extend(published.geometry_types);
            writer.group(&published.rows.0).map_err(encoding)?;
        }
        let types: Vec<String> = types.into_iter().map(str::to_owned).collect();
        let rows = writer.close(extent, &types, &[]).map_err(encoding)?;
        Ok((rows, extent.unwrap_or_else(|| assemble::extent(&[])), types))
    })?;
    context.note_rows(path, rows);
    let file = FileRecord {
        path: path.to_owned(),
        rows,
        bytes: written.bytes,
        sha256: written.sha256,
    };
    Ok(WrittenFeatures {
        file,
        extent,
        geometry_types,
    })
}

/// Writes a table without geometry.
pub(super) fn write_table(
    context: &Context<'_>,
    path: &Path,
    rows: &RecordBatch,
) -> Result<FileRecord, TileError> {
    let (written, rows) = staged(context, path, |out| {
        geoparquet::write_table(rows, &context.write_options(), out)
            .map_err(|source| TileError::encoding(path, source))
    })?;
    context.note_rows(path, rows);
    Ok(FileRecord {
        path: path.to_owned(),
        rows,
        bytes: written.bytes,
        sha256: written.sha256,
    })
}

/// Writes a long table piece by piece, as `fill` hands the pieces on.
pub(super) fn write_pieces(
    context: &Context<'_>,
    path: &Path,
    schema: SchemaRef,
    fill: impl FnOnce(&mut Sink<'_>) -> Result<(), TileError>,
) -> Result<FileRecord, TileError> {
    let options = long_options(context);
    let encoding = |source| TileError::encoding(path, source);
    let (written, rows) = staged(context, path, |out| {
        let mut table = TableWriter::new(schema, &options, out).map_err(encoding)?;
        fill(&mut |piece| table.write(piece))?;
        table.close().map_err(encoding)
    })?;
    context.note_rows(path, rows);
    Ok(FileRecord {
        path: path.to_owned(),
        rows,
        bytes: written.bytes,
        sha256: written.sha256,
    })
}

/// Of a long table of few distinct values: beyond level 3, zstd takes six times as long over it.
fn long_options(context: &Context<'_>) -> WriteOptions {
    let options = context.write_options();
    WriteOptions {
        zstd_level: options.zstd_level.min(3),
        ..options
    }
}

fn staged<T>(
    context: &Context<'_>,
    path: &Path,
    encode: impl FnOnce(&mut Watched<'_>) -> Result<T, TileError>,
) -> Result<(Written, T), TileError> {
    let store = |source| TileError::Store { source };
    let mut out = Watched {
        file: context.staging.create(path).map_err(store)?,
        failure: None,
    };
    let made = encode(&mut out);
    if let Some(source) = out.failure {
        return Err(store(source));
    }
    let made = made?;
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
            self.failure = self
                .failure
                .take()
                .or_else(|| error.downcast::<StoreError>().ok());
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
    let footer = geoparquet::inspect(&file).map_err(|source| TileError::Parquet {
        path: written.path.clone(),
        source,
    })?;
    context.note_rows(&written.path, footer.rows);
    let (region, ordinal) = place(&written.path);
    let column = footer.geo.as_ref().and_then(GeoMetadata::primary).cloned();
    let column = column.ok_or_else(|| TileError::Carried {
        path: written.path.clone(),
    })?;
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
