//! The folders of a store: where things are.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::disk;
use super::error::StoreError;
use crate::feature::release::ReleaseId;

/// What a web server may serve, and nothing else is in there.
pub(super) const PUBLIC: &str = "public";
/// Folder of the releases, in `public`.
pub(super) const RELEASES: &str = "releases";
/// Since when which release was the latest.
pub(super) const POINTED: &str = "pointed.json";
/// Who has frozen the latest release, and why.
pub(super) const FROZEN: &str = "frozen.json";
/// In `public`: counts of every release, also of those that are gone.
pub(super) const HISTORY: &str = "history.json";
/// What the files of the latest release were like when their digests were last checked.
pub(super) const CHECKED: &str = "checked.json";

/// A folder that holds what runs land, stage and publish.
#[derive(Debug, Clone)]
pub struct Store {
    pub(super) root: PathBuf,
    /// Folder of what may be seen: `public`, or the store itself where it is of the version before.
    pub(super) public: PathBuf,
}

impl Store {
    /// The folder of the store.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Folder of what a web server may serve.
    pub fn public(&self) -> &Path {
        &self.public
    }

    /// Folder of a release, whether or not it is there.
    pub fn release_dir(&self, release: &ReleaseId) -> PathBuf {
        self.releases_dir().join(release.as_str())
    }

    /// Log file of the run that makes a release, whether or not it is there.
    pub fn log_path(&self, release: &ReleaseId) -> PathBuf {
        self.root.join("log").join(format!("{release}.log"))
    }

    /// Opens the log file of the run that makes a release, to append to.
    ///
    /// # Errors
    /// The file can't be written to.
    pub fn log_file(&self, release: &ReleaseId) -> Result<File, StoreError> {
        disk::open_to_append(&self.log_path(release))
    }

    /// Where releases are made, and files are whole before they have their name.
    pub(super) fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    pub(super) fn releases_dir(&self) -> PathBuf {
        self.public.join(RELEASES)
    }

    /// Makes a file of those that releases are for visible as a whole.
    pub(super) fn publish_file(&self, path: &Path, content: &[u8]) -> Result<(), StoreError> {
        let readers = disk::Readers::Of(disk::mode_of(&self.releases_dir())?);
        disk::put_file_for(readers, &self.work(), path, content)
    }
}

/// Names become files: letters, digits, `_` and `-`, the first one a letter or a digit.
pub(super) fn check_name(what: &'static str, name: &str) -> Result<(), StoreError> {
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if is_plain && name.len() <= 100 {
        return Ok(());
    }
    Err(StoreError::BadName {
        what,
        name: name.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::super::fixture;
    use super::*;

    #[test]
    fn a_log_is_appended_to() {
        let (_folder, store) = fixture::store();
        store
            .log_file(&fixture::id("r1"))
            .unwrap()
            .write_all(b"a\n")
            .unwrap();
        store
            .log_file(&fixture::id("r1"))
            .unwrap()
            .write_all(b"b\n")
            .unwrap();
        assert_eq!(
            fs::read_to_string(store.log_path(&fixture::id("r1"))).unwrap(),
            "a\nb\n"
        );
    }

    #[test]
    fn names_that_are_not_plain_are_refused() {
        for name in ["", ".", "..", "a/b", "-a", "a.json", "ä", "a b"] {
            assert!(check_name("layer", name).is_err(), "{name}");
        }
        check_name("layer", "20260101T030000Z-1").unwrap();
    }
}
