//! `source.<kind> = { … }`: where rows are and how to read them.
//!
//! LEAF. What is asked of a server stands in `remote`, the kinds of file in `format`.

use super::format::{FormatSpec, file_keys, read_files};
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

/// Reads the `source` of a layer or a jurisdiction.
pub(super) fn read_source(parent: &mut Table<'_>) -> Option<Spanned<SourceSpec>> {
    let source = parent.required_table("source", any_kind)?;
    // Placed at the kind and not at `source`: that is what a mistake of it is shown under.
    source.value.map(|spec| Spanned::new(spec.value, spec.span))
}

/// Every kind of source, in the order of the alphabet.
fn source_kinds() -> Vec<&'static str> {
    let mut kinds = file_keys();
    kinds.extend(["arcgis", "http"]);
    // Mistakes list them, and nobody knows the order in which they came to be.
    kinds.sort_unstable();
    kinds
}

/// Reads every kind that is written, so that no mistake in a superfluous one hides; the first counts.
fn any_kind(table: &mut Table<'_>) -> Option<Spanned<SourceSpec>> {
    let kinds = source_kinds();
    if table.present(&kinds).is_empty() {
        let listed: Vec<String> = kinds.iter().map(|kind| format!("`source.{kind}`")).collect();
        table.error_here("no kind of source is given".to_owned()).help =
            Some(format!("a source is one of {}", listed.join(", ")));
    }
    table.refuse_second("source", &kinds);
    let arcgis = table.optional_table("arcgis", |t| Some(arcgis_source(t)));
    let file = read_files(table, |t| {
        (
            LocationSpec::Path(t.required_text("path")),
            t.optional_text("crs"),
        )
    });
    let file = file.map(|spec| {
        let ((location, crs), format) = spec.value;
        Spanned::new(
            Some(SourceSpec {
                location,
                crs,
                format,
            }),
            spec.span,
        )
    });
    let http = table.optional_table("http", http_source);
    // A second kind has been refused by now: which of them stands for the source only decides what else is told.
    let spec = arcgis.or(file).or(http)?;
    Some(Spanned::new(spec.value?, spec.span))
}

fn arcgis_source(table: &mut Table<'_>) -> SourceSpec {
    let (spec, crs) = remote::read_arcgis(table);
    SourceSpec {
        location: LocationSpec::Arcgis(spec),
        crs,
        format: FormatSpec::Esri,
    }
}

/// None where nothing says how to read the file.
fn http_source(table: &mut Table<'_>) -> Option<SourceSpec> {
    let (spec, crs, format) = remote::read_http(table);
    Some(SourceSpec {
        location: LocationSpec::Http(spec),
        crs,
        format: format?,
    })
}
