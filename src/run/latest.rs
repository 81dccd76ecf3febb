//! Which release is the latest and which stay for good, as people decide it: the clock and the feed for what the store does.

use super::clock;
use super::feed::write_feed;
use crate::error::Error;
use crate::feature::release::ReleaseId;
use crate::feature::{Frozen, Pin};
use crate::store::{Latest, Store};

/// Somebody's wish to go back.
#[derive(Debug, Clone, Copy)]
pub struct RollbackRequest<'a> {
    /// The release to go back to: an id, or the name of a pin.
    pub release: &'a str,
    /// Who goes back.
    pub by: &'a str,
    /// Why.
    pub reason: &'a str,
}

/// Makes an earlier release the latest, and has it stay so: nights go on being made, and don't become the latest.
///
/// ```
/// use cikr::run::{RollbackRequest, roll_back};
///
/// # let folder = tempfile::tempdir()?;
/// let store = cikr::store::Store::open(&folder.path().join("store"))?;
/// let request = RollbackRequest { release: "v2026.11", by: "ada", reason: "the new dams are mirrored" };
/// let error = roll_back(&store, &request).unwrap_err();
/// assert!(cikr::error::error_chain(&error).contains("there is no release `v2026.11`"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// There is no such release, it is damaged, or the store can't be written to.
pub fn roll_back(store: &Store, request: &RollbackRequest<'_>) -> Result<Frozen, Error> {
    // Opened to write: a store of the version before is moved over first.
    let store = &Store::open(store.root())?;
    let lock = store.lock()?;
    let frozen = Frozen {
        release: store.find_release(request.release)?,
        by: request.by.to_owned(),
        at: clock::now(),
        reason: request.reason.to_owned(),
    };
    store.rollback(&lock, &frozen)?;
    write_feed(store, &lock);
    Ok(frozen)
}

/// Has the newest release be the latest again, and nights after it.
///
/// # Errors
/// There is no release, the newest is damaged, or the store can't be written to.
pub fn follow_nights(store: &Store) -> Result<Latest, Error> {
    // Opened to write: a store of the version before is moved over first.
    let store = &Store::open(store.root())?;
    let lock = store.lock()?;
    let latest = store.follow(&lock, &clock::now())?;
    write_feed(store, &lock);
    Ok(latest)
}

/// Keeps a release for good; `release` is an id, a name or `latest`.
///
/// # Errors
/// There is no such release, the name can't be had, or the store can't be written to.
pub fn pin_release(store: &Store, release: &str, name: Option<&str>) -> Result<Pin, Error> {
    // Opened to write: a store of the version before is moved over first.
    let store = &Store::open(store.root())?;
    let lock = store.lock()?;
    let release: ReleaseId = store.find_release(release)?;
    Ok(store.pin(&lock, &release, name, &clock::now())?)
}

/// Lets a pinned release go with the others of its age; `release` is its id or its name.
///
/// # Errors
/// It isn't pinned, or the store can't be written to.
pub fn unpin_release(store: &Store, release: &str) -> Result<Pin, Error> {
    // Opened to write: a store of the version before is moved over first.
    let store = &Store::open(store.root())?;
    let lock = store.lock()?;
    Ok(store.unpin(&lock, release)?)
}
