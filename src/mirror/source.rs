//! The other store: where its files are, and its small ones.

use url::Url;

use super::MirrorError;
use crate::feature::digest::sha256_hex;
use crate::feature::release::ReleaseId;
use crate::feature::release::paths::{LATEST, MANIFEST};
use crate::fetch::http::{Ask, Client, Deadline};
use crate::plan::Access;
use crate::store::{Latest, Manifest};

/// Size of a `latest.json` that is believed, bytes.
const MOST_LATEST_BYTES: u64 = 1 << 20;
/// Size of a manifest that is believed, bytes: a million files.
const MOST_MANIFEST_BYTES: u64 = 1 << 28;

/// A store behind a web server.
#[derive(Debug, Clone)]
pub struct MirrorSource {
    base: Url,
}

/// A release there.
pub(super) struct SourceRelease {
    pub(super) latest: Latest,
    pub(super) manifest: Manifest,
    pub(super) manifest_bytes: Vec<u8>,
}

impl MirrorSource {
    /// By the address of its `latest.json`, or of the folder that this is in.
    ///
    /// ```
    /// use cikr::mirror::MirrorSource;
    ///
    /// let source = MirrorSource::parse("https://data.example.org/cikr/latest.json")?;
    /// assert_eq!(source.latest_url().as_str(), "https://data.example.org/cikr/latest.json");
    /// assert_eq!(MirrorSource::parse("https://data.example.org/cikr")?.latest_url(), source.latest_url());
    /// assert!(MirrorSource::parse("/srv/cikr").is_err());
    /// # Ok::<(), cikr::mirror::MirrorError>(())
    /// ```
    ///
    /// # Errors
    /// It is no address of HTTP.
    pub fn parse(text: &str) -> Result<Self, MirrorError> {
        let refused = || MirrorError::Address {
            text: text.to_owned(),
        };
        let Ok(mut url) = Url::parse(text) else {
            return Err(refused());
        };
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || url.query().is_some() {
            return Err(refused());
        }
        url.set_fragment(None);
        let folder = url
            .path()
            .strip_suffix(LATEST)
            .unwrap_or(url.path())
            .trim_end_matches('/')
            .to_owned();
        url.set_path(&format!("{folder}/"));
        Ok(Self { base: url })
    }

    /// Where its `latest.json` is.
    pub fn latest_url(&self) -> Url {
        self.url_of(&[LATEST])
    }

    /// Where a file of a release is; each part of its path is escaped for itself.
    pub(super) fn file_url(&self, release: &ReleaseId, path: &str) -> Url {
        let parts: Vec<&str> = ["releases", release.as_str()]
            .into_iter()
            .chain(path.split('/'))
            .collect();
        self.url_of(&parts)
    }

    fn url_of(&self, parts: &[&str]) -> Url {
        let mut url = self.base.clone();
        // An address of HTTP has segments.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(parts);
        }
        url
    }

    /// What its `latest.json` says.
    pub(super) fn read_latest(&self, client: &Client, access: &Access) -> Result<Latest, MirrorError> {
        let url = self.latest_url();
        let bytes = read_whole(client, access, &url, MOST_LATEST_BYTES)?;
        parse_json(&url, &bytes)
    }

    /// A release with its manifest, which is the one that the pointer vouches for.
    pub(super) fn read_release(
        &self,
        client: &Client,
        access: &Access,
        latest: Latest,
    ) -> Result<SourceRelease, MirrorError> {
        let url = self.file_url(&latest.release, MANIFEST);
        let manifest_bytes = read_whole(client, access, &url, MOST_MANIFEST_BYTES)?;
        let found = sha256_hex(&manifest_bytes);
        if found != latest.manifest_sha256 {
            let what = format!(
                "its sha256 is {found}, and `latest.json` says {}",
                latest.manifest_sha256
            );
            return Err(MirrorError::Content { url, what });
        }
        let manifest: Manifest = parse_json(&url, &manifest_bytes)?;
        if manifest.release != latest.release {
            let what = format!("it is of release {}, not of {}", manifest.release, latest.release);
            return Err(MirrorError::Format { url, what });
        }
        Ok(SourceRelease {
            latest,
            manifest,
            manifest_bytes,
        })
    }
}

fn read_whole(client: &Client, access: &Access, url: &Url, max_bytes: u64) -> Result<Vec<u8>, MirrorError> {
    let ask = Ask {
        url,
        form: &[],
        access,
        max_bytes,
        accept: "application/json",
        until: Deadline::default(),
    };
    let answer = client.ask(&ask).map_err(|source| MirrorError::Http {
        url: url.clone(),
        source,
    })?;
    Ok(answer.body)
}

fn parse_json<T: serde::de::DeserializeOwned>(url: &Url, bytes: &[u8]) -> Result<T, MirrorError> {
    serde_json::from_slice(bytes).map_err(|error| MirrorError::Format {
        url: url.clone(),
        what: format!("it isn't as a store publishes it: {error}"),
    })
}
