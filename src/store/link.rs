//! Symbolic links of the store: names that lead to what stands elsewhere in it.
//!
//! Nothing of the program reads through them: they are for people, single files and tools of before.
#![expect(
    clippy::disallowed_methods,
    reason = "it makes links as `disk` makes files, a step at a time"
)]

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::disk;
use super::error::{IoResultExt, StoreError};

/// Has a link at `path` lead to `target`, a path from the folder that it is in; replaces a file or link there in one step.
pub(super) fn put_link(staging: &Path, path: &Path, target: &Path) -> Result<(), StoreError> {
    if leads_to(path, target) {
        return Ok(());
    }
    // A link can't be made over another name; a rename can put it there, so that no reader finds none.
    let folder = disk::temp_folder(staging)?;
    let made = folder.path().join("link");
    disk::step()
        .and_then(|()| symlink(target, &made))
        .while_writing(path)?;
    disk::rename(&made, path)?;
    disk::sync_folder_of(path)
}

/// Whether a link leads where it should, by its text.
pub(super) fn leads_to(path: &Path, target: &Path) -> bool {
    fs::read_link(path).is_ok_and(|found| found == target)
}

/// Makes a link under a name that is free.
pub(super) fn make_link(path: &Path, target: &Path) -> Result<(), StoreError> {
    disk::step()
        .and_then(|()| symlink(target, path))
        .while_writing(path)
}

/// Exchanges what two names stand for, in one step; false where the file system can't.
pub(super) fn exchange(one: &Path, other: &Path) -> Result<bool, StoreError> {
    let exchanged = disk::step()
        .and_then(|()| renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).map_err(io::Error::from));
    match exchanged {
        Ok(()) => Ok(true),
        Err(error) if is_unsupported(&error) => Ok(false),
        Err(error) => Err(StoreError::writing(one, error)),
    }
}

/// Whether a file system or kernel doesn't know what was asked of it (`renameat2(2)`).
fn is_unsupported(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
    )
}
