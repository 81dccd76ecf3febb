//! The files of a release behind a server: any that knows ranges.
//!
//! A store's `public` folder is resolved once: what `latest.json` says when it is asked is the release that every further
//! request goes to, whatever is published meanwhile.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use bytes::Bytes;
use serde::Deserialize;
use url::Url;

use super::http::{Ask, Client, Deadline, HttpError, Open};
use crate::feature::release::paths::LATEST;
use crate::feature::release::{ReleaseId, percent_encoded};
use crate::feature::{FileFailure, FilePart, ReleaseFiles, RequestCost};
use crate::plan::{Access, Credential};

/// Folder of the releases, below what is served.
const RELEASES: &str = "releases";
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
    /// It is no address of a release.
    #[error("{what}: write the address of `public` of a store, or of a release below `releases/`")]
    Address {
        /// What is wrong with it.
        what: String,
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

#[derive(Deserialize)]
struct LatestRecord {
    release: ReleaseId,
}

/// The release at an address, and its id: a release itself, or the latest of the store that is served there.
///
/// # Errors
/// When the address is none, or the server doesn't say which release is the latest.
pub fn open_served_release(
    client: Client,
    address: &str,
) -> Result<(ReleaseId, ServedFiles), ReleaseUrlError> {
    let mut folder = folder_of(address)?;
    let access = Access {
        credential: Credential::None,
        timeout_s: TIMEOUT_S,
        is_insecure: false,
        hidden: vec![],
    };
    let id = if let Some(id) = release_in(&folder) {
        id
    } else {
        let id = latest_release(&client, &access, &folder)?;
        folder = below(&folder, &format!("{RELEASES}/{id}/"))?;
        id
    };
    let files = ServedFiles {
        client,
        folder,
        access,
    };
    Ok((id, files))
}

/// The folder at an address, with a slash at its end; that of `latest.json` is the store's.
fn folder_of(address: &str) -> Result<Url, ReleaseUrlError> {
    let refused = |what: String| ReleaseUrlError::Address { what };
    let mut url = Url::parse(address).map_err(|error| refused(format!("`{address}` is no URL ({error})")))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(refused("only http and https are asked".to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err(refused(
            "a URL with a user, a password or parameters isn't asked".to_owned(),
        ));
    }
    url.set_fragment(None);
    let path = url.path().strip_suffix(LATEST).unwrap_or(url.path());
    let path = format!("{}/", path.trim_end_matches('/'));
    url.set_path(&path);
    Ok(url)
}

/// The release that a folder is, if its name says that it is one.
fn release_in(folder: &Url) -> Option<ReleaseId> {
    let path = folder.path().trim_end_matches('/');
    let (above, id) = path.rsplit_once('/')?;
    let is_release = above.ends_with(&format!("/{RELEASES}"));
    is_release.then(|| ReleaseId::parse(id).ok()).flatten()
}

fn latest_release(client: &Client, access: &Access, folder: &Url) -> Result<ReleaseId, ReleaseUrlError> {
    let url = below(folder, LATEST)?;
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
    let record: LatestRecord =
        serde_json::from_slice(&answer.body).map_err(|source| ReleaseUrlError::Record {
            url: url.to_string(),
            source,
        })?;
    Ok(record.release)
}

fn below(folder: &Url, path: &str) -> Result<Url, ReleaseUrlError> {
    folder
        .join(&percent_encoded(path))
        .map_err(|error| ReleaseUrlError::Address {
            what: format!("`{path}` below {folder} is no URL ({error})"),
        })
}

impl ServedFiles {
    fn url_of(&self, path: &str) -> Result<Url, FileFailure> {
        below(&self.folder, path).map_err(|source| FileFailure {
            file: path.to_owned(),
            source: source.into(),
        })
    }

    fn read_part(&self, part: &FilePart) -> Result<Bytes, FileFailure> {
        let url = self.url_of(&part.path)?;
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
        let url = self.url_of(path)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_store_or_a_release() {
        let folder = |address: &str| folder_of(address).map(|url| url.to_string());
        for store in [
            "https://a.gov/cikr",
            "https://a.gov/cikr/",
            "https://a.gov/cikr/latest.json",
            "https://a.gov/cikr#x",
        ] {
            let url = folder_of(store).unwrap();
            assert_eq!(url.as_str(), "https://a.gov/cikr/", "{store}");
            assert_eq!(release_in(&url), None);
        }
        let release = folder_of("http://localhost:8000/releases/20261130T021500123Z").unwrap();
        assert_eq!(release_in(&release).unwrap().as_str(), "20261130T021500123Z");
        for refused in [
            "file:///etc",
            "https://a:b@c.gov/",
            "https://a.gov/?sig=1",
            "out/demo",
            "s3://bucket/x",
        ] {
            assert!(folder(refused).is_err(), "{refused}");
        }
    }
}
