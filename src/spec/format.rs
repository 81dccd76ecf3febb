//! Formats of files: the kinds that a source may name, and the keys of each.
//!
//! LEAF. Where the file is stands in `source` and `remote`.

use super::table::Table;
use super::text::Spanned;

/// How to read a source.
#[derive(Debug, Clone)]
pub enum FormatSpec {
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

/// Reads the keys of a kind of file.
type ReadKeys = fn(&mut Table<'_>) -> FormatSpec;

/// The kinds of file, in the order in which they are read and listed.
const FILES: &[(&str, ReadKeys)] = &[
    ("csv", csv),
    ("geojson", |_| FormatSpec::Geojson),
    ("geojsonl", |_| FormatSpec::Geojsonl),
    ("ogr", |table| FormatSpec::Ogr {
        layer: table.text("layer"),
        allow_views: table.flag("allow-views"),
    }),
    ("parquet", |table| FormatSpec::Parquet {
        geometry: table.text("geometry"),
    }),
    ("xlsx", xlsx),
];

/// The kinds of file that a source may name: `source.<kind>`, or `<kind>` in `source.http`.
pub fn file_kinds() -> Vec<&'static str> {
    FILES.iter().map(|(kind, _)| *kind).collect()
}

/// Reads every kind of file with what `more` reads beside, so that no mistake in a superfluous one hides; the first
/// counts.
pub(super) fn files<T>(
    table: &mut Table<'_>,
    more: impl Fn(&mut Table<'_>) -> T,
) -> Option<Spanned<(T, FormatSpec)>> {
    let mut first = None;
    for (kind, keys) in FILES {
        let file = table.table(kind, |t| (more(t), keys(t)));
        first = first.or(file);
    }
    first
}

fn csv(table: &mut Table<'_>) -> FormatSpec {
    FormatSpec::Csv {
        x: table.text("x"),
        y: table.text("y"),
        wkt: table.text("wkt"),
        null: table.texts("null"),
        delimiter: table.text("delimiter"),
        header_row: table.integer("header-row"),
        skip: table.integer("skip"),
    }
}

fn xlsx(table: &mut Table<'_>) -> FormatSpec {
    FormatSpec::Xlsx {
        sheet: table.text("sheet"),
        header_row: table.integer("header-row"),
        x: table.text("x"),
        y: table.text("y"),
        wkt: table.text("wkt"),
        null: table.texts("null"),
    }
}
