//! Where rows are and how to read them: the `source` of a layer or a polygon set → plan.
//!
//! Of data it asks only whether a local file is there.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::check::{Check, text_or_empty};
use super::format::{self, Format};
use super::remote::{self, ArcgisPlan, HttpPlan};
use super::serialize::as_if_owned;
use super::variables::{Secret, Variables};
use crate::config::{LocationConfig, SourceConfig, Spanned, path_beside};
use crate::feature::Crs;

/// Where rows are and how to read them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourcePlan {
    /// Where the bytes come from.
    pub location: Location,
    /// The path, from the working directory, or the URL: what messages show.
    #[serde(serialize_with = "as_if_owned")]
    pub shown: Arc<str>,
    /// The path or URL as the pipeline has it: what tables of a release show, wherever the run was begun.
    #[serde(skip)]
    pub written: Arc<str>,
    /// How to read it.
    pub format: Format,
    /// CRS that the pipeline declares for the source; a file that says otherwise is an error.
    pub crs: Option<Crs>,
}

impl SourcePlan {
    /// A local file or folder that no pipeline names, shown as `shown`.
    ///
    /// ```
    /// use cikr::plan::{Format, SourcePlan};
    ///
    /// let source = SourcePlan::for_file("/data/a.geojson".into(), "a.geojson".into(), Format::Geojson, None);
    /// assert_eq!(source.local(), Some("/data/a.geojson".as_ref()));
    /// assert!(!source.is_insecure());
    /// ```
    pub fn for_file(path: PathBuf, shown: Arc<str>, format: Format, crs: Option<Crs>) -> Self {
        Self {
            location: Location::Path(path),
            written: Arc::clone(&shown),
            shown,
            format,
            crs,
        }
    }

    /// A message about the source with its path as written: the real one may hold values of the environment.
    ///
    /// ```
    /// use cikr::plan::{Format, SourcePlan};
    ///
    /// let source = SourcePlan::for_file("/secret/a.csv".into(), "${DATA}/a.csv".into(), Format::Geojson, None);
    /// assert_eq!(source.as_shown("cannot open /secret/a.csv"), "cannot open ${DATA}/a.csv");
    /// ```
    pub fn as_shown(&self, text: &str) -> String {
        match &self.location {
            Location::Path(path) => text.replace(&*path.to_string_lossy(), &self.shown),
            Location::Http(_) | Location::Arcgis(_) => text.to_owned(),
        }
    }

    /// An origin as tables of a release show it; in an archive or a folder it goes on after the path.
    ///
    /// ```
    /// use cikr::plan::{Format, SourcePlan};
    ///
    /// let mut source = SourcePlan::for_file("x".into(), "run/data/a.zip".into(), Format::Geojson, None);
    /// source.written = "../data/a.zip".into();
    /// assert_eq!(&*source.as_written(&"run/data/a.zip/b.shp".into()), "../data/a.zip/b.shp");
    /// ```
    pub fn as_written(&self, origin: &Arc<str>) -> Arc<str> {
        match origin.strip_prefix(&*self.shown) {
            Some("") => Arc::clone(&self.written),
            Some(rest) => format!("{}{rest}", self.written).into(),
            None => Arc::clone(origin),
        }
    }

    /// Values of the environment that its server is asked with, and what stands for them.
    pub(super) fn secrets(&self) -> Vec<(&Secret, String)> {
        let access = match &self.location {
            Location::Path(_) => return vec![],
            Location::Http(plan) => &plan.access,
            Location::Arcgis(plan) => &plan.access,
        };
        let hidden = access
            .hidden
            .iter()
            .map(|(name, value)| (value, format!("${{{name}}}")));
        let credentials = access
            .credential
            .secrets()
            .into_iter()
            .map(|secret| (secret, "***".to_owned()));
        hidden.chain(credentials).collect()
    }

    /// The local file or folder, where the source is one.
    pub fn local(&self) -> Option<&Path> {
        match &self.location {
            Location::Path(path) => Some(path),
            Location::Http(_) | Location::Arcgis(_) => None,
        }
    }

    /// Whether its server's certificate isn't verified.
    pub fn is_insecure(&self) -> bool {
        match &self.location {
            Location::Path(_) => false,
            Location::Http(plan) => plan.access.is_insecure,
            Location::Arcgis(plan) => plan.access.is_insecure,
        }
    }
}

/// Where a source's bytes come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Location {
    /// File or folder, absolute or relative to the working directory; never shown, it may hold
    /// values of the environment.
    Path(#[serde(skip)] PathBuf),
    /// A file behind HTTP.
    Http(HttpPlan),
    /// A layer of an `ArcGIS` `FeatureServer` or `MapServer`.
    Arcgis(ArcgisPlan),
}

/// A source with the CRS that the pipeline declares for it, if any.
///
/// `schema` is the CRS the schema falls back to; the outer none means that the schema is not known.
pub(super) fn resolve(
    check: &mut Check<'_>,
    pipeline: &Path,
    config: Option<&Spanned<SourceConfig>>,
    schema: Option<&Option<Crs>>,
    variables: Variables,
) -> Option<SourcePlan> {
    let Spanned { value: source, span } = config?;
    let format = format::resolve(check, source, span, schema);
    let (location, shown) = match &source.location {
        LocationConfig::Path(path) => local_source(check, pipeline, path.as_ref(), variables),
        LocationConfig::Http(http) => (
            Location::Http(remote::resolve_http(check, http, &format, variables)),
            text_or_empty(http.url.as_ref()),
        ),
        LocationConfig::Arcgis(arcgis) => (
            Location::Arcgis(remote::resolve_arcgis(check, arcgis, variables)),
            text_or_empty(arcgis.url.as_ref()),
        ),
    };
    let crs = check.written_crs(source.crs.as_ref());
    let shown: Arc<str> = shown.into();
    let path = match &source.location {
        LocationConfig::Path(path) => path.as_ref(),
        LocationConfig::Http(_) | LocationConfig::Arcgis(_) => None,
    };
    // Tables of a release name a source as the pipeline does, so that they are the same wherever a run was
    // begun.
    let written = path.map_or_else(|| Arc::clone(&shown), |path| path.value.as_str().into());
    Some(SourcePlan {
        location,
        shown,
        written,
        format,
        crs,
    })
}

fn local_source(
    check: &mut Check<'_>,
    pipeline: &Path,
    written: Option<&Spanned<String>>,
    variables: Variables,
) -> (Location, String) {
    let path = text_or_empty(written);
    // Where a variable stands first, what the path is relative to is the variable's affair.
    let shown = if path.starts_with("${") {
        path.into()
    } else {
        path_beside(pipeline, &path)
    };
    // Two paths: the one that is opened has the values of variables, the one that is shown their names.
    let expanded = written.map(|path| check.expand_variables(path, variables).0);
    let location = Location::Path(path_beside(pipeline, &expanded.unwrap_or_default()));
    (location, shown.display().to_string())
}

/// An absent source fails its layer when the run comes to it, and not the whole plan before.
pub(super) fn warn_if_absent(
    check: &mut Check<'_>,
    config: Option<&Spanned<SourceConfig>>,
    source: &SourcePlan,
) {
    let written = config.and_then(|config| config.value.path());
    if let Some(written) = written.filter(|_| source.local().is_some_and(|path| !path.exists())) {
        check.warning(&written.span, format!("there is no `{}`", source.shown));
    }
}
