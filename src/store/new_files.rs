//! Files for people, outside any store, that several hands may write: whole under their names, or not there.
//!
//! They are made in a folder of their own beside where they will be, which only this process knows of.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::{TempDir, TempPath};

use super::disk;
use super::error::{IoResultExt, StoreError};

/// Files in the making; without `name_all` they are removed.
///
/// ```
/// use std::io::Write;
///
/// use cikr::store::NewFiles;
///
/// let folder = tempfile::tempdir().unwrap();
/// let target = folder.path().join("tx/dams.csv");
/// let files = NewFiles::beside(&target).unwrap();
/// files.create("rows").unwrap().write_all(b"id\n1\n").unwrap();
/// assert!(!target.exists());
/// files.name_all(&[("rows", target.as_path())], false).unwrap();
/// assert_eq!(std::fs::read_to_string(&target).unwrap(), "id\n1\n");
/// assert_eq!(std::fs::read_dir(folder.path().join("tx")).unwrap().count(), 1);
/// ```
#[derive(Debug)]
pub struct NewFiles {
    folder: TempDir,
}

impl NewFiles {
    /// Makes the folder for files that will stand beside `target`, and the folders above that.
    ///
    /// # Errors
    /// When that can't be done.
    pub fn beside(target: &Path) -> Result<Self, StoreError> {
        let above = folder_of(target);
        disk::create_folder(above)?;
        Self::within(above)
    }

    /// Makes the folder within another that is there, such as the scratch folder of a release in the making.
    ///
    /// # Errors
    /// When that can't be done.
    pub fn within(above: &Path) -> Result<Self, StoreError> {
        let folder = disk::temp_folder(above)?;
        Ok(Self { folder })
    }

    /// Where a file is made, for those who open it themselves.
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a file.
    ///
    /// # Errors
    /// When that can't be done.
    pub fn create(&self, name: &str) -> Result<File, StoreError> {
        disk::open_or_create(&self.path_of(name))
    }

    /// Makes a file that is at hand.
    ///
    /// # Errors
    /// When that can't be done.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), StoreError> {
        let path = self.path_of(name);
        self.create(name)?.write_all(content).while_writing(&path)
    }

    /// Gives files their names, each once all its bytes are on the disk; one that exists is replaced only where `replace`
    /// says so. They are on the same disk, so that a name is one step.
    ///
    /// # Errors
    /// One of the names is taken (then none is given), or the disk refuses.
    pub fn name_all(self, files: &[(&str, &Path)], replace: bool) -> Result<(), StoreError> {
        for (_, target) in files {
            refuse_taken(target, replace)?;
        }
        for (name, target) in files {
            let made = self.path_of(name);
            let file = File::open(&made).while_reading(&made)?;
            disk::sync_file(&file, target)?;
            if replace {
                disk::rename(&made, target)?;
            } else {
                let made = TempPath::try_from_path(made).while_writing(target)?;
                disk::name_new(made, target)?;
            }
            disk::sync_folder(folder_of(target))?;
        }
        Ok(())
    }
}

/// Sees to it that a name is free, before any work is done for it.
///
/// # Errors
/// It is taken, and `replace` doesn't allow that.
pub fn refuse_taken(target: &Path, replace: bool) -> Result<(), StoreError> {
    let Ok(found) = target.symlink_metadata() else {
        return Ok(());
    };
    // A folder, a pipe, a device or a link is never what a file is to replace.
    if !found.is_file() {
        return Err(StoreError::NotReplaced {
            path: target.to_owned(),
        });
    }
    if replace {
        return Ok(());
    }
    Err(StoreError::Exists {
        path: target.to_owned(),
    })
}

fn folder_of(file: &Path) -> &Path {
    file.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::super::fault;
    use super::*;

    #[test]
    fn files_cut_short_are_the_old_ones_or_the_new_ones() {
        for step in 0.. {
            let folder = tempfile::tempdir().unwrap();
            let target = folder.path().join("a.csv");
            fs::write(&target, "old").unwrap();
            let (done, is_cut) = fault::after(step, || {
                let files = NewFiles::beside(&target)?;
                files.create("rows")?.write_all(b"new").unwrap();
                files.name_all(&[("rows", target.as_path())], true)
            });
            let text = fs::read_to_string(&target).unwrap();
            assert!(
                text == "new" || text == "old" && done.is_err(),
                "step {step}: {text}"
            );
            if !is_cut {
                assert_eq!((text.as_str(), step > 3), ("new", true));
                break;
            }
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "step {step}");
        }
    }

    #[test]
    fn a_name_that_is_taken_meanwhile_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("a"), folder.path().join("b"));
        let files = NewFiles::beside(&one).unwrap();
        files.create("a").unwrap();
        files.create("b").unwrap();
        fs::write(&other, "mine").unwrap();
        let named = files.name_all(&[("a", one.as_path()), ("b", other.as_path())], false);
        assert!(matches!(named, Err(StoreError::Exists { path }) if path == other));
        assert!(!one.exists());
        assert_eq!(fs::read_to_string(other).unwrap(), "mine");
    }
    #[test]
    fn what_is_no_file_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link.csv");
        std::os::unix::fs::symlink("elsewhere", &link).unwrap();
        for target in [folder.path(), Path::new("/dev/null"), &link] {
            for replace in [true, false] {
                let refused = refuse_taken(target, replace);
                assert!(matches!(refused, Err(StoreError::NotReplaced { path }) if path == target));
            }
        }
    }
}
