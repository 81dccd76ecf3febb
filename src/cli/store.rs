//! Stores and releases on the command line.

use std::path::{Path, PathBuf};

use clap::Args;

use super::pipeline::load_plan;
use crate::error::Error;
use crate::feature::Veil;
use crate::feature::release::paths::MANIFEST;
use crate::store::{Store, StoreError};

/// Where the store is.
#[derive(Debug, Args)]
pub(super) struct StoreAt {
    /// Store folder, or a pipeline file that names it
    #[arg(long, value_name = "DIR|PIPELINE", default_value = "out/demo")]
    store: PathBuf,
}

impl StoreAt {
    pub(super) fn open(&self) -> Result<Store, Error> {
        open_store(&self.store)
    }
}

/// The store at a folder, or the one that a pipeline file names.
pub(super) fn open_store(at: &Path) -> Result<Store, Error> {
    let root = if at.extension().is_some_and(|extension| extension == "toml") {
        load_plan(at, &[], None, None, &Veil::default())?.0.store
    } else {
        at.to_owned()
    };
    Store::existing(&root).map_err(store_error)
}

/// What a store can't do, as the command's failure.
pub(super) fn store_error(source: StoreError) -> Error {
    Error::Store { source }
}

/// What is no path is an id, to be found in the store.
fn folder_by_id(id: &str, at: &StoreAt) -> Result<PathBuf, Error> {
    match at.open() {
        // A store that isn't there and one that lacks the release are the same mistake: no such release.
        Ok(store) => {
            let release = store.find_release(id).map_err(store_error)?;
            Ok(store.release_dir(&release))
        }
        Err(Error::Store {
            source: StoreError::NoStore { path },
        }) => Err(no_release(id, &path)),
        Err(error) => Err(error),
    }
}

/// The release meant: a folder with a manifest, the latest of a store, or an id.
pub(super) fn release_folder(release: &Path, at: &StoreAt) -> Result<PathBuf, Error> {
    if is_release(release) {
        return Ok(release.to_owned());
    }
    if !is_store(release) {
        return folder_by_id(&release.to_string_lossy(), at);
    }
    let store = open_store(release)?;
    let latest = store.latest().map_err(store_error)?;
    Ok(latest.map_or_else(|| release.to_owned(), |latest| store.release_dir(&latest.release)))
}

pub(super) fn is_release(path: &Path) -> bool {
    path.join(MANIFEST).is_file()
}

/// A folder that is no release's, or the pipeline file that names one.
pub(super) fn is_store(path: &Path) -> bool {
    path.is_dir() || path.extension().is_some_and(|extension| extension == "toml")
}

fn no_release(id: &str, store: &Path) -> Error {
    store_error(StoreError::NoRelease {
        release: id.to_owned(),
        store: store.to_owned(),
    })
}
