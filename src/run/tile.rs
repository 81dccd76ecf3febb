//! Writes tiles and tables into the release to be, and reads carried ones back.

use std::io::Write;
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use geo::{Coord, Rect};

use super::Context;
use crate::feature::{RegionId, Tile, TileRecord};
use crate::geoparquet::{self, GeoparquetError};
use crate::store::{StoreError, Written};

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
}

/// Folder of a collection within a release.
pub(super) fn base(collection: &str) -> PathBuf {
    if collection == "facilities" { PathBuf::from(collection) } else { Path::new("layers").join(collection) }
}

/// Writes one tile below its collection's `data/`.
pub(super) fn write(context: &Context<'_>, tile: &Tile, types: &[String]) -> Result<TileRecord, TileError> {
    let path = base(&tile.collection).join("data").join(tile.file());
    let (written, rows) = staged(context, &path, |out| {
        geoparquet::write(tile, types, &context.write_options(), out)
    })?;
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

/// Writes a table without geometry.
pub(super) fn write_table(context: &Context<'_>, path: &Path, rows: &RecordBatch) -> Result<(), TileError> {
    staged(context, path, |out| geoparquet::write_table(rows, &context.write_options(), out)).map(drop)
}

fn staged<T>(
    context: &Context<'_>,
    path: &Path,
    encode: impl FnOnce(&mut (dyn Write + Send)) -> Result<T, GeoparquetError>,
) -> Result<(Written, T), TileError> {
    let store = |source| TileError::Store { source };
    let mut file = context.staging.create(path).map_err(store)?;
    let made = match encode(&mut file) {
        Ok(made) => made,
        // A full disk shows as an encoding error: the store's own is the one to tell.
        Err(source) => {
            return Err(match file.failure() {
                Some(cause) => store(cause),
                None => TileError::Parquet { path: path.to_owned(), source },
            });
        }
    };
    Ok((file.commit().map_err(store)?, made))
}

/// The record of a tile carried from an earlier release.
pub(super) fn carried(context: &Context<'_>, collection: &str, written: Written) -> Result<TileRecord, TileError> {
    let file = context.staging.dir().join(&written.path);
    let footer = geoparquet::inspect(&file)
        .map_err(|source| TileError::Parquet { path: written.path.clone(), source })?;
    let (region, ordinal) = place(&written.path);
    let [xmin, ymin, xmax, ymax] = footer.bbox;
    Ok(TileRecord {
        collection: collection.to_owned(),
        region,
        ordinal,
        path: written.path,
        rows: footer.rows,
        bytes: written.bytes,
        sha256: written.sha256,
        extent: Rect::new(Coord { x: xmin, y: ymin }, Coord { x: xmax, y: ymax }),
        geometry_types: footer.geometry_types,
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
