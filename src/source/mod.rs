//! Landed bytes → `RawBatch`: every format's rows, streamed, with their origin.
//!
//! One file or folder per format; `docs/architecture.md` says what else is touched to add one. May use: `plan`,
//! `feature`, `esri`. Only `ogr` names GDAL; it also writes, what and where `export` says. All else opens files, and
//! writes none; no network, no clock, no environment.
//! Memory is bounded by `Limits`: one record and one batch at a time.
//!
//! A row that can't be used is kept with its `Defect`; a source that can't be read on is a
//! `SourceError`.

mod apart;
mod archive;
mod batch;
mod column;
mod crs;
mod crs_code;
mod csv;
mod describe;
mod dimensions;
mod error;
mod esri;
mod geojson;
mod geometry_columns;
mod geometry_repairs;
mod header;
mod iso_dates;
mod json;
mod landing_path;
mod layer_info;
mod layers;
mod ogr;
mod parquet;
mod projjson;
mod reader;
mod shape;
mod shapefile;
mod sniff;
mod stated_crs;
#[cfg(test)]
mod tests;
mod well_known_text;
mod xlsx;

use std::path::Path;
use std::sync::Arc;

use crate::feature::extensions::is_parquet;
use crate::feature::{Crs, Landed, RawBatch};
use crate::plan::{Format, Limits, SourcePlan};

pub use apart::{Program, Readers, answer_questions};
pub use describe::{ColumnDescription, Description, LayerDescription, are_degrees_by_name};
pub use error::SourceError;
pub use ogr::{
    VectorError, VectorFile, VectorFormat, VectorLayer, VectorRows, init, library_versions,
    reprojection_to_crs84,
};
pub use parquet::scan::{GeometryScan, ScanPart, scan_geometry};
pub use parquet::{FooterFault, check_footer, check_page_index};
pub use reader::Reader;

use batch::BatchBuilder;
use crs::resolve_crs;
use csv::CsvRecords;
use esri::EsriRecords;
use geojson::{CollectionRecords, LineRecords};
use ogr::OgrRecords;
use parquet::{ParquetSource, is_folder_of_parquet};
use reader::RowByRow;
use stated_crs::StatedCrs;
use xlsx::{SheetPlace, WorkbookLimits, XlsxRecords};

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

/// A source whose header has been read.
struct OpenSource {
    /// What origins call it: a layer or sheet is named beside its file.
    origin: Arc<str>,
    rows: Rows,
    stated: StatedCrs,
    /// The columns of every batch, where the format says before reading.
    fixed_columns: Option<Vec<String>>,
}

impl OpenSource {
    fn of_records(
        origin: Arc<str>,
        records: impl Records + 'static,
        stated: StatedCrs,
        fixed_columns: Option<Vec<String>>,
    ) -> Self {
        Self {
            origin,
            rows: Rows::Single(Box::new(records)),
            stated,
            fixed_columns,
        }
    }

    fn of_layer(records: OgrRecords) -> Self {
        let origin = records.shown().into();
        let stated = records.stated_crs();
        let columns = records.columns().to_vec();
        Self::of_records(origin, records, stated, Some(columns))
    }

    fn of_sheet(records: XlsxRecords) -> Self {
        let origin = records.shown().into();
        let header = records.header().to_vec();
        Self::of_records(origin, records, StatedCrs::Silent, Some(header))
    }
}

/// Opens a landed source for streaming.
///
/// The CRS is the file's own, else the pipeline's, else the schema's.
///
/// ```
/// use std::path::Path;
/// use std::time::Duration;
///
/// use cikr::feature::{Crs, Landed};
/// use cikr::plan::{CsvGeometry, Dialect, Format, Limits, SourcePlan};
/// use cikr::source;
///
/// let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/airports.csv");
/// let format = Format::Csv {
///     dialect: Dialect::USUAL,
///     geometry: CsvGeometry::of_columns("lon", "lat"),
/// };
/// let plan = SourcePlan::for_file(path.clone(), "airports.csv".into(), format, Some(Crs::Crs84));
/// let limits = Limits {
///     record_bytes: 1 << 20,
///     batch_rows: 2,
///     rows: Some(3),
///     archive_bytes: 0,
///     isolate: false,
///     read: Duration::MAX,
/// };
/// let reader = source::open(&Landed::in_place(path), &plan, &limits, None)?;
/// assert_eq!(reader.fixed_columns().map(|columns| columns[0].as_str()), Some("icao"));
/// assert_eq!(reader.rows_at_most(), Some(3));
/// let batches = reader.collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(batches.iter().map(|batch| batch.len()).collect::<Vec<_>>(), [2, 1]);
/// // The header is line 1, so the first airport's origin is line 2.
/// assert_eq!(batches[0].rows.value(0), 2);
/// # Ok::<(), source::SourceError>(())
/// ```
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
    let OpenSource {
        origin,
        rows,
        stated,
        fixed_columns,
    } = open_format(&landed.path, plan, limits)?;
    let crs = resolve_crs(&origin, stated, plan.crs.as_ref(), schema_crs)?;
    // Better before the first row than after it.
    reprojection_to_crs84(&crs).map_err(|error| SourceError::UselessCrs {
        shown: origin.to_string(),
        source: Box::new(error),
    })?;
    tracing::debug!(source = %origin, %crs, "opened");
    let at_most = most_rows(&rows, &landed.path, &plan.format);
    let batches: Box<dyn Batches> = match rows {
        Rows::Columnar(source) => Box::new(source.read(crs.clone())),
        Rows::Single(records) => {
            let batch = BatchBuilder::new(origin, crs.clone(), fixed_columns.as_deref());
            Box::new(RowByRow::new(records, batch))
        }
    };
    Ok(Reader::new(batches, crs, fixed_columns, limits).at_most(at_most))
}

/// Opens the landed file or folder at `path` as the format that the plan says.
fn open_format(path: &Path, plan: &SourcePlan, limits: &Limits) -> Result<OpenSource, SourceError> {
    let shown = &plan.shown;
    let limit = limits.record_bytes;
    match &plan.format {
        Format::Csv { dialect, geometry } => {
            let records = CsvRecords::open(path, shown, *dialect, geometry, limit)?;
            let header = records.header().to_vec();
            let origin = Arc::clone(shown);
            Ok(OpenSource::of_records(
                origin,
                records,
                StatedCrs::Silent,
                Some(header),
            ))
        }
        Format::Geojson => {
            let records = CollectionRecords::open(path, shown, limit)?;
            let stated = records.stated_crs();
            Ok(OpenSource::of_records(Arc::clone(shown), records, stated, None))
        }
        Format::Geojsonl => {
            let records = LineRecords::open(path, shown, limit)?;
            let origin = Arc::clone(shown);
            Ok(OpenSource::of_records(origin, records, StatedCrs::Rfc7946, None))
        }
        Format::Ogr { layer, allow_views } => {
            let found = archive::find_datasets(path, shown, limits.archive_bytes)?;
            let layer = layers::choose_layer(&found, path, shown, layer.as_deref())?;
            Ok(OpenSource::of_layer(layer.open(limit, *allow_views)?))
        }
        Format::Esri => {
            let records = EsriRecords::open(path, shown, limit)?;
            let stated = records.stated_crs();
            let columns = records.fixed_columns();
            Ok(OpenSource::of_records(
                Arc::clone(shown),
                records,
                stated,
                columns,
            ))
        }
        Format::Parquet { geometry } => {
            let source = ParquetSource::open(path, shown, geometry.as_deref(), limit)?;
            Ok(OpenSource {
                origin: Arc::clone(shown),
                stated: source.stated_crs(),
                fixed_columns: Some(source.columns().to_vec()),
                rows: Rows::Columnar(source),
            })
        }
        Format::Xlsx {
            sheet,
            header_row,
            geometry,
        } => {
            let place = SheetPlace {
                sheet: sheet.as_deref(),
                header_row: *header_row,
            };
            let bounds = WorkbookLimits {
                record: limit,
                archive: limits.archive_bytes,
            };
            let records = XlsxRecords::open(path, shown, place, geometry, bounds)?;
            Ok(OpenSource::of_sheet(records))
        }
    }
}

/// The most rows that a source can have, where its format or its size tells.
fn most_rows(rows: &Rows, path: &Path, format: &Format) -> Option<u64> {
    match (rows, format) {
        (Rows::Columnar(source), _) => Some(source.row_count()),
        (_, Format::Csv { .. } | Format::Geojson | Format::Geojsonl) => {
            path.metadata().ok().map(|file| file.len() / LEAST_ROW + 1)
        }
        // Headers of datasets and sheets may lie, and landed pages are compressed.
        _ => None,
    }
}

/// Describes the file or folder at `path`, whose format is guessed from its name and content.
///
/// ```
/// use std::path::Path;
///
/// use cikr::feature::Crs;
/// use cikr::plan::Format;
/// use cikr::source;
///
/// let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/state_capitals.geojson");
/// let description = source::describe(&path)?;
/// assert!(matches!(description.format, Some(Format::Geojson)));
/// let layer = &description.layers[0];
/// assert_eq!(layer.name, "state_capitals");
/// assert_eq!(layer.geometry.as_deref(), Some("Point"));
/// assert_eq!(layer.crs, Some(Crs::Crs84));
/// # Ok::<(), source::SourceError>(())
/// ```
///
/// # Errors
/// Where it can't be opened, or is nothing the program reads.
pub fn describe(path: &Path) -> Result<Description, SourceError> {
    let shown: Arc<str> = path.display().to_string().into();
    let extension = path
        .extension()
        .map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("csv" | "tsv" | "txt" | "tab") => describe::describe_csv(path, &shown),
        Some("geojsonl" | "geojsons" | "ndjson" | "jsonl" | "ndgeojson") => {
            describe::describe_geojsonl(path, &shown)
        }
        Some("geojson" | "json") => describe::describe_geojson(path, &shown),
        _ if is_parquet(path) || is_folder_of_parquet(path) => parquet::describe(path, &shown),
        Some("xlsx" | "xlsm") => xlsx::describe(path, &shown),
        Some("zip" | "shp" | "gpkg" | "gdb" | "fgb") => describe::describe_ogr(path, &shown),
        _ if path.is_dir() => describe::describe_ogr(path, &shown),
        _ => match sniff::open_text(path, &shown, "a facility layer")?
            .head
            .trim_ascii_start()
        {
            [b'{', ..] => describe::describe_geojson(path, &shown),
            [0x1E, ..] => describe::describe_geojsonl(path, &shown),
            _ => describe::describe_csv(path, &shown),
        },
    }
}
