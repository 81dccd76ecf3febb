//! `source.<kind> = { … }`: where rows are and how to read them.
//!
//! LEAF.

use super::table::Table;
use super::text::Spanned;

/// A source as written; exactly one kind.
#[derive(Debug, Clone)]
pub struct SourceSpec {
    /// File or folder, relative to the pipeline file.
    pub path: Option<Spanned<String>>,
    /// CRS of a file that doesn't say.
    pub crs: Option<Spanned<String>>,
    /// How to read it.
    pub format: FormatSpec,
}

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
        /// Field separator.
        delimiter: Option<Spanned<String>>,
    },
    /// `source.geojson`.
    Geojson,
    /// `source.geojsonl`.
    Geojsonl,
    /// `source.ogr`.
    Ogr {
        /// Table in the dataset.
        layer: Option<Spanned<String>>,
    },
    /// `source.parquet`.
    Parquet {
        /// Column of the geometry.
        geometry: Option<Spanned<String>>,
    },
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
    },
}

const KINDS: [&str; 6] = ["csv", "geojson", "geojsonl", "ogr", "parquet", "xlsx"];

/// Reads the `source` of a layer or a jurisdiction.
pub(super) fn read(parent: &mut Table<'_>) -> Option<Spanned<SourceSpec>> {
    let source = parent.required_table("source", kinds)?;
    source.value.map(|spec| Spanned::new(spec.value, spec.span))
}

/// Reads every kind that is written, so that no mistake in a superfluous one hides; the first counts.
fn kinds(table: &mut Table<'_>) -> Option<Spanned<SourceSpec>> {
    let written = table.present(&KINDS);
    if written.is_empty() {
        let kinds = KINDS.map(|kind| format!("`source.{kind}`")).join(", ");
        table.error_here("no kind of source is given".to_owned()).help =
            Some(format!("a source is one of {kinds}"));
    }
    if let [first, others @ ..] = written.as_slice() {
        for other in others {
            let message = format!("source is already `{}`; it cannot be `{}` too", first.value, other.value);
            table.error(other.span.clone(), message);
        }
    }
    let csv = table.table("csv", |t| spec(t, csv));
    let geojson = table.table("geojson", |t| spec(t, |_| FormatSpec::Geojson));
    let geojsonl = table.table("geojsonl", |t| spec(t, |_| FormatSpec::Geojsonl));
    let ogr = table.table("ogr", |t| spec(t, |t| FormatSpec::Ogr { layer: t.text("layer") }));
    let parquet =
        table.table("parquet", |t| spec(t, |t| FormatSpec::Parquet { geometry: t.text("geometry") }));
    let xlsx = table.table("xlsx", |t| spec(t, xlsx));
    csv.or(geojson).or(geojsonl).or(ogr).or(parquet).or(xlsx)
}

fn spec(table: &mut Table<'_>, format: impl FnOnce(&mut Table<'_>) -> FormatSpec) -> SourceSpec {
    SourceSpec { path: table.required_text("path"), crs: table.text("crs"), format: format(table) }
}

fn csv(table: &mut Table<'_>) -> FormatSpec {
    FormatSpec::Csv {
        x: table.text("x"),
        y: table.text("y"),
        wkt: table.text("wkt"),
        delimiter: table.text("delimiter"),
    }
}

fn xlsx(table: &mut Table<'_>) -> FormatSpec {
    FormatSpec::Xlsx {
        sheet: table.text("sheet"),
        header_row: table.integer("header-row"),
        x: table.text("x"),
        y: table.text("y"),
        wkt: table.text("wkt"),
    }
}
