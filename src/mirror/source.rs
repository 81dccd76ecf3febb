//! The release of the other store: the manifest that its pointer vouches for.

use url::Url;

use super::MirrorError;
use crate::feature::digest::sha256_hex;
use crate::feature::release::paths::MANIFEST;
use crate::fetch::StoreUrl;
use crate::fetch::http::{Ask, Client, Deadline};
use crate::plan::Access;
use crate::store::{Latest, Manifest};

/// Size of a manifest that is believed, bytes: a million files.
const MOST_MANIFEST_BYTES: u64 = 1 << 28;

/// A release there.
pub(super) struct SourceRelease {
    pub(super) latest: Latest,
    pub(super) manifest: Manifest,
    pub(super) manifest_bytes: Vec<u8>,
}

/// Reads the manifest of a release, which is the one that `latest` has the digest of.
pub(super) fn read_release(
    source: &StoreUrl,
    client: &Client,
    access: &Access,
    latest: Latest,
) -> Result<SourceRelease, MirrorError> {
    let url = source.file(&latest.release, MANIFEST);
    let manifest_bytes = read_whole(client, access, &url)?;
    let found = sha256_hex(&manifest_bytes);
    if found != latest.manifest_sha256 {
        let what = format!(
            "its sha256 is {found}, and `latest.json` says {}",
            latest.manifest_sha256
        );
        return Err(MirrorError::Content { url, what });
    }
    let manifest: Manifest = match serde_json::from_slice(&manifest_bytes) {
        Ok(manifest) => manifest,
        Err(error) => {
            let what = format!("it isn't as a store publishes it: {error}");
            return Err(MirrorError::Format { url, what });
        }
    };
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

fn read_whole(client: &Client, access: &Access, url: &Url) -> Result<Vec<u8>, MirrorError> {
    let ask = Ask {
        url,
        form: &[],
        access,
        max_bytes: MOST_MANIFEST_BYTES,
        accept: "application/json",
        until: Deadline::default(),
    };
    let answer = client.ask(&ask).map_err(|source| MirrorError::Http {
        url: url.clone(),
        source,
    })?;
    Ok(answer.body)
}
