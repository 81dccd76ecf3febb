//! From pointer to pointer: which files are here already, which are fetched, and the end of it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;

use super::MirrorError;
use super::derived::DerivedFiles;
use super::files::Fetching;
use super::made::Earlier;
use super::source::{SourceRelease, read_release};
use crate::feature::release::ReleaseId;
use crate::feature::{Frozen, Progress};
use crate::fetch::http::Client;
use crate::fetch::{StoreUrl, latest_of_store};
use crate::plan::Access;
use crate::store::{Care, Keep, Latest, ManifestFile, ReleaseCopy, Staging, Store};

/// What is to be taken over, from where, to where.
#[derive(Clone, Copy)]
pub struct SyncRequest<'a> {
    /// The other store.
    pub source: &'a StoreUrl,
    /// How its server is asked.
    pub access: &'a Access,
    /// Who asks.
    pub client: &'a Client,
    /// The store here.
    pub store: &'a Store,
    /// Who makes files that follow from others.
    pub derived: &'a dyn DerivedFiles,
    /// Which releases stay here.
    pub keep: Keep,
    /// The time, RFC 3339 UTC.
    pub now: &'a str,
    /// How far the work is.
    pub progress: &'a dyn Progress,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Synced {
    /// The release that is the latest there.
    pub release: ReleaseId,
    /// Its folder.
    pub folder: PathBuf,
    /// Whether it was here before.
    pub was_here: bool,
    /// Files of it that were looked at; none where it was here.
    pub files: u64,
    /// Bytes of the release.
    pub bytes: u64,
    /// Files that were fetched; all others were here.
    pub files_fetched: u64,
    /// Bytes of these.
    pub bytes_fetched: u64,
    /// Files that were made: of those that were here and of what differs, or of others of the release.
    pub files_made: u64,
    /// Why it isn't the latest here, where somebody has frozen another.
    pub frozen: Option<Frozen>,
    /// Releases that were removed here.
    pub pruned: Vec<ReleaseId>,
    /// What could not be cleaned up.
    pub warnings: Vec<String>,
}

impl Synced {
    fn of_known(store: &Store, latest: &Latest) -> Self {
        Self {
            frozen: store.frozen().filter(|frozen| frozen.release != latest.release),
            folder: store.release_dir(&latest.release),
            release: latest.release.clone(),
            was_here: true,
            files: 0,
            bytes: latest.bytes,
            files_fetched: 0,
            bytes_fetched: 0,
            files_made: 0,
            pruned: vec![],
            warnings: vec![],
        }
    }
}

/// Takes over the latest release of another store.
///
/// Without an `Ok` nothing has changed for readers of the store here.
///
/// # Errors
/// The other store can't be read or isn't whole, or the store here can't be written to or is at work.
pub fn sync_release(request: &SyncRequest<'_>) -> Result<Synced, MirrorError> {
    let SyncRequest {
        source,
        access,
        client,
        store,
        ..
    } = *request;
    let latest = latest_of_store(client, access, source)?;
    let release = latest.release.clone();
    if store.latest()?.as_ref() == Some(&latest) {
        return Ok(Synced::of_known(store, &latest));
    }
    let lock = store.lock()?;
    if store.release_dir(&release).is_dir() {
        // The other store has gone back to it.
        store.point_again(&lock, &latest, request.now)?;
        return Ok(Synced::of_known(store, &latest));
    }
    let there = read_release(source, client, access, latest)?;
    let staging = store.begin_release(&lock, &release)?;
    let taken = take_files(request, &staging, &there)?;
    let published = staging.publish_copy(&ReleaseCopy {
        latest: &there.latest,
        manifest: &there.manifest,
        manifest_bytes: &there.manifest_bytes,
        keep: request.keep,
        now: request.now,
    })?;
    Ok(Synced {
        release,
        folder: published.folder,
        was_here: false,
        files: there.manifest.files.len() as u64,
        bytes: bytes_of(&there.manifest.files),
        files_fetched: taken.fetched,
        bytes_fetched: taken.bytes_fetched,
        files_made: taken.made,
        frozen: published.frozen,
        pruned: published.pruned,
        warnings: published.warnings,
    })
}

/// How the files of a release came to be here.
struct Taken {
    fetched: u64,
    bytes_fetched: u64,
    made: u64,
}

/// Stages every file of a release: linked, made of one that is here, or fetched.
fn take_files(
    request: &SyncRequest<'_>,
    staging: &Staging<'_>,
    there: &SourceRelease,
) -> Result<Taken, MirrorError> {
    let store = request.store;
    let files = &there.manifest.files;
    let before = store.latest()?.map(|latest| latest.release);
    let carried = match &before {
        Some(before) => staging.carry_same(before, files, Care::InTurns)?,
        None => BTreeSet::new(),
    };
    let earlier = before.and_then(|before| Earlier::of_release(store, &before));
    let differing: Vec<&ManifestFile> = files
        .iter()
        .filter(|file| !carried.contains(&file.path))
        .collect();
    let derived = request.derived;
    let (to_derive, differing): (Vec<_>, Vec<_>) = differing
        .into_iter()
        .partition(|file| derived.may_make(&file.path));
    let (to_make, mut to_fetch): (Vec<_>, Vec<_>) = match &earlier {
        Some(earlier) => earlier.with_deltas(&there.manifest, differing),
        None => (vec![], differing),
    };
    let task = request.progress.start(
        "fetch",
        staging.release().as_str(),
        Some(bytes_of(to_fetch.iter().copied())),
    );
    let fetching = Fetching {
        source: request.source,
        client: request.client,
        access: request.access,
        staging,
        task: &*task,
    };
    fetching.fetch_files(&to_fetch)?;
    let unmade = match &earlier {
        Some(earlier) => earlier.make_files(staging, &to_make)?,
        None => vec![],
    };
    fetching.fetch_files(&unmade)?;
    let mut underived = Vec::new();
    for file in &to_derive {
        if !derived.make(staging, &there.manifest, file)? {
            underived.push(*file);
        }
    }
    fetching.fetch_files(&underived)?;
    let made = (to_make.len() + to_derive.len() - unmade.len() - underived.len()) as u64;
    to_fetch.extend(unmade.into_iter().chain(underived));
    Ok(Taken {
        fetched: to_fetch.len() as u64,
        bytes_fetched: bytes_of(to_fetch),
        made,
    })
}

fn bytes_of<'a>(files: impl IntoIterator<Item = &'a ManifestFile>) -> u64 {
    files.into_iter().map(|file| file.bytes).sum()
}
