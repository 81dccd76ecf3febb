//! What can go wrong with the store's own files; what is wrong with a source is `LandingError`'s.
//!
//! A source that can't be read and a store that can't be written give different exit codes:
//! `StoreError::is_source` says which.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::landing_error::LandingError;
use super::problem::Problem;
use crate::feature::release::{BadReleaseId, ReleaseId};

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Nothing that looks like a store.
    #[error("there is no store at {}", path.display())]
    NoStore {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A folder with other things in it.
    #[error("{} holds other things (`{found}`), so it is not made a store", path.display())]
    NotAStore {
        /// The folder.
        path: PathBuf,
        /// One of the other things.
        found: String,
    },
    /// A file stands where a folder is needed.
    #[error("{} is not a folder, or lies below a file", path.display())]
    NotAFolder {
        /// Folder that was needed.
        path: PathBuf,
    },
    /// The disk is full, or the user's quota is used up.
    #[error("no space left to write {}", path.display())]
    Full {
        /// File or folder that was written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Rows that outgrow memory would not fit.
    #[error(
        "{} has no room for rows that outgrow the memory budget: it needs at least {} MiB, and {} MiB are free; \
         --scratch names another folder, --memory a larger budget",
        folder.display(), need >> 20, free >> 20
    )]
    NoRoom {
        /// Folder of scratch files.
        folder: PathBuf,
        /// Bytes wanted at least.
        need: u64,
        /// Bytes free.
        free: u64,
    },
    /// A file that may not be replaced.
    #[error("{} exists already; --force replaces it", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Read-only disk, or no permission.
    #[error("{} can't be written to", path.display())]
    NotWritable {
        /// File or folder that was written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Any other failure to write.
    #[error("cannot write {}", path.display())]
    Write {
        /// File or folder that was written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of the store can't be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// File or folder that was read.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A record, manifest or `latest.json` is not what was written.
    #[error("{} is not a valid record", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// Written by a later version of the program.
    #[error("{} has format version {version}, which this version does not know", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Version found.
        version: u32,
    },
    /// Another run has the lock.
    #[error("another run {}is using the store {}; this one has done nothing", holder_note(*pid), path.display())]
    Locked {
        /// The store.
        path: PathBuf,
        /// Process that holds the lock, where it has written that down.
        pid: Option<u32>,
    },
    /// A name that can't become a file name.
    #[error("`{name}` is not a name for a {what}: use letters, digits, `_` and `-`")]
    BadName {
        /// What it would name.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A path that is not relative, leaves the release, or is not UTF-8.
    #[error("`{}` is not a path within a release", path.display())]
    BadPath {
        /// The path.
        path: PathBuf,
    },
    /// Two files of a release have the same path.
    #[error("{} is already part of the release", path.display())]
    Taken {
        /// Path relative to the release.
        path: PathBuf,
    },
    /// Rows were given for a file that is not part of the release.
    #[error("{} is not part of the release", path.display())]
    NotStaged {
        /// Path relative to the release.
        path: PathBuf,
    },
    /// The release has been published before.
    #[error("release `{release}` exists already")]
    ReleaseExists {
        /// Its id.
        release: ReleaseId,
    },
    /// Nothing was ever published here.
    #[error("there is no release in {} yet", store.display())]
    Empty {
        /// The store.
        store: PathBuf,
    },
    /// No such release has been published here.
    #[error("there is no release `{release}` in {}", store.display())]
    NoRelease {
        /// What was asked for: a name, or what can't be one.
        release: String,
        /// The store.
        store: PathBuf,
    },
    /// A release does not hold what its manifest says.
    #[error("release `{release}` is damaged: {}", first_of(problems))]
    Damaged {
        /// Its id.
        release: ReleaseId,
        /// What was found, at least one.
        problems: Vec<Problem>,
    },
    /// A release to go back to is damaged.
    #[error(
        "release `{release}` is damaged: {}; `latest.json` stays as it is. `cikr repair {}` mends what another release \
         has whole",
        first_of(problems), store.display()
    )]
    NoWayBack {
        /// Its id.
        release: ReleaseId,
        /// The store.
        store: PathBuf,
        /// What was found, at least one.
        problems: Vec<Problem>,
    },
    /// Something that is no file stands where one would.
    #[error("{} is no regular file, and is not replaced", path.display())]
    NotReplaced {
        /// Where.
        path: PathBuf,
    },
    /// A name that no pin can have.
    #[error(
        "`{name}` is not a name for a pinned release: use letters, digits, `.`, `_` and `-`, and not `latest`, a day or the id \
         of a release"
    )]
    BadPinName {
        /// The name.
        name: String,
    },
    /// Another release has the name.
    #[error("`{name}` is the name of release `{release}`; `cikr unpin {name}` frees it")]
    NameTaken {
        /// The name.
        name: String,
        /// Whose it is.
        release: ReleaseId,
    },
    /// Nothing of that name or id is pinned.
    #[error("nothing called `{name}` is pinned in {}; `cikr releases` lists what is", store.display())]
    NotPinned {
        /// Name or id.
        name: String,
        /// The store.
        store: PathBuf,
    },
    /// A name that can't be a release's.
    #[error(transparent)]
    BadRelease(#[from] BadReleaseId),
    /// The source is at fault, or what was landed of it.
    #[error(transparent)]
    Landing(#[from] LandingError),
}

impl StoreError {
    /// Whether the source is to blame, not the store.
    ///
    /// ```
    /// use cikr::store::{LandingError, StoreError};
    ///
    /// let missing = StoreError::from(LandingError::Missing { path: "dams.csv".into() });
    /// assert!(missing.is_source());
    /// assert_eq!(missing.to_string(), "there is no dams.csv");
    /// assert!(!StoreError::Exists { path: "dams.toml".into() }.is_source());
    /// ```
    pub fn is_source(&self) -> bool {
        matches!(self, Self::Landing(_))
    }

    /// A failure to write, told apart by what a person can do about it.
    pub(super) fn writing(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full { path, source },
            ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => Self::NotWritable { path, source },
            ErrorKind::NotADirectory => Self::NotAFolder { path },
            _ => Self::Write { path, source },
        }
    }

    /// The same as an `io::Error`, for writers that know no other; kind and cause are kept.
    pub(super) fn writing_io(path: &Path, source: io::Error) -> io::Error {
        io::Error::new(source.kind(), Self::writing(path, source))
    }

    /// A failure to read a file of the store.
    pub(super) fn reading(path: &Path, source: io::Error) -> Self {
        Self::Read {
            path: path.to_owned(),
            source,
        }
    }
}

/// Says which file the system's error is about, and what was done with it.
pub(super) trait IoResultExt<T> {
    /// A file or folder of the store was written.
    fn while_writing(self, path: &Path) -> Result<T, StoreError>;

    /// A file or folder of the store was read.
    fn while_reading(self, path: &Path) -> Result<T, StoreError>;

    /// A source was read.
    fn while_reading_source(self, path: &Path) -> Result<T, LandingError>;
}

impl<T> IoResultExt<T> for io::Result<T> {
    fn while_writing(self, path: &Path) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::writing(path, source))
    }

    fn while_reading(self, path: &Path) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::reading(path, source))
    }

    fn while_reading_source(self, path: &Path) -> Result<T, LandingError> {
        self.map_err(|source| LandingError::Unreadable {
            path: path.to_owned(),
            source,
        })
    }
}

fn holder_note(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!("(process {pid}) "))
}

/// The first problem, and how many more there are: a message is one line.
fn first_of(problems: &[Problem]) -> String {
    let first = problems.first().map(ToString::to_string).unwrap_or_default();
    match problems.len() {
        0 | 1 => first,
        n => format!("{first}, and {} more", n - 1),
    }
}
