//! Formats of sources: how each is read, and all that other rooms know of one.
//!
//! Whoever adds a variant is asked by the compiler for the rest of it, here and where `source` opens it; `keys` is held
//! against what `spec` reads by the tests of `json_schema`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::check::{Check, optional};
use super::csv_geometry::{self, CsvGeometry, X_AND_Y_OR_WKT};
use super::dialect::{self, Dialect};
use super::key::{Key, key};
use crate::feature::Crs;
use crate::spec::{FormatSpec, SourceSpec, Span};

/// How to read a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Delimited text with a header line.
    Csv {
        /// How the text is written.
        dialect: Dialect,
        /// Where the geometry is.
        geometry: CsvGeometry,
    },
    /// A GeoJSON FeatureCollection.
    Geojson,
    /// Newline-delimited GeoJSON (RFC 8142, with or without record separators).
    Geojsonl,
    /// Shapefile, FileGDB, GeoPackage or FlatGeobuf through GDAL, plain or in a zip archive.
    Ogr {
        /// Table in the dataset; `None` where there is only one.
        layer: Option<String>,
        /// Whether it may be a view: a question to the database, which may never end.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        allow_views: bool,
    },
    /// GeoParquet, or Parquet with a column of WKB: a file, or a folder of files.
    Parquet {
        /// Column of the geometry; `None` for the one the file declares.
        geometry: Option<String>,
    },
    /// Pages of an ArcGIS layer, as a pull has landed them.
    Esri,
    /// A sheet of an XLSX workbook.
    Xlsx {
        /// Its name; `None` where only one is visible.
        sheet: Option<String>,
        /// Row of the column names, 1 and up; `None` for the first that holds anything.
        header_row: Option<u32>,
        /// Where the geometry is.
        geometry: CsvGeometry,
    },
}

impl Format {
    /// Whether a file of it that is cut off after a row looks whole.
    pub fn may_end_anywhere(&self) -> bool {
        matches!(self, Self::Csv { .. } | Self::Geojsonl)
    }
}

/// Extensions by which GDAL chooses its driver for a single file.
const DATASETS: [&str; 8] = ["zip", "gpkg", "fgb", "shp", "json", "geojson", "kml", "gml"];

/// The format of the source at `place`; `schema` is the CRS the schema falls back to, the outer none where the schema
/// is not known.
pub(super) fn resolve(
    check: &mut Check<'_>,
    source: &SourceSpec,
    place: &Span,
    schema: Option<&Option<Crs>>,
) -> Format {
    match &source.format {
        FormatSpec::Geojson => Format::Geojson,
        FormatSpec::Geojsonl => Format::Geojsonl,
        FormatSpec::Esri => Format::Esri,
        FormatSpec::Ogr { layer, allow_views } => Format::Ogr {
            layer: optional(layer.as_ref()),
            allow_views: allow_views.as_ref().is_some_and(|allowed| allowed.value),
        },
        FormatSpec::Parquet { geometry } => Format::Parquet {
            geometry: optional(geometry.as_ref()),
        },
        FormatSpec::Csv {
            x,
            y,
            wkt,
            null,
            delimiter,
            header_row,
            skip,
        } => {
            declared(check, source, place, schema);
            let geometry = csv_geometry::resolve(check, place, [x, y, wkt], null.as_ref());
            let dialect = dialect::resolve(check, delimiter.as_ref(), header_row.as_ref(), skip.as_ref());
            Format::Csv { dialect, geometry }
        }
        FormatSpec::Xlsx {
            sheet,
            header_row,
            x,
            y,
            wkt,
            null,
        } => {
            declared(check, source, place, schema);
            let geometry = csv_geometry::resolve(check, place, [x, y, wkt], null.as_ref());
            let header_row = dialect::header_row(check, header_row.as_ref());
            Format::Xlsx {
                sheet: optional(sheet.as_ref()),
                header_row,
                geometry,
            }
        }
    }
}

/// A format that can't state a CRS needs one from the pipeline or the schema.
fn declared(check: &mut Check<'_>, source: &SourceSpec, place: &Span, schema: Option<&Option<Crs>>) {
    if source.crs.is_none() && schema == Some(&None) {
        let help = "declare it by `crs = \"…\"` in the source or the schema; a CRS is never guessed";
        check
            .error(place, "nothing says in which CRS the coordinates are")
            .help = Some(help.to_owned());
    }
}

/// What the kinds of file and their keys mean, for editors.
pub(super) fn keys() -> Vec<Key> {
    vec![
        key("source.csv", "Delimited text with a header line.").one_of(X_AND_Y_OR_WKT),
        key("source.geojson", "A GeoJSON FeatureCollection."),
        key("source.geojsonl", "GeoJSON features, one a line."),
        key("source.ogr", "Shapefile, FileGDB, GeoPackage or FlatGeobuf, plain or in a zip."),
        key("source.ogr.layer", "Table to read, where the file has several.").example("Electric_Substations"),
        key(
            "source.ogr.allow-views",
            "Whether the table may be a view of a GeoPackage: a question to the database, which may never end.",
        )
        .otherwise(false),
        key("source.parquet", "GeoParquet, or Parquet with a column of WKB: a file, or a folder of files."),
        key("source.parquet.geometry", "Column of the geometry, where the file doesn't say.")
            .example("geometry"),
        key("source.xlsx", "A sheet of an Excel workbook.").one_of(X_AND_Y_OR_WKT),
        key("source.xlsx.sheet", "Sheet to read, where the workbook has several.").example("Facilities"),
        key(
            "source.xlsx.header-row",
            "Row of the column names, from 1; where not written, the first that holds anything.",
        )
        .within(&dialect::HEADER_ROW.range)
        .example(dialect::HEADER_ROW.default),
    ]
}

impl Format {
    /// The kind of source that a pipeline names it by: `source.<kind>`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Csv { .. } => "csv",
            Self::Geojson => "geojson",
            Self::Geojsonl => "geojsonl",
            Self::Ogr { .. } => "ogr",
            Self::Parquet { .. } => "parquet",
            Self::Esri => "arcgis",
            Self::Xlsx { .. } => "xlsx",
        }
    }

    /// The keys of its own that a pipeline must have for it, with their values: texts and whole numbers.
    pub fn written(&self) -> Vec<(&'static str, Value)> {
        let mut keys = Vec::new();
        match self {
            Self::Csv { dialect, geometry } => {
                keys.extend(geometry.written());
                keys.extend(dialect.written());
            }
            Self::Ogr { layer, .. } => keys.extend(layer.iter().map(|layer| ("layer", json!(layer)))),
            Self::Parquet { geometry } => {
                keys.extend(geometry.iter().map(|column| ("geometry", json!(column))));
            }
            Self::Xlsx {
                sheet,
                header_row,
                geometry,
            } => {
                keys.extend(sheet.iter().map(|sheet| ("sheet", json!(sheet))));
                keys.extend(header_row.iter().map(|row| ("header-row", json!(row))));
                keys.extend(geometry.written());
            }
            Self::Geojson | Self::Geojsonl | Self::Esri => {}
        }
        keys
    }

    /// Where its geometry is, where a pipeline names the columns of it.
    pub fn csv_geometry(&self) -> Option<&CsvGeometry> {
        match self {
            Self::Csv { geometry, .. } | Self::Xlsx { geometry, .. } => Some(geometry),
            Self::Geojson | Self::Geojsonl | Self::Ogr { .. } | Self::Parquet { .. } | Self::Esri => None,
        }
    }

    /// Has the geometry in other columns, where a pipeline names them.
    pub fn set_csv_geometry(&mut self, columns: CsvGeometry) {
        if let Self::Csv { geometry, .. } | Self::Xlsx { geometry, .. } = self {
            *geometry = columns;
        }
    }

    /// What messages call a file of it.
    pub fn called(&self) -> &'static str {
        match self {
            Self::Csv { .. } => "delimited text",
            Self::Geojson | Self::Geojsonl | Self::Esri => "GeoJSON",
            Self::Ogr { .. } => "dataset",
            Self::Parquet { .. } => "Parquet",
            Self::Xlsx { .. } => "workbook",
        }
    }

    /// The extension that a file from this URL lands with, where the pipeline says none.
    pub(super) fn landed_extension(&self, url: &str) -> String {
        let own = match self {
            Self::Csv { .. } => "csv",
            Self::Geojson | Self::Esri => "geojson",
            Self::Geojsonl => "geojsonl",
            Self::Ogr { .. } => return dataset_extension(url),
            Self::Parquet { .. } => "parquet",
            Self::Xlsx { .. } => "xlsx",
        };
        own.to_owned()
    }

    /// Whether a file of it with this extension may be JSON.
    pub fn may_be_json(&self, extension: &str) -> bool {
        match self {
            Self::Geojson | Self::Geojsonl | Self::Esri => true,
            Self::Ogr { .. } => matches!(extension, "json" | "geojson"),
            Self::Csv { .. } | Self::Parquet { .. } | Self::Xlsx { .. } => false,
        }
    }

    /// The bytes that a file of it with this extension begins with, where they are always the same.
    pub fn magic(&self, extension: &str) -> Option<&'static [u8]> {
        match self {
            _ if extension == "zip" => Some(b"PK"),
            Self::Parquet { .. } => Some(b"PAR1"),
            Self::Xlsx { .. } => Some(b"PK"),
            Self::Csv { .. } | Self::Geojson | Self::Geojsonl | Self::Ogr { .. } | Self::Esri => {
                match extension {
                    "gpkg" => Some(b"SQLite format 3\0"),
                    "fgb" => Some(b"fgb"),
                    _ => None,
                }
            }
        }
    }
}

/// The extension of the URL, where it is one that GDAL could open a file by; an archive's otherwise.
fn dataset_extension(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let written = path.rsplit_once('.').map(|(_, last)| last.to_ascii_lowercase());
    let known = written.filter(|extension| DATASETS.contains(&extension.as_str()));
    known.unwrap_or_else(|| "zip".to_owned())
}
