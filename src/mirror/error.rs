//! What can go wrong between two stores.

use std::io;

use url::Url;

use crate::fetch::ReleaseUrlError;
use crate::fetch::http::HttpError;
use crate::store::StoreError;

/// Why a release isn't taken over.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MirrorError {
    /// The address is none of a store, or its `latest.json` can't be read.
    #[error(transparent)]
    Latest {
        /// Cause.
        #[from]
        source: ReleaseUrlError,
    },
    /// There is no credential, or it can't be sent.
    #[error("{what}")]
    Credential {
        /// Why, and what to do.
        what: String,
    },
    /// No server can be asked: of proxies or certificates.
    #[error("cannot ask servers")]
    Client {
        /// Cause.
        source: HttpError,
    },
    /// The server doesn't answer, or not with what was asked for.
    #[error("cannot read {url}")]
    Http {
        /// What was asked for.
        url: Url,
        /// Cause.
        source: HttpError,
    },
    /// What the server has isn't what a store publishes.
    #[error("{url}: {what}")]
    Format {
        /// The file.
        url: Url,
        /// What is wrong with it.
        what: String,
    },
    /// A file differs from what the manifest says, however often it was asked for.
    #[error("{url}: {what}; nothing was published, start again once the other store is whole")]
    Content {
        /// The file.
        url: Url,
        /// How it differs.
        what: String,
    },
    /// A file can't be written here.
    #[error("cannot write a file of the release")]
    Write {
        /// Cause.
        source: io::Error,
    },
    /// The store here can't be read or written.
    #[error("the store failed")]
    Store {
        /// Cause.
        source: StoreError,
    },
}

impl MirrorError {
    /// Whether the command line is wrong, and not a store.
    pub fn is_mistake(&self) -> bool {
        matches!(
            self,
            Self::Credential { .. }
                | Self::Latest {
                    source: ReleaseUrlError::Address { .. }
                }
        )
    }
}

impl From<StoreError> for MirrorError {
    fn from(source: StoreError) -> Self {
        Self::Store { source }
    }
}
