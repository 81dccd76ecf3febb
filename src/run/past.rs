//! What an earlier release tells of itself.

use std::path::Path;

use crate::error::Error;
use crate::feature::RunReport;
use crate::store::{Store, StoreError};

/// Report of the release that `latest` points to; none before the first.
///
/// # Errors
/// When there is a latest release whose report can't be read.
pub fn last_report(store: &Store) -> Result<Option<RunReport>, Error> {
    let latest = store.latest().map_err(|source| Error::Store { source })?;
    latest.map(|latest| report_of(&store.release_dir(&latest.release))).transpose()
}

/// Report of the release in a folder.
///
/// # Errors
/// When it can't be read or isn't a report.
pub fn report_of(release: &Path) -> Result<RunReport, Error> {
    let path = release.join("report.json");
    let reading = |source| Error::Store { source: StoreError::Read { path: path.clone(), source } };
    let bytes = std::fs::read(&path).map_err(reading)?;
    serde_json::from_slice(&bytes).map_err(|source| Error::Format { path, what: "run report", source })
}
