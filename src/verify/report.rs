//! `report.json` of a release, read back.

use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::feature::RunReport;
use crate::feature::release::ReleaseId;
use crate::feature::release::paths::REPORT;
use crate::store::{self, Store, StoreError};

/// Report of the release in a folder.
///
/// # Errors
/// When it can't be read or isn't a report.
///
/// ```
/// use cikr::error::exit;
///
/// let error = cikr::verify::read_report("no/such/release".as_ref()).unwrap_err();
/// assert_eq!(error.exit_code(), exit::STORE);
/// ```
pub fn read_report(release: &Path) -> Result<RunReport, Error> {
    let path = release.join(REPORT);
    // A pipe in place of a report is told of: to open it would wait for a writer for ever.
    match store::read_regular(&path) {
        Ok(bytes) => parse_report(path, &bytes),
        Err(source) => Err(StoreError::Read { path, source }.into()),
    }
}

/// Report of the release that `latest` points to; none before the first.
///
/// # Errors
/// When there is a latest release whose report can't be read.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// let store = cikr::store::Store::open(&folder.path().join("store"))?;
/// assert!(cikr::verify::last_report(&store)?.is_none(), "nothing was published yet");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn last_report(store: &Store) -> Result<Option<RunReport>, Error> {
    match store.latest()? {
        Some(latest) => read_report(&store.release_dir(&latest.release)).map(Some),
        None => Ok(None),
    }
}

/// Report of a release of a store, which has the digest that the release's manifest says.
///
/// # Errors
/// When it, the manifest or the record is missing or damaged.
pub fn sound_report(store: &Store, release: &ReleaseId) -> Result<RunReport, Error> {
    let bytes = store.sound_file(release, REPORT)?;
    parse_report(store.release_dir(release).join(REPORT), &bytes)
}

fn parse_report(path: PathBuf, bytes: &[u8]) -> Result<RunReport, Error> {
    serde_json::from_slice(bytes).map_err(|source| Error::Format {
        path,
        what: "run report",
        source,
    })
}
