//! Writes tiles and tables into the release to be, and reads carried ones back.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use geo::{Coord, Rect};

use super::context::Context;
use super::table_docs::footer_of_table;
use super::tile_error::TileError;
use crate::catalog::column_notes;
use crate::derive::FeatureTable;
use crate::derive::product::Sink;
use crate::engine::{RowGroup, RowGroups};
use crate::feature::release::paths::{crossing_folder, ordinal_of, region_of, tile_folder};
use crate::feature::{FileRecord, RegionId, Tile, TileRecord};
use crate::geoparquet::{self, FeatureWriter, Features, FooterEntry, GeoMetadata, TableWriter, WriteOptions};
use crate::kernel::boxes::{box_around_all, box_around_two};
use crate::plan::LayerPlan;
use crate::store::{ReleaseFile, Staged, StoreError};

/// Is shown every row group of a file while it is in memory.
pub(super) type Show<'a> = dyn FnMut(&RowGroup) -> Result<(), TileError> + 'a;

/// The columns of a collection's files.
pub(super) struct TileColumns<'a> {
    schema: &'a SchemaRef,
    /// What they mean, for the footer.
    notes: FooterEntry,
}

impl<'a> TileColumns<'a> {
    /// Those of a layer's files; of the inventory's where there is none.
    pub(super) fn new(context: &Context<'_>, layer: Option<&LayerPlan>, schema: &'a SchemaRef) -> Self {
        let about = layer.map(|layer| layer.schema.as_ref());
        Self {
            schema,
            notes: column_notes::of_tiles(context.plan, about, schema),
        }
    }
}

/// Writes rows of other regions that reach into a tile's below its collection's `crossing/`.
pub(super) fn write_crossing_tile(
    context: &Context<'_>,
    columns: &TileColumns<'_>,
    tile: &Tile,
    groups: &mut RowGroups<'_>,
) -> Result<TileRecord, TileError> {
    let path = crossing_folder(&tile.collection).join(tile.file());
    write_tile_at(context, columns, tile, path, groups, &mut |_| Ok(()))
}

/// Writes one tile below its collection's `data/`, row group by row group.
pub(super) fn write_tile(
    context: &Context<'_>,
    columns: &TileColumns<'_>,
    tile: &Tile,
    groups: &mut RowGroups<'_>,
    show: &mut Show<'_>,
) -> Result<TileRecord, TileError> {
    let path = tile_folder(&tile.collection).join(tile.file());
    write_tile_at(context, columns, tile, path, groups, show)
}

fn write_tile_at(
    context: &Context<'_>,
    columns: &TileColumns<'_>,
    tile: &Tile,
    path: PathBuf,
    groups: &mut RowGroups<'_>,
    show: &mut Show<'_>,
) -> Result<TileRecord, TileError> {
    let written = write_features(context, columns, &path, groups, show)?;
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
pub(super) fn write_features(
    context: &Context<'_>,
    columns: &TileColumns<'_>,
    path: &Path,
    groups: &mut RowGroups<'_>,
    show: &mut Show<'_>,
) -> Result<WrittenFeatures, TileError> {
    let what = path.display().to_string();
    let options = context.write_options();
    // GeoParquet tells extent and geometry types in the footer, which Parquet has at the end: they are
    // gathered while the row groups go by, so that no group is held or looked at twice for them.
    let mut extent: Option<Rect<f64>> = None;
    let mut types = BTreeSet::new();
    let (written, rows) = write_staged(context, path, |out| {
        let mut writer = FeatureWriter::new(&what, Arc::clone(columns.schema), &options, out);
        for group in groups {
            let group = group.map_err(|source| TileError::Rows { source })?;
            show(&group)?;
            let published = group.published;
            extent = Some(extent.map_or(published.extent, |extent| {
                box_around_two(extent, published.extent)
            }));
            types.extend(published.geometry_types.into_iter().map(str::to_owned));
            writer
                .write_row_group(published.rows.as_batch())
                .map_err(|source| TileError::from_parquet(path, source))?;
        }
        let types: Vec<String> = types.iter().cloned().collect();
        writer
            .close(extent, &types, slice::from_ref(&columns.notes))
            .map_err(|source| TileError::from_parquet(path, source))
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
        extent: extent.unwrap_or_else(|| box_around_all(&[])),
        geometry_types: types.into_iter().collect(),
    })
}

/// Writes a table without geometry.
pub(super) fn write_table(
    context: &Context<'_>,
    path: &Path,
    rows: &RecordBatch,
) -> Result<FileRecord, TileError> {
    let footer = footer_of_table(context.plan, path);
    let (written, count) = write_staged(context, path, |out| {
        geoparquet::write_table(rows, &footer, &context.write_options(), out)
            .map_err(|source| TileError::from_parquet(path, source))
    })?;
    context.note_rows(path, count);
    context.note_columns(&written.sha256, rows.schema());
    Ok(FileRecord {
        path: path.to_owned(),
        rows: count,
        bytes: written.bytes,
        sha256: written.sha256,
    })
}

/// Rows of a row group of a table with geometry: whole outlines are read at once, and are far longer than rows of tiles.
const FEATURES_AT_ONCE: usize = 4_096;

/// Writes a table with geometry that is no tile.
pub(super) fn write_feature_table(
    context: &Context<'_>,
    table: &FeatureTable,
) -> Result<FileRecord, TileError> {
    let path = table.path.as_path();
    let rows = table.rows.num_rows();
    let mut row_groups = vec![FEATURES_AT_ONCE; rows / FEATURES_AT_ONCE];
    row_groups.push(rows % FEATURES_AT_ONCE);
    let features = Features {
        what: &path.display().to_string(),
        rows: &table.rows,
        row_groups: &row_groups,
        extent: table.extent,
        geometry_types: &table.geometry_types,
        footer: &footer_of_table(context.plan, path),
    };
    let (written, count) = write_staged(context, path, |out| {
        geoparquet::write_features(&features, &context.write_options(), out)
            .map_err(|source| TileError::from_parquet(path, source))
    })?;
    context.note_rows(path, count);
    context.note_columns(&written.sha256, table.rows.schema());
    Ok(FileRecord {
        path: path.to_owned(),
        rows: count,
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
    let footer = footer_of_table(context.plan, path);
    let (written, rows) = write_staged(context, path, |out| {
        let mut table = TableWriter::new(Arc::clone(&schema), &options, out)
            .map_err(|source| TileError::from_parquet(path, source))?;
        fill(&mut |piece| table.write(piece))?;
        table
            .close(&footer)
            .map_err(|source| TileError::from_parquet(path, source))
    })?;
    context.note_rows(path, rows);
    context.note_columns(&written.sha256, schema);
    Ok(FileRecord {
        path: path.to_owned(),
        rows,
        bytes: written.bytes,
        sha256: written.sha256,
    })
}

/// Of a long table of few distinct values: beyond level 3, zstd takes six times as long over it.
pub(super) fn long_options(context: &Context<'_>) -> WriteOptions {
    let options = context.write_options();
    // Measured on the links from facilities to sectors: six times as fast, for 3 % more bytes. A level that a
    // pipeline asks for is meant for its tiles, and is followed downwards alone.
    WriteOptions {
        zstd_level: options.zstd_level.min(3),
        ..options
    }
}

fn write_staged<T>(
    context: &Context<'_>,
    path: &Path,
    encode: impl FnOnce(&mut WatchedFile<'_>) -> Result<T, TileError>,
) -> Result<(ReleaseFile, T), TileError> {
    let mut out = WatchedFile {
        file: context.staging.create(path)?,
        failure: None,
    };
    let encoded = encode(&mut out);
    // Ahead of what the encoder says of it.
    if let Some(source) = out.failure {
        return Err(source.into());
    }
    let encoded = encoded?;
    Ok((out.file.commit()?, encoded))
}

/// A staged file that remembers why it could not be written: a full disk is the store's failure,
/// not the encoder's.
struct WatchedFile<'a> {
    file: Staged<'a>,
    failure: Option<StoreError>,
}

impl WatchedFile<'_> {
    fn note_failure<T>(&mut self, done: io::Result<T>) -> io::Result<T> {
        // The encoder wraps what its output fails with, in errors that tell a full disk from a broken
        // file no more. So the store's own error stays here, the first of them, and only its kind
        // goes through the encoder.
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

impl Write for WatchedFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let done = self.file.write(bytes);
        self.note_failure(done)
    }

    fn flush(&mut self) -> io::Result<()> {
        let done = self.file.flush();
        self.note_failure(done)
    }
}

/// The record of a tile that an earlier run has written, by its name and its footer.
pub(super) fn read_record(
    context: &Context<'_>,
    collection: &str,
    written: ReleaseFile,
) -> Result<TileRecord, TileError> {
    let file = context.staging.path_of(&written.path);
    let footer =
        geoparquet::read_footer(&file).map_err(|source| TileError::from_parquet(&written.path, source))?;
    context.note_rows(&written.path, footer.rows);
    let column = footer
        .geo
        .as_ref()
        .and_then(GeoMetadata::primary_column_metadata)
        .cloned();
    let column = column.ok_or_else(|| TileError::Carried {
        path: written.path.clone(),
    })?;
    let Some([xmin, ymin, xmax, ymax]) = column.bbox.as_deref() else {
        return Err(TileError::Carried { path: written.path });
    };
    Ok(TileRecord {
        collection: collection.to_owned(),
        region: RegionId::new(region_of(&written.path).as_deref()),
        ordinal: ordinal_of(&written.path).unwrap_or_default(),
        path: written.path,
        rows: footer.rows,
        bytes: written.bytes,
        sha256: written.sha256,
        extent: Rect::new(Coord { x: *xmin, y: *ymin }, Coord { x: *xmax, y: *ymax }),
        geometry_types: column.geometry_types,
    })
}
