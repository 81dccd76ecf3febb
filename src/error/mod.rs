//! The rooms' errors folded into one, and the exit codes.

mod map;

use std::error::Error as StdError;
use std::io::ErrorKind;
use std::path::PathBuf;

use crate::catalog::CatalogError;
use crate::config::Diagnostic;
use crate::derive::DeriveError;
use crate::engine::EngineError;
use crate::export::ExportError;
use crate::fetch::ReleaseUrlError;
use crate::join::JoinError;
use crate::mirror::MirrorError;
use crate::query::QueryError;
use crate::serve::ServeError;
use crate::store::StoreError;

pub use self::map::MapError;
pub use crate::feature::error_chain;

/// Exit codes, as the README lists them.
pub mod exit {
    /// All went well.
    pub const OK: u8 = 0;
    /// A mistake of this program.
    pub const INTERNAL: u8 = 1;
    /// Wrong command line (clap's own).
    pub const USAGE: u8 = 2;
    /// The pipeline or a schema has mistakes.
    pub const SPEC: u8 = 3;
    /// No layer succeeded, or a polygon set can't be read: nothing was published.
    pub const SOURCE: u8 = 4;
    /// Published, but a layer is missing or stale.
    pub const INCOMPLETE: u8 = 5;
    /// The store can't be read or written.
    pub const STORE: u8 = 6;
    /// `verify` found problems, or `repair` left some.
    pub const PROBLEMS: u8 = 7;
    /// All that was to be done is done, but standard output can't be written.
    pub const OUTPUT: u8 = 8;
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(clippy::error_impl_error, reason = "the one error of the whole program")]
pub enum Error {
    /// Mistakes in what people wrote.
    #[error("{} in the pipeline or its schemas", count_mistakes(diagnostics))]
    Config {
        /// Every mistake.
        diagnostics: Vec<Diagnostic>,
    },
    /// A file given on the command line can't be described.
    #[error("cannot describe {}", path.display())]
    Describe {
        /// The file.
        path: PathBuf,
        /// Cause.
        source: crate::source::SourceError,
    },
    /// A polygon set failed: no layer can be located without it.
    #[error("cannot prepare the jurisdictions; nothing was published")]
    Jurisdiction {
        /// Cause.
        source: EngineError,
    },
    /// A polygon set can't be landed.
    #[error("cannot land jurisdiction `{id}`, so nothing was published: {what}")]
    JurisdictionSource {
        /// Its id.
        id: String,
        /// What is wrong with its source, which goes by the name the pipeline gives it.
        what: String,
    },
    /// A polygon set has lost many of its polygons.
    #[error(
        "jurisdiction `{id}` has {polygons} polygons in {source_name}, where the last release had {before} of the same \
         vintage, so nothing was published; if that is meant, say so by another `vintage`"
    )]
    JurisdictionLost {
        /// Its id.
        id: String,
        /// Source as the pipeline names it.
        source_name: String,
        /// Polygons now.
        polygons: u64,
        /// Polygons in the last release.
        before: u64,
    },
    /// Every layer failed.
    #[error("no layer succeeded; nothing was published ({})", reasons.join("; "))]
    NothingPublished {
        /// Reason per layer.
        reasons: Vec<String>,
    },
    /// The inventory can't be made.
    #[error("cannot make the inventory")]
    Inventory {
        /// Cause.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A layer can't be put in one file.
    #[error("cannot write all rows of layer `{layer}` in one file")]
    National {
        /// Layer id.
        layer: String,
        /// Cause.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A product can't be derived from the release's tables.
    #[error("cannot derive a product from the tiles")]
    Derive {
        /// Cause.
        source: DeriveError,
    },
    /// A Parquet file can't be read or written.
    #[error("cannot read or write a table")]
    Table {
        /// Cause.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The catalog can't be made.
    #[error("cannot make the catalog")]
    Catalog {
        /// Cause.
        source: CatalogError,
    },
    /// A draft that would replace a file.
    #[error("{} exists already{}; draft under another id by `--id NAME`, or replace it by `--force`",
        path.display(), fits.as_ref().map(|id| format!(" and fits this file: use `schema = \"{id}\"` in a pipeline")).unwrap_or_default())]
    Exists {
        /// The file.
        path: PathBuf,
        /// Id of the schema there, where its key and its required fields are in the drafted file.
        fits: Option<String>,
    },
    /// The store failed.
    #[error("the store failed")]
    Store {
        /// Cause.
        source: StoreError,
    },
    /// A law of the design is broken: a mistake of this program.
    #[error("internal: {what}")]
    Law {
        /// Which, and how.
        what: String,
    },
    /// A file of a release can't be understood.
    #[error("{}: not a valid {what}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// Cause.
        source: serde_json::Error,
    },
    /// A layer named on the command line is none of the pipeline's.
    #[error("`{layer}` is no layer of this pipeline{hint}")]
    NoSuchLayer {
        /// As written.
        layer: String,
        /// Which may be meant, after a semicolon; empty where none is near.
        hint: String,
    },
    /// Nothing of a layer is held back.
    #[error(
        "nothing of layer `{layer}` is held back in {}; `--next` accepts its next change in advance, `--list` shows what is",
        store.display()
    )]
    NothingToAccept {
        /// Layer id.
        layer: String,
        /// Folder of the store.
        store: PathBuf,
    },
    /// Rows can't be written for other tools.
    #[error("cannot export")]
    Export {
        /// Cause.
        source: ExportError,
    },
    /// A collection can't be put into vector tiles.
    #[error("cannot make the vector tiles of `{collection}`")]
    Map {
        /// Layer id, or `facilities`.
        collection: String,
        /// Cause.
        source: MapError,
    },
    /// A file can't be joined to polygon sets.
    #[error(transparent)]
    Join {
        /// Cause.
        source: Box<JoinError>,
    },
    /// A question has no answer.
    #[error("cannot answer")]
    Query {
        /// Cause.
        source: Box<QueryError>,
    },
    /// There is no release at an address.
    #[error(transparent)]
    ReleaseUrl {
        /// Cause.
        source: ReleaseUrlError,
    },
    /// A release of another store can't be taken over.
    #[error("cannot take over the release")]
    Mirror {
        /// Cause.
        source: Box<MirrorError>,
    },
    /// A store can't be served.
    #[error("cannot serve")]
    Serve {
        /// Cause.
        source: ServeError,
    },
    /// A file that an export can't be written to.
    #[error("{what}")]
    ExportTarget {
        /// Why.
        what: String,
    },
    /// An acceptance without a reason.
    #[error("`--reason` is empty: say why the change is meant, for those who read the report")]
    NoReason,
    /// Standard output can't be written.
    #[error("{}cannot write to standard output", done.as_ref().map(|done| format!("{done}, but ")).unwrap_or_default())]
    Output {
        /// What the command has done before.
        done: Option<String>,
        /// Cause.
        source: std::io::Error,
    },
    /// The system lets no signal be handled.
    #[error("cannot listen for signals")]
    Signals {
        /// Cause.
        source: std::io::Error,
    },
    /// A file's extension says no format that is written.
    #[error("{} is not written: its name ends with {known}", path.display())]
    NoFormat {
        /// The file.
        path: PathBuf,
        /// What it may end with.
        known: &'static str,
    },
    /// A layer named on the command line is in neither release.
    #[error("neither release has a layer `{layer}`{hint}")]
    NoLayerThere {
        /// As written.
        layer: String,
        /// Which may be meant, after a semicolon; empty where none is near.
        hint: String,
    },
    /// A release that was asked for isn't kept any more.
    #[error("there is no release {release} to compare with{}", oldest_note(oldest.as_deref()))]
    NotKept {
        /// What was asked for.
        release: String,
        /// The oldest that stands, where there is one.
        oldest: Option<String>,
    },
    /// The program can't start itself with the wanted number of threads.
    #[error("cannot start with --threads")]
    Threads {
        /// Cause.
        source: std::io::Error,
    },
}

impl From<StoreError> for Error {
    fn from(source: StoreError) -> Self {
        Self::Store { source }
    }
}

impl Error {
    /// Exit code of the failure.
    ///
    /// ```
    /// use cikr::error::{Error, exit};
    ///
    /// let error = Error::NothingPublished { reasons: vec!["hospitals: no rows".to_owned()] };
    /// assert_eq!(error.exit_code(), exit::SOURCE);
    /// assert_eq!(Error::NoReason.exit_code(), exit::USAGE);
    /// ```
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Output { .. } => exit::OUTPUT,
            // Before all kinds: whatever was being made when a disk filled, what a
            // person has to do is the same.
            _ if is_of_store(self) => exit::STORE,
            Self::Config { .. } => exit::SPEC,
            Self::Mirror { source } if source.is_mistake() => exit::USAGE,
            Self::Describe { .. }
            | Self::Mirror { .. }
            | Self::Jurisdiction { .. }
            | Self::JurisdictionLost { .. }
            | Self::JurisdictionSource { .. }
            | Self::NothingPublished { .. } => exit::SOURCE,
            Self::Exists { .. }
            | Self::NoSuchLayer { .. }
            | Self::NoLayerThere { .. }
            | Self::NoFormat { .. }
            | Self::NothingToAccept { .. }
            | Self::ExportTarget { .. }
            | Self::ReleaseUrl {
                source: ReleaseUrlError::Address { .. },
            }
            | Self::NoReason => exit::USAGE,
            Self::Export { source } if source.is_mistake() => exit::USAGE,
            Self::Query { source } if source.is_mistake() => exit::USAGE,
            Self::Join { source } if source.is_mistake() => exit::USAGE,
            Self::Serve { source } if source.is_mistake() => exit::USAGE,
            Self::Map {
                source: MapError::Select { source },
                ..
            } if source.is_mistake() => exit::USAGE,
            Self::Join { source } if !source.is_output() => exit::SOURCE,
            Self::Join { .. }
            | Self::Export { .. }
            | Self::Query { .. }
            | Self::ReleaseUrl { .. }
            | Self::Store { .. }
            | Self::Table { .. }
            | Self::Format { .. }
            | Self::Map {
                source: MapError::Tile { .. } | MapError::Select { .. },
                ..
            }
            | Self::NotKept { .. } => exit::STORE,
            Self::Inventory { .. }
            | Self::National { .. }
            | Self::Derive { .. }
            | Self::Catalog { .. }
            | Self::Map { .. }
            | Self::Law { .. }
            | Self::Serve { .. }
            | Self::Signals { .. }
            | Self::Threads { .. } => exit::INTERNAL,
        }
    }
}

/// Whether an error is the store's, or has one of the store, or a disk without room, among its causes.
fn is_of_store(error: &(dyn StdError + 'static)) -> bool {
    if let Some(store) = error.downcast_ref::<StoreError>() {
        return !store.is_source();
    }
    let io = error.downcast_ref::<std::io::Error>();
    // Writers that know no store fail with errors of the system, and carry the store's own within. `source()`
    // of such an error is what lies behind the one within, so that it has to be asked for by itself.
    let within = io
        .and_then(std::io::Error::get_ref)
        .and_then(|inner| inner.downcast_ref::<StoreError>());
    within.is_some() || io.is_some_and(is_out_of_space) || error.source().is_some_and(is_of_store)
}

fn is_out_of_space(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

impl Error {
    /// Whether a disk without room is what failed.
    ///
    /// ```
    /// use std::io::{self, ErrorKind};
    ///
    /// use cikr::error::Error;
    ///
    /// let full = Error::Table { source: Box::new(io::Error::from(ErrorKind::StorageFull)) };
    /// assert!(full.is_out_of_space());
    /// assert!(!Error::NoReason.is_out_of_space());
    /// ```
    pub fn is_out_of_space(&self) -> bool {
        let mut cause: Option<&(dyn StdError + 'static)> = Some(self);
        while let Some(error) = cause {
            let io = error.downcast_ref::<std::io::Error>();
            if io.is_some_and(is_out_of_space)
                || matches!(error.downcast_ref(), Some(StoreError::Full { .. }))
            {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

fn oldest_note(oldest: Option<&str>) -> String {
    oldest.map_or_else(String::new, |oldest| {
        format!("; the oldest that stands is {oldest}, and `cikr pin` keeps one for good")
    })
}

impl Error {
    /// Whether a reader of what was written has seen enough.
    pub fn is_broken_pipe(&self) -> bool {
        let mut cause: Option<&(dyn StdError + 'static)> = Some(self);
        while let Some(error) = cause {
            let io = error.downcast_ref::<std::io::Error>();
            if io.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe) {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

fn count_mistakes(diagnostics: &[Diagnostic]) -> String {
    match diagnostics.iter().filter(|one| one.is_error()).count() {
        1 => "1 mistake".to_owned(),
        n => format!("{n} mistakes"),
    }
}
