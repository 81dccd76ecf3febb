//! What can be wrong with a source, or with what was landed of it: the layer fails, and the store is as it was.
//!
//! Kept apart from `StoreError`, since who is to blame decides the exit code.

use std::io;
use std::path::PathBuf;

/// Why a source can't be landed, or what was landed of it can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LandingError {
    /// The source is not there.
    #[error("there is no {}", path.display())]
    Missing {
        /// The source.
        path: PathBuf,
    },
    /// The source is a folder without a dataset, or neither file nor folder.
    #[error("{} is neither a file, a .gdb folder nor a folder of .parquet files", path.display())]
    UnsupportedKind {
        /// The source.
        path: PathBuf,
    },
    /// A folder of Parquet files with another file in it.
    #[error(
        "{} is no Parquet file, so the folder around it is refused: move it elsewhere, or let its name begin with `_` if it holds no rows",
        path.display()
    )]
    StrayFile {
        /// The other file.
        path: PathBuf,
    },
    /// A folder with something in it that is not a regular file.
    #[error("{} is not a regular file, so the folder around it is refused", path.display())]
    NotARegularFile {
        /// The entry.
        path: PathBuf,
    },
    /// Two files that could both be the same part of a Shapefile.
    #[error("{} has more than one .{extension} file", path.display())]
    DuplicatePart {
        /// The Shapefile.
        path: PathBuf,
        /// Extension, lower case.
        extension: String,
    },
    /// A database of which a part is in another file: another program has it open, or didn't close it.
    #[error(
        "{} is not whole: its last changes are in {}; close it where it is open, or run \
         `sqlite3 {} 'PRAGMA wal_checkpoint(TRUNCATE)'`",
        path.display(), beside.display(), path.display()
    )]
    Unclosed {
        /// The database.
        path: PathBuf,
        /// File that has the changes.
        beside: PathBuf,
    },
    /// The source can't be read.
    #[error("cannot read the source {}", path.display())]
    Unreadable {
        /// The source.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A page that a pull should hold is not there, or damaged.
    #[error("page `{name}` of {} is missing or damaged; fetch it again", path.display())]
    PageMissing {
        /// The pull.
        path: PathBuf,
        /// Name of the page.
        name: String,
    },
    /// Nothing whole was landed that could be used instead of the source.
    #[error("no whole copy of `{id}` is landed, and --offline fetches nothing; `cikr fetch` lands it")]
    NeverLanded {
        /// Folder of the source in the landing.
        id: String,
    },
    /// The source was written to while it was landed.
    #[error("the source {} changed while it was copied", path.display())]
    Changed {
        /// The source.
        path: PathBuf,
    },
}
