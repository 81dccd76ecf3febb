//! Removes old releases at the end of a night: what the rule of `keep.rs` lets go, and nothing else.
//!
//! The new release stands by then, so nothing here may fail the night: what can't be removed is told as a warning.

use super::keep::{Keep, KeptRelease, releases_to_prune};
use super::{ReleaseInfo, Store, StoreError, disk};
use crate::feature::release::ReleaseId;
use crate::feature::release::paths::MANIFEST;

/// Removes the releases that nothing speaks for, never this one. Failures become warnings.
pub(super) fn prune_releases(
    store: &Store,
    newest: &ReleaseId,
    keep: Keep,
    now: &str,
    warnings: &mut Vec<String>,
) -> Vec<ReleaseId> {
    let found = store
        .releases()
        .and_then(|known| Ok((known, store.release_folders()?, store.pins()?)));
    let (releases, folders, pins) = match found {
        Ok(found) => found,
        // What must stay isn't known: all does, and it is told.
        Err(error) => {
            warn_unless_done(warnings, Err(error));
            return Vec::new();
        }
    };
    let kept = kept_releases(store, &releases, newest);
    let mut doomed = releases_to_prune(&kept, keep, now);
    // One without a sound record tells no time: its name does, and it goes with those that are older than all that stay.
    let stays = releases.iter().filter(|release| !doomed.contains(&release.id));
    let oldest = stays.map(|release| &release.id).min().unwrap_or(newest).clone();
    let is_unlisted = |id: &ReleaseId| releases.iter().all(|release| release.id != *id);
    let is_pinned = |id: &ReleaseId| pins.iter().any(|pin| pin.release == *id);
    doomed.extend(
        folders
            .into_iter()
            // What has no manifest is no release, whatever it is called.
            .filter(|id| *id < oldest && is_unlisted(id) && !is_pinned(id))
            .filter(|id| store.release_dir(id).join(MANIFEST).exists()),
    );
    doomed
        .into_iter()
        .filter(|id| warn_unless_done(warnings, remove_release(store, id)))
        .collect()
}

/// What the rule looks at of each release, the newest first.
fn kept_releases(store: &Store, releases: &[ReleaseInfo], newest: &ReleaseId) -> Vec<KeptRelease> {
    let pointed = store.pointed();
    let mut kept = Vec::with_capacity(releases.len());
    // Where nobody has noted when a release ceased to be the latest, it was when the next one was published.
    let mut next_published: Option<&str> = None;
    for release in releases {
        let ceased = pointed
            .ceased(&release.id)
            .or(next_published)
            .unwrap_or(&release.published);
        kept.push(KeptRelease {
            id: release.id.clone(),
            has_changed: release.changed,
            ceased: ceased.to_owned(),
            is_needed: release.is_latest
                || release.is_frozen
                || release.pin.is_some()
                || release.id == *newest,
        });
        next_published = Some(&release.published);
    }
    kept
}

/// First out of sight as a whole, then piece by piece.
fn remove_release(store: &Store, id: &ReleaseId) -> Result<(), StoreError> {
    let doomed = store.work().join(format!("pruned-{id}"));
    disk::rename(&store.release_dir(id), &doomed)?;
    disk::remove(&store.record_path(id))?;
    disk::remove(&doomed)
}

/// Whether it went well; says why if not.
pub(super) fn warn_unless_done(warnings: &mut Vec<String>, done: Result<(), StoreError>) -> bool {
    let Err(error) = done else { return true };
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
    warnings.push(format!("cannot clean up: {error}{}", cause.unwrap_or_default()));
    false
}
