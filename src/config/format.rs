//! Formats of files: the kinds that a source may name, what is fixed about each, and the keys of each.
//!
//! LEAF. Where the file is stands in `source` and `remote`.

use super::table::Table;
use super::text::Spanned;

/// How to read a source.
#[derive(Debug, Clone)]
pub enum FormatConfig {
    /// `source.csv`.
    Csv {
        /// Column of x.
        x: Option<Spanned<String>>,
        /// Column of y.
        y: Option<Spanned<String>>,
        /// Column of WKT.
        wkt: Option<Spanned<String>>,
        /// Values of x and y that stand for none.
        null: Option<Spanned<Vec<Spanned<String>>>>,
        /// Field separator.
        delimiter: Option<Spanned<String>>,
        /// Line of the column names, 1 and up.
        header_row: Option<Spanned<i64>>,
        /// Lines above the column names.
        skip: Option<Spanned<i64>>,
    },
    /// `source.geojson`.
    Geojson,
    /// `source.geojsonl`.
    Geojsonl,
    /// `source.ogr`.
    Ogr {
        /// Table in the dataset.
        layer: Option<Spanned<String>>,
        /// Whether it may be a view.
        allow_views: Option<Spanned<bool>>,
    },
    /// `source.parquet`.
    Parquet {
        /// Column of the geometry.
        geometry: Option<Spanned<String>>,
    },
    /// Pages of `source.arcgis`.
    Esri,
    /// `source.xlsx`.
    Xlsx {
        /// Sheet of the workbook.
        sheet: Option<Spanned<String>>,
        /// Row of the column names, 1 and up.
        header_row: Option<Spanned<i64>>,
        /// Column of x.
        x: Option<Spanned<String>>,
        /// Column of y.
        y: Option<Spanned<String>>,
        /// Column of WKT.
        wkt: Option<Spanned<String>>,
        /// Values of x and y that stand for none.
        null: Option<Spanned<Vec<Spanned<String>>>>,
    },
}

/// Where the geometry of a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GeometryPlace {
    /// Where the format has it.
    Format,
    /// In columns that a pipeline names.
    Columns,
}

/// A kind of file, and all of it that is the same for every file: the one place where that stands.
///
/// Whoever adds a kind writes such a row for it and lists it in [`FILE_KINDS`]. What pipelines may say, what messages call a
/// file, how a download is named and what its first bytes are held against follow from the row.
pub struct FileKind {
    /// What a pipeline calls it: `source.<key>`.
    pub key: &'static str,
    /// What it is, for editors.
    pub description: &'static str,
    /// What messages call a file of it.
    pub noun: &'static str,
    /// Extension that a file of it lands with; none where that depends on the file, as it does for GDAL.
    pub extension: Option<&'static str>,
    /// The bytes that every file of it begins with, where there are such.
    pub magic: Option<&'static [u8]>,
    /// Whether a file of it is JSON.
    pub is_json: bool,
    /// Whether a file of it that is cut off after a row looks whole.
    pub may_end_anywhere: bool,
    /// Whether this project's own code reads it; what others parse is read in a process of its own.
    pub is_own_reader: bool,
    /// Where the geometry of its rows is.
    pub geometry: GeometryPlace,
    read_keys: fn(&mut Table<'_>) -> FormatConfig,
}

impl FileKind {
    /// Of a kind whose keys are read by `read_keys`: binary, whole only to its last byte, parsed by others' code, with the
    /// geometry where the format says.
    const fn new(
        key: &'static str,
        noun: &'static str,
        description: &'static str,
        read_keys: fn(&mut Table<'_>) -> FormatConfig,
    ) -> Self {
        Self {
            key,
            description,
            noun,
            extension: Some(key),
            magic: None,
            is_json: false,
            may_end_anywhere: false,
            is_own_reader: false,
            geometry: GeometryPlace::Format,
            read_keys,
        }
    }
}

/// Delimited text.
pub const CSV: FileKind = FileKind {
    is_own_reader: true,
    may_end_anywhere: true,
    geometry: GeometryPlace::Columns,
    ..FileKind::new(
        "csv",
        "delimited text",
        "Delimited text with a header line.",
        read_csv,
    )
};

/// A `FeatureCollection` of GeoJSON (RFC 7946).
pub const GEOJSON: FileKind = FileKind {
    is_own_reader: true,
    is_json: true,
    ..FileKind::new("geojson", "GeoJSON", "A GeoJSON FeatureCollection.", |_| {
        FormatConfig::Geojson
    })
};

/// Newline-delimited GeoJSON (RFC 8142).
pub const GEOJSONL: FileKind = FileKind {
    is_own_reader: true,
    is_json: true,
    may_end_anywhere: true,
    ..FileKind::new("geojsonl", "GeoJSON", "GeoJSON features, one a line.", |_| {
        FormatConfig::Geojsonl
    })
};

/// What GDAL opens.
pub const OGR: FileKind = FileKind {
    extension: None,
    ..FileKind::new(
        "ogr",
        "dataset",
        "Shapefile, FileGDB, GeoPackage or FlatGeobuf, plain or in a zip.",
        |table| FormatConfig::Ogr {
            layer: table.optional_text("layer"),
            allow_views: table.optional_flag("allow-views"),
        },
    )
};

/// `GeoParquet`, or Parquet with a column of WKB.
pub const PARQUET: FileKind = FileKind {
    magic: Some(b"PAR1"),
    ..FileKind::new(
        "parquet",
        "Parquet",
        "GeoParquet, or Parquet with a column of WKB: a file, or a folder of files.",
        |table| FormatConfig::Parquet {
            geometry: table.optional_text("geometry"),
        },
    )
};

/// Pages that a pull of `source.arcgis` has landed; no file that a pipeline could name, so not among [`FILE_KINDS`].
pub const ESRI: FileKind = FileKind {
    is_own_reader: true,
    extension: Some("geojson"),
    is_json: true,
    ..FileKind::new("arcgis", "GeoJSON", "Pages of an ArcGIS layer.", |_| {
        FormatConfig::Esri
    })
};

/// A workbook of Excel.
pub const XLSX: FileKind = FileKind {
    // A workbook is a zip archive.
    magic: Some(b"PK"),
    geometry: GeometryPlace::Columns,
    ..FileKind::new("xlsx", "workbook", "A sheet of an Excel workbook.", read_xlsx)
};

/// The kinds of file that a source may name, in the order in which they are read and listed.
pub const FILE_KINDS: &[&FileKind] = &[&CSV, &GEOJSON, &GEOJSONL, &OGR, &PARQUET, &XLSX];

/// The keys of the kinds of file: `source.<key>`, or `<key>` in `source.http`.
///
/// ```
/// assert_eq!(
///     cikr::config::file_keys(),
///     ["csv", "geojson", "geojsonl", "ogr", "parquet", "xlsx"]
/// );
/// ```
pub fn file_keys() -> Vec<&'static str> {
    FILE_KINDS.iter().map(|kind| kind.key).collect()
}

/// Reads every kind of file with what `more` reads beside, so that no mistake in a superfluous one hides; the first
/// counts.
pub(super) fn read_files<T>(
    table: &mut Table<'_>,
    more: impl Fn(&mut Table<'_>) -> T,
) -> Option<Spanned<(T, FormatConfig)>> {
    let mut first = None;
    for kind in FILE_KINDS {
        let file = table.optional_table(kind.key, |t| (more(t), (kind.read_keys)(t)));
        first = first.or(file);
    }
    first
}

fn read_csv(table: &mut Table<'_>) -> FormatConfig {
    FormatConfig::Csv {
        x: table.optional_text("x"),
        y: table.optional_text("y"),
        wkt: table.optional_text("wkt"),
        null: table.optional_texts("null"),
        delimiter: table.optional_text("delimiter"),
        header_row: table.optional_integer("header-row"),
        skip: table.optional_integer("skip"),
    }
}

fn read_xlsx(table: &mut Table<'_>) -> FormatConfig {
    FormatConfig::Xlsx {
        sheet: table.optional_text("sheet"),
        header_row: table.optional_integer("header-row"),
        x: table.optional_text("x"),
        y: table.optional_text("y"),
        wkt: table.optional_text("wkt"),
        null: table.optional_texts("null"),
    }
}
