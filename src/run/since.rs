//! `cikr changes`: two kept releases compared directly, whatever nights lie between them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, NaiveDate};
use serde::Serialize;

use crate::derive::changes::{PublishedTile, TwoReleases, compare_on_disk};
use crate::derive::product::Sink;
use crate::error::Error;
use crate::feature::LayerChanges;
use crate::feature::RunReport;
use crate::feature::records::RecordBudget;
use crate::feature::release::ReleaseId;
use crate::feature::release::paths::tile_folder;
use crate::store::{self, Manifest, ReleaseInfo, Scratch, Store, StoreError};
use crate::verify::sound_report;

/// Memory for what is kept of each row; the rest waits in a scratch file.
const RECORD_BYTES: usize = 256 << 20;

/// What is compared with what.
#[derive(Debug, Clone, Copy)]
pub struct SinceRequest<'a> {
    /// The earlier release: an id, a name, or a day (`2026-11-01`) whose last release is meant.
    pub since: &'a str,
    /// The later one: an id, a name, or `latest`.
    pub to: &'a str,
    /// Layers that are compared; all where none is named.
    pub layers: &'a [String],
    /// Folder for what outgrows memory.
    pub scratch: &'a Path,
}

/// Two releases that are compared.
#[derive(Debug)]
pub struct Compared {
    /// The earlier one.
    pub since: ReleaseId,
    /// The later one.
    pub to: ReleaseId,
    /// By layer, in the order of the later report.
    pub layers: Vec<ComparedLayerReport>,
}

/// What was found of a layer.
#[derive(Debug, Serialize)]
pub struct ComparedLayerReport {
    /// Its id.
    pub layer: String,
    /// What differs; none where one of the releases has no rows of it.
    pub changes: Option<LayerChanges>,
    /// Why nothing was compared.
    pub not_compared: Option<String>,
}

/// Takes the rows that differ: the layer, and pieces with the columns of `changes/<layer>.parquet`.
pub type ChangeSink<'a> = dyn FnMut(&str, &arrow_array::RecordBatch) -> Result<(), Error> + 'a;

/// Compares two releases of a store, layer by layer, and hands on what differs.
///
/// # Errors
/// When a release isn't there or is damaged, or `emit` fails.
pub fn compare_releases(
    store: &Store,
    request: &SinceRequest<'_>,
    emit: &mut ChangeSink<'_>,
) -> Result<Compared, Error> {
    let room = &RecordBudget {
        bytes: RECORD_BYTES,
        space: Arc::new(Scratch::new(request.scratch)),
    };
    let to = store.find_release(request.to)?;
    let since = earlier_release(store, request.since)?;
    let [before, after] = [&since, &to].map(|release| Side::open(store, release));
    let (before, after) = (before?, after?);
    let code_columns: Vec<String> = after
        .report
        .jurisdictions
        .iter()
        .map(|set| format!("{}_code", set.id))
        .collect();
    let mut layers = Vec::new();
    for layer in layer_ids(&before.report, &after.report, request.layers)? {
        layers.push(compare_layer(&layer, &before, &after, &code_columns, room, emit)?);
    }
    Ok(Compared { since, to, layers })
}

/// A release, as far as a comparison needs it.
struct Side {
    folder: PathBuf,
    report: RunReport,
    manifest: Manifest,
}

impl Side {
    fn open(store: &Store, release: &ReleaseId) -> Result<Self, Error> {
        Ok(Self {
            folder: store.release_dir(release),
            report: sound_report(store, release)?,
            manifest: store.sound_manifest(release)?,
        })
    }

    fn has_rows(&self, layer: &str) -> bool {
        let found = self.report.layers.iter().find(|found| found.id.as_str() == layer);
        found.is_some_and(|found| !found.is_absent())
    }

    fn tiles(&self, layer: &str) -> Vec<PublishedTile> {
        let data = tile_folder(layer);
        let files = self.manifest.files.iter();
        files
            .filter(|file| Path::new(&file.path).starts_with(&data))
            .map(|file| (self.folder.join(&file.path), file.sha256.clone()))
            .collect()
    }
}

fn compare_layer(
    layer: &str,
    before: &Side,
    after: &Side,
    code_columns: &[String],
    room: &RecordBudget,
    emit: &mut ChangeSink<'_>,
) -> Result<ComparedLayerReport, Error> {
    let lacking = [before, after].into_iter().find(|side| !side.has_rows(layer));
    if let Some(lacking) = lacking {
        return Ok(ComparedLayerReport {
            layer: layer.to_owned(),
            changes: None,
            not_compared: Some(format!("release {} has no rows of it", lacking.report.release)),
        });
    }
    let [old, new] = [before, after].map(|side| side.tiles(layer));
    refuse_damaged(&old, &new)?;
    let mut failed = None;
    let sink: &mut Sink<'_> = &mut |piece| {
        // What it fails with is another kind of failure than a tile that can't be read.
        if failed.is_none() {
            failed = emit(layer, piece).err();
        }
        Ok(())
    };
    let releases = TwoReleases {
        layer,
        code_columns,
        before: &old,
        after: &new,
    };
    let compared = compare_on_disk(&releases, room, sink);
    if let Some(error) = failed {
        return Err(error);
    }
    let mut changes = compared.map_err(|source| Error::Table {
        source: Box::new(source),
    })?;
    changes.against = before.report.release.to_string();
    Ok(ComparedLayerReport {
        layer: layer.to_owned(),
        changes: Some(changes),
        not_compared: None,
    })
}

/// Tiles that both have aren't read, and needn't be sound.
fn refuse_damaged(old: &[PublishedTile], new: &[PublishedTile]) -> Result<(), Error> {
    let [before, after] = [old, new].map(|tiles| {
        let digests = tiles.iter().map(|(_, sha256)| sha256.as_str());
        digests.collect::<BTreeSet<&str>>()
    });
    let own = old
        .iter()
        .filter(|(_, sha256)| !after.contains(sha256.as_str()))
        .chain(new.iter().filter(|(_, sha256)| !before.contains(sha256.as_str())));
    for (path, sha256) in own {
        if !store::has_digest(path, sha256) {
            let what = format!("{} is damaged: `cikr repair` may mend it", path.display());
            return Err(Error::Table { source: what.into() });
        }
    }
    Ok(())
}

/// The layers to be compared, those of the later release first.
fn layer_ids(before: &RunReport, after: &RunReport, wanted: &[String]) -> Result<Vec<String>, Error> {
    let mut ids: Vec<String> = Vec::new();
    for layer in after.layers.iter().chain(&before.layers) {
        if !ids.iter().any(|id| id == layer.id.as_str()) {
            ids.push(layer.id.to_string());
        }
    }
    for layer in wanted {
        if !ids.contains(layer) {
            return Err(Error::NoLayerThere {
                layer: layer.clone(),
                hint: format!("; they have {}", ids.join(", ")),
            });
        }
    }
    ids.retain(|id| wanted.is_empty() || wanted.contains(id));
    Ok(ids)
}

/// The earlier release by what a person calls it; where it is gone, the oldest that stands is named.
fn earlier_release(store: &Store, word: &str) -> Result<ReleaseId, Error> {
    let releases = store.releases()?;
    let oldest = releases.last();
    if let Ok(day) = word.parse::<NaiveDate>() {
        let found = releases.iter().find(|release| published_by(release, day));
        return found
            .map(|release| release.id.clone())
            .ok_or_else(|| no_longer_kept(&format!("of {word} or before"), oldest));
    }
    match store.find_release(word) {
        Ok(release) => Ok(release),
        Err(StoreError::NoRelease { .. }) => Err(no_longer_kept(&format!("`{word}`"), oldest)),
        Err(error) => Err(error.into()),
    }
}

fn published_by(release: &ReleaseInfo, day: NaiveDate) -> bool {
    DateTime::parse_from_rfc3339(&release.published).is_ok_and(|time| time.to_utc().date_naive() <= day)
}

fn no_longer_kept(release: &str, oldest: Option<&ReleaseInfo>) -> Error {
    Error::NotKept {
        release: release.to_owned(),
        oldest: oldest.map(|oldest| format!("{} of {}", oldest.id, oldest.published)),
    }
}
