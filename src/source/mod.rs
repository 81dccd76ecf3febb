//! Landed bytes → `RawBatch`: every format's rows, streamed, with their origin.
//!
//! One file per format; `docs/architecture.md` says what else is touched to add one. May use: `plan`, `feature`, `esri`.
//! Only `ogr` names GDAL. Opens files, never writes them; no network, no clock, no environment. Memory is bounded by
//! `Limits`: one record and one batch at a time.
//!
//! A row that can't be used is kept with its `Defect`; a source that can't be read on is a
//! `SourceError`.

mod archive;
mod batch;
mod budget;
mod column;
mod coordinates;
mod crs;
mod csv;
mod describe;
mod error;
mod esri;
mod geojson;
mod geojson_row;
mod geojsonl;
mod header;
mod json;
mod layers;
mod line_feeds;
mod names;
mod ogr;
mod parquet;
mod place;
mod projjson;
mod quotes;
mod shape;
mod sniff;
#[cfg(test)]
mod tests;
mod text;
mod xlsx;

use std::sync::Arc;

use crate::feature::{Crs, Landed, RawBatch};
use crate::plan::{Format, Limits, SourcePlan};

pub use describe::{ColumnDescription, Description, LayerDescription, describe};
pub use error::SourceError;
pub use ogr::{init, reprojection};

use batch::BatchBuilder;
use crs::{Stated, settle};
use csv::CsvRecords;
use esri::EsriRecords;
use geojson::CollectionRecords;
use geojsonl::LineRecords;
use parquet::ParquetSource;
use xlsx::{At, Bounds, XlsxRecords};

/// A format's rows, one at a time.
trait Records: Send {
    /// Puts the next row into the batch; `false` after the last.
    fn next(&mut self, batch: &mut BatchBuilder) -> Result<bool, SourceError>;
}

/// A format's rows, many at a time.
trait Batches: Send {
    /// The next rows, at most `rows`, all of one file; `None` after the last.
    fn next(&mut self, rows: usize) -> Result<Option<RawBatch>, SourceError>;
}

/// Rows that come one at a time, put together.
struct RowByRow {
    records: Box<dyn Records>,
    batch: BatchBuilder,
    ended: bool,
}

impl Batches for RowByRow {
    fn next(&mut self, rows: usize) -> Result<Option<RawBatch>, SourceError> {
        while !self.ended && self.batch.len() < rows && !self.batch.is_full() {
            self.ended = !self.records.next(&mut self.batch)?;
        }
        Ok((self.batch.len() > 0).then(|| self.batch.finish()))
    }
}

/// Streams a source in batches of `Limits::batch_rows` rows, fewer where rows are long.
pub struct Reader {
    batches: Box<dyn Batches>,
    batch_rows: usize,
    rows_left: u64,
    crs: Crs,
    fixed: Option<Vec<String>>,
    ended: bool,
}

/// A format's rows before their CRS is settled.
enum Rows {
    Single(Box<dyn Records>),
    Columnar(ParquetSource),
}

/// Opens a landed source for streaming.
///
/// The CRS is the file's own, else the pipeline's, else the schema's.
///
/// # Errors
/// Where the source is not what the plan says, has no CRS or two, or lacks a column or layer
/// that the plan names.
pub fn open(
    landed: &Landed,
    plan: &SourcePlan,
    limits: &Limits,
    schema_crs: Option<&Crs>,
) -> Result<Reader, SourceError> {
    let (path, shown, limit) = (&landed.path, &plan.shown, limits.record_bytes);
    let mut origin = Arc::clone(shown);
    let (rows, stated, fixed): (Rows, Stated, Option<Vec<String>>) = match &plan.format {
        Format::Csv { delimiter, geometry } => {
            let records = CsvRecords::open(path, shown, *delimiter, geometry, limit)?;
            let header = records.header().to_vec();
            (Rows::Single(Box::new(records)), Stated::Silent, Some(header))
        }
        Format::Geojson => {
            let records = CollectionRecords::open(path, shown, limit)?;
            let stated = records.stated();
            (Rows::Single(Box::new(records)), stated, None)
        }
        Format::Geojsonl => {
            (Rows::Single(Box::new(LineRecords::open(path, shown, limit)?)), Stated::Rfc7946, None)
        }
        Format::Ogr { layer } => {
            let found = archive::datasets(path, shown, limits.archive_bytes)?;
            let records = layers::choose(&found, path, shown, layer.as_deref())?.read(limit)?;
            origin = records.shown().into();
            let (stated, columns) = (records.stated(), records.columns().to_vec());
            (Rows::Single(Box::new(records)), stated, Some(columns))
        }
        Format::Esri => {
            let records = EsriRecords::open(path, shown, limit)?;
            let (stated, columns) = (records.stated(), records.columns());
            (Rows::Single(Box::new(records)), stated, columns)
        }
        Format::Parquet { geometry } => {
            let source = ParquetSource::open(path, shown, geometry.as_deref(), limit)?;
            let (stated, columns) = (source.stated(), source.columns().to_vec());
            (Rows::Columnar(source), stated, Some(columns))
        }
        Format::Xlsx { sheet, header_row, geometry } => {
            let at = At { sheet: sheet.as_deref(), header_row: *header_row };
            let bounds = Bounds { record: limit, archive: limits.archive_bytes };
            let records = XlsxRecords::open(path, shown, at, geometry, bounds)?;
            origin = records.shown().into();
            let header = records.header().to_vec();
            (Rows::Single(Box::new(records)), Stated::Silent, Some(header))
        }
    };
    let crs = settle(&origin, stated, plan.crs.as_ref(), schema_crs)?;
    // Better before the first row than after it.
    reprojection(&crs)
        .map_err(|error| SourceError::UselessCrs { shown: origin.to_string(), source: Box::new(error) })?;
    tracing::debug!(source = %origin, %crs, "opened");
    let batches: Box<dyn Batches> = match rows {
        Rows::Columnar(source) => Box::new(source.read(crs.clone())),
        Rows::Single(records) => {
            let batch = BatchBuilder::new(origin, crs.clone(), fixed.as_deref());
            Box::new(RowByRow { records, batch, ended: false })
        }
    };
    Ok(Reader {
        batches,
        batch_rows: limits.batch_rows.max(1),
        rows_left: limits.rows.unwrap_or(u64::MAX),
        crs,
        fixed,
        ended: false,
    })
}

impl Reader {
    /// The CRS of every batch.
    pub fn crs(&self) -> &Crs {
        &self.crs
    }

    /// The columns of every batch, where the format says before reading; `None` for GeoJSON,
    /// and for an ArcGIS layer that doesn't name its fields.
    pub fn fixed_columns(&self) -> Option<&[String]> {
        self.fixed.as_deref()
    }
}

impl Iterator for Reader {
    type Item = Result<RawBatch, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended || self.rows_left == 0 {
            return None;
        }
        let left = usize::try_from(self.rows_left).unwrap_or(usize::MAX);
        let batch = self.batches.next(self.batch_rows.min(left)).transpose()?;
        match &batch {
            Ok(batch) => self.rows_left -= batch.len() as u64,
            Err(_) => self.ended = true,
        }
        Some(batch)
    }
}
