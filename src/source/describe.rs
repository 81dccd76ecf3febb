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

use super::csv::{self, CsvRecords};
use super::error::{SourceError, closest_name};
use super::geojson::{CollectionRecords, LineRecords};
use super::ogr::canonical_crs;
use super::stated_crs::StatedCrs;
use super::{archive, layers, open, sniff};

/// Column names that hold x and y, most trusted first.
const XY: &[(&str, &str)] = &[
    ("longitude", "latitude"),
    ("lon", "lat"),
    ("long", "lat"),
    ("lng", "lat"),
    ("x", "y"),
];

/// How many of these pairs say by their names that they are degrees: x and y may be metres.
const DEGREES: usize = 4;

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
///
/// ```
/// use std::path::Path;
///
/// use cikr::plan::{CsvGeometry, Format};
/// use cikr::source;
///
/// let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/dams.csv");
/// let description = source::describe(&path)?;
/// assert_eq!(description.dialect.map(|dialect| dialect.delimiter), Some(b';'));
/// let Some(Format::Csv { geometry, .. }) = description.format else {
///     panic!("it has a column of well-known text");
/// };
/// assert_eq!(geometry, CsvGeometry::Wkt { column: "WKT".into() });
/// // A text file says nothing of types, nor of its CRS.
/// let layer = &description.layers[0];
/// assert_eq!((layer.columns[1].name.as_str(), &layer.columns[1].declared), ("NIDID", &None));
/// assert_eq!(layer.crs, None);
/// # Ok::<(), source::SourceError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Description {
    /// How to read it; `None` for delimited text without a column that looks like coordinates.
    pub format: Option<Format>,
    /// How delimited text is written.
    pub dialect: Option<Dialect>,
    /// Its layers; one for anything but a GeoPackage, FileGDB, archive or folder.
    pub layers: Vec<LayerDescription>,
}

impl Description {
    /// The layer of this name, whatever its case; where no name is given, the first with geometries, or the first.
    ///
    /// ```
    /// use std::path::Path;
    ///
    /// use cikr::source;
    ///
    /// let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/us_counties.gpkg");
    /// let description = source::describe(&path)?;
    /// let counties = description.choose_layer(None, "us_counties.gpkg")?;
    /// assert!(counties.columns.iter().any(|column| column.name == "GEOID"));
    /// assert!(description.choose_layer(Some("states"), "us_counties.gpkg").is_err());
    /// # Ok::<(), source::SourceError>(())
    /// ```
    ///
    /// # Errors
    /// Where there is none; `shown` names the file.
    pub fn choose_layer(&self, name: Option<&str>, shown: &str) -> Result<&LayerDescription, SourceError> {
        let layers = &self.layers;
        let names: Vec<String> = layers.iter().map(|layer| layer.name.clone()).collect();
        let found = match name {
            Some(name) => layers.iter().find(|layer| layer.name.eq_ignore_ascii_case(name)),
            None => layers
                .iter()
                .find(|layer| layer.geometry.is_some())
                .or(layers.first()),
        };
        match (found, name) {
            (Some(found), _) => Ok(found),
            (None, None) => Err(SourceError::NoLayer {
                shown: shown.to_owned(),
            }),
            (None, Some(name)) => Err(SourceError::NoSuchLayer {
                shown: shown.to_owned(),
                layer: name.to_owned(),
                suggestion: closest_name(name, &names),
                layers: names,
            }),
        }
    }
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
pub(super) fn describe_csv(path: &Path, shown: &Arc<str>) -> Result<Description, SourceError> {
    let dialect = csv::likely_dialect(&sniff::open_text(path, shown, "delimited text")?.head);
    let records = CsvRecords::open_header(path, shown, dialect, LIMITS.record_bytes)?;
    let header = records.header();
    let geometry = likely_geometry(header);
    let layer = LayerDescription {
        name: stem_name(path),
        geometry: matches!(geometry, Some(CsvGeometry::Xy { .. })).then(|| "Point".to_owned()),
        crs: None,
        features: None,
        columns: untyped_columns(header.iter().cloned()),
    };
    let format = geometry.map(|geometry| Format::Csv { dialect, geometry });
    Ok(Description {
        format,
        dialect: Some(dialect),
        layers: vec![layer],
    })
}

/// Whether two columns are called longitude and latitude, in words that nobody uses for anything else.
///
/// ```
/// use cikr::source::are_degrees_by_name;
///
/// assert!(are_degrees_by_name("LON", "lat"));
/// assert!(!are_degrees_by_name("X", "Y"), "metres, as often as not");
/// ```
pub fn are_degrees_by_name(x: &str, y: &str) -> bool {
    XY[..DEGREES]
        .iter()
        .any(|(longitude, latitude)| x.eq_ignore_ascii_case(longitude) && y.eq_ignore_ascii_case(latitude))
}

/// The columns of a header that look like a geometry.
pub(super) fn likely_geometry(header: &[String]) -> Option<CsvGeometry> {
    // Pairs in the order of trust, not names one by one: X and Y of a file that was exported from a map can be
    // metres, and stand before its LONGITUDE and LATITUDE.
    for (x, y) in XY {
        if let (Some(x), Some(y)) = (column_named(header, x), column_named(header, y)) {
            return Some(CsvGeometry::of_columns(x, y));
        }
    }
    let column = WKT.iter().find_map(|name| column_named(header, name))?;
    Some(CsvGeometry::Wkt { column })
}

fn column_named(header: &[String], name: &str) -> Option<String> {
    header
        .iter()
        .find(|column| column.eq_ignore_ascii_case(name))
        .cloned()
}

/// Describes GeoJSON, as one collection or as lines.
pub(super) fn describe_geojson(path: &Path, shown: &Arc<str>) -> Result<Description, SourceError> {
    match CollectionRecords::open(path, shown, LIMITS.record_bytes) {
        // A file of lines may bear the collection's extension; its first line has no features.
        Err(SourceError::NoFeatures { found, .. }) if found.iter().any(|name| name == "geometry") => {
            describe_geojsonl(path, shown)
        }
        Err(error) => Err(error),
        Ok(records) => {
            let crs = match records.stated_crs() {
                StatedCrs::Named(crs) => Some(canonical_crs(&crs)),
                StatedCrs::Rfc7946 => Some(Crs::Crs84),
                StatedCrs::Silent | StatedCrs::Unclear(_) => None,
            };
            let features = records.count_features()?;
            describe_by_features(path, shown, Format::Geojson, crs, features)
        }
    }
}

/// Describes GeoJSON with a feature a line.
pub(super) fn describe_geojsonl(path: &Path, shown: &Arc<str>) -> Result<Description, SourceError> {
    let features = LineRecords::open(path, shown, LIMITS.record_bytes)?.count_records()?;
    describe_by_features(path, shown, Format::Geojsonl, Some(Crs::Crs84), features)
}

/// Describes GeoJSON by its first features: what they hold, no header says.
fn describe_by_features(
    path: &Path,
    shown: &Arc<str>,
    format: Format,
    crs: Option<Crs>,
    features: u64,
) -> Result<Description, SourceError> {
    let plan = SourcePlan::for_file(path.to_owned(), Arc::clone(shown), format.clone(), None);
    let landed = Landed::in_place(path.to_owned());
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
    let layer = LayerDescription {
        name: stem_name(path),
        geometry,
        crs,
        features: Some(features),
        columns: untyped_columns(columns.into_iter()),
    };
    Ok(Description {
        format: Some(format),
        dialect: None,
        layers: vec![layer],
    })
}

/// Describes every layer of a dataset, plain or in an archive.
pub(super) fn describe_ogr(path: &Path, shown: &Arc<str>) -> Result<Description, SourceError> {
    let found = archive::find_datasets(path, shown, LIMITS.archive_bytes)?;
    let mut layers: Vec<LayerDescription> = Vec::new();
    for choice in layers::list_layers(&found, path, shown)? {
        let info = choice.info();
        let columns = info.columns.iter().map(|(name, declared)| ColumnDescription {
            name: name.clone(),
            declared: Some(declared.clone()),
        });
        // A view is not counted: one that asks itself has no end.
        layers.push(LayerDescription {
            name: info.name.clone(),
            geometry: info.geometry.clone(),
            crs: match &info.stated {
                StatedCrs::Named(crs) => Some(canonical_crs(crs)),
                StatedCrs::Silent | StatedCrs::Unclear(_) | StatedCrs::Rfc7946 => None,
            },
            features: (!info.is_view).then_some(info.features),
            columns: columns.collect(),
        });
    }
    // A run chooses the only layer with geometries by itself, so it is named where there are several.
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
pub(super) fn stem_name(path: &Path) -> String {
    path.file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// Columns of a format without types.
pub(super) fn untyped_columns(names: impl Iterator<Item = String>) -> Vec<ColumnDescription> {
    names
        .map(|name| ColumnDescription { name, declared: None })
        .collect()
}
