//! A release that answers: its files, its collections, and who asks it for rows.
//!
//! Opened once and never changed. What its files say is bounded and checked against its manifest, which its record vouches for.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde_json::Value;

use super::archive::Archive;
use super::collection::Collection;
use super::made_tiles::MadeTiles;
use super::problem::Problem;
use super::published::{PublishedFiles, Root};
use super::shown::Shown;
use super::summary::Summaries;
use crate::feature::digest::sha256_hex;
use crate::feature::release::paths::{CATALOG, MANIFEST, map_path};
use crate::feature::{Handling, ReleaseFiles, error_chain};
use crate::query::Release;
use crate::store::{Latest, Manifest};

/// Longest manifest, bytes: a million files.
const MOST_MANIFEST_BYTES: u64 = 256 << 20;
/// Longest file of the catalog, bytes.
const MOST_CATALOG_BYTES: u64 = 64 << 20;

/// Of the caches' bytes, what tiles that were made get: one in so many.
const TILES_SHARE: u64 = 4;

/// A release that was opened.
#[derive(Debug)]
pub(super) struct Opened {
    record: Latest,
    folder: Root,
    files: Arc<PublishedFiles>,
    shown: Shown,
    collections: Vec<Collection>,
    title: String,
    description: String,
    questions: Release,
    items: OnceLock<Result<Summaries, String>>,
    archives: Mutex<BTreeMap<String, Arc<Archive>>>,
    made_tiles: MadeTiles,
}

impl Opened {
    /// The release in a folder, as a record tells it; layers marked above `handling` aren't shown.
    ///
    /// # Errors
    /// When it isn't as its record and its manifest say, in words for the log.
    pub(super) fn open(
        folder: &Path,
        record: &Latest,
        handling: Handling,
        cache_bytes: u64,
    ) -> Result<Self, String> {
        let id = record.release.as_str();
        let unreadable = |error: io::Error| format!("release {id}: cannot be read: {error}");
        let root = Root::open(folder).map_err(unreadable)?;
        let manifest = root.read(MANIFEST, MOST_MANIFEST_BYTES).map_err(unreadable)?;
        if sha256_hex(&manifest) != record.manifest_sha256 {
            return Err(format!(
                "release {id}: its manifest isn't the one that its record tells of"
            ));
        }
        let manifest: Manifest = serde_json::from_slice(&manifest)
            .map_err(|error| format!("release {id}: {MANIFEST}: {error}"))?;
        let files = Arc::new(PublishedFiles::open(folder, manifest.files).map_err(unreadable)?);
        let all = collections_of(&files).map_err(|reason| format!("release {id}: {reason}"))?;
        let shown = Shown::new(handling, all.iter().map(|one| (one.id(), one.handling())));
        let mut collections = all;
        collections.retain(|one| shown.has_layer(one.id()));
        let catalog = json_file(&files, CATALOG)?.unwrap_or_default();
        let text = |key: &str| catalog[key].as_str().unwrap_or_default().to_owned();
        let served: Arc<dyn ReleaseFiles> = Arc::<PublishedFiles>::clone(&files);
        Ok(Self {
            record: record.clone(),
            folder: root,
            shown,
            collections,
            title: text("title"),
            description: text("description"),
            questions: Release::with_cache(id, served, cache_bytes - cache_bytes / TILES_SHARE),
            files,
            items: OnceLock::new(),
            archives: Mutex::default(),
            made_tiles: MadeTiles::new(cache_bytes / TILES_SHARE),
        })
    }

    /// Its id.
    pub(super) fn id(&self) -> &str {
        self.record.release.as_str()
    }

    /// Whether it is the one that a record tells of.
    pub(super) fn is_of(&self, record: &Latest) -> bool {
        self.record == *record
    }

    /// Title of its catalog.
    pub(super) fn title(&self) -> &str {
        &self.title
    }

    /// What it is, in words.
    pub(super) fn description(&self) -> &str {
        &self.description
    }

    /// Its manifest, as it lies.
    ///
    /// # Errors
    /// When it can't be read any more.
    pub(super) fn manifest(&self) -> io::Result<Vec<u8>> {
        self.folder.read(MANIFEST, MOST_MANIFEST_BYTES)
    }

    /// Its files.
    pub(super) fn files(&self) -> &PublishedFiles {
        &self.files
    }

    /// What of it is shown.
    pub(super) fn shown(&self) -> &Shown {
        &self.shown
    }

    /// Collections that are shown, in the order of their ids, the inventory first.
    pub(super) fn collections(&self) -> &[Collection] {
        &self.collections
    }

    /// One of them.
    pub(super) fn collection(&self, id: &str) -> Option<&Collection> {
        self.collections.iter().find(|collection| collection.id() == id)
    }

    /// Its tiles as STAC's items, in short; read when somebody asks first.
    ///
    /// # Errors
    /// When one can't be read, in words for the log.
    pub(super) fn items(&self) -> Result<&Summaries, String> {
        let items = self
            .items
            .get_or_init(|| Summaries::read(&self.files, &self.shown, &self.collections));
        items.as_ref().map_err(String::clone)
    }

    /// Whether it has an archive of tiles of a name.
    pub(super) fn has_archive(&self, name: &str) -> bool {
        self.files.entry(&map_path(name).display().to_string()).is_some()
    }

    /// The archive of tiles of a name; none where the release has none.
    ///
    /// # Errors
    /// When it isn't shown, or can't be read.
    pub(super) fn archive(&self, name: &str) -> Result<Option<Arc<Archive>>, Problem> {
        let path = map_path(name).display().to_string();
        let Some(entry) = self.files.entry(&path) else {
            return Ok(None);
        };
        if let Some(reason) = self.shown.reason_against(&path) {
            return Err(Problem::forbidden(reason));
        }
        let mut archives = self.archives.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = archives.get(name) {
            return Ok(Some(Arc::clone(open)));
        }
        let file = self
            .files
            .file(&path)
            .map_err(|error| Problem::internal(&error_chain(&error)))?;
        let opened = Archive::open(file, entry.bytes, &entry.sha256);
        let opened = Arc::new(opened.map_err(|error| Problem::internal(&format!("{path}: {error}")))?);
        archives.insert(name.to_owned(), Arc::clone(&opened));
        Ok(Some(opened))
    }

    /// Tiles that are made of its rows.
    pub(super) fn made_tiles(&self) -> &MadeTiles {
        &self.made_tiles
    }

    /// Who is asked for rows.
    pub(super) fn questions(&self) -> &Release {
        &self.questions
    }
}

fn collections_of(files: &PublishedFiles) -> Result<Vec<Collection>, String> {
    let listed: Vec<String> = files
        .paths()
        .filter(|path| Collection::is_told_by(path))
        .map(str::to_owned)
        .collect();
    let mut found = Vec::with_capacity(listed.len());
    for path in listed {
        if let Some(stac) = json_file(files, &path)? {
            found.extend(Collection::new(&path, stac, files));
        }
    }
    Ok(found)
}

/// A file of the catalog; none where the release hasn't it.
fn json_file(files: &PublishedFiles, path: &str) -> Result<Option<Value>, String> {
    let read = files.read_whole(path, MOST_CATALOG_BYTES);
    let bytes = read.map_err(|error| error_chain(&error))?;
    let parsed = bytes.map(|bytes| serde_json::from_slice(&bytes)).transpose();
    parsed.map_err(|error| format!("{path}: {error}"))
}
