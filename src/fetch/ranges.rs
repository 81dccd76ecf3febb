//! The files of a release behind a server: any that knows ranges.
//!
//! A store's `public` folder is resolved once: what `latest.json` says when it is asked is the release that every further
//! request goes to, whatever is published meanwhile.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use bytes::Bytes;
use url::Url;

use super::http::{Ask, Client, Deadline, HttpError, Open};
use super::store_url::{BadStoreUrl, StoreUrl, below};
use crate::feature::release::ReleaseId;
use crate::feature::{FileFailure, FilePart, ReleaseFiles, RequestCost};
use crate::plan::{Access, Credential};
use crate::store::Latest;

/// Longest `latest.json`, bytes.
const MOST_LATEST_BYTES: u64 = 1 << 20;
/// Requests at a time.
const AT_ONCE: usize = 8;
/// Seconds without a byte after which a request is given up.
const TIMEOUT_S: u32 = 60;

/// Why there is no release at an address.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseUrlError {
    /// It is no address of a store or release.
    #[error(transparent)]
    Address {
        /// Cause.
        #[from]
        source: BadStoreUrl,
    },
    /// It can't be asked which release is the latest.
    #[error("cannot find the latest release")]
    Latest {
        /// Cause.
        source: HttpError,
    },
    /// What the server says is no record of a release.
    #[error("{url} is no `latest.json` of a store")]
    Record {
        /// The URL.
        url: String,
        /// Cause.
        source: serde_json::Error,
    },
}

/// The files of a release behind a server.
#[derive(Debug)]
pub struct ServedFiles {
    client: Client,
    /// Folder of the release, with a slash at its end.
    folder: Url,
    access: Access,
}

/// The release at an address, and its id: a release itself, or the latest of the store that is served there.
///
/// # Errors
/// When the address is none, or the server doesn't say which release is the latest.
pub fn open_served_release(
    client: Client,
    address: &str,
) -> Result<(ReleaseId, ServedFiles), ReleaseUrlError> {
    let store = StoreUrl::parse(address)?;
    let access = Access {
        credential: Credential::None,
        timeout_s: TIMEOUT_S,
        is_insecure: false,
        hidden: vec![],
    };
    let (id, folder) = if let Some(release) = store.release() {
        release
    } else {
        let id = latest_of_store(&client, &access, &store)?.release;
        let folder = store.release_folder(&id);
        (id, folder)
    };
    let files = ServedFiles {
        client,
        folder,
        access,
    };
    Ok((id, files))
}

/// What the `latest.json` of a store says.
///
/// # Errors
/// The server doesn't answer, or with something else.
pub fn latest_of_store(
    client: &Client,
    access: &Access,
    store: &StoreUrl,
) -> Result<Latest, ReleaseUrlError> {
    let url = store.latest();
    let ask = Ask {
        url: &url,
        form: &[],
        access,
        max_bytes: MOST_LATEST_BYTES,
        accept: "application/json",
        until: Deadline::default(),
    };
    let answer = client
        .ask(&ask)
        .map_err(|source| ReleaseUrlError::Latest { source })?;
    serde_json::from_slice(&answer.body).map_err(|source| ReleaseUrlError::Record {
        url: url.to_string(),
        source,
    })
}

impl ServedFiles {
    fn read_part(&self, part: &FilePart) -> Result<Bytes, FileFailure> {
        let url = below(&self.folder, &part.path);
        let open = Open {
            url: &url,
            access: &self.access,
            accept: "*/*",
            headers: &[],
            until: Deadline::default(),
        };
        let body = self.client.ask_part(&open, &part.range);
        body.map(Bytes::from).map_err(|source| FileFailure {
            file: url.to_string(),
            source: source.into(),
        })
    }
}

impl ReleaseFiles for ServedFiles {
    fn read_parts(&self, parts: &[FilePart]) -> Result<Vec<Bytes>, FileFailure> {
        let next = AtomicUsize::new(0);
        let read: Mutex<Vec<Option<Result<Bytes, FileFailure>>>> =
            Mutex::new(parts.iter().map(|_| None).collect());
        let work = || {
            // Threads of their own: those of rayon are for what takes a core.
            while let Some((at, part)) = nth(parts, next.fetch_add(1, Ordering::Relaxed)) {
                let part = self.read_part(part);
                read.lock().unwrap_or_else(PoisonError::into_inner)[at] = Some(part);
            }
        };
        thread::scope(|scope| {
            for _ in 1..parts.len().min(AT_ONCE) {
                scope.spawn(work);
            }
            work();
        });
        let read = read.into_inner().unwrap_or_else(PoisonError::into_inner);
        read.into_iter().flatten().collect()
    }

    fn read_whole(&self, path: &str, most_bytes: u64) -> Result<Option<Bytes>, FileFailure> {
        let url = below(&self.folder, path);
        let ask = Ask {
            url: &url,
            form: &[],
            access: &self.access,
            max_bytes: most_bytes,
            accept: "*/*",
            until: Deadline::default(),
        };
        match self.client.ask(&ask) {
            Ok(answer) => Ok(Some(answer.body.into())),
            Err(error) if error.status() == Some(404) => Ok(None),
            Err(source) => Err(FileFailure {
                file: url.to_string(),
                source: source.into(),
            }),
        }
    }

    fn cost(&self) -> RequestCost {
        RequestCost {
            // What a server sends while a request is under way to it, at 50 ms and some megabytes a second.
            gap_bytes: 128 << 10,
            // Of a dozen, one has asked which release is the latest.
            most_requests: Some(11),
            tail_bytes: 256 << 10,
            most_tail_bytes: 2 << 20,
        }
    }
}

fn nth<T>(items: &[T], at: usize) -> Option<(usize, &T)> {
    items.get(at).map(|item| (at, item))
}
