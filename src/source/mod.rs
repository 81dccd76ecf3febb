//! Landed bytes → `RawBatch`: every format's rows, streamed, with their origin.
//!
//! One file or folder per format; `docs/architecture.md` says what else is touched to add one. May use: `plan`,
//! `feature`, `esri`. Only `ogr` names GDAL. Opens files, never writes them; no network, no clock, no environment.
//! Memory is bounded by `Limits`: one record and one batch at a time.
//!
//! A row that can't be used is kept with its `Defect`; a source that can't be read on is a
//! `SourceError`.

mod apart;
mod archive;
mod batch;
mod column;
mod coordinates;
mod crs;
mod csv;
mod describe;
mod error;
mod esri;
mod geojson;
mod geojson_part;
mod geojson_row;
mod geojsonl;
mod header;
mod json;
mod layers;
mod names;
mod ogr;
mod parquet;
mod place;
mod projjson;
mod reader;
mod shape;
mod shapefile;
mod sniff;
#[cfg(test)]
mod tests;
mod text;
mod xlsx;

use std::path::Path;
use std::sync::Arc;

use crate::feature::{Crs, Landed, RawBatch};
use crate::plan::{Format, Limits, SourcePlan};

pub use apart::{Program, Readers, serve};
pub use describe::{ColumnDescription, Description, LayerDescription};
pub use error::SourceError;
pub use ogr::{init, reprojection};
pub use reader::Reader;

use batch::BatchBuilder;
use crs::{Stated, settle};
use csv::CsvRecords;
use esri::EsriRecords;
use geojson::CollectionRecords;
use geojsonl::LineRecords;
use parquet::{ParquetSource, is_folder_of_parquet, is_parquet};
use reader::RowByRow;
use xlsx::{At, Bounds, XlsxRecords};

/// Least bytes of a row of text: a character, and what ends it.
const LEAST_ROW: u64 = 2;

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
        Format::Csv { dialect, geometry } => {
            let records = CsvRecords::open(path, shown, *dialect, geometry, limit)?;
            let header = records.header().to_vec();
            (Rows::Single(Box::new(records)), Stated::Silent, Some(header))
        }
        Format::Geojson => {
            let records = CollectionRecords::open(path, shown, limit)?;
            let stated = records.stated();
            (Rows::Single(Box::new(records)), stated, None)
        }
        Format::Geojsonl => (
            Rows::Single(Box::new(LineRecords::open(path, shown, limit)?)),
            Stated::Rfc7946,
            None,
        ),
        Format::Ogr { layer, allow_views } => {
            let found = archive::datasets(path, shown, limits.archive_bytes)?;
            let records = layers::choose(&found, path, shown, layer.as_deref())?.read(limit, *allow_views)?;
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
        Format::Xlsx {
            sheet,
            header_row,
            geometry,
        } => {
            let at = At {
                sheet: sheet.as_deref(),
                header_row: *header_row,
            };
            let bounds = Bounds {
                record: limit,
                archive: limits.archive_bytes,
            };
            let records = XlsxRecords::open(path, shown, at, geometry, bounds)?;
            origin = records.shown().into();
            let header = records.header().to_vec();
            (Rows::Single(Box::new(records)), Stated::Silent, Some(header))
        }
    };
    let crs = settle(&origin, stated, plan.crs.as_ref(), schema_crs)?;
    // Better before the first row than after it.
    reprojection(&crs).map_err(|error| SourceError::UselessCrs {
        shown: origin.to_string(),
        source: Box::new(error),
    })?;
    tracing::debug!(source = %origin, %crs, "opened");
    let at_most = match (&rows, &plan.format) {
        (Rows::Columnar(source), _) => Some(source.rows()),
        (_, Format::Csv { .. } | Format::Geojson | Format::Geojsonl) => {
            path.metadata().ok().map(|file| file.len() / LEAST_ROW + 1)
        }
        // Headers of datasets and sheets may lie, and landed pages are compressed.
        _ => None,
    };
    let batches: Box<dyn Batches> = match rows {
        Rows::Columnar(source) => Box::new(source.read(crs.clone())),
        Rows::Single(records) => {
            let batch = BatchBuilder::new(origin, crs.clone(), fixed.as_deref());
            Box::new(RowByRow::new(records, batch))
        }
    };
    Ok(Reader::new(batches, crs, fixed, limits).at_most(at_most))
}

/// Describes the file or folder at `path`, whose format is guessed from its name and content.
///
/// # Errors
/// Where it can't be opened, or is nothing the program reads.
pub fn describe(path: &Path) -> Result<Description, SourceError> {
    let shown: Arc<str> = path.display().to_string().into();
    let extension = path
        .extension()
        .map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("csv" | "tsv" | "txt" | "tab") => describe::csv(path, &shown),
        Some("geojsonl" | "geojsons" | "ndjson" | "jsonl" | "ndgeojson") => describe::geojsonl(path, &shown),
        Some("geojson" | "json") => describe::geojson(path, &shown),
        _ if is_parquet(path) || is_folder_of_parquet(path) => parquet::describe(path, &shown),
        Some("xlsx" | "xlsm") => xlsx::describe(path, &shown),
        Some("zip" | "shp" | "gpkg" | "gdb" | "fgb") => describe::ogr(path, &shown),
        _ if path.is_dir() => describe::ogr(path, &shown),
        _ => match sniff::open(path, &shown, "a facility layer")?
            .head
            .trim_ascii_start()
        {
            [b'{', ..] => describe::geojson(path, &shown),
            [0x1E, ..] => describe::geojsonl(path, &shown),
            _ => describe::csv(path, &shown),
        },
    }
}
