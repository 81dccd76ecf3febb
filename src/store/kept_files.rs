//! Files that a later run reads back: polygon sets that are ready, in a store as `<store>/sets/<set>.polygons`, or in a folder that
//! somebody names.
//!
//! A file has the name of what it is of, and not of its bytes: it takes the place of the one before, so that the folder holds one
//! for each set, however often sets change.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use super::disk::{self, Readers};
use super::error::StoreError;
use super::folder::folder_names;
use super::lock::Lock;
use super::parcel::Parcel;
use super::regular::open_regular;
use super::{Store, check_name};
use crate::feature::{KeptFiles, NewKeptFile};

/// In the store: folder of the sets.
pub(super) const SETS: &str = "sets";
/// What names end with.
const ENDING: &str = ".polygons";

/// A folder of files that are kept.
#[derive(Debug, Clone)]
pub struct KeptFolder {
    folder: PathBuf,
    /// Where files are made, on the same disk.
    staging: PathBuf,
}

impl KeptFolder {
    /// A folder outside any store, made where there is none. Other files in it are left alone.
    ///
    /// ```
    /// use std::io::{Read, Write};
    ///
    /// use cikr::feature::KeptFiles;
    /// use cikr::store::KeptFolder;
    ///
    /// let folder = tempfile::tempdir().unwrap();
    /// let kept = KeptFolder::at(&folder.path().join("sets")).unwrap();
    /// let mut file = kept.begin("counties")?;
    /// file.write_all(b"ready")?;
    /// assert!(kept.open("counties")?.is_none(), "not yet");
    /// file.commit()?;
    /// let mut bytes = Vec::new();
    /// kept.open("counties")?.unwrap().read_to_end(&mut bytes)?;
    /// assert_eq!(bytes, b"ready");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// The path is a file, or the folder can't be made or written to.
    pub fn at(folder: &Path) -> Result<Self, StoreError> {
        disk::create_folder(folder)?;
        disk::probe_writable(folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            staging: folder.to_owned(),
        })
    }

    fn path_of(&self, name: &str) -> Result<PathBuf, StoreError> {
        check_name("polygon set", name)?;
        Ok(self.folder.join(format!("{name}{ENDING}")))
    }

    fn try_begin(&self, name: &str) -> Result<Unnamed, StoreError> {
        let path = self.path_of(name)?;
        let (file, temp) = disk::temp_file(&self.staging, Readers::Owner)?;
        Ok(Unnamed { file, temp, path })
    }
}

impl KeptFiles for KeptFolder {
    fn open(&self, name: &str) -> io::Result<Option<Box<dyn Read + Send>>> {
        let path = self.path_of(name).map_err(io::Error::other)?;
        match open_regular(&path) {
            Ok(file) => Ok(Some(Box::new(file))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn begin(&self, name: &str) -> io::Result<Box<dyn NewKeptFile>> {
        let file = self.try_begin(name).map_err(io::Error::other)?;
        Ok(Box::new(file))
    }
}

impl Store {
    /// Polygon sets that are ready from an earlier run.
    pub fn kept_sets(&self) -> KeptFolder {
        KeptFolder {
            folder: self.root.join(SETS),
            staging: self.work(),
        }
    }

    /// Removes the sets that aren't among these: those that the pipeline no longer has.
    ///
    /// # Errors
    /// The folder can't be read or written to.
    pub fn keep_only_sets(&self, _lock: &Lock, names: &BTreeSet<&str>) -> Result<(), StoreError> {
        let folder = self.root.join(SETS);
        for file in folder_names(&folder)? {
            let is_wanted = file.strip_suffix(ENDING).is_some_and(|name| names.contains(name));
            if !is_wanted {
                disk::remove(&folder.join(file))?;
            }
        }
        Ok(())
    }
}

/// Digest of all the files that a source consists of, wherever it lies; SHA-256, lower-case hex.
///
/// ```
/// use std::path::Path;
///
/// let missing = cikr::store::digest_of_source(Path::new("no-such-file.gpkg"));
/// assert!(missing.unwrap_err().is_source());
/// ```
///
/// # Errors
/// It isn't there, can't be read, or is no source that could land.
pub fn digest_of_source(path: &Path) -> Result<String, StoreError> {
    Ok(Parcel::open(path)?.sha256)
}

/// A file in the making.
#[derive(Debug)]
struct Unnamed {
    file: File,
    temp: TempPath,
    path: PathBuf,
}

impl Write for Unnamed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file
            .write(bytes)
            .map_err(|source| StoreError::writing_io(&self.path, source))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl NewKeptFile for Unnamed {
    fn commit(self: Box<Self>) -> io::Result<()> {
        let Self { file, temp, path } = *self;
        disk::sync_file(&file, &path)
            .and_then(|()| disk::name_over(temp, &path))
            .and_then(|()| disk::sync_folder_of(&path))
            .map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{fault, fixture};
    use super::*;

    fn put(kept: &KeptFolder, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = kept.begin(name)?;
        file.write_all(bytes)?;
        file.commit()
    }

    fn bytes_of(kept: &KeptFolder, name: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        kept.open(name).unwrap().unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_file_cut_short_is_the_old_one_or_the_new_one() {
        for step in 0.. {
            let (_folder, store) = fixture::store();
            let kept = store.kept_sets();
            put(&kept, "county", b"old").unwrap();
            let (done, is_cut) = fault::after(step, || put(&kept, "county", b"new"));
            let bytes = bytes_of(&kept, "county");
            assert!(bytes == b"new" || bytes == b"old" && done.is_err(), "step {step}");
            if !is_cut {
                assert_eq!((bytes.as_slice(), step > 2), (&b"new"[..], true));
                break;
            }
            assert_eq!(fixture::names(&store.root().join(SETS)).len(), 1, "step {step}");
        }
    }

    #[test]
    fn sets_that_are_no_longer_asked_for_go() {
        let (_folder, store) = fixture::store();
        let kept = store.kept_sets();
        put(&kept, "state", b"s").unwrap();
        put(&kept, "county", b"c").unwrap();
        let lock = store.lock().unwrap();
        store.keep_only_sets(&lock, &BTreeSet::from(["state"])).unwrap();
        assert_eq!(fixture::names(&store.root().join(SETS)), ["state.polygons"]);
    }

    #[test]
    fn names_are_plain_and_a_folder_in_the_place_of_a_file_gives_way() {
        let (_folder, store) = fixture::store();
        let kept = store.kept_sets();
        assert!(kept.open("../lock").is_err() && kept.begin("a/b").is_err());
        fs::create_dir(store.root().join(SETS).join("county.polygons")).unwrap();
        assert!(kept.open("county").is_err());
        put(&kept, "county", b"new").unwrap();
        assert_eq!(bytes_of(&kept, "county"), b"new");
    }
}
