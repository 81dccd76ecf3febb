//! Where an export goes: a file in the making, or a stream.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use super::ExportError;
use crate::store::NewFiles;

/// Bytes that wait to be written.
const BUFFER_BYTES: usize = 1 << 17;

/// Where an export goes.
pub enum Sink<'a> {
    /// A file of this name among those in the making.
    File {
        /// The files.
        files: &'a NewFiles,
        /// Its name there.
        name: &'a str,
    },
    /// Standard output; for formats that are written from front to back.
    Stream(&'a mut dyn Write),
}

impl<'a> Sink<'a> {
    /// To write into.
    pub(super) fn into_writer(self) -> Result<Box<dyn Write + 'a>, ExportError> {
        Ok(match self {
            Self::File { files, name } => {
                Box::new(BufWriter::with_capacity(BUFFER_BYTES, files.create(name)?))
            }
            Self::Stream(out) => Box::new(BufWriter::with_capacity(BUFFER_BYTES, out)),
        })
    }

    /// The file itself; none of a stream.
    pub(super) fn into_file(self) -> Result<Option<File>, ExportError> {
        match self {
            Self::File { files, name } => Ok(Some(files.create(name)?)),
            Self::Stream(_) => Ok(None),
        }
    }

    /// The path of the file, for GDAL, which opens it itself. A stream has none.
    pub(super) fn path(&self) -> Option<PathBuf> {
        match self {
            Self::File { files, name } => Some(files.path_of(name)),
            Self::Stream(_) => None,
        }
    }
}
