//! How a store is opened: to write, which makes it or moves it over, and to read, which changes nothing.

use std::fs;
use std::path::Path;

use super::error::{IoResultExt, StoreError};
use super::kept_files::SETS;
use super::layout::{CHECKED, FROZEN, POINTED, PUBLIC, RELEASES, Store};
use super::{disk, move_over};
use crate::feature::release::paths::{FEED, LATEST};

const FOLDERS: [&str; 7] = ["landing", "work", PUBLIC, "log", "gate", "tallies", SETS];
const FILES: [&str; 4] = ["lock", CHECKED, POINTED, FROZEN];
/// What a store that was moved over has links to.
const OF_BEFORE: [&str; 3] = [RELEASES, LATEST, FEED];
/// Folders that are the owner's alone; those in `work` may share files with releases.
const OWN: [(&str, bool); 6] = [
    ("landing", true),
    ("work", false),
    ("log", true),
    ("gate", true),
    ("tallies", true),
    (SETS, true),
];
impl Store {
    /// Opens a store for writing, and makes it where there is none.
    ///
    /// ```
    /// let folder = tempfile::tempdir().unwrap();
    /// let store = cikr::store::Store::open(&folder.path().join("store")).unwrap();
    /// assert!(store.public().join("releases").is_dir());
    /// assert_eq!(store.latest().unwrap(), None, "nothing is published yet");
    /// ```
    ///
    /// # Errors
    /// The path is a file, a folder with other things in it, or can't be written to (read-only, full).
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        disk::create_folder(root)?;
        refuse_foreign(root)?;
        let store = Self {
            root: root.to_owned(),
            public: root.join(PUBLIC),
        };
        if move_over::is_old(root) || move_over::is_half_moved(root) {
            disk::create_folder(&store.work())?;
            move_over::move_over(&store.lock()?, root)?;
        }
        for folder in FOLDERS {
            disk::create_folder(&root.join(folder))?;
        }
        disk::create_folder(&store.releases_dir())?;
        for (folder, is_deep) in OWN {
            disk::make_own(&root.join(folder), is_deep)?;
        }
        disk::sync_folder(root)?;
        // Asked now: a disk that is full or read-only would else end the night after everything was fetched.
        disk::probe_writable(&store.work())?;
        Ok(store)
    }

    /// Opens a store that must be there, without writing to it.
    ///
    /// ```
    /// use cikr::store::{Store, StoreError};
    ///
    /// let folder = tempfile::tempdir().unwrap();
    /// let none = Store::existing(folder.path());
    /// assert!(matches!(none, Err(StoreError::NoStore { .. })));
    /// ```
    ///
    /// # Errors
    /// There is no store at the path.
    pub fn existing(root: &Path) -> Result<Self, StoreError> {
        // Either layout: reading moves nothing.
        let public = if move_over::is_old(root) {
            root.to_owned()
        } else {
            root.join(PUBLIC)
        };
        if !public.join(RELEASES).is_dir() {
            return Err(StoreError::NoStore {
                path: root.to_owned(),
            });
        }
        Ok(Self {
            root: root.to_owned(),
            public,
        })
    }
}

/// A run clears `work/`, so a folder of other things (somebody's home) must not become a store.
fn refuse_foreign(root: &Path) -> Result<(), StoreError> {
    let has_releases = [PUBLIC, RELEASES].iter().any(|folder| root.join(folder).is_dir());
    if has_releases && root.join("landing").is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(root).while_reading(root)? {
        let name = entry.while_reading(root)?.file_name();
        let ours = FOLDERS
            .iter()
            .chain(&FILES)
            .chain(&OF_BEFORE)
            .chain(&["lost+found"])
            .any(|own| name == *own);
        if !ours {
            return Err(StoreError::NotAStore {
                path: root.to_owned(),
                found: name.display().to_string(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::Command;

    use super::super::fixture;
    use super::*;

    #[test]
    fn opening_makes_the_folders_and_opening_again_keeps_them() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("deep/store");
        Store::open(&root).unwrap();
        fs::write(root.join("landing/kept"), "x").unwrap();
        Store::open(&root).unwrap();
        assert!(FOLDERS.iter().all(|name| root.join(name).is_dir()));
        assert!(root.join("landing/kept").exists());
    }

    #[test]
    fn a_file_in_the_place_of_the_store_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "x").unwrap();
        assert!(matches!(Store::open(&file), Err(StoreError::NotAFolder { path }) if path == file));
        let below = file.join("store");
        assert!(matches!(Store::open(&below), Err(StoreError::NotAFolder { path }) if path == below));
    }

    #[test]
    fn a_folder_of_other_things_does_not_become_a_store() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("work")).unwrap();
        fs::write(folder.path().join("thesis.odt"), "x").unwrap();
        let error = Store::open(folder.path()).unwrap_err();
        assert!(matches!(error, StoreError::NotAStore { found, .. } if found == "thesis.odt"));
    }

    #[test]
    fn a_store_that_should_be_there_is_missed() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            Store::existing(folder.path()),
            Err(StoreError::NoStore { .. })
        ));
        Store::open(folder.path()).unwrap();
        Store::existing(folder.path()).unwrap();
    }

    #[test]
    fn a_folder_that_nobody_may_write_to_is_named() {
        // The kernel's own file system takes no folders, not even root's.
        let path = Path::new("/sys/cikr");
        assert!(
            matches!(Store::open(path), Err(StoreError::NotWritable { path: named, .. }) if named == path)
        );
    }

    /// A disk of one megabyte; unmounted when dropped.
    struct SmallDisk(tempfile::TempDir);

    impl SmallDisk {
        /// None where mounting isn't allowed.
        fn mount() -> Option<Self> {
            let folder = tempfile::tempdir().unwrap();
            let arguments = ["-t", "tmpfs", "-o", "size=1m", "tmpfs"];
            let mounted = Command::new("mount").args(arguments).arg(folder.path()).output();
            mounted
                .is_ok_and(|output| output.status.success())
                .then_some(Self(folder))
        }
    }

    impl Drop for SmallDisk {
        fn drop(&mut self) {
            Command::new("umount").arg(self.0.path()).status().unwrap();
        }
    }

    #[test]
    fn a_disk_that_fills_up_leaves_the_last_release_readable() {
        let Some(disk) = SmallDisk::mount() else { return };
        let store = Store::open(disk.0.path()).unwrap();
        fixture::release(&store, "r1", 1, 9).unwrap();

        let lock = store.lock().unwrap();
        let staging = store.begin_release(&lock, &fixture::id("r2")).unwrap();
        let error = staging.write(Path::new("large"), &vec![1; 2 << 20]).unwrap_err();
        assert!(matches!(error, StoreError::Full { .. }), "{error:?}");

        let mut staged = staging.create(Path::new("large")).unwrap();
        let error = staged.write_all(&vec![1; 2 << 20]).unwrap_err();
        assert!(
            error.to_string().starts_with("no space left to write large"),
            "{error}"
        );
        drop(staged);

        let source = tempfile::NamedTempFile::with_suffix(".csv").unwrap();
        fs::write(source.path(), vec![1; 2 << 20]).unwrap();
        let error = store
            .land("dams", source.path(), "shown", "2026-01-02T03:00:00Z")
            .unwrap_err();
        assert!(matches!(error, StoreError::Full { .. }), "{error:?}");

        drop(staging);
        drop(lock);
        assert_eq!(fixture::assert_readable(&store), "r1");
        fixture::release(&store, "r3", 3, 9).unwrap();
        assert_eq!(fixture::assert_readable(&store), "r3");
    }

    #[test]
    fn a_read_only_disk_is_named_and_can_be_read() {
        let Some(disk) = SmallDisk::mount() else { return };
        fixture::release(&Store::open(disk.0.path()).unwrap(), "r1", 1, 9).unwrap();
        let arguments = ["-o", "remount,ro"];
        assert!(
            Command::new("mount")
                .args(arguments)
                .arg(disk.0.path())
                .status()
                .unwrap()
                .success()
        );

        assert!(matches!(
            Store::open(disk.0.path()),
            Err(StoreError::NotWritable { .. })
        ));
        let store = Store::existing(disk.0.path()).unwrap();
        assert!(matches!(store.lock(), Err(StoreError::NotWritable { .. })));
        assert_eq!(fixture::assert_readable(&store), "r1");
    }
}
