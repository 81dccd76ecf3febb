//! Formats of sources: how each is read, and all that other rooms know of one.
//!
//! What is the same for every file of a format stands in its row of `config::FileKind`, and nowhere else. Whoever adds a
//! variant is asked by the compiler for the rest of it, here and where `source` opens it; `keys` is held against what `config`
//! reads by the tests of `json_schema`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::check::{Check, optional_text};
use super::csv_geometry::{self, CsvGeometry, X_AND_Y_OR_WKT};
use super::dialect::{self, Dialect};
use super::key::{Key, key};
use crate::config::{self, FILE_KINDS, FileKind, FormatConfig, GeometryPlace, SourceConfig, Span};
use crate::feature::Crs;

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

/// A kind of single file that GDAL opens: it chooses its driver by the extension.
struct Dataset {
    extension: &'static str,
    /// The bytes that it begins with; none where a file of this extension may begin otherwise.
    magic: Option<&'static [u8]>,
    is_json: bool,
}

const DATASETS: [Dataset; 8] = [
    Dataset::binary("zip", Some(b"PK")),
    Dataset::binary("gpkg", Some(b"SQLite format 3\0")),
    Dataset::binary("fgb", Some(b"fgb")),
    Dataset::binary("shp", None),
    Dataset::json("json"),
    Dataset::json("geojson"),
    Dataset::binary("kml", None),
    Dataset::binary("gml", None),
];

impl Dataset {
    const fn binary(extension: &'static str, magic: Option<&'static [u8]>) -> Self {
        Self {
            extension,
            magic,
            is_json: false,
        }
    }

    const fn json(extension: &'static str) -> Self {
        Self {
            extension,
            // JSON may begin with white space or a byte order mark.
            magic: None,
            is_json: true,
        }
    }

    fn by_extension(extension: &str) -> Option<&'static Self> {
        DATASETS.iter().find(|dataset| dataset.extension == extension)
    }
}

/// The format of the source at `place`; `schema` is the CRS the schema falls back to, the outer none where the schema
/// is not known.
pub(super) fn resolve(
    check: &mut Check<'_>,
    source: &SourceConfig,
    place: &Span,
    schema: Option<&Option<Crs>>,
) -> Format {
    match &source.format {
        FormatConfig::Geojson => Format::Geojson,
        FormatConfig::Geojsonl => Format::Geojsonl,
        FormatConfig::Esri => Format::Esri,
        FormatConfig::Ogr { layer, allow_views } => Format::Ogr {
            layer: optional_text(layer.as_ref()),
            allow_views: allow_views.as_ref().is_some_and(|allowed| allowed.value),
        },
        FormatConfig::Parquet { geometry } => Format::Parquet {
            geometry: optional_text(geometry.as_ref()),
        },
        FormatConfig::Csv {
            x,
            y,
            wkt,
            null,
            delimiter,
            header_row,
            skip,
        } => {
            require_crs(check, source, place, schema);
            let geometry = csv_geometry::resolve(check, place, [x, y, wkt], null.as_ref());
            let dialect = dialect::resolve(check, delimiter.as_ref(), header_row.as_ref(), skip.as_ref());
            Format::Csv { dialect, geometry }
        }
        FormatConfig::Xlsx {
            sheet,
            header_row,
            x,
            y,
            wkt,
            null,
        } => {
            require_crs(check, source, place, schema);
            let geometry = csv_geometry::resolve(check, place, [x, y, wkt], null.as_ref());
            let header_row = dialect::header_row(check, header_row.as_ref());
            Format::Xlsx {
                sheet: optional_text(sheet.as_ref()),
                header_row,
                geometry,
            }
        }
    }
}

/// A format that can't state a CRS needs one from the pipeline or the schema.
fn require_crs(check: &mut Check<'_>, source: &SourceConfig, place: &Span, schema: Option<&Option<Crs>>) {
    if source.crs.is_none() && schema == Some(&None) {
        let help = "declare it by `crs = \"…\"` in the source or the schema; a CRS is never guessed";
        check
            .error(place, "nothing says in which CRS the coordinates are")
            .help = Some(help.to_owned());
    }
}

/// What the kinds of file and their keys mean, for editors.
pub(super) fn keys() -> Vec<Key> {
    // One entry for each kind from its row, so that editors learn of a new one with it.
    let kinds = FILE_KINDS.iter().map(|kind| {
        let described = key(&format!("source.{}", kind.key), kind.description);
        if kind.geometry == GeometryPlace::Columns {
            described.one_of(X_AND_Y_OR_WKT)
        } else {
            described
        }
    });
    let own = [
        key("source.ogr.layer", "Table to read, where the file has several.").example("Electric_Substations"),
        key(
            "source.ogr.allow-views",
            "Whether the table may be a view of a GeoPackage: a question to the database, which may never end.",
        )
        .default_value(false),
        key(
            "source.parquet.geometry",
            "Column of the geometry, where the file doesn't say.",
        )
        .example("geometry"),
        key("source.xlsx.sheet", "Sheet to read, where the workbook has several.").example("Facilities"),
        key(
            "source.xlsx.header-row",
            "Row of the column names, from 1; where not written, the first that holds anything.",
        )
        .number_range(&dialect::HEADER_ROW.range)
        .example(dialect::HEADER_ROW.default),
    ];
    kinds.chain(own).collect()
}

impl Format {
    /// What is the same for every file of it.
    fn file_kind(&self) -> &'static FileKind {
        match self {
            Self::Csv { .. } => &config::CSV,
            Self::Geojson => &config::GEOJSON,
            Self::Geojsonl => &config::GEOJSONL,
            Self::Ogr { .. } => &config::OGR,
            Self::Parquet { .. } => &config::PARQUET,
            Self::Esri => &config::ESRI,
            Self::Xlsx { .. } => &config::XLSX,
        }
    }

    /// The kind of source that a pipeline names it by: `source.<kind>`.
    ///
    /// ```
    /// use cikr::plan::Format;
    ///
    /// assert_eq!(Format::Geojsonl.source_key(), "geojsonl");
    /// assert_eq!(Format::Esri.source_key(), "arcgis");
    /// ```
    pub fn source_key(&self) -> &'static str {
        self.file_kind().key
    }

    /// Whether a file of it that is cut off after a row looks whole.
    ///
    /// ```
    /// use cikr::plan::Format;
    ///
    /// assert!(Format::Geojsonl.may_end_anywhere());
    /// assert!(!Format::Geojson.may_end_anywhere());
    /// ```
    pub fn may_end_anywhere(&self) -> bool {
        self.file_kind().may_end_anywhere
    }

    /// Whether this project's own code reads it, so that it needs no process of its own.
    ///
    /// ```
    /// assert!(cikr::plan::Format::Geojson.is_own_reader());
    /// assert!(!cikr::plan::Format::Parquet { geometry: None }.is_own_reader());
    /// ```
    pub fn is_own_reader(&self) -> bool {
        self.file_kind().is_own_reader
    }

    /// The keys of its own that a pipeline must have for it, with their values: texts and whole numbers.
    ///
    /// ```
    /// use cikr::plan::{CsvGeometry, Dialect, Format};
    ///
    /// let format = Format::Csv {
    ///     dialect: Dialect {
    ///         delimiter: b';',
    ///         header_row: None,
    ///     },
    ///     geometry: CsvGeometry::of_columns("LON", "LAT"),
    /// };
    /// let keys: Vec<&str> = format.pipeline_keys().iter().map(|(key, _)| *key).collect();
    /// assert_eq!(keys, ["x", "y", "delimiter"]);
    /// ```
    pub fn pipeline_keys(&self) -> Vec<(&'static str, Value)> {
        let mut keys = Vec::new();
        match self {
            Self::Csv { dialect, geometry } => {
                keys.extend(geometry.pipeline_keys());
                keys.extend(dialect.pipeline_keys());
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
                keys.extend(geometry.pipeline_keys());
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
    ///
    /// ```
    /// use cikr::plan::{CsvGeometry, Dialect, Format};
    ///
    /// let wkt = CsvGeometry::Wkt {
    ///     column: "WKT".to_owned(),
    /// };
    /// let mut format = Format::Csv {
    ///     dialect: Dialect::USUAL,
    ///     geometry: CsvGeometry::of_columns("X", "Y"),
    /// };
    /// format.set_csv_geometry(wkt.clone());
    /// assert_eq!(format.csv_geometry(), Some(&wkt));
    /// ```
    pub fn set_csv_geometry(&mut self, columns: CsvGeometry) {
        if let Self::Csv { geometry, .. } | Self::Xlsx { geometry, .. } = self {
            *geometry = columns;
        }
    }

    /// What messages call a file of it.
    ///
    /// ```
    /// assert_eq!(cikr::plan::Format::Parquet { geometry: None }.noun(), "Parquet");
    /// ```
    pub fn noun(&self) -> &'static str {
        self.file_kind().noun
    }

    /// The extension that a file from this URL lands with, where the pipeline says none.
    pub(super) fn landed_extension(&self, url: &str) -> String {
        let own = self.file_kind().extension.map(str::to_owned);
        own.unwrap_or_else(|| dataset_extension(url))
    }

    /// Whether a file of it with this extension may be JSON.
    ///
    /// ```
    /// let dataset = cikr::plan::Format::Ogr {
    ///     layer: None,
    ///     allow_views: false,
    /// };
    /// assert!(dataset.may_be_json("geojson") && !dataset.may_be_json("zip"));
    /// ```
    pub fn may_be_json(&self, extension: &str) -> bool {
        match self {
            // GDAL opens GeoJSON, too, and knows it by its extension: what else it opens never is JSON.
            Self::Ogr { .. } => Dataset::by_extension(extension).is_some_and(|dataset| dataset.is_json),
            _ => self.file_kind().is_json,
        }
    }

    /// The bytes that a file of it with this extension begins with, where they are always the same.
    ///
    /// ```
    /// let parquet = cikr::plan::Format::Parquet { geometry: None };
    /// assert_eq!(parquet.magic("parquet"), Some(&b"PAR1"[..]));
    /// assert_eq!(parquet.magic("zip"), Some(&b"PK"[..]));
    /// assert_eq!(cikr::plan::Format::Geojson.magic("geojson"), None);
    /// ```
    pub fn magic(&self, extension: &str) -> Option<&'static [u8]> {
        // Whatever is asked for in an archive begins as the archive does.
        let own = self.file_kind().magic.filter(|_| extension != "zip");
        own.or_else(|| Dataset::by_extension(extension)?.magic)
    }
}

/// The extension of the URL, where it is one that GDAL could open a file by; an archive's otherwise.
fn dataset_extension(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let written = path.rsplit_once('.').map(|(_, last)| last.to_ascii_lowercase());
    let known = written.filter(|extension| Dataset::by_extension(extension).is_some());
    known.unwrap_or_else(|| "zip".to_owned())
}
