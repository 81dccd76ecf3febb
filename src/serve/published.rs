//! The files of a release, opened by the entries of its manifest.
//!
//! Opens files for reading. A path is a key of the manifest before it is a path; folders and files that are links are not
//! followed, and what is no regular file is none.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;
use std::path::{Component, Path};
use std::sync::Arc;

use bytes::Bytes;
use quick_cache::sync::Cache;
use rustix::fs::{Mode, OFlags};

use crate::feature::{FileFailure, FilePart, ReleaseFiles, RequestCost};
use crate::store::ManifestFile;

/// Files that are kept open for the next who asks.
const OPEN_FILES: usize = 256;

/// A folder whose files are opened from within it.
#[derive(Debug)]
pub(super) struct Root {
    folder: OwnedFd,
}

/// The files of a release.
pub(super) struct PublishedFiles {
    root: Root,
    /// How messages name the folder.
    name: String,
    files: BTreeMap<String, ManifestFile>,
    open: Cache<String, Arc<File>>,
}

impl Root {
    /// # Errors
    /// When it is no folder, or can't be read.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(folder, flags, Mode::empty())?;
        Ok(Self { folder })
    }

    /// A regular file below the folder, through no link.
    ///
    /// # Errors
    /// When there is none, or it can't be read.
    pub(super) fn file(&self, path: &str) -> io::Result<File> {
        let mut names = Vec::new();
        for part in Path::new(path).components() {
            match part {
                Component::Normal(name) => names.push(name),
                _ => return Err(io::ErrorKind::NotFound.into()),
            }
        }
        let Some((last, folders)) = names.split_last() else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let within = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut folder: Option<OwnedFd> = None;
        for name in folders {
            let from = folder.as_ref().unwrap_or(&self.folder);
            folder = Some(rustix::fs::openat(
                from,
                *name,
                within | OFlags::DIRECTORY,
                Mode::empty(),
            )?);
        }
        let from = folder.as_ref().unwrap_or(&self.folder);
        // A pipe would wait for somebody to write.
        let file = File::from(rustix::fs::openat(
            from,
            *last,
            within | OFlags::NONBLOCK,
            Mode::empty(),
        )?);
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        Ok(file)
    }

    /// All of a small file.
    ///
    /// # Errors
    /// When there is none, it can't be read, or it has more than `most` bytes.
    pub(super) fn read(&self, path: &str, most: u64) -> io::Result<Vec<u8>> {
        let file = self.file(path)?;
        let length = file.metadata()?.len();
        if length > most {
            return Err(io::Error::other(format!(
                "it has {length} bytes, more than the {most} that are read"
            )));
        }
        read_range(&file, &(0..length))
    }
}

impl PublishedFiles {
    /// The files that a manifest lists, in a release's folder.
    ///
    /// # Errors
    /// When the folder can't be opened.
    pub(super) fn open(folder: &Path, files: Vec<ManifestFile>) -> io::Result<Self> {
        Ok(Self {
            root: Root::open(folder)?,
            name: folder
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            files: files.into_iter().map(|file| (file.path.clone(), file)).collect(),
            open: Cache::new(OPEN_FILES),
        })
    }

    /// What the manifest says of a file.
    pub(super) fn entry(&self, path: &str) -> Option<&ManifestFile> {
        self.files.get(path)
    }

    /// Paths of all files, in their order.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// A file that the manifest lists; of another length than it says it is damaged.
    ///
    /// # Errors
    /// When it isn't listed, or isn't there as listed.
    pub(super) fn file(&self, path: &str) -> Result<Arc<File>, FileFailure> {
        if let Some(file) = self.open.get(path) {
            return Ok(file);
        }
        let opened = self
            .open_listed(path)
            .map_err(|source| self.failure(path, source))?;
        let file = Arc::new(opened);
        self.open.insert(path.to_owned(), Arc::clone(&file));
        Ok(file)
    }

    fn open_listed(&self, path: &str) -> io::Result<File> {
        let Some(entry) = self.files.get(path) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let file = self.root.file(path)?;
        let length = file.metadata()?.len();
        if length != entry.bytes {
            let what = format!(
                "damaged: it has {length} bytes, and the manifest says {}",
                entry.bytes
            );
            return Err(io::Error::other(what));
        }
        Ok(file)
    }

    fn failure(&self, path: &str, source: io::Error) -> FileFailure {
        FileFailure {
            file: format!("{}/{path}", self.name),
            source: source.into(),
        }
    }
}

impl fmt::Debug for PublishedFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublishedFiles")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl ReleaseFiles for PublishedFiles {
    fn read_parts(&self, parts: &[FilePart]) -> Result<Vec<Bytes>, FileFailure> {
        parts
            .iter()
            .map(|part| {
                let file = self.file(&part.path)?;
                let bytes =
                    read_range(&file, &part.range).map_err(|source| self.failure(&part.path, source))?;
                Ok(bytes.into())
            })
            .collect()
    }

    fn read_whole(&self, path: &str, most_bytes: u64) -> Result<Option<Bytes>, FileFailure> {
        let Some(entry) = self.entry(path) else {
            return Ok(None);
        };
        if entry.bytes > most_bytes {
            let what = format!(
                "it has {} bytes, more than the {most_bytes} that are read",
                entry.bytes
            );
            return Err(self.failure(path, io::Error::other(what)));
        }
        let file = self.file(path)?;
        let bytes = read_range(&file, &(0..entry.bytes)).map_err(|source| self.failure(path, source))?;
        Ok(Some(bytes.into()))
    }

    fn cost(&self) -> RequestCost {
        RequestCost::of_disk()
    }
}

/// Bytes of an open file, all of them.
///
/// # Errors
/// When it ends before they do.
pub(super) fn read_range(file: &File, range: &Range<u64>) -> io::Result<Vec<u8>> {
    let length = usize::try_from(range.end.saturating_sub(range.start)).map_err(io::Error::other)?;
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, range.start)?;
    Ok(bytes)
}
