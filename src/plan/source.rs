//! Types of a layer's source: where its rows are, and who asks a server for them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::feature::Crs;

use super::format::Format;
use super::shared;

/// Where rows are and how to read them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourcePlan {
    /// Where the bytes come from.
    pub location: Location,
    /// The path, from the working directory, or the URL: what messages show.
    #[serde(serialize_with = "shared")]
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
    pub fn of_file(path: PathBuf, shown: Arc<str>, format: Format, crs: Option<Crs>) -> Self {
        Self {
            location: Location::Path(path),
            written: Arc::clone(&shown),
            shown,
            format,
            crs,
        }
    }

    /// A message about the source with its path as written: the real one may hold values of the environment.
    pub fn as_shown(&self, text: &str) -> String {
        match &self.location {
            Location::Path(path) => text.replace(&*path.to_string_lossy(), &self.shown),
            Location::Http(_) | Location::Arcgis(_) => text.to_owned(),
        }
    }

    /// An origin as tables of a release show it; in an archive or a folder it goes on after the path.
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

/// A file behind HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HttpPlan {
    /// URL with the values of the environment in it.
    #[serde(skip)]
    pub url: Secret,
    /// Extension the landed file gets, lower case, such as `zip` or `csv`.
    pub extension: String,
    /// SHA-256 that the bytes must have, lower-case hex.
    pub sha256: Option<String>,
    /// Size at which a download is given up, bytes.
    pub max_bytes: u64,
    /// How the server is asked.
    pub access: Access,
}

/// A layer of an ArcGIS service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArcgisPlan {
    /// URL of the layer, or of the service with `layer` beside it, with the values of the environment in it.
    #[serde(skip)]
    pub url: Secret,
    /// Id or name of the layer, where the URL is a service's.
    pub layer: Option<String>,
    /// Rows wanted, as SQL that every server takes; `1=1` for all.
    pub filter: String,
    /// Rows asked for at a time at most; the server's own limit counts too.
    pub page_rows: u32,
    /// Requests at the same time.
    pub at_once: u32,
    /// Wire format of the pages.
    pub pages: PageFormat,
    /// Size at which a pull is given up, bytes of all pages before compression.
    pub max_bytes: u64,
    /// How the server is asked.
    pub access: Access,
}

/// Wire format of an ArcGIS layer's pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PageFormat {
    /// Esri JSON, which every server speaks.
    Json,
    /// Protocol buffers, where the layer offers them; else Esri JSON.
    Pbf,
}

/// How a server is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Access {
    /// Who asks.
    pub credential: Credential,
    /// Seconds without a byte after which a request is given up.
    pub timeout_s: u32,
    /// Whether a certificate that doesn't verify is accepted; the log says so in every run.
    pub is_insecure: bool,
    /// Names and values of the variables that stand in the source's URL: messages show the names.
    #[serde(skip)]
    pub hidden: Vec<(String, Secret)>,
}

/// Who asks; every value comes from the environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Credential {
    /// Nobody in particular.
    None,
    /// `token=…` of ArcGIS.
    Token(#[serde(skip)] Secret),
    /// `Authorization: Bearer …`.
    Bearer(#[serde(skip)] Secret),
    /// `Authorization: Basic …`.
    Basic {
        /// User name.
        #[serde(skip)]
        user: Secret,
        /// Password.
        #[serde(skip)]
        password: Secret,
    },
    /// A token from ArcGIS's `generateToken`, renewed when it expires.
    Login {
        /// URL of `generateToken`.
        url: String,
        /// User name.
        #[serde(skip)]
        user: Secret,
        /// Password.
        #[serde(skip)]
        password: Secret,
    },
}

impl Credential {
    /// What of it nobody else may see.
    pub fn secrets(&self) -> Vec<&Secret> {
        match self {
            Self::None => vec![],
            Self::Token(secret) | Self::Bearer(secret) => vec![secret],
            Self::Basic { user, password } | Self::Login { user, password, .. } => vec![user, password],
        }
    }
}

/// A value of the environment: never shown, never serialised.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Secret(String);

impl Secret {
    /// Hides `value`.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value, for the request alone.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}
