//! Why a layer could not be pulled, told apart by what can be done about it.

use serde_json::error::Category;

use super::pbf::PbfError;
use super::wire::{BoxError, WireError};
use crate::fetch::http::HttpError;
use crate::store::StoreError;

/// Bytes of a body that is no JSON which are looked at.
const OPENING: usize = 4 << 10;

/// Layers that are named to choose from.
const LISTED: usize = 50;

/// Why a layer could not be pulled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArcgisError {
    /// No answer, or an HTTP error.
    #[error("cannot get {url}")]
    Wire {
        /// What was asked, without secrets.
        url: String,
        /// What happened.
        source: WireError,
    },
    /// The service answered with an error of its own, most often inside a 200.
    #[error("{url} answers with error {code}: {message}")]
    Service {
        /// What was asked, without secrets.
        url: String,
        /// ArcGIS's code, close to HTTP's.
        code: i64,
        /// Its message and details.
        message: String,
    },
    /// HTML or anything else that isn't the JSON asked for.
    #[error("{url} answers with something that is not the JSON asked for ({fault}), beginning `{opening}`")]
    NotJson {
        /// What was asked, without secrets.
        url: String,
        /// First characters.
        opening: String,
        /// Where parsing stopped, and why.
        fault: String,
    },
    /// Protocol buffers that can't be read.
    #[error("{url} answers with a page that can't be read; if it stays so, ask for `pages = \"json\"`")]
    Pbf {
        /// What was asked, without secrets.
        url: String,
        /// What is wrong with it.
        source: PbfError,
    },
    /// A group layer, a raster, or a service where a layer is needed.
    #[error("{url} is a {kind}, not a layer with rows{}", list_choices(found))]
    NotALayer {
        /// The URL.
        url: String,
        /// What the service calls it.
        kind: String,
        /// Layers to choose from.
        found: Vec<String>,
    },
    /// The service has no such layer.
    #[error("{url} has no layer `{wanted}`{}", list_choices(found))]
    NoSuchLayer {
        /// The service.
        url: String,
        /// Id or name asked for.
        wanted: String,
        /// Layers to choose from.
        found: Vec<String>,
    },
    /// Several layers of the service have the name.
    #[error(
        "{url} has more than one layer `{wanted}`; name it by its id{}",
        list_choices(found)
    )]
    Ambiguous {
        /// The service.
        url: String,
        /// Name asked for.
        wanted: String,
        /// Layers that have it.
        found: Vec<String>,
    },
    /// Every strategy has led nowhere.
    #[error("{url} can be pulled in no way: {}", tried.join("; "))]
    NoWay {
        /// The layer.
        url: String,
        /// Each way, and why it failed.
        tried: Vec<String>,
    },
    /// A way of asking that this server does not master; the next strategy is tried.
    #[error("{reason}")]
    Incapable {
        /// What gave it away.
        reason: String,
    },
    /// What was pulled does not add up.
    #[error("{url} was pulled {attempts} times and never added up: {what}")]
    Unsettled {
        /// The layer.
        url: String,
        /// How often.
        attempts: u32,
        /// What was wrong the last time.
        what: String,
    },
    /// Pages that can't be of one layer.
    #[error("{url}: one page states {member} {one}, another {other}")]
    Mixed {
        /// The layer.
        url: String,
        /// What they state.
        member: &'static str,
        /// As the first page has it.
        one: String,
        /// As another has it.
        other: String,
    },
    /// A description that would show in every release what its server was asked with.
    #[error(
        "{url} repeats a credential that it was asked with in what it says of its rows; nothing was landed: tell those who \
         run it, and change the credential"
    )]
    Repeats {
        /// The layer.
        url: String,
    },
    /// More rows than could come.
    #[error("{url} claims {count} rows, more than max-bytes = {limit} can hold")]
    Implausible {
        /// The layer.
        url: String,
        /// Rows that it claims.
        count: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// More bytes than the plan allows.
    #[error("{url} has more than max-bytes = {limit}")]
    TooLarge {
        /// The layer.
        url: String,
        /// Bytes allowed.
        limit: u64,
    },
    /// The store failed.
    #[error("the landing of {url} failed")]
    Store {
        /// The layer.
        url: String,
        /// What happened.
        source: StoreError,
    },
    /// A page could not be kept.
    #[error("cannot keep the pages of {url}")]
    PageStore {
        /// The layer.
        url: String,
        /// What happened.
        source: BoxError,
    },
}

impl ArcgisError {
    /// Something that is not the JSON asked for.
    pub(super) fn not_json(url: &str, body: &[u8], fault: &serde_json::Error) -> Self {
        // Cut behind all that is shown: what stands across the cut isn't seen for what it is.
        let opening = String::from_utf8_lossy(&body[..body.len().min(OPENING)]);
        let opening = opening.split_whitespace().collect::<Vec<_>>().join(" ");
        Self::NotJson {
            url: url.to_owned(),
            opening,
            fault: describe_fault(fault),
        }
    }

    /// The same, what the server says passed through `hide`.
    pub(super) fn hide_server_text(mut self, hide: impl Fn(&str) -> String) -> Self {
        match &mut self {
            Self::Service { message, .. } => *message = hide(message),
            Self::NotJson { opening, .. } => *opening = hide(opening),
            Self::NotALayer { kind, found, .. } => {
                *kind = hide(kind);
                hide_names(found, hide);
            }
            Self::NoSuchLayer { found, .. } | Self::Ambiguous { found, .. } => hide_names(found, hide),
            Self::Mixed { one, other, .. } => {
                *one = hide(one);
                *other = hide(other);
            }
            _ => {}
        }
        self
    }

    /// Seconds that the source had, where they are over.
    pub(super) fn expired_limit_s(&self) -> Option<u64> {
        let Self::Wire { source, .. } = self else {
            return None;
        };
        source.source.downcast_ref::<HttpError>()?.expired_limit_s()
    }

    /// That a way leads nowhere.
    pub(super) fn incapable(reason: impl Into<String>) -> Self {
        Self::Incapable {
            reason: reason.into(),
        }
    }

    /// The store's failure, where it is one: the service isn't to blame then.
    ///
    /// # Errors
    /// The error itself where it is none.
    pub fn into_store(self) -> Result<StoreError, Self> {
        match self {
            Self::Store { source, .. } => Ok(source),
            Self::PageStore { url, source } => match source.downcast::<StoreError>() {
                Ok(source) => Ok(*source),
                Err(source) => Err(Self::PageStore { url, source }),
            },
            other => Err(other),
        }
    }

    /// Whether the same question may be answered better in a moment. What the wire reports it has tried often enough.
    pub(super) fn is_worth_another_try(&self) -> bool {
        self.is_passing() && !matches!(self, Self::Wire { .. })
    }

    /// Whether asking later, or for fewer rows, could help: time-outs, a server's own errors, HTML of a proxy.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Wire { source, .. } => source.is_passing,
            Self::Service { code, .. } => *code >= 500 || matches!(code, 408 | 413 | 429),
            Self::NotJson { .. } | Self::Pbf { .. } => true,
            _ => false,
        }
    }

    /// Whether the server refuses this kind of question.
    pub(super) fn is_refusal(&self) -> bool {
        match self {
            Self::Service { code, .. } => !self.is_passing() && !matches!(code, 401 | 403 | 498 | 499),
            Self::Wire { source, .. } => matches!(source.status, Some(400 | 405 | 414 | 422)),
            Self::Incapable { .. } => true,
            _ => false,
        }
    }

    /// Whether a token has expired or is missing.
    pub(super) fn is_token(&self) -> bool {
        matches!(self, Self::Service { code: 498 | 499, .. })
    }
}

/// Hides what stands in the names of layers, of which so many are shown.
fn hide_names(names: &mut Vec<String>, hide: impl Fn(&str) -> String) {
    names.truncate(LISTED);
    for name in names {
        *name = hide(name);
    }
}

/// Where and why a parser stopped; it would repeat what stands there.
fn describe_fault(fault: &serde_json::Error) -> String {
    let what = match fault.classify() {
        Category::Eof => "it breaks off",
        Category::Data => "a member is of another kind than it should be",
        Category::Syntax | Category::Io => "it can't be parsed",
    };
    format!("{what} at line {}, column {}", fault.line(), fault.column())
}

fn list_choices(found: &[String]) -> String {
    if found.is_empty() {
        String::new()
    } else {
        format!("; it has {}", found.join(", "))
    }
}
