//! Rows as GeoParquet 1.1, the profile of the tiles: WKB, a covering, zstd.
//!
//! Row groups are as long as those of tiles; rows stand in the order in which they come.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;

use arrow_schema::SchemaRef;
use geo::Rect;

use super::ExportError;
use super::formats::{LayerHead, LayerWriter};
use crate::feature::FacilityRows;
use crate::geoparquet::{FeatureWriter, GeoparquetError, WriteOptions};
use crate::kernel::boxes::box_around_two;
use crate::kernel::geometry::{decode, plain_point, type_name, wkb_bounds};

/// Rows of a row group.
const GROUP_ROWS: usize = 20_480;

/// GeoParquet in the making.
pub(super) struct ParquetFile {
    writer: FeatureWriter<File>,
    held: Vec<FacilityRows>,
    held_rows: usize,
    extent: Option<Rect<f64>>,
    types: BTreeSet<String>,
}

impl ParquetFile {
    pub(super) fn new(out: File, schema: SchemaRef) -> Self {
        Self {
            writer: FeatureWriter::new("the rows", schema, &WriteOptions::default(), out),
            held: vec![],
            held_rows: 0,
            extent: None,
            types: BTreeSet::new(),
        }
    }

    /// Takes note of what the footer says of the rows.
    fn see(&mut self, rows: &FacilityRows) {
        for wkb in rows.geometry().into_iter().flatten().flatten() {
            if let Some(bounds) = wkb_bounds(wkb) {
                self.extent = Some(
                    self.extent
                        .map_or(bounds, |extent| box_around_two(extent, bounds)),
                );
            }
            if plain_point(wkb).is_some() {
                if !self.types.contains("Point") {
                    self.types.insert("Point".to_owned());
                }
            } else if let Ok(geometry) = decode(wkb) {
                self.types.insert(type_name(&geometry).to_owned());
            }
        }
    }

    fn write_held(&mut self) -> Result<(), ExportError> {
        let held = std::mem::take(&mut self.held);
        self.held_rows = 0;
        let all = FacilityRows::concat(&held).map_err(|source| failure(io::Error::other(source)))?;
        self.writer
            .write_row_group(all.as_batch())
            .map_err(parquet_failure)
    }
}

impl LayerWriter for ParquetFile {
    fn begin_layer(&mut self, _layer: &LayerHead) -> Result<(), ExportError> {
        Ok(())
    }

    fn write_rows(&mut self, rows: &FacilityRows) -> Result<(), ExportError> {
        self.see(rows);
        let mut start = 0;
        while start < rows.num_rows() {
            let count = (GROUP_ROWS - self.held_rows).min(rows.num_rows() - start);
            self.held.push(rows.slice(start, count));
            self.held_rows += count;
            start += count;
            if self.held_rows == GROUP_ROWS {
                self.write_held()?;
            }
        }
        Ok(())
    }

    fn end_layer(&mut self, _style: Option<&str>) -> Result<(), ExportError> {
        if self.held.is_empty() {
            Ok(())
        } else {
            self.write_held()
        }
    }

    fn finish(self: Box<Self>) -> Result<Vec<String>, ExportError> {
        let types: Vec<String> = self.types.into_iter().collect();
        self.writer
            .close(self.extent, &types, &[])
            .map_err(parquet_failure)?;
        Ok(vec![])
    }
}

fn parquet_failure(source: GeoparquetError) -> ExportError {
    failure(io::Error::other(source))
}

fn failure(source: io::Error) -> ExportError {
    ExportError::Rows {
        what: "GeoParquet",
        source,
    }
}
