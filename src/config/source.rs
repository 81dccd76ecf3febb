//! `source.<kind> = { … }`: where rows are and how to read them.
//!
//! LEAF. What is asked of a server stands in `remote`, the kinds of file in `format`.

use super::format::{FormatConfig, file_keys, read_files};
use super::remote::{self, ArcgisConfig, HttpConfig};
use super::table::Table;
use super::text::Spanned;

/// A source as written; exactly one kind.
#[derive(Debug, Clone)]
pub struct SourceConfig {
    /// Where the bytes come from.
    pub location: LocationConfig,
    /// CRS of a file that doesn't say.
    pub crs: Option<Spanned<String>>,
    /// How to read it.
    pub format: FormatConfig,
}

/// Where a source's bytes come from.
#[derive(Debug, Clone)]
pub enum LocationConfig {
    /// File or folder, relative to the pipeline file.
    Path(Option<Spanned<String>>),
    /// `source.http`.
    Http(HttpConfig),
    /// `source.arcgis`.
    Arcgis(ArcgisConfig),
}

impl SourceConfig {
    /// The path as written, where the source is local.
    pub fn path(&self) -> Option<&Spanned<String>> {
        match &self.location {
            LocationConfig::Path(path) => path.as_ref(),
            LocationConfig::Http(_) | LocationConfig::Arcgis(_) => None,
        }
    }
}

/// Reads the `source` of a layer or a jurisdiction.
pub(super) fn read_source(parent: &mut Table<'_>) -> Option<Spanned<SourceConfig>> {
    let source = parent.required_table("source", any_kind)?;
    // Placed at the kind and not at `source`: that is what a mistake of it is shown under.
    source.value.map(|config| Spanned::new(config.value, config.span))
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
fn any_kind(table: &mut Table<'_>) -> Option<Spanned<SourceConfig>> {
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
            LocationConfig::Path(t.required_text("path")),
            t.optional_text("crs"),
        )
    });
    let file = file.map(|config| {
        let ((location, crs), format) = config.value;
        Spanned::new(
            Some(SourceConfig {
                location,
                crs,
                format,
            }),
            config.span,
        )
    });
    let http = table.optional_table("http", http_source);
    // A second kind has been refused by now: which of them stands for the source only decides what else is told.
    let config = arcgis.or(file).or(http)?;
    Some(Spanned::new(config.value?, config.span))
}

fn arcgis_source(table: &mut Table<'_>) -> SourceConfig {
    let (config, crs) = remote::read_arcgis(table);
    SourceConfig {
        location: LocationConfig::Arcgis(config),
        crs,
        format: FormatConfig::Esri,
    }
}

/// None where nothing says how to read the file.
fn http_source(table: &mut Table<'_>) -> Option<SourceConfig> {
    let (config, crs, format) = remote::read_http(table);
    Some(SourceConfig {
        location: LocationConfig::Http(config),
        crs,
        format: format?,
    })
}
