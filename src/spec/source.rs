//! `source.<kind> = { … }`: where rows are and how to read them.
//!
//! LEAF. What is asked of a server stands in `remote`.

use super::remote::{self, ArcgisSpec, HttpSpec};
use super::table::Table;
use super::text::Spanned;

/// A source as written; exactly one kind.
#[derive(Debug, Clone)]
pub struct SourceSpec {
    /// Where the bytes come from.
    pub location: LocationSpec,
    /// CRS of a file that doesn't say.
    pub crs: Option<Spanned<String>>,
    /// How to read it.
    pub format: FormatSpec,
}

/// Where a source's bytes come from.
#[derive(Debug, Clone)]
pub enum LocationSpec {
    /// File or folder, relative to the pipeline file.
    Path(Option<Spanned<String>>),
    /// `source.http`.
    Http(HttpSpec),
    /// `source.arcgis`.
    Arcgis(ArcgisSpec),
}

impl SourceSpec {
    /// The path as written, where the source is local.
    pub fn path(&self) -> Option<&Spanned<String>> {
        match &self.location {
            LocationSpec::Path(path) => path.as_ref(),
            LocationSpec::Http(_) | LocationSpec::Arcgis(_) => None,
        }
    }
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
    },
}

/// Kinds of file.
pub(super) const FILES: [&str; 6] = ["csv", "geojson", "geojsonl", "ogr", "parquet", "xlsx"];

const KINDS: [&str; 8] = ["arcgis", "csv", "geojson", "geojsonl", "http", "ogr", "parquet", "xlsx"];

/// Reads the `source` of a layer or a jurisdiction.
pub(super) fn read(parent: &mut Table<'_>) -> Option<Spanned<SourceSpec>> {
    let source = parent.required_table("source", kinds)?;
    source.value.map(|spec| Spanned::new(spec.value, spec.span))
}

/// Reads every kind that is written, so that no mistake in a superfluous one hides; the first counts.
fn kinds(table: &mut Table<'_>) -> Option<Spanned<SourceSpec>> {
    if table.present(&KINDS).is_empty() {
        let kinds = KINDS.map(|kind| format!("`source.{kind}`")).join(", ");
        table.error_here("no kind of source is given".to_owned()).help =
            Some(format!("a source is one of {kinds}"));
    }
    one(table, "source", &KINDS);
    let arcgis = table.table("arcgis", |t| Some(remote::arcgis(t)));
    let file = files(table, |t| (LocationSpec::Path(t.required_text("path")), t.text("crs")));
    let file = file.map(|spec| {
        let ((location, crs), format) = spec.value;
        Spanned::new(Some(SourceSpec { location, crs, format }), spec.span)
    });
    let http = table.table("http", remote::http);
    let spec = arcgis.or(file).or(http)?;
    Some(Spanned::new(spec.value?, spec.span))
}

/// Reports every key of some that is written beside another of them.
pub(super) fn one(table: &mut Table<'_>, name: &str, keys: &[&'static str]) {
    if let [first, others @ ..] = table.present(keys).as_slice() {
        for other in others {
            let message = format!("{name} is already `{}`; it cannot be `{}` too", first.value, other.value);
            table.error(other.span.clone(), message);
        }
    }
}

/// Reads every kind of file with what `more` reads beside; the first counts.
pub(super) fn files<T>(
    table: &mut Table<'_>,
    more: impl Fn(&mut Table<'_>) -> T,
) -> Option<Spanned<(T, FormatSpec)>> {
    let csv = table.table("csv", |t| (more(t), csv(t)));
    let geojson = table.table("geojson", |t| (more(t), FormatSpec::Geojson));
    let geojsonl = table.table("geojsonl", |t| (more(t), FormatSpec::Geojsonl));
    let ogr = table.table("ogr", |t| (more(t), FormatSpec::Ogr { layer: t.text("layer") }));
    let parquet = table.table("parquet", |t| (more(t), FormatSpec::Parquet { geometry: t.text("geometry") }));
    let xlsx = table.table("xlsx", |t| (more(t), xlsx(t)));
    csv.or(geojson).or(geojsonl).or(ogr).or(parquet).or(xlsx)
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
