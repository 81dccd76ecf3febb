//! Where a join's rows go: a file in the making, which appears whole or not at all, or a stream.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::error::JoinError;
use crate::feature::extensions::is_parquet;
use crate::store::{NewFiles, refuse_taken};

/// What the file is called while it is made.
const IN_THE_MAKING: &str = "rows";

/// A format that joined rows are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinFormat {
    /// GeoParquet 1.1.
    Parquet,
    /// RFC 7946, a feature a line.
    Geojson,
    /// RFC 8142 without separators: a feature a line and nothing else.
    Geojsonl,
    /// RFC 4180, in UTF-8.
    Csv,
}

impl JoinFormat {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Parquet, Self::Geojson, Self::Geojsonl, Self::Csv];

    /// What the command line calls it; what a file of it ends with, behind a dot.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Geojson => "geojson",
            Self::Geojsonl => "geojsonl",
            Self::Csv => "csv",
        }
    }

    /// Whether it can be written to a stream: the footer of Parquet says where in the file all else is.
    pub const fn is_stream(self) -> bool {
        !matches!(self, Self::Parquet)
    }

    /// The format with this word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }

    /// The format that a file's name ends with.
    ///
    /// ```
    /// use cikr::join::JoinFormat;
    ///
    /// assert_eq!(JoinFormat::of_path("out/SITES.PARQUET".as_ref()), Some(JoinFormat::Parquet));
    /// assert_eq!(JoinFormat::of_path("sites.json".as_ref()), Some(JoinFormat::Geojson));
    /// assert_eq!(JoinFormat::of_path("sites.shp".as_ref()), None);
    /// ```
    pub fn of_path(path: &Path) -> Option<Self> {
        if is_parquet(path) {
            return Some(Self::Parquet);
        }
        let extension = path.extension()?.to_string_lossy().to_ascii_lowercase();
        match extension.as_str() {
            "geojson" | "json" => Some(Self::Geojson),
            "geojsonl" | "geojsons" | "ndjson" | "jsonl" | "ndgeojson" => Some(Self::Geojsonl),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }
}

/// Where joined rows go.
pub enum Target<'a> {
    /// A file.
    File(&'a NewFile),
    /// Standard output; for formats that are written from front to back.
    Stream(&'a mut dyn Write),
}

/// A file in the making; without [`NewFile::commit`] there is none.
#[derive(Debug)]
pub struct NewFile {
    files: NewFiles,
    path: PathBuf,
    is_forced: bool,
}

impl NewFile {
    /// Begins a file; `is_forced` replaces one that is there.
    ///
    /// ```
    /// use cikr::join::NewFile;
    ///
    /// let folder = tempfile::tempdir().unwrap();
    /// let path = folder.path().join("sites.csv");
    /// drop(NewFile::begin(&path, false)?);
    /// assert!(!path.exists());
    /// # Ok::<(), cikr::join::JoinError>(())
    /// ```
    ///
    /// # Errors
    /// Where the name is taken, or nothing can be made beside it.
    pub fn begin(path: &Path, is_forced: bool) -> Result<Self, JoinError> {
        // Before any work is done for it.
        refuse_taken(path, is_forced)?;
        Ok(Self {
            files: NewFiles::beside(path)?,
            path: path.to_owned(),
            is_forced,
        })
    }

    /// To write into.
    pub(super) fn create_file(&self) -> Result<File, JoinError> {
        Ok(self.files.create(IN_THE_MAKING)?)
    }

    /// Where it will be.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file its name: it is whole and durable.
    ///
    /// # Errors
    /// Where the name was taken meanwhile, or the disk refuses.
    pub fn commit(self) -> Result<(), JoinError> {
        Ok(self
            .files
            .name_all(&[(IN_THE_MAKING, &self.path)], self.is_forced)?)
    }
}
