//! What a file holds, before anybody has written a pipeline for it.
//!
//! Guesses the format from name and content and reads headers, not rows (GeoJSON has no header, so
//! its first features stand in). What is guessed here is a proposal to a person, never used unseen.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use wkb::reader::read_wkb;

use crate::feature::{Crs, Landed};
use crate::plan::{CsvGeometry, Format, Limits, Location, SourcePlan};

use super::crs::{Stated, normalise};
use super::csv::CsvRecords;
use super::error::SourceError;
use super::geojson::CollectionRecords;
use super::geojsonl::LineRecords;
use super::parquet::{ParquetSource, is_folder_of_parquet, is_parquet};
use super::sniff;
use super::xlsx::{self, At, Bounds, XlsxRecords};
use super::{archive, layers, open};

/// Column names that hold x and y, most trusted first.
const XY: &[(&str, &str)] =
    &[("longitude", "latitude"), ("lon", "lat"), ("long", "lat"), ("lng", "lat"), ("x", "y")];

/// Column names that hold well-known text.
const WKT: &[&str] = &["wkt", "the_geom", "geom", "geometry", "shape"];

/// Features of a GeoJSON file that are looked at.
const SAMPLE: usize = 1000;

/// Bounds while a file is only looked at.
const LIMITS: Limits =
    Limits { record_bytes: 16 << 20, batch_rows: SAMPLE, rows: Some(SAMPLE as u64), archive_bytes: 16 << 30 };

/// What a file holds.
#[derive(Debug, Clone)]
pub struct Description {
    /// How to read it; `None` for delimited text without a column that looks like coordinates.
    pub format: Option<Format>,
    /// Separator of delimited text.
    pub delimiter: Option<u8>,
    /// Its layers; one for anything but a GeoPackage, FileGDB, archive or folder.
    pub layers: Vec<LayerDescription>,
}

/// A layer of a file.
#[derive(Debug, Clone)]
pub struct LayerDescription {
    /// Name a pipeline would use; the file's stem where layers have no names.
    pub name: String,
    /// Type of its geometries as far as the file says, such as `Point`.
    pub geometry: Option<String>,
    /// CRS the file states; RFC 7946's for GeoJSON that doesn't.
    pub crs: Option<Crs>,
    /// Number of features, where it is known without reading them as rows.
    pub features: Option<u64>,
    /// Columns in source order.
    pub columns: Vec<ColumnDescription>,
}

/// A column of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnDescription {
    /// Name in the source.
    pub name: String,
    /// Type the source declares, in its own words; `None` in text formats.
    pub declared: Option<String>,
}

/// Describes the file or folder at `path`.
///
/// # Errors
/// Where it can't be opened, or is nothing the program reads.
pub fn describe(path: &Path) -> Result<Description, SourceError> {
    let shown: Arc<str> = path.display().to_string().into();
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    match extension.as_deref() {
        Some("csv" | "tsv" | "txt" | "tab") => describe_csv(path, &shown),
        Some("geojsonl" | "geojsons" | "ndjson" | "jsonl" | "ndgeojson") => describe_lines(path, &shown),
        Some("geojson" | "json") => describe_json(path, &shown),
        _ if is_parquet(path) || is_folder_of_parquet(path) => describe_parquet(path, &shown),
        Some("xlsx" | "xlsm") => describe_xlsx(path, &shown),
        Some("zip" | "shp" | "gpkg" | "gdb" | "fgb") => describe_ogr(path, &shown),
        _ if path.is_dir() => describe_ogr(path, &shown),
        _ => match sniff::open(path, &shown, "a facility layer")?.head.trim_ascii_start() {
            [b'{', ..] => describe_json(path, &shown),
            [0x1E, ..] => describe_lines(path, &shown),
            _ => describe_csv(path, &shown),
        },
    }
}

fn describe_csv(path: &Path, shown: &Arc<str>) -> Result<Description, SourceError> {
    let head = sniff::open(path, shown, "delimited text")?.head;
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: &u8| sniff::count(line, *delimiter);
    // Of equals the last wins, and that is the comma.
    let delimiter = *b"|\t;,".iter().max_by_key(|delimiter| count(delimiter)).unwrap_or(&b',');
    let records = CsvRecords::open_header(path, shown, delimiter, LIMITS.record_bytes)?;
    let header = records.header();
    let geometry = coordinates(header);
    let layer = LayerDescription {
        name: stem(path),
        geometry: matches!(geometry, Some(CsvGeometry::Xy { .. })).then(|| "Point".to_owned()),
        crs: None,
        features: None,
        columns: undeclared(header.iter().cloned()),
    };
    let format = geometry.map(|geometry| Format::Csv { delimiter, geometry });
    Ok(Description { format, delimiter: Some(delimiter), layers: vec![layer] })
}

/// The columns of a header that look like a geometry.
fn coordinates(header: &[String]) -> Option<CsvGeometry> {
    let column = |name: &str| header.iter().find(|column| column.eq_ignore_ascii_case(name)).cloned();
    let xy = XY.iter().find_map(|(x, y)| Some(CsvGeometry::Xy { x: column(x)?, y: column(y)? }));
    xy.or_else(|| Some(CsvGeometry::Wkt { column: WKT.iter().find_map(|name| column(name))? }))
}

fn describe_json(path: &Path, shown: &Arc<str>) -> Result<Description, SourceError> {
    match CollectionRecords::open(path, shown, LIMITS.record_bytes) {
        // A file of lines may bear the collection's extension; its first line has no features.
        Err(SourceError::NoFeatures { found, .. }) if found.iter().any(|name| name == "geometry") => {
            describe_lines(path, shown)
        }
        Err(error) => Err(error),
        Ok(records) => {
            let crs = match records.stated() {
                Stated::Named(crs) => Some(normalise(&crs)),
                Stated::Rfc7946 => Some(Crs::Crs84),
                Stated::Silent | Stated::Unclear(_) => None,
            };
            let features = records.count()?;
            describe_features(path, shown, Format::Geojson, crs, features)
        }
    }
}

fn describe_lines(path: &Path, shown: &Arc<str>) -> Result<Description, SourceError> {
    let features = LineRecords::open(path, shown, LIMITS.record_bytes)?.count()?;
    describe_features(path, shown, Format::Geojsonl, Some(Crs::Crs84), features)
}

fn describe_features(
    path: &Path,
    shown: &Arc<str>,
    format: Format,
    crs: Option<Crs>,
    features: u64,
) -> Result<Description, SourceError> {
    let plan = SourcePlan {
        location: Location::Path(path.to_owned()),
        shown: Arc::clone(shown),
        format: format.clone(),
        crs: None,
    };
    let landed = Landed { path: path.to_owned(), sha256: String::new(), bytes: 0, landed_at: String::new() };
    let mut columns = Vec::new();
    let mut kinds = BTreeSet::new();
    // Which CRS it is doesn't matter to the columns.
    for batch in open(&landed, &plan, &LIMITS, Some(&Crs::Crs84))? {
        let batch = batch?;
        for (name, _) in batch.columns {
            if !columns.contains(&name) {
                columns.push(name);
            }
        }
        let types = batch.geometry.iter().flatten().filter_map(|wkb| read_wkb(wkb).ok());
        kinds.extend(types.map(|geometry| format!("{:?}", geometry.geometry_type())));
    }
    let geometry = (!kinds.is_empty()).then(|| kinds.into_iter().collect::<Vec<_>>().join(", "));
    let (name, columns) = (stem(path), undeclared(columns.into_iter()));
    let layer = LayerDescription { name, geometry, crs, features: Some(features), columns };
    Ok(Description { format: Some(format), delimiter: None, layers: vec![layer] })
}

fn describe_ogr(path: &Path, shown: &Arc<str>) -> Result<Description, SourceError> {
    let found = archive::datasets(path, shown, LIMITS.archive_bytes)?;
    let mut layers: Vec<LayerDescription> = Vec::new();
    for choice in layers::all(&found, path, shown)? {
        let info = choice.info();
        let columns = info.columns.iter().map(|(name, declared)| ColumnDescription {
            name: name.clone(),
            declared: Some(declared.clone()),
        });
        layers.push(LayerDescription {
            name: info.name.clone(),
            geometry: info.geometry.clone(),
            crs: match &info.stated {
                Stated::Named(crs) => Some(normalise(crs)),
                Stated::Silent | Stated::Unclear(_) | Stated::Rfc7946 => None,
            },
            features: Some(info.features),
            columns: columns.collect(),
        });
    }
    let spatial = layers.iter().filter(|layer| layer.geometry.is_some()).count();
    let layer = layers.iter().find(|layer| layer.geometry.is_some() && spatial > 1);
    let layer = layer.map(|layer| layer.name.clone());
    Ok(Description { format: Some(Format::Ogr { layer }), delimiter: None, layers })
}

fn describe_parquet(path: &Path, shown: &Arc<str>) -> Result<Description, SourceError> {
    let records = ParquetSource::open(path, shown, None, LIMITS.record_bytes)?;
    let types = records.geometry_types().join(", ");
    let columns = records.columns().iter().zip(records.types());
    let layer = LayerDescription {
        name: stem(path),
        geometry: (!types.is_empty()).then_some(types),
        crs: match records.stated() {
            Stated::Named(crs) => Some(normalise(&crs)),
            Stated::Silent | Stated::Unclear(_) | Stated::Rfc7946 => None,
        },
        features: Some(records.rows()),
        columns: columns
            .map(|(name, kind)| ColumnDescription { name: name.clone(), declared: Some(kind.clone()) })
            .collect(),
    };
    Ok(Description { format: Some(Format::Parquet { geometry: None }), delimiter: None, layers: vec![layer] })
}

/// Every visible sheet; the geometry is that of the first, its first column where none looks like it.
fn describe_xlsx(path: &Path, shown: &Arc<str>) -> Result<Description, SourceError> {
    let bounds = Bounds { record: LIMITS.record_bytes, archive: LIMITS.archive_bytes };
    let mut layers: Vec<LayerDescription> = Vec::new();
    let mut format = None;
    let sheets = xlsx::sheets(path, shown, bounds.archive)?;
    for sheet in &sheets {
        let header_row = xlsx::likely_header(path, shown, sheet, bounds)?;
        let at = At { sheet: Some(sheet), header_row };
        let records = match XlsxRecords::open_header(path, shown, at, bounds) {
            // A blank sheet beside others is nothing to stop at.
            Err(SourceError::Empty { .. }) if sheets.len() > 1 => continue,
            records => records?,
        };
        let found = coordinates(records.header());
        let first = records.header().first().cloned().unwrap_or_default();
        let geometry = found.clone().unwrap_or(CsvGeometry::Wkt { column: first });
        let chosen = (sheets.len() > 1).then(|| sheet.clone());
        format.get_or_insert(Format::Xlsx { sheet: chosen, header_row, geometry });
        layers.push(LayerDescription {
            name: sheet.clone(),
            geometry: matches!(found, Some(CsvGeometry::Xy { .. })).then(|| "Point".to_owned()),
            crs: None,
            features: None,
            columns: undeclared(records.header().iter().cloned()),
        });
    }
    Ok(Description { format, delimiter: None, layers })
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

fn undeclared(names: impl Iterator<Item = String>) -> Vec<ColumnDescription> {
    names.map(|name| ColumnDescription { name, declared: None }).collect()
}
