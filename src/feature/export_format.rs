//! Formats of other tools that rows of a release are handed on in.
//!
//! LEAF. Names alone: who writes them, `export` knows.

use std::path::Path;

use serde::Serialize;

/// A format that other tools open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum ExportFormat {
    /// GeoPackage 1.2 or newer, as GDAL writes it.
    #[serde(rename = "gpkg")]
    Geopackage,
    /// FlatGeobuf, with its packed index.
    #[serde(rename = "fgb")]
    Flatgeobuf,
    /// RFC 7946, a feature a line.
    #[serde(rename = "geojson")]
    Geojson,
    /// RFC 4180, in UTF-8.
    #[serde(rename = "csv")]
    Csv,
    /// Shapefile, its files in one zip.
    #[serde(rename = "shp")]
    Shapefile,
}

impl ExportFormat {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Geopackage,
        Self::Flatgeobuf,
        Self::Geojson,
        Self::Csv,
        Self::Shapefile,
    ];

    /// What pipelines and the command line call it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Geopackage => "gpkg",
            Self::Flatgeobuf => "fgb",
            Self::Geojson => "geojson",
            Self::Csv => "csv",
            Self::Shapefile => "shp",
        }
    }

    /// What a file of it ends with, behind a dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Shapefile => "shp.zip",
            other => other.word(),
        }
    }

    /// What people call it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Geopackage => "GeoPackage",
            Self::Flatgeobuf => "FlatGeobuf",
            Self::Geojson => "GeoJSON",
            Self::Csv => "CSV",
            Self::Shapefile => "zipped Shapefile",
        }
    }

    /// Media type, as STAC's best practices have it.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Geopackage => "application/geopackage+sqlite3",
            Self::Flatgeobuf => "application/vnd.flatgeobuf",
            Self::Geojson => "application/geo+json",
            Self::Csv => "text/csv",
            Self::Shapefile => "application/vnd.shp+zip",
        }
    }

    /// Whether it can be written from front to back, without a file to go back in.
    pub const fn is_stream(self) -> bool {
        matches!(self, Self::Geojson | Self::Csv)
    }

    /// Whether one file holds several layers.
    pub const fn holds_many_layers(self) -> bool {
        matches!(self, Self::Geopackage)
    }

    /// Whether a style for QGIS stands beside a file of it: a GeoPackage carries it within, and a CSV is no layer until somebody
    /// says how to read it.
    pub const fn has_style_beside(self) -> bool {
        matches!(self, Self::Flatgeobuf | Self::Geojson | Self::Shapefile)
    }

    /// The format with this word; none for another.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }

    /// The format that a file's name ends with.
    ///
    /// ```
    /// use cikr::feature::ExportFormat;
    ///
    /// assert_eq!(ExportFormat::of_path("out/TX.GPKG".as_ref()), Some(ExportFormat::Geopackage));
    /// assert_eq!(ExportFormat::of_path("dams.shp.zip".as_ref()), Some(ExportFormat::Shapefile));
    /// assert_eq!(ExportFormat::of_path("dams.shp".as_ref()), None, "a shapefile is several files: they go into a zip");
    /// ```
    pub fn of_path(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
        Self::ALL.into_iter().find(|format| {
            name.strip_suffix(format.extension())
                .is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
        })
    }
}
