//! Why a layer could not be pulled, told apart by what can be done about it.

use serde_json::error::Category;

use super::wire::{BoxError, WireError};
use crate::esri::PbfError;
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
    #[error("{url} is a {kind}, not a layer with rows{}", choices(found))]
    NotALayer {
        /// The URL.
        url: String,
        /// What the service calls it.
        kind: String,
        /// Layers to choose from.
        found: Vec<String>,
    },
    /// The service has no such layer.
    #[error("{url} has no layer `{wanted}`{}", choices(found))]
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
        choices(found)
    )]
    Ambiguous {
        /// The service.
        url: String,
        /// Name asked for.
        wanted: String,
        /// Layers that have it.
        found: Vec<String>,
    },
    /// The ladder has no rung left.
    #[error("{url} can be pulled in no way: {}", tried.join("; "))]
    NoWay {
        /// The layer.
        url: String,
        /// Each way, and why it failed.
        tried: Vec<String>,
    },
    /// A way of asking that this server does not master; the ladder goes one down.
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
    Shelf {
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
            fault: told(fault),
        }
    }

    /// The same, what the server says passed through `hide`.
    pub(super) fn said(self, hide: impl Fn(&str) -> String) -> Self {
        let each = |found: Vec<String>| found.iter().take(LISTED).map(|name| hide(name)).collect();
        match self {
            Self::Service { url, code, message } => Self::Service {
                url,
                code,
                message: hide(&message),
            },
            Self::NotJson { url, opening, fault } => Self::NotJson {
                url,
                opening: hide(&opening),
                fault,
            },
            Self::NotALayer { url, kind, found } => Self::NotALayer {
                url,
                kind: hide(&kind),
                found: each(found),
            },
            Self::NoSuchLayer { url, wanted, found } => Self::NoSuchLayer {
                url,
                wanted,
                found: each(found),
            },
            Self::Ambiguous { url, wanted, found } => Self::Ambiguous {
                url,
                wanted,
                found: each(found),
            },
            Self::Mixed {
                url,
                member,
                one,
                other,
            } => Self::Mixed {
                url,
                member,
                one: hide(&one),
                other: hide(&other),
            },
            other => other,
        }
    }

    /// Seconds that the source had, where they are over.
    pub(super) fn late(&self) -> Option<u64> {
        let Self::Wire { source, .. } = self else {
            return None;
        };
        source.source.downcast_ref::<HttpError>()?.late()
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
            Self::Shelf { url, source } => match source.downcast::<StoreError>() {
                Ok(source) => Ok(*source),
                Err(source) => Err(Self::Shelf { url, source }),
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

/// Where and why a parser stopped; it would repeat what stands there.
fn told(fault: &serde_json::Error) -> String {
    let what = match fault.classify() {
        Category::Eof => "it breaks off",
        Category::Data => "a member is of another kind than it should be",
        Category::Syntax | Category::Io => "it can't be parsed",
    };
    format!("{what} at line {}, column {}", fault.line(), fault.column())
}

fn choices(found: &[String]) -> String {
    if found.is_empty() {
        String::new()
    } else {
        format!("; it has {}", found.join(", "))
    }
}
