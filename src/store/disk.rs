//! Every write of the store: the one file that creates, renames and removes.
//!
//! Each function is one step a crash can fall before or after, with its path in the error.
//! May use: nothing of the room but its errors. Knows paths, not what they mean.
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
use super::error::StoreError;
#[cfg(test)]
use super::fault::step;

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
pub(super) fn probe(folder: &Path) -> Result<(), StoreError> {
    let write = |()| tempfile::tempfile_in(folder)?.write_all(&[0; PROBE_BYTES]);
    step()
        .and_then(write)
        .map_err(|source| StoreError::writing(folder, source))
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
    let found = fs::metadata(folder).map_err(|source| StoreError::reading(folder, source))?;
    Ok(found.permissions().mode() & 0o777)
}

/// Gives a file or folder these rights, where it has others.
pub(super) fn set_mode(path: &Path, mode: u32) -> Result<(), StoreError> {
    let found = fs::symlink_metadata(path).map_err(|source| StoreError::reading(path, source))?;
    if found.is_symlink() || found.permissions().mode() & 0o777 == mode {
        return Ok(());
    }
    let set = step().and_then(|()| fs::set_permissions(path, Permissions::from_mode(mode)));
    set.map_err(|source| StoreError::writing(path, source))
}

/// A new file without a final name; removed when its path is dropped.
pub(super) fn temp_file(folder: &Path, readers: Readers) -> Result<(File, TempPath), StoreError> {
    let mode = Permissions::from_mode(if readers == Readers::Owner {
        OWN_FILE
    } else {
        0o666
    });
    let create = |()| tempfile::Builder::new().permissions(mode).tempfile_in(folder);
    let created = step().and_then(create).and_then(|file| {
        if let Readers::Of(mode) = readers {
            file.as_file()
                .set_permissions(Permissions::from_mode(mode & 0o666))?;
        }
        Ok(file.into_parts())
    });
    created.map_err(|source| StoreError::writing(folder, source))
}

/// Bytes that may still be written below a folder.
pub(super) fn free_bytes(folder: &Path) -> Result<u64, StoreError> {
    let told = rustix::fs::statvfs(folder).map_err(io::Error::from);
    let told = told.map_err(|source| StoreError::reading(folder, source))?;
    Ok(told.f_bavail.saturating_mul(told.f_frsize))
}

/// A file without any name; gone with the process.
pub(super) fn unnamed_file(folder: &Path) -> Result<File, StoreError> {
    let made = step().and_then(|()| tempfile::tempfile_in(folder));
    made.map_err(|source| StoreError::writing(folder, source))
}

/// Writes into a file at a place; `folder` is named where that fails.
pub(super) fn write_at(file: &File, folder: &Path, bytes: &[u8], at: u64) -> Result<(), StoreError> {
    let written = step().and_then(|()| file.write_all_at(bytes, at));
    written.map_err(|source| StoreError::writing(folder, source))
}

/// Makes a folder, and all in it where that is wanted, the owner's alone; the folder last, so that what is cut short is done
/// again.
pub(super) fn make_own(folder: &Path, is_deep: bool) -> Result<(), StoreError> {
    if mode_of(folder)? == OWN_FOLDER {
        return Ok(());
    }
    let reading = |source| StoreError::reading(folder, source);
    let entries = if is_deep {
        Some(fs::read_dir(folder).map_err(reading)?)
    } else {
        None
    };
    for entry in entries.into_iter().flatten() {
        let path = entry.map_err(reading)?.path();
        if is_folder(&path) {
            make_own(&path, true)?
        } else {
            set_mode(&path, OWN_FILE)?
        }
    }
    set_mode(folder, OWN_FOLDER)
}

/// A new folder without a final name; removed with all in it when dropped.
pub(super) fn temp_folder(folder: &Path) -> Result<TempDir, StoreError> {
    step()
        .and_then(|()| tempfile::tempdir_in(folder))
        .map_err(|source| StoreError::writing(folder, source))
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
        .map_err(|source| StoreError::writing(path, source))
}

/// A file to append to, made where there is none.
pub(super) fn append(path: &Path) -> Result<File, StoreError> {
    clear_way(path)?;
    step()
        .and_then(|()| {
            OpenOptions::new()
                .create(true)
                .append(true)
                .mode(OWN_FILE)
                .open(path)
        })
        .map_err(|source| StoreError::writing(path, source))
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
        .map_err(|source| StoreError::writing(path, source))
}

/// Adds to the end of an open file.
pub(super) fn extend(mut file: &File, path: &Path, content: &[u8]) -> Result<(), StoreError> {
    step()
        .and_then(|()| file.write_all(content))
        .map_err(|source| StoreError::writing(path, source))
}

/// Cuts an open file to a length.
pub(super) fn cut(file: &File, path: &Path, bytes: u64) -> Result<(), StoreError> {
    step()
        .and_then(|()| file.set_len(bytes))
        .map_err(|source| StoreError::writing(path, source))
}

/// Replaces the content of an open file.
pub(super) fn rewrite(mut file: &File, path: &Path, content: &str) -> Result<(), StoreError> {
    step()
        .and_then(|()| file.set_len(0))
        .and_then(|()| file.write_all(content.as_bytes()))
        .map_err(|source| StoreError::writing(path, source))
}

/// Gives a temporary file its name, which must be free.
pub(super) fn name_new(temp: TempPath, path: &Path) -> Result<(), StoreError> {
    step()
        .and_then(|()| temp.persist_noclobber(path).map_err(|e| e.error))
        .map_err(|source| StoreError::writing(path, source))
}

/// Renames a file (over an older one) or a folder, within the store.
pub(super) fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    if !is_folder(from) {
        clear_way(to)?;
    }
    step()
        .and_then(|()| fs::rename(from, to))
        .map_err(|source| StoreError::writing(to, source))
}

/// Moves what is damaged out of the way: under its name and `.damaged`, where it replaces what stands there.
pub(super) fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(ASIDE);
    let aside = PathBuf::from(aside);
    remove(&aside)?;
    gone_is_fine(path, step().and_then(|()| fs::rename(path, &aside)))?;
    Ok(aside)
}

/// Keeps what a damaged file holds as `set_aside` does, and leaves the file for another to replace in one step.
pub(super) fn keep_aside(path: &Path) -> Result<(), StoreError> {
    clear_way(path)?;
    let mut aside = path.as_os_str().to_owned();
    aside.push(ASIDE);
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    remove(Path::new(&aside))?;
    link_or_copy(path, Path::new(&aside))
}

/// A folder where a file belongs is damage.
fn clear_way(path: &Path) -> Result<(), StoreError> {
    if !is_folder(path) {
        return Ok(());
    }
    let aside = set_aside(path)?;
    warn!(path = %path.display(), aside = %aside.display(), "a folder stood where a file belongs: set aside");
    Ok(())
}

fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

/// Makes a file of the owner's visible as a whole.
pub(super) fn put(staging: &Path, path: &Path, content: &[u8]) -> Result<(), StoreError> {
    put_for(Readers::Owner, staging, path, content)
}

/// Makes a file visible as a whole: staged in `staging`, fsynced, renamed over the older one, folder fsynced.
pub(super) fn put_for(
    readers: Readers,
    staging: &Path,
    path: &Path,
    content: &[u8],
) -> Result<(), StoreError> {
    clear_way(path)?;
    let (mut file, temp) = temp_file(staging, readers)?;
    step()
        .and_then(|()| file.write_all(content))
        .map_err(|source| StoreError::writing(path, source))?;
    sync_file(&file, path)?;
    step()
        .and_then(|()| temp.persist(path).map_err(|e| e.error))
        .map_err(|source| StoreError::writing(path, source))?;
    sync_folder_of(path)
}

/// A second name for a file that is never written again; a copy where the disk can't link.
pub(super) fn link_or_copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    match step().and_then(|()| fs::hard_link(from, to)) {
        Ok(()) => Ok(()),
        Err(source) if matches!(source.kind(), ErrorKind::AlreadyExists | ErrorKind::StorageFull) => {
            Err(StoreError::writing(to, source))
        }
        // Another disk, a file system without links, or too many of them.
        Err(_) => {
            let copied = step()
                .and_then(|()| fs::copy(from, to))
                .and_then(|_| File::open(to));
            sync_file(&copied.map_err(|source| StoreError::writing(to, source))?, to)
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
    step()
        .and_then(|()| file.sync_all())
        .map_err(|source| StoreError::writing(path, source))
}

/// Waits until the names in a folder are on the disk.
pub(super) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    step()
        .and_then(|()| File::open(path))
        .and_then(|folder| folder.sync_all())
        .map_err(|source| StoreError::writing(path, source))
}

/// Waits until the names in many folders are on the disk: together, the disk has less to do.
pub(super) fn sync_folders(paths: &[PathBuf]) -> Result<(), StoreError> {
    // Each is a step of its own for the thread that asks.
    for path in paths {
        step().map_err(|source| StoreError::writing(path, source))?;
    }
    at_once(paths, |path| {
        let synced = File::open(path).and_then(|folder| folder.sync_all());
        synced.map_err(|source| StoreError::writing(path, source))
    })
}

/// Does the same with each of many things, several at a time; the first failure stops what has not begun.
pub(super) fn at_once<T: Sync>(
    things: &[T],
    work: impl Fn(&T) -> Result<(), StoreError> + Sync,
) -> Result<(), StoreError> {
    let (next, failure) = (AtomicUsize::new(0), Mutex::new(None));
    let worker = || {
        while let Some(thing) = things.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = work(thing) {
                next.store(things.len(), Ordering::Relaxed);
                failure
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .get_or_insert(error);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(things.len()) {
            scope.spawn(worker);
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
    let remove = |()| {
        if is_folder(path) {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        }
    };
    gone_is_fine(path, step().and_then(remove))
}

fn gone_is_fine(path: &Path, removed: io::Result<()>) -> Result<(), StoreError> {
    match removed {
        Err(source) if source.kind() != ErrorKind::NotFound => Err(StoreError::writing(path, source)),
        _ => Ok(()),
    }
}

#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "tests replace it with one that fails")]
fn step() -> io::Result<()> {
    Ok(())
}
