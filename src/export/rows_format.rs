//! Formats in which rows are answered: those that programs take from a pipe or a small file.
//!
//! Names alone; `writers` knows who writes them.

use std::path::Path;

/// A format of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsFormat {
    /// One JSON object with all rows.
    Json,
    /// RFC 7946, one collection.
    Geojson,
    /// A GeoJSON feature a line.
    Geojsonl,
    /// RFC 4180, in UTF-8.
    Csv,
    /// GeoParquet 1.1 with a covering.
    Parquet,
}

impl RowsFormat {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Json,
        Self::Geojson,
        Self::Geojsonl,
        Self::Csv,
        Self::Parquet,
    ];

    /// What the command line calls it, and what a file of it ends with.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Geojson => "geojson",
            Self::Geojsonl => "geojsonl",
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        }
    }

    /// The format that a file's name ends with.
    ///
    /// ```
    /// use cikr::export::RowsFormat;
    ///
    /// assert_eq!(RowsFormat::of_path("out/TX.GeoJSONL".as_ref()), Some(RowsFormat::Geojsonl));
    /// assert_eq!(RowsFormat::of_path("dams.gpkg".as_ref()), None, "`cikr export` writes those");
    /// ```
    pub fn of_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_string_lossy().to_ascii_lowercase();
        Self::ALL.into_iter().find(|format| format.word() == extension)
    }

    /// Whether every row has its geometry, whatever columns are asked for.
    pub const fn needs_geometry(self) -> bool {
        matches!(self, Self::Geojson | Self::Geojsonl | Self::Parquet)
    }
}
