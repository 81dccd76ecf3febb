//! The files of a release in a folder of this machine.
//!
//! Opens files and reads them by place, many at once; never writes one.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;

use crate::feature::{FileFailure, FilePart, ReleaseFiles, RequestCost};

/// A folder of files.
#[derive(Debug, Clone)]
pub struct FolderFiles {
    folder: PathBuf,
}

impl FolderFiles {
    /// The files in a folder, whether or not it is there.
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// Bytes of a file.
    ///
    /// # Errors
    /// When it isn't there, or is no regular file.
    pub fn size(&self, path: &str) -> Result<u64, FileFailure> {
        let opened = self.open(path).map_err(|source| self.failure(path, source))?;
        Ok(opened.1)
    }

    /// A regular file, and its bytes. A path that leads out of the folder leads nowhere.
    fn open(&self, path: &str) -> io::Result<(File, u64)> {
        let is_within = Path::new(path)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !is_within {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "the path leads out of the release",
            ));
        }
        let path = self.folder.join(path);
        // Before it is opened: a pipe would wait for somebody to write.
        if !path.metadata()?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        Ok((file, size))
    }

    fn failure(&self, path: &str, source: io::Error) -> FileFailure {
        FileFailure {
            file: self.folder.join(path).display().to_string(),
            source: source.into(),
        }
    }
}

impl ReleaseFiles for FolderFiles {
    fn read_parts(&self, parts: &[FilePart]) -> Result<Vec<Bytes>, FileFailure> {
        let mut read = Vec::with_capacity(parts.len());
        let mut open: Option<(&str, File)> = None;
        for part in parts {
            let file = match open.take().filter(|(path, _)| *path == part.path) {
                Some((_, file)) => file,
                None => {
                    self.open(&part.path)
                        .map_err(|source| self.failure(&part.path, source))?
                        .0
                }
            };
            let bytes = read_range(&file, &part.range).map_err(|source| self.failure(&part.path, source))?;
            read.push(bytes);
            open = Some((&part.path, file));
        }
        Ok(read)
    }

    fn read_whole(&self, path: &str, most_bytes: u64) -> Result<Option<Bytes>, FileFailure> {
        let found = match self.open(path) {
            Ok((file, size)) if size <= most_bytes => read_range(&file, &(0..size)).map(Some),
            Ok((_, size)) => Err(io::Error::other(format!(
                "it has {size} bytes, more than the {most_bytes} that are read"
            ))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        };
        found.map_err(|source| self.failure(path, source))
    }

    fn cost(&self) -> RequestCost {
        RequestCost::of_disk()
    }
}

fn read_range(file: &File, range: &Range<u64>) -> io::Result<Bytes> {
    let length = usize::try_from(range.end.saturating_sub(range.start)).map_err(io::Error::other)?;
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, range.start)?;
    Ok(bytes.into())
}
