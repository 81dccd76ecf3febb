//! Every write of the store: the one file that creates, renames and removes.
//!
//! Each function is one step a crash can fall before or after, with its path in the error.
//! May use: of the room, its errors, digests and lists of folders. Knows paths, not what they mean.
#![expect(
    clippy::disallowed_methods,
    reason = "the one place that writes; all others go through it"
)]

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use tempfile::{TempDir, TempPath};
use tracing::warn;

use super::digest::{digest_source, open_source};
use super::error::{IoResultExt, StoreError};
#[cfg(test)]
pub(super) use super::fault::step;
use super::folder::folder_paths;

/// Room a run needs at the very least; asked for before any work is done.
const PROBE_BYTES: usize = 4096;
/// Waits for the disk that overlap.
const AT_ONCE: usize = 16;
/// Rights of what is the owner's alone.
const OWN_FILE: u32 = 0o600;
pub(super) const OWN_FOLDER: u32 = 0o700;
/// What the name of something damaged ends with.
pub(super) const ASIDE: &str = ".damaged";

/// Makes a folder and those above it; one that exists is fine.
pub(super) fn create_folder(path: &Path) -> Result<(), StoreError> {
    step()
        .and_then(|()| fs::create_dir_all(path))
        .map_err(|source| match source.kind() {
            ErrorKind::AlreadyExists => StoreError::NotAFolder {
                path: path.to_owned(),
            },
            _ => StoreError::writing(path, source),
        })
}

/// Finds out whether a folder can be written to, and leaves nothing behind.
pub(super) fn probe_writable(folder: &Path) -> Result<(), StoreError> {
    step()
        .and_then(|()| tempfile::tempfile_in(folder))
        .and_then(|mut file| file.write_all(&[0; PROBE_BYTES]))
        .while_writing(folder)
}

/// Who may read what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    /// The owner: what is landed, logged and noted.
    Owner,
    /// Whom the umask lets: drafts.
    Umask,
    /// Those that a folder of this mode lets in: what is published.
    Of(u32),
}

/// Rights of a folder.
pub(super) fn mode_of(folder: &Path) -> Result<u32, StoreError> {
    let found = fs::metadata(folder).while_reading(folder)?;
    Ok(found.permissions().mode() & 0o777)
}

/// Gives a file or folder these rights, where it has others.
pub(super) fn set_mode(path: &Path, mode: u32) -> Result<(), StoreError> {
    let found = fs::symlink_metadata(path).while_reading(path)?;
    if found.is_symlink() || found.permissions().mode() & 0o777 == mode {
        return Ok(());
    }
    let set = step().and_then(|()| fs::set_permissions(path, Permissions::from_mode(mode)));
    set.while_writing(path)
}

/// A new file without a final name; removed when its path is dropped.
pub(super) fn temp_file(folder: &Path, readers: Readers) -> Result<(File, TempPath), StoreError> {
    // What others may read is made so by its mode, whatever the umask; until then the umask holds.
    let mode = if readers == Readers::Owner {
        OWN_FILE
    } else {
        0o666
    };
    let file = step()
        .and_then(|()| {
            tempfile::Builder::new()
                .permissions(Permissions::from_mode(mode))
                .tempfile_in(folder)
        })
        .while_writing(folder)?;
    if let Readers::Of(mode) = readers {
        file.as_file()
            .set_permissions(Permissions::from_mode(mode & 0o666))
            .while_writing(folder)?;
    }
    Ok(file.into_parts())
}

/// Bytes that may still be written below a folder.
pub(super) fn free_bytes(folder: &Path) -> Result<u64, StoreError> {
    let found = rustix::fs::statvfs(folder)
        .map_err(io::Error::from)
        .while_reading(folder)?;
    // What root alone may still use (`f_bfree` beyond `f_bavail`) is no room for a run.
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// A file without any name; gone with the process.
pub(super) fn unnamed_file(folder: &Path) -> Result<File, StoreError> {
    step()
        .and_then(|()| tempfile::tempfile_in(folder))
        .while_writing(folder)
}

/// Writes into a file at a place; `folder` is named where that fails.
pub(super) fn write_at(file: &File, folder: &Path, bytes: &[u8], at: u64) -> Result<(), StoreError> {
    step()
        .and_then(|()| file.write_all_at(bytes, at))
        .while_writing(folder)
}

/// Makes a folder, and all in it where that is wanted, the owner's alone; the folder last, so that what is cut short is done
/// again.
pub(super) fn make_own(folder: &Path, is_deep: bool) -> Result<(), StoreError> {
    if mode_of(folder)? == OWN_FOLDER {
        return Ok(());
    }
    if is_deep {
        for path in folder_paths(folder)? {
            if is_folder(&path) {
                make_own(&path, true)?;
            } else {
                set_mode(&path, OWN_FILE)?;
            }
        }
    }
    set_mode(folder, OWN_FOLDER)
}

/// A new folder without a final name; removed with all in it when dropped.
pub(super) fn temp_folder(folder: &Path) -> Result<TempDir, StoreError> {
    step()
        .and_then(|()| tempfile::tempdir_in(folder))
        .while_writing(folder)
}

/// A new file under a name that must be free.
pub(super) fn create_file(path: &Path) -> Result<File, StoreError> {
    step()
        .and_then(|()| {
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(OWN_FILE)
                .open(path)
        })
        .while_writing(path)
}

/// A file to append to, made where there is none.
pub(super) fn open_to_append(path: &Path) -> Result<File, StoreError> {
    clear_way(path)?;
    step()
        .and_then(|()| {
            OpenOptions::new()
                .create(true)
                .append(true)
                .mode(OWN_FILE)
                .open(path)
        })
        .while_writing(path)
}

/// A file to read and write, made where there is none, its content kept.
pub(super) fn open_or_create(path: &Path) -> Result<File, StoreError> {
    step()
        .and_then(|()| {
            OpenOptions::new()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .open(path)
        })
        .while_writing(path)
}

/// Adds to the end of an open file.
pub(super) fn append_bytes(mut file: &File, path: &Path, content: &[u8]) -> Result<(), StoreError> {
    step().and_then(|()| file.write_all(content)).while_writing(path)
}

/// Cuts an open file to a length.
pub(super) fn truncate_file(file: &File, path: &Path, bytes: u64) -> Result<(), StoreError> {
    step().and_then(|()| file.set_len(bytes)).while_writing(path)
}

/// Replaces the content of an open file.
pub(super) fn rewrite_file(mut file: &File, path: &Path, content: &str) -> Result<(), StoreError> {
    step()
        .and_then(|()| file.set_len(0))
        .and_then(|()| file.write_all(content.as_bytes()))
        .while_writing(path)
}

/// Gives a temporary file its name, which must be free.
pub(super) fn name_new(temp: TempPath, path: &Path) -> Result<(), StoreError> {
    step()
        .and_then(|()| temp.persist_noclobber(path).map_err(|e| e.error))
        .while_writing(path)
}

/// Gives a temporary file its name, over an older file.
pub(super) fn name_over(temp: TempPath, path: &Path) -> Result<(), StoreError> {
    clear_way(path)?;
    step()
        .and_then(|()| temp.persist(path).map_err(|e| e.error))
        .while_writing(path)
}

/// Renames a file (over an older one) or a folder, within the store.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    if !is_folder(from) {
        clear_way(to)?;
    }
    step().and_then(|()| fs::rename(from, to)).while_writing(to)
}

/// Moves what is damaged out of the way: under its name and `.damaged`, where it replaces what stands there.
pub(super) fn move_aside(path: &Path) -> Result<PathBuf, StoreError> {
    // A rename replaces a file, but no folder that holds anything.
    let aside = aside_path(path);
    remove(&aside)?;
    gone_is_fine(path, step().and_then(|()| fs::rename(path, &aside)))?;
    Ok(aside)
}

/// Keeps what a damaged file holds as `move_aside` does, and leaves the file for another to replace in one step.
pub(super) fn copy_aside(path: &Path) -> Result<(), StoreError> {
    clear_way(path)?;
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    let aside = aside_path(path);
    remove(&aside)?;
    link_or_copy(path, &aside)
}

/// Where something damaged is kept.
fn aside_path(path: &Path) -> PathBuf {
    let mut aside = path.as_os_str().to_owned();
    aside.push(ASIDE);
    PathBuf::from(aside)
}

/// A folder where a file belongs is damage.
fn clear_way(path: &Path) -> Result<(), StoreError> {
    if !is_folder(path) {
        return Ok(());
    }
    let aside = move_aside(path)?;
    warn!(path = %path.display(), aside = %aside.display(), "a folder stood where a file belongs: set aside");
    Ok(())
}

fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

/// Makes a file of the owner's visible as a whole.
pub(super) fn put_file(staging: &Path, path: &Path, content: &[u8]) -> Result<(), StoreError> {
    put_file_for(Readers::Owner, staging, path, content)
}

/// Makes a file visible as a whole: staged in `staging`, fsynced, renamed over the older one, folder fsynced.
pub(super) fn put_file_for(
    readers: Readers,
    staging: &Path,
    path: &Path,
    content: &[u8],
) -> Result<(), StoreError> {
    let (mut file, temp) = temp_file(staging, readers)?;
    step()
        .and_then(|()| file.write_all(content))
        .while_writing(path)?;
    // Bytes before the name, and the name before its folder: after a power cut a file that was renamed without being
    // synced may stand there empty, and a folder that was not synced may not know the name yet.
    sync_file(&file, path)?;
    name_over(temp, path)?;
    sync_folder_of(path)
}

/// A second name for a file that is never written again; a copy where the disk can't link.
pub(super) fn link_or_copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    // A link costs neither bytes nor reading, and nothing that is published or landed is ever written again. A place
    // that is taken or a full disk is no reason to copy: the copy would overwrite, or fail as well.
    match step().and_then(|()| fs::hard_link(from, to)) {
        Ok(()) => Ok(()),
        Err(source) if matches!(source.kind(), ErrorKind::AlreadyExists | ErrorKind::StorageFull) => {
            Err(StoreError::writing(to, source))
        }
        // Another disk, a file system without links, or too many of them.
        Err(_) => {
            let copy = step()
                .and_then(|()| fs::copy(from, to))
                .and_then(|_| File::open(to))
                .while_writing(to)?;
            sync_file(&copy, to)
        }
    }
}

/// Copies a source file into the store and fsyncs it; shares the blocks where the file system can.
pub(super) fn copy_in(source: &Path, to: &Path) -> Result<(), StoreError> {
    let mut from = open_source(source)?;
    let mut file = create_file(to)?;
    if let Err(error) = step().and_then(|()| io::copy(&mut from, &mut file)) {
        // A copy does not say which side failed: read the source alone to find out.
        digest_source(source)?;
        return Err(StoreError::writing(to, error));
    }
    sync_file(&file, to)
}

/// Waits until a file's bytes are on the disk.
pub(super) fn sync_file(file: &File, path: &Path) -> Result<(), StoreError> {
    step().and_then(|()| file.sync_all()).while_writing(path)
}

/// Waits until the names in a folder are on the disk.
pub(super) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    step()
        .and_then(|()| File::open(path))
        .and_then(|folder| folder.sync_all())
        .while_writing(path)
}

/// Waits until the names in many folders are on the disk: together, the disk has less to do.
pub(super) fn sync_folders(paths: &[PathBuf]) -> Result<(), StoreError> {
    // Each is a step of its own for the thread that asks.
    for path in paths {
        step().while_writing(path)?;
    }
    for_each_at_once(paths, |path| {
        File::open(path)
            .and_then(|folder| folder.sync_all())
            .while_writing(path)
    })
}

/// Does the same with each of many things, several at a time; the first failure stops what has not begun.
pub(super) fn for_each_at_once<T: Sync>(
    things: &[T],
    work: impl Fn(&T) -> Result<(), StoreError> + Sync,
) -> Result<(), StoreError> {
    // Threads of their own, more than there are cores: they wait for the disk, and rayon's are there to compute.
    let next = AtomicUsize::new(0);
    let failure = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(things.len()) {
            scope.spawn(|| {
                while let Some(thing) = things.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) = work(thing) {
                        next.store(things.len(), Ordering::Relaxed);
                        failure
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .get_or_insert(error);
                    }
                }
            });
        }
    });
    failure
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .map_or(Ok(()), Err)
}

/// Waits until a file's name is on the disk.
pub(super) fn sync_folder_of(path: &Path) -> Result<(), StoreError> {
    sync_folder(path.parent().expect("a file of the store lies in a folder"))
}

/// Removes a file, or a folder and all in it, following no link; one that is gone is fine.
pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    let removed = step().and_then(|()| {
        if is_folder(path) {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        }
    });
    gone_is_fine(path, removed)
}

fn gone_is_fine(path: &Path, removed: io::Result<()>) -> Result<(), StoreError> {
    match removed {
        Err(source) if source.kind() != ErrorKind::NotFound => Err(StoreError::writing(path, source)),
        _ => Ok(()),
    }
}

/// Before each write: where tests have the process end.
#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "tests replace it with one that fails")]
pub(super) fn step() -> io::Result<()> {
    Ok(())
}
