//! What a file holds, before anybody has written a pipeline for it.
//!
//! Reads headers, not rows (GeoJSON has no header, so its first features stand in). What is guessed here is a proposal
//! to a person, never used unseen. Formats with a folder of their own describe their files there.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use wkb::reader::read_wkb;

use crate::feature::{Crs, Landed};
use crate::plan::{CsvGeometry, Dialect, Format, Limits, SourcePlan};

use super::crs::{Stated, normalise};
use super::csv::{self, CsvRecords};
use super::error::SourceError;
use super::geojson::CollectionRecords;
use super::geojsonl::LineRecords;
use super::{archive, layers, open, sniff};

/// Column names that hold x and y, most trusted first.
const XY: &[(&str, &str)] = &[
    ("longitude", "latitude"),
    ("lon", "lat"),
    ("long", "lat"),
    ("lng", "lat"),
    ("x", "y"),
];

/// Column names that hold well-known text.
const WKT: &[&str] = &["wkt", "the_geom", "geom", "geometry", "shape"];

/// Features of a GeoJSON file that are looked at.
const SAMPLE: usize = 1000;

/// Bounds while a file is only looked at.
pub(super) const LIMITS: Limits = Limits {
    record_bytes: 16 << 20,
    batch_rows: SAMPLE,
    rows: Some(SAMPLE as u64),
    archive_bytes: 16 << 30,
    isolate: false,
    read: Duration::MAX,
};

/// What a file holds.
#[derive(Debug, Clone)]
pub struct Description {
    /// How to read it; `None` for delimited text without a column that looks like coordinates.
    pub format: Option<Format>,
    /// How delimited text is written.
    pub dialect: Option<Dialect>,
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

/// Describes delimited text; its dialect is guessed from the first lines.
pub(super) fn csv(path: &Path, shown: &Arc<str>) -> Result<Description, SourceError> {
    let dialect = csv::likely_dialect(&sniff::open(path, shown, "delimited text")?.head);
    let records = CsvRecords::open_header(path, shown, dialect, LIMITS.record_bytes)?;
    let header = records.header();
    let geometry = coordinates(header);
    let layer = LayerDescription {
        name: stem(path),
        geometry: matches!(geometry, Some(CsvGeometry::Xy { .. })).then(|| "Point".to_owned()),
        crs: None,
        features: None,
        columns: undeclared(header.iter().cloned()),
    };
    let format = geometry.map(|geometry| Format::Csv { dialect, geometry });
    Ok(Description {
        format,
        dialect: Some(dialect),
        layers: vec![layer],
    })
}

/// The columns of a header that look like a geometry.
pub(super) fn coordinates(header: &[String]) -> Option<CsvGeometry> {
    let column = |name: &str| {
        header
            .iter()
            .find(|column| column.eq_ignore_ascii_case(name))
            .cloned()
    };
    let xy = XY
        .iter()
        .find_map(|(x, y)| Some(CsvGeometry::of_columns(column(x)?, column(y)?)));
    xy.or_else(|| {
        Some(CsvGeometry::Wkt {
            column: WKT.iter().find_map(|name| column(name))?,
        })
    })
}

/// Describes GeoJSON, as one collection or as lines.
pub(super) fn geojson(path: &Path, shown: &Arc<str>) -> Result<Description, SourceError> {
    match CollectionRecords::open(path, shown, LIMITS.record_bytes) {
        // A file of lines may bear the collection's extension; its first line has no features.
        Err(SourceError::NoFeatures { found, .. }) if found.iter().any(|name| name == "geometry") => {
            geojsonl(path, shown)
        }
        Err(error) => Err(error),
        Ok(records) => {
            let crs = match records.stated() {
                Stated::Named(crs) => Some(normalise(&crs)),
                Stated::Rfc7946 => Some(Crs::Crs84),
                Stated::Silent | Stated::Unclear(_) => None,
            };
            let features = records.count()?;
            by_features(path, shown, Format::Geojson, crs, features)
        }
    }
}

/// Describes GeoJSON with a feature a line.
pub(super) fn geojsonl(path: &Path, shown: &Arc<str>) -> Result<Description, SourceError> {
    let features = LineRecords::open(path, shown, LIMITS.record_bytes)?.count()?;
    by_features(path, shown, Format::Geojsonl, Some(Crs::Crs84), features)
}

/// Describes GeoJSON by its first features: what they hold, no header says.
fn by_features(
    path: &Path,
    shown: &Arc<str>,
    format: Format,
    crs: Option<Crs>,
    features: u64,
) -> Result<Description, SourceError> {
    let plan = SourcePlan::of_file(path.to_owned(), Arc::clone(shown), format.clone(), None);
    let landed = Landed::at(path.to_owned());
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
        let types = batch
            .geometry
            .iter()
            .flatten()
            .filter_map(|wkb| read_wkb(wkb).ok());
        kinds.extend(types.map(|geometry| format!("{:?}", geometry.geometry_type())));
    }
    let geometry = (!kinds.is_empty()).then(|| kinds.into_iter().collect::<Vec<_>>().join(", "));
    let (name, columns) = (stem(path), undeclared(columns.into_iter()));
    let layer = LayerDescription {
        name,
        geometry,
        crs,
        features: Some(features),
        columns,
    };
    Ok(Description {
        format: Some(format),
        dialect: None,
        layers: vec![layer],
    })
}

/// Describes every layer of a dataset, plain or in an archive.
pub(super) fn ogr(path: &Path, shown: &Arc<str>) -> Result<Description, SourceError> {
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
            features: (!info.is_view).then_some(info.features),
            columns: columns.collect(),
        });
    }
    let spatial = layers.iter().filter(|layer| layer.geometry.is_some()).count();
    let layer = layers
        .iter()
        .find(|layer| layer.geometry.is_some() && spatial > 1);
    let layer = layer.map(|layer| layer.name.clone());
    Ok(Description {
        format: Some(Format::Ogr {
            layer,
            allow_views: false,
        }),
        dialect: None,
        layers,
    })
}

/// Name of a layer whose file gives it none.
pub(super) fn stem(path: &Path) -> String {
    path.file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Columns of a format without types.
pub(super) fn undeclared(names: impl Iterator<Item = String>) -> Vec<ColumnDescription> {
    names
        .map(|name| ColumnDescription { name, declared: None })
        .collect()
}
