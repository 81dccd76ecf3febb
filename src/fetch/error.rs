//! Why a source can't be fetched. No variant holds a secret.

use std::error::Error as StdError;

use super::arcgis::ArcgisError;
use super::http::HttpError;
use crate::store::StoreError;

/// Why a source can't be fetched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The server gives no usable answer.
    #[error("cannot fetch {shown}")]
    Http {
        /// The URL as written.
        shown: String,
        /// Cause.
        source: HttpError,
    },
    /// What comes can't be what was asked for.
    #[error("{shown} holds no {wanted} but {found}; it begins: {excerpt}")]
    Content {
        /// The URL as written.
        shown: String,
        /// What was asked for.
        wanted: &'static str,
        /// What it seems to be.
        found: String,
        /// Its first characters.
        excerpt: String,
    },
    /// The server is still preparing the file.
    #[error("{shown} is still being prepared after {seconds} s ({status}); run again later")]
    NotReady {
        /// The URL as written.
        shown: String,
        /// Seconds waited.
        seconds: u64,
        /// What the server says.
        status: String,
    },
    /// The server gives an older version than it gave before: an export that has gone stale, or a cache that lags.
    #[error(
        "{shown} is of {found}, older than the copy of {held} that is held; declare its `sha256` if it is meant"
    )]
    Stale {
        /// The URL as written.
        shown: String,
        /// Its `Last-Modified`.
        found: String,
        /// That of the held copy.
        held: String,
    },
    /// The bytes aren't those declared.
    #[error("{shown} has the SHA-256 {found}, not the declared {expected}; nothing was landed")]
    Digest {
        /// The URL as written.
        shown: String,
        /// SHA-256 declared.
        expected: String,
        /// SHA-256 of what came.
        found: String,
    },
    /// The time of the source is over.
    #[error(
        "{shown} was given up after {seconds} s, with {far}; the next run goes on from there where the server lets it; \
         `fetch` of `[limits]` is how long a source may take"
    )]
    Late {
        /// The URL as written.
        shown: String,
        /// Seconds allowed.
        seconds: u64,
        /// What had come by then.
        far: String,
    },
    /// Names of columns that would show in every release what its server was asked with.
    #[error(
        "{shown} repeats a credential that it was asked with among the names of its columns; nothing was landed: tell those \
         who run it, and change the credential"
    )]
    Repeats {
        /// The URL as written.
        shown: String,
    },
    /// A database without the log that its last rows may stand in.
    #[error(
        "{shown} keeps rows in the write-ahead log beside it (`-wal`), which is no part of the file; whoever writes it has \
         to put them together before it is copied: `sqlite3 FILE 'PRAGMA wal_checkpoint(TRUNCATE)'`"
    )]
    Log {
        /// The URL as written.
        shown: String,
    },
    /// The layer can't be pulled.
    #[error("cannot pull {shown}")]
    Arcgis {
        /// The URL as written.
        shown: String,
        /// Cause.
        source: ArcgisError,
    },
    /// The download can't be landed.
    #[error("cannot land {shown}")]
    Store {
        /// The URL as written.
        shown: String,
        /// Cause.
        source: StoreError,
    },
}

impl FetchError {
    /// The store's failure, where it is one; the error itself otherwise.
    ///
    /// # Errors
    /// The store did not fail.
    pub fn into_store(self) -> Result<StoreError, Self> {
        match self {
            Self::Store { source, .. } => Ok(source),
            other => Err(other),
        }
    }

    /// Whether its server could not be reached at all.
    pub fn is_unreachable(&self) -> bool {
        let mut cause: Option<&(dyn StdError + 'static)> = Some(self);
        while let Some(error) = cause {
            if let Some(http) = error.downcast_ref::<HttpError>() {
                return http.is_unreachable();
            }
            cause = error.source();
        }
        false
    }

    /// Whether the source is at fault, and not the store.
    ///
    /// ```
    /// use cikr::fetch::FetchError;
    /// use cikr::store::StoreError;
    ///
    /// let late = FetchError::Late {
    ///     shown: "https://example.org/dams.csv".to_owned(),
    ///     seconds: 60,
    ///     far: "12 bytes of it".to_owned(),
    /// };
    /// assert!(late.is_source());
    /// let store = FetchError::Store {
    ///     shown: "https://example.org/dams.csv".to_owned(),
    ///     source: StoreError::Exists { path: "x".into() },
    /// };
    /// assert!(!store.is_source());
    /// ```
    pub fn is_source(&self) -> bool {
        match self {
            Self::Store { source, .. } => source.is_source(),
            _ => true,
        }
    }
}
