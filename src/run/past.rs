//! What an earlier release tells of itself.

use std::path::{Path, PathBuf};

use tracing::warn;

use super::tile;
use crate::derive::product::TilesBefore;
use crate::error::{Error, chain};
use crate::feature::RunReport;
use crate::store::{self, Manifest, Store, StoreError};

const REPORT: &str = "report.json";

/// Report of the release that `latest` points to; none before the first.
///
/// # Errors
/// When there is a latest release whose report can't be read.
pub fn last_report(store: &Store) -> Result<Option<RunReport>, Error> {
    let latest = store.latest().map_err(|source| Error::Store { source })?;
    latest
        .map(|latest| report_of(&store.release_dir(&latest.release)))
        .transpose()
}

/// Report of the release in a folder.
///
/// # Errors
/// When it can't be read or isn't a report.
pub fn report_of(release: &Path) -> Result<RunReport, Error> {
    let path = release.join(REPORT);
    let reading = |source| Error::Store {
        source: StoreError::Read {
            path: path.clone(),
            source,
        },
    };
    let bytes = store::read_regular(&path).map_err(reading)?;
    serde_json::from_slice(&bytes).map_err(|source| Error::Format {
        path,
        what: "run report",
        source,
    })
}

/// Report of a release of a store, which has the digest that the release's manifest says.
///
/// # Errors
/// When it, the manifest or the record is missing or damaged.
pub(super) fn sound_report(store: &Store, release: &str) -> Result<RunReport, Error> {
    let bytes = store
        .sound_file(release, REPORT)
        .map_err(|source| Error::Store { source })?;
    let path = store.release_dir(release).join(REPORT);
    serde_json::from_slice(&bytes).map_err(|source| Error::Format {
        path,
        what: "run report",
        source,
    })
}

/// Report of the release that a night builds on: the latest, or the newest one that tells of itself where that can't.
pub(super) fn last_sound(store: &Store) -> Option<RunReport> {
    let latest = store.latest().unwrap_or_else(|error| {
        warn!(reason = chain(&error), "latest.json can't be read");
        None
    });
    let latest = latest.map(|latest| latest.release);
    let others = store
        .releases()
        .unwrap_or_default()
        .into_iter()
        .map(|release| release.id);
    let others = others.filter(|id| Some(id) != latest.as_ref());
    let mut reports = latest
        .iter()
        .cloned()
        .chain(others)
        .map(|id| (sound_report(store, &id), id));
    let sound = reports.find_map(|(report, id)| match report {
        Ok(report) => Some(report),
        Err(error) => {
            warn!(
                release = id,
                reason = chain(&error),
                "a release can't be built on"
            );
            None
        }
    });
    let report = sound?;
    if Some(&report.release) != latest.as_ref() {
        warn!(
            release = report.release,
            "an older release stands in for the last one"
        );
    }
    Some(report)
}

/// Reports of the releases the store still keeps, oldest first; one that can't be read is left out.
pub(super) fn history(store: &Store) -> Vec<RunReport> {
    let releases = store.releases().unwrap_or_else(|error| {
        warn!(
            reason = chain(&error),
            "the store's earlier releases can't be listed"
        );
        Vec::new()
    });
    let report = |id: &str| {
        let read = sound_report(store, id);
        read.map_err(|error| {
            warn!(
                release = id,
                reason = chain(&error),
                "an earlier report can't be read"
            )
        })
        .ok()
    };
    releases
        .iter()
        .rev()
        .filter_map(|release| report(&release.id))
        .collect()
}

/// Tiles of every layer of a release, and their digests, by its manifest; none where that can't be read.
pub(super) fn tiles(store: &Store, release: &RunReport) -> Option<TilesBefore> {
    let folder = store.release_dir(&release.release);
    let manifest = store::read_manifest(&folder);
    let manifest = manifest.map_err(|error| {
        warn!(
            release = release.release,
            reason = chain(&error),
            "the last release has no manifest"
        );
    });
    let manifest = manifest.ok()?;
    let of = |layer: &str| (layer.to_owned(), of_layer(&manifest, &folder, layer));
    Some(release.layers.iter().map(|layer| of(&layer.id)).collect())
}

fn of_layer(manifest: &Manifest, folder: &Path, layer: &str) -> Vec<(PathBuf, String)> {
    let data = tile::base(layer).join("data");
    let files = manifest
        .files
        .iter()
        .filter(|file| Path::new(&file.path).starts_with(&data));
    files
        .map(|file| (folder.join(&file.path), file.sha256.clone()))
        .collect()
}
