//! A store of before there was `public/`, moved over to where its releases stand now.
//!
//! Old: `releases/`, `latest.json` and `feed.xml` beside the landing, the work and the logs, so that whoever served the store
//! served all of it. New: below `public/`, and links at the old places for one version. Each step leaves a store that both this
//! version and the one before can read, so that a run that dies here is gone on with by the next.

use std::fs;
use std::path::{Path, PathBuf};

use tracing::info;

use super::error::{IoResultExt, StoreError};
use super::layout::{PUBLIC, RELEASES};
use super::{Lock, disk, link};
use crate::feature::release::paths::{FEED, LATEST};

/// Files beside the releases.
const FILES: [&str; 2] = [LATEST, FEED];

/// Whether a store keeps its releases where the version before did.
pub(super) fn is_old(root: &Path) -> bool {
    let old = root.join(RELEASES);
    // A link may lead to another disk; ours leads to `public/`.
    old.is_dir()
        && !link::leads_to(&old, &our_link())
        && is_missing_or_empty(&root.join(PUBLIC).join(RELEASES))
}

/// What stands at the old place of the releases.
fn our_link() -> PathBuf {
    Path::new(PUBLIC).join(RELEASES)
}

/// Whether a folder holds nothing, or isn't there.
fn is_missing_or_empty(folder: &Path) -> bool {
    fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none())
}

/// Whether a store is moved over but for what stands at its old places.
pub(super) fn is_half_moved(root: &Path) -> bool {
    root.join(PUBLIC).join(RELEASES).is_dir() && FILES.iter().any(|name| is_real_file(&root.join(name)))
}

/// Moves a store over, or ends what a run that died has begun.
pub(super) fn move_over(_lock: &Lock, root: &Path) -> Result<(), StoreError> {
    let old = root.join(RELEASES);
    let public = root.join(PUBLIC);
    if is_old(root) {
        info!(store = %root.display(), "the releases move to {PUBLIC}/; links stay at their old places");
        disk::create_folder(&public)?;
        disk::set_mode(&public, disk::mode_of(&old)?)?;
        // Before the releases are there: a reader that finds them must find which is the latest.
        for name in FILES {
            copy_over(root, &public, name)?;
        }
        move_releases(root, &old, &public.join(RELEASES))?;
    }
    for name in FILES {
        if is_real_file(&root.join(name)) {
            // Once more: where the version before has run again in between, its file is the newer one.
            copy_over(root, &public, name)?;
            link::put_link(
                &root.join("work"),
                &root.join(name),
                &Path::new(PUBLIC).join(name),
            )?;
        }
    }
    disk::sync_folder(root)
}

fn copy_over(root: &Path, public: &Path, name: &str) -> Result<(), StoreError> {
    let from = root.join(name);
    if !is_real_file(&from) {
        return Ok(());
    }
    let bytes = super::read_regular(&from).while_reading(&from)?;
    let readers = disk::Readers::Of(disk::mode_of(public)?);
    disk::put_file_for(readers, &root.join("work"), &public.join(name), &bytes)
}

/// Puts a link at the old place of the releases, and them at the new one, in one step where the file system can.
fn move_releases(root: &Path, old: &Path, new: &Path) -> Result<(), StoreError> {
    let target = our_link();
    if old.symlink_metadata().while_reading(old)?.is_symlink() {
        // The releases stay where they are, and are led to from the new place.
        disk::remove(new)?;
        link::make_link(new, &old.canonicalize().while_reading(old)?)?;
        return link::put_link(&root.join("work"), old, &target);
    }
    // Until the exchange this link leads nowhere; from then on it is at the old place, from where it leads here.
    disk::remove(new)?;
    link::make_link(new, &target)?;
    if !link::exchange(old, new)? {
        // For a moment the old place has nothing. Readers of this version find the releases at once.
        disk::remove(new)?;
        disk::rename(old, new)?;
        link::make_link(old, &target)?;
    }
    disk::sync_folder_of(new)
}

fn is_real_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_file())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{Store, fault, fixture};
    use super::*;

    /// A store as the version before would have left it.
    fn old_store() -> (tempfile::TempDir, PathBuf) {
        let (folder, store) = fixture::store();
        fixture::release(&store, "r1", 1, 9).unwrap();
        fixture::release(&store, "r2", 2, 9).unwrap();
        let lock = store.lock().unwrap();
        store.put_feed(&lock, b"<feed/>").unwrap();
        let root = store.root().to_owned();
        for name in [RELEASES, LATEST, FEED] {
            fs::rename(root.join(PUBLIC).join(name), root.join(name)).unwrap();
        }
        fs::remove_dir_all(root.join(PUBLIC)).unwrap();
        (folder, root)
    }

    #[test]
    fn an_old_store_reads_and_is_moved_over_when_it_is_opened_to_write() {
        let (_folder, root) = old_store();
        let before = Store::existing(&root).unwrap();
        assert_eq!(fixture::assert_readable(&before), "r2");
        assert_eq!(before.public(), root, "reading moves nothing");

        let store = Store::open(&root).unwrap();
        assert_eq!(store.public(), root.join(PUBLIC));
        assert_eq!(fixture::assert_readable(&store), "r2");
        // Whoever has the old paths in a script reads on.
        assert!(root.join("releases/r1/README.md").is_file());
        assert!(fs::read_to_string(root.join(LATEST)).unwrap().contains("\"r2\""));
        assert_eq!(fs::read(root.join(FEED)).unwrap(), b"<feed/>");
        assert_eq!(
            fs::read_link(root.join(RELEASES)).unwrap(),
            Path::new("public/releases")
        );
        fixture::release(&store, "r3", 3, 9).unwrap();
        assert!(fs::read_to_string(root.join(LATEST)).unwrap().contains("\"r3\""));
    }

    #[test]
    fn releases_that_a_link_leads_to_stay_where_they_are() {
        let (folder, root) = old_store();
        let elsewhere = folder.path().join("large-disk");
        fs::rename(root.join(RELEASES), &elsewhere).unwrap();
        std::os::unix::fs::symlink("../large-disk", root.join(RELEASES)).unwrap();
        assert_eq!(fixture::assert_readable(&Store::existing(&root).unwrap()), "r2");
        fs::create_dir_all(root.join(PUBLIC).join(RELEASES)).unwrap();
        let store = Store::open(&root).unwrap();
        assert_eq!(fixture::assert_readable(&store), "r2");
        fixture::release(&store, "r3", 3, 9).unwrap();
        assert!(elsewhere.join("r3/README.md").is_file());
        assert_eq!(fixture::assert_readable(&Store::open(&root).unwrap()), "r3");
    }

    #[test]
    fn a_move_that_is_cut_short_at_any_step_is_ended_by_the_next_run() {
        for step in 0.. {
            let (_folder, root) = old_store();
            let (done, is_cut) = fault::after(step, || Store::open(&root));
            assert!(done.is_ok() || is_cut, "step {step}");
            let between = Store::existing(&root).unwrap();
            assert_eq!(fixture::assert_readable(&between), "r2", "step {step}");
            let store = Store::open(&root).unwrap();
            assert_eq!(fixture::assert_readable(&store), "r2", "step {step}");
            assert!(root.join("releases/r2/README.md").is_file(), "step {step}");
            assert!(!is_old(&root) && !is_half_moved(&root), "step {step}");
            if !is_cut {
                assert!(step > 10, "{step} steps");
                break;
            }
        }
    }
}
