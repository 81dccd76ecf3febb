//! Which release answers: the latest, as `latest.json` says it, or an older one by its id.
//!
//! Opens records and manifests. A release that was opened stays as it is, whatever is published meanwhile; whoever asks while
//! the next one is being opened is answered from the one before.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use quick_cache::sync::Cache;
use tracing::{info, warn};

use super::error::ServeError;
use super::problem::Problem;
use super::published::Root;
use super::release::Opened;
use crate::feature::release::ReleaseId;
use crate::feature::release::paths::LATEST;
use crate::feature::{Handling, error_chain};
use crate::store::{Latest, Store};

/// How often it is looked whether there is another latest release.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Older releases that are kept open for the next who asks.
const OLDER_OPEN: usize = 3;
/// Longest record of a release, bytes.
const MOST_RECORD_BYTES: u64 = 1 << 20;
/// Of the caches' bytes, what an older release gets: one in so many.
const OLDER_SHARE: u64 = 16;

/// The releases of a store.
#[derive(Debug)]
pub(super) struct Releases {
    store: Store,
    public: Root,
    handling: Handling,
    cache_bytes: u64,
    latest: RwLock<Option<Arc<Opened>>>,
    looked: Mutex<Looked>,
    older: Cache<ReleaseId, Arc<Opened>>,
}

/// When it was looked last, and what was wrong then.
#[derive(Debug)]
struct Looked {
    at: Instant,
    told: Option<String>,
}

impl Releases {
    /// Those of a store. That there are none yet, or that the latest is damaged, is no failure: it may be mended.
    ///
    /// # Errors
    /// When the folder of what is published can't be opened.
    pub(super) fn open(store: Store, handling: Handling, cache_bytes: u64) -> Result<Self, ServeError> {
        let public = Root::open(store.public()).map_err(|source| ServeError::Folder {
            folder: store.public().display().to_string(),
            source,
        })?;
        let releases = Self {
            store,
            public,
            handling,
            cache_bytes,
            latest: RwLock::default(),
            looked: Mutex::new(Looked {
                at: Instant::now(),
                told: None,
            }),
            older: Cache::new(OLDER_OPEN),
        };
        let mut looked = releases.looked.lock().unwrap_or_else(PoisonError::into_inner);
        releases.look(&mut looked);
        drop(looked);
        Ok(releases)
    }

    /// Folder of what is published.
    pub(super) fn public(&self) -> &Root {
        &self.public
    }

    /// The latest release, looked for once a second.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn latest(&self) -> Result<Arc<Opened>, Problem> {
        // Who finds the lock taken goes on with what there is.
        if let Ok(mut looked) = self.looked.try_lock()
            && looked.at.elapsed() >= LOOK_EVERY
        {
            self.look(&mut looked);
        }
        self.known_latest()
            .ok_or_else(|| Problem::unavailable("nothing is published yet, or the latest release is damaged"))
    }

    /// The latest release as it was found last.
    pub(super) fn known_latest(&self) -> Option<Arc<Opened>> {
        self.latest.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A release by its id, or the name that it is pinned under.
    ///
    /// # Errors
    /// When there is none of it.
    pub(super) fn named(&self, word: &str) -> Result<Arc<Opened>, Problem> {
        let latest = self.latest();
        if let Ok(latest) = &latest
            && latest.id() == word
        {
            return Ok(Arc::clone(latest));
        }
        let unknown = || {
            let word: String = word.chars().take(100).collect();
            Problem::not_found(format!("there is no release `{word}` here"))
        };
        let id = self.store.find_release(word).map_err(|_none| unknown())?;
        if let Some(open) = self.older.get(&id) {
            return Ok(open);
        }
        let opened = self
            .open_recorded(&format!("releases/{id}.json"), self.cache_bytes / OLDER_SHARE)
            .map_err(|reason| Problem::internal(&reason))?;
        self.older.insert(id, Arc::clone(&opened));
        Ok(opened)
    }

    fn look(&self, looked: &mut Looked) {
        looked.at = Instant::now();
        let record = match self.read_record(LATEST) {
            Ok(record) => record,
            Err(reason) => return tell(looked, reason),
        };
        let known = self.known_latest();
        if known.is_some_and(|known| known.is_of(&record)) {
            looked.told = None;
            return;
        }
        match self.open_release(&record, self.cache_bytes) {
            Ok(opened) => {
                info!(release = opened.id(), "answers from the latest release");
                *self.latest.write().unwrap_or_else(PoisonError::into_inner) = Some(opened);
                looked.told = None;
            }
            Err(reason) => tell(looked, reason),
        }
        // Opening takes a while: the second begins now.
        looked.at = Instant::now();
    }

    fn open_recorded(&self, record: &str, cache_bytes: u64) -> Result<Arc<Opened>, String> {
        self.open_release(&self.read_record(record)?, cache_bytes)
    }

    fn open_release(&self, record: &Latest, cache_bytes: u64) -> Result<Arc<Opened>, String> {
        let folder = self.store.release_dir(&record.release);
        Opened::open(&folder, record, self.handling, cache_bytes).map(Arc::new)
    }

    fn read_record(&self, path: &str) -> Result<Latest, String> {
        let bytes = self
            .public
            .read(path, MOST_RECORD_BYTES)
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => format!("there is no {path}"),
                _ => format!("cannot read {path}: {}", error_chain(&error)),
            })?;
        let record: Latest =
            serde_json::from_slice(&bytes).map_err(|error| format!("{path} is no valid record: {error}"))?;
        if record.version == 1 {
            Ok(record)
        } else {
            Err(format!(
                "{path} has format version {}, and this program reads 1",
                record.version
            ))
        }
    }
}

/// Once for each reason, not once a second.
fn tell(looked: &mut Looked, reason: String) {
    if looked.told.as_ref() != Some(&reason) {
        warn!(reason, "the latest release can't be opened");
        looked.told = Some(reason);
    }
}
