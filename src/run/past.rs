//! What earlier releases tell of themselves.

use std::path::{Path, PathBuf};

use tracing::warn;

use crate::derive::product::TilesBefore;
use crate::error::error_chain;
use crate::feature::release::paths::tile_folder;
use crate::feature::{ReleaseCounts, RunReport};
use crate::store::{self, Manifest, Store};
use crate::verify::sound_report;

/// What a run builds on and is compared with.
pub(super) struct Past {
    /// Report of the release that this one builds on.
    pub(super) last: Option<RunReport>,
    /// Reports of the releases the store still keeps, oldest first.
    pub(super) history: Vec<RunReport>,
    /// Counts of every release that is remembered, oldest first, those of kept ones among them.
    pub(super) counts: Vec<ReleaseCounts>,
    /// Tiles of the last release by layer; none where its manifest can't be read.
    pub(super) tiles_before: Option<TilesBefore>,
}

impl Past {
    /// That of a run which begins now.
    pub(super) fn of_store(store: &Store) -> Self {
        let last = last_sound(store);
        let history = kept_reports(store);
        let tiles_before = last.as_ref().and_then(|last| tiles_of_release(store, last));
        let counts = remembered_counts(store, &history);
        Self {
            last,
            history,
            counts,
            tiles_before,
        }
    }
}

/// Report of the release that a night builds on: the latest, or the newest one that tells of
/// itself where that can't.
fn last_sound(store: &Store) -> Option<RunReport> {
    // Law 10: no damage to one file of a store ends a night. Any release that is whole will do to build on;
    // the layers that it has no rows of are made as if there were none.
    let latest = store.latest().unwrap_or_else(|error| {
        warn!(reason = error_chain(&error), "latest.json can't be read");
        None
    });
    let latest = latest.map(|latest| latest.release);
    let newest_first = store.releases().unwrap_or_default();
    let others = newest_first
        .into_iter()
        .map(|release| release.id)
        .filter(|id| Some(id) != latest.as_ref());
    for id in latest.iter().cloned().chain(others) {
        match sound_report(store, &id) {
            Ok(report) => {
                if Some(&report.release) != latest.as_ref() {
                    warn!(
                        release = report.release.as_str(),
                        "an older release stands in for the last one"
                    );
                }
                return Some(report);
            }
            Err(error) => warn!(
                release = id.as_str(),
                reason = error_chain(&error),
                "a release can't be built on"
            ),
        }
    }
    None
}

/// Reports of the releases the store still keeps, oldest first; one that can't be read is left out.
fn kept_reports(store: &Store) -> Vec<RunReport> {
    let newest_first = store.releases().unwrap_or_else(|error| {
        warn!(
            reason = error_chain(&error),
            "the store's earlier releases can't be listed"
        );
        Vec::new()
    });
    let mut reports = Vec::new();
    for release in newest_first.iter().rev() {
        match sound_report(store, &release.id) {
            Ok(report) => reports.push(report),
            Err(error) => warn!(
                release = release.id.as_str(),
                reason = error_chain(&error),
                "an earlier report can't be read"
            ),
        }
    }
    reports
}

/// Counts of the releases that are remembered, and of those that stand where nobody has noted them.
fn remembered_counts(store: &Store, history: &[RunReport]) -> Vec<ReleaseCounts> {
    let mut counts = store.history();
    for report in history {
        if counts.iter().all(|known| known.release != report.release) {
            counts.push(ReleaseCounts::of_report(report));
        }
    }
    counts.sort_by(|a, b| (&a.started, &a.release).cmp(&(&b.started, &b.release)));
    counts
}

/// Tiles of every layer of a release, and their digests, by its manifest; none where that can't be read.
pub(super) fn tiles_of_release(store: &Store, release: &RunReport) -> Option<TilesBefore> {
    let folder = store.release_dir(&release.release);
    match store::read_manifest(&folder) {
        Ok(manifest) => {
            let layers = release.layers.iter().map(|layer| layer.id.as_str());
            let tiles = layers.map(|layer| (layer.to_owned(), layer_tiles(&manifest, &folder, layer)));
            Some(tiles.collect())
        }
        Err(error) => {
            warn!(
                release = release.release.as_str(),
                reason = error_chain(&error),
                "the last release has no manifest"
            );
            None
        }
    }
}

fn layer_tiles(manifest: &Manifest, folder: &Path, layer: &str) -> Vec<(PathBuf, String)> {
    let data = tile_folder(layer);
    manifest
        .files
        .iter()
        .filter(|file| Path::new(&file.path).starts_with(&data))
        .map(|file| (folder.join(&file.path), file.sha256.clone()))
        .collect()
}
