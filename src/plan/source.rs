//! Types of a layer's source: where its rows are and how to read them.

use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use crate::feature::Crs;

use super::shared;

/// Where rows are and how to read them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourcePlan {
    /// File or folder, absolute or relative to the working directory; never shown, it may hold
    /// values of the environment.
    #[serde(skip)]
    pub path: PathBuf,
    /// The path as written: what origins and messages show.
    #[serde(serialize_with = "shared")]
    pub shown: Arc<str>,
    /// How to read it.
    pub format: Format,
    /// CRS that the pipeline declares for the source; a file that says otherwise is an error.
    pub crs: Option<Crs>,
}

impl SourcePlan {
    /// A message about the source with its path as written: the real one may hold values of the environment.
    pub fn as_shown(&self, text: &str) -> String {
        text.replace(&*self.path.to_string_lossy(), &self.shown)
    }
}

/// How to read a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Delimited text with a header line.
    Csv {
        /// Field separator.
        delimiter: u8,
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
    },
    /// GeoParquet, or Parquet with a column of WKB: a file, or a folder of files.
    Parquet {
        /// Column of the geometry; `None` for the one the file declares.
        geometry: Option<String>,
    },
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

/// Where the geometry of a delimited text file or a sheet is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CsvGeometry {
    /// Two numeric columns in the source's CRS.
    Xy {
        /// Column of x or longitude.
        x: String,
        /// Column of y or latitude.
        y: String,
    },
    /// One column of WKT in the source's CRS.
    Wkt {
        /// Column of the text.
        column: String,
    },
}
