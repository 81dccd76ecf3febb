//! Files without a name, for rows that outgrow memory: the kernel frees them with the process, however it ends.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::disk;
use super::error::{IoResultExt, StoreError};
use crate::feature::{ScratchFile, ScratchSpace};

/// A folder in which such files are made.
#[derive(Debug, Clone)]
pub struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    /// In a folder that is there.
    ///
    /// ```
    /// use cikr::feature::ScratchSpace;
    /// use cikr::store::Scratch;
    ///
    /// let folder = tempfile::tempdir().unwrap();
    /// let file = Scratch::new(folder.path()).create_file(0).unwrap();
    /// assert_eq!(file.append(b"rows").unwrap(), 0);
    /// assert_eq!(file.read(1, 3).unwrap(), b"ows");
    /// ```
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }
}

impl ScratchSpace for Scratch {
    fn create_file(&self, need: u64) -> io::Result<Box<dyn ScratchFile>> {
        let free = disk::free_bytes(&self.folder).map_err(io::Error::other)?;
        if free < need {
            let folder = self.folder.clone();
            return Err(io::Error::new(
                io::ErrorKind::StorageFull,
                StoreError::NoRoom { folder, need, free },
            ));
        }
        let file = disk::unnamed_file(&self.folder).map_err(io::Error::other)?;
        Ok(Box::new(Unnamed {
            file,
            folder: self.folder.clone(),
            length: Mutex::new(0),
        }))
    }
}

/// A file that only this process knows.
#[derive(Debug)]
struct Unnamed {
    file: File,
    folder: PathBuf,
    length: Mutex<u64>,
}

impl ScratchFile for Unnamed {
    fn append(&self, bytes: &[u8]) -> io::Result<u64> {
        // The place is reserved under the lock and written to without it, so that threads spill side by side.
        let at = {
            let mut length = self.length.lock().unwrap_or_else(PoisonError::into_inner);
            let at = *length;
            *length += bytes.len() as u64;
            at
        };
        disk::write_at(&self.file, &self.folder, bytes, at)
            .map_err(|error| io::Error::new(io_kind(&error), error))?;
        Ok(at)
    }

    fn read(&self, at: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        self.file
            .read_exact_at(&mut bytes, at)
            .while_reading(&self.folder)
            .map_err(io::Error::other)?;
        Ok(bytes)
    }
}

/// A full disk keeps its kind, by which callers tell it apart.
fn io_kind(error: &StoreError) -> io::ErrorKind {
    match error {
        StoreError::Full { .. } => io::ErrorKind::StorageFull,
        _ => io::ErrorKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_appended_is_read_back_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let file = Scratch::new(folder.path()).create_file(0).unwrap();
        assert_eq!(
            (file.append(b"one").unwrap(), file.append(b"two").unwrap()),
            (0, 3)
        );
        assert_eq!(file.read(1, 4).unwrap(), b"netw");
        assert!(file.read(4, 4).is_err(), "beyond the end");
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            0,
            "it has no name"
        );
    }

    #[test]
    fn a_folder_that_is_gone_is_named() {
        let folder = tempfile::tempdir().unwrap().path().join("gone");
        let error = Scratch::new(&folder).create_file(0).unwrap_err();
        assert!(error.to_string().contains("gone"), "{error}");
    }

    #[test]
    fn need_and_free_space_are_told_where_it_does_not_fit() {
        let folder = tempfile::tempdir().unwrap();
        let error = Scratch::new(folder.path()).create_file(u64::MAX).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        let told = error.to_string();
        assert!(
            told.contains("needs at least 17592186044415 MiB") && told.contains(" MiB are free"),
            "{told}"
        );
    }
}
