//! `cikr releases`, `cikr rollback`, `cikr verify` and `cikr repair`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::{Output, load};
use crate::error::{Error, exit};
use crate::feature::Veil;
use crate::report::size;
use crate::run;
use crate::store::{self, Store, StoreError};

/// Where the store is.
#[derive(Debug, Args)]
pub(super) struct StoreAt {
    /// Store folder, or a pipeline file that names it
    #[arg(long, value_name = "DIR|PIPELINE", default_value = "out/demo")]
    store: PathBuf,
}

impl StoreAt {
    fn open(&self) -> Result<Store, Error> {
        open(&self.store)
    }
}

pub(super) fn open(at: &Path) -> Result<Store, Error> {
    let root = if at.extension().is_some_and(|extension| extension == "toml") {
        load(at, &[], None, None, &Veil::default())?.0.store
    } else {
        at.to_owned()
    };
    Store::existing(&root).map_err(|source| Error::Store { source })
}

/// List the releases of a store.
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    store: StoreAt,
}

impl List {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let releases = self
            .store
            .open()?
            .releases()
            .map_err(|source| Error::Store { source })?;
        out.print(&releases, || {
            let mut text = String::new();
            for release in &releases {
                let mark = if release.is_latest { "  latest" } else { "" };
                let (id, rows, bytes) = (&release.id, release.rows, size(release.bytes));
                let _ = writeln!(
                    text,
                    "{id}  {:>5} tiles  {rows:>10} rows  {bytes:>10}{mark}",
                    release.tiles
                );
            }
            if text.is_empty() {
                "no release yet".to_owned()
            } else {
                text
            }
        })?;
        Ok(exit::OK)
    }
}

/// Make an earlier release the latest.
#[derive(Debug, Args)]
pub(super) struct Rollback {
    /// Release id, as `cikr releases` lists it
    id: String,
    #[command(flatten)]
    store: StoreAt,
}

impl Rollback {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let store = self.store.open()?;
        let store_error = |source| Error::Store { source };
        let lock = store.lock().map_err(store_error)?;
        let latest = store.rollback(&lock, &self.id).map_err(store_error)?;
        run::write_feed(&store, &lock);
        let value = json!({ "release": latest.release });
        out.print(&value, || format!("latest is now {}", latest.release))?;
        Ok(exit::OK)
    }
}

/// Re-check a release: checksums, sums and laws.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Folder of a release, a store (its latest release, and `latest.json`), or a release id with --store
    release: PathBuf,
    #[command(flatten)]
    store: StoreAt,
    /// What is landed in the store, too: every copy against its digests
    #[arg(long)]
    landing: bool,
}

impl Verify {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let is_store = !is_release(&self.release) && is_store(&self.release);
        let store = || {
            if is_store {
                open(&self.release)
            } else {
                self.store.open()
            }
        };
        let mut verified = if is_store {
            run::verify_store(&store()?)?
        } else {
            run::verify(&release_folder(&self.release, &self.store)?)?
        };
        if self.landing {
            verified = verified.with_landing(&store()?)?;
        }
        out.print(&verified, || {
            let mut text = String::new();
            for problem in &verified.problems {
                let _ = writeln!(text, "{}: {}", problem.path.display(), problem.what);
            }
            let verdict = match verified.problems.len() {
                0 => "sound".to_owned(),
                1 => "1 problem".to_owned(),
                n => format!("{n} problems"),
            };
            let (tiles, rows) = (verified.tiles, verified.rows);
            let _ = write!(
                text,
                "release {}: {verdict}; {tiles} tiles hold {rows} rows, the inventory's among them",
                verified.release
            );
            text
        })?;
        Ok(if verified.problems.is_empty() {
            exit::OK
        } else {
            exit::PROBLEMS
        })
    }
}

/// Find what is damaged in a store, and mend what can be mended.
#[derive(Debug, Args)]
#[command(after_help = REPAIR_HELP)]
pub(super) struct Repair {
    /// Store folder, or a pipeline file that names it
    #[arg(value_name = "PIPELINE|STORE")]
    at: PathBuf,
    /// Only tell what is damaged, and what would be done
    #[arg(long)]
    dry_run: bool,
}

const REPAIR_HELP: &str = "\
Everything is read: releases, landed copies, records. `latest.json` is made again where it leads nowhere; damaged copies
of sources are set aside (`.damaged`), so that the next run fetches them; damaged files of releases are linked from
another release that has the same bytes whole. Exit code 7 where something stays damaged.";

impl Repair {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let store = open(&self.at)?;
        let store_error = |source| Error::Store { source };
        let lock = store.lock().map_err(store_error)?;
        let found = store.repair(&lock, self.dry_run).map_err(store_error)?;
        let left = found
            .iter()
            .filter(|found| self.dry_run || found.done.is_none())
            .count();
        if !self.dry_run && left < found.len() {
            run::write_feed(&store, &lock);
        }
        let value = json!({ "dry_run": self.dry_run, "damaged": found.len(), "left": left, "found": found });
        out.print(&value, || self.text(&found))?;
        Ok(if left == 0 { exit::OK } else { exit::PROBLEMS })
    }

    fn text(&self, found: &[store::Repair]) -> String {
        if found.is_empty() {
            return "nothing is damaged".to_owned();
        }
        let mut text = String::new();
        for store::Repair { path, what, done } in found {
            let done = done.as_deref().unwrap_or("CAN'T BE MENDED");
            let _ = writeln!(text, "{path}: {what}: {done}");
        }
        let mended = found.iter().filter(|found| found.done.is_some()).count();
        let verb = if self.dry_run { "would be mended" } else { "mended" };
        let _ = write!(text, "{} damaged, {mended} {verb}", found.len());
        text
    }
}

/// What is no path is an id, to be found in the store.
fn by_id(id: &str, at: &StoreAt) -> Result<PathBuf, Error> {
    let none = |store: &Path| Error::Store {
        source: StoreError::NoRelease {
            release: id.to_owned(),
            store: store.to_owned(),
        },
    };
    match at.open() {
        Ok(store) if store.has(id) => Ok(store.release_dir(id)),
        Ok(store) => Err(none(store.root())),
        Err(Error::Store {
            source: StoreError::NoStore { path },
        }) => Err(none(&path)),
        Err(error) => Err(error),
    }
}

/// The release meant: a folder with a manifest, the latest of a store, or an id.
pub(super) fn release_folder(release: &Path, at: &StoreAt) -> Result<PathBuf, Error> {
    if is_release(release) {
        return Ok(release.to_owned());
    }
    if !is_store(release) {
        return by_id(&release.to_string_lossy(), at);
    }
    let store = open(release)?;
    let latest = store.latest().map_err(|source| Error::Store { source })?;
    Ok(latest.map_or_else(|| release.to_owned(), |latest| store.release_dir(&latest.release)))
}

fn is_release(path: &Path) -> bool {
    path.join("manifest.json").is_file()
}

/// A folder that is no release's, or the pipeline file that names one.
fn is_store(path: &Path) -> bool {
    path.is_dir() || path.extension().is_some_and(|extension| extension == "toml")
}
