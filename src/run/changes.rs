//! `changes/<layer>.parquet`: each layer's rows against those of the release that `latest` names.
//!
//! Tiles that are the same byte for byte in both releases are not read: a layer that is linked, carried or
//! came out the same costs nothing. A release before that can't be read is no reason to fail.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};
use tracing::{info, warn};

use super::tile::{self, TileError, write_pieces};
use super::{Context, LayerOutcome, gate};
use crate::derive::changes::{self, Tiles, path};
use crate::error::{Error, chain};
use crate::feature::{FileRecord, LayerChanges, LayerReport, LayerStatus, SourceProfile};
use crate::geoparquet;
use crate::plan::LayerPlan;
use crate::store::{self, Manifest, ManifestFile};

/// Compares every layer that can be compared; the report says why another can't.
///
/// # Errors
/// When a tile of this run can't be read back or a table can't be written.
pub(super) fn write(context: &Context<'_>, layers: &mut [LayerOutcome]) -> Result<(), Error> {
    let _task = context.progress.start("derive", "changes", None);
    let timer = Instant::now();
    let manifest = context.last.as_ref().and_then(|last| {
        let read = store::read_manifest(&context.store.release_dir(&last.release));
        read.map_err(|error| {
            warn!(release = last.release, reason = chain(&error), "the last release has no manifest");
        })
        .ok()
    });
    let compared = context.plan.layers.par_iter().zip(&*layers);
    let compared = compared.map(|(plan, outcome)| one(context, plan, outcome, manifest.as_ref()));
    let compared = compared.collect::<Result<Vec<_>, Error>>()?;
    for ((plan, outcome), compared) in context.plan.layers.iter().zip(layers).zip(compared) {
        // A carried report, or that of linked files, tells of another release.
        (outcome.report.changes, outcome.report.not_compared) = (None, None);
        match compared {
            Ok((changes, file)) => {
                tell(plan.id.as_str(), &changes);
                (outcome.report.changes, outcome.changes) = (Some(changes), Some(file));
            }
            Err(reason) => outcome.report.not_compared = Some(reason),
        }
    }
    info!(stage = "derive", seconds = timer.elapsed().as_secs_f64(), "compared with the last release");
    Ok(())
}

/// What differs in a layer, and the table of it; or why nothing can be compared.
fn one(
    context: &Context<'_>,
    plan: &LayerPlan,
    outcome: &LayerOutcome,
    manifest: Option<&Manifest>,
) -> Result<Result<(LayerChanges, FileRecord), String>, Error> {
    let Some((last, before)) = gate::last_good(context, plan.id.as_str()) else {
        return Ok(Err("no release before has rows of it".to_owned()));
    };
    if outcome.report.status == LayerStatus::Absent {
        return Ok(Err("the release has no rows of it".to_owned()));
    }
    let is_part = |profile: Option<&SourceProfile>| profile.is_some_and(|profile| profile.limit.is_some());
    if is_part(outcome.report.profile.as_ref()) || is_part(before.profile.as_ref()) {
        return Ok(Err("only a part of the source was read (`--limit`), here or before".to_owned()));
    }
    let Some(manifest) = manifest else {
        return Ok(Err(format!("the manifest of release {} can't be read", last.release)));
    };
    let earlier = context.store.release_dir(&last.release);
    match compare(context, plan, outcome, &tiles_of(manifest, plan.id.as_str()), &earlier) {
        Ok((file, mut changes)) => {
            last.release.clone_into(&mut changes.against);
            changes.is_read_otherwise = is_read_otherwise(before, &outcome.report);
            Ok(Ok((changes, file)))
        }
        Err(TileError::Parquet { source, .. })
            if source.path().is_some_and(|path| path.starts_with(&earlier)) =>
        {
            let reason = format!("release {} can't be read: {}", last.release, chain(&source));
            warn!(layer = %plan.id, reason, "not compared with the last release");
            Ok(Err(reason))
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether the plan reads the layer in another way than it did for the release before.
fn is_read_otherwise(before: &LayerReport, now: &LayerReport) -> bool {
    let reading = |report: &LayerReport| report.profile.as_ref().map(|profile| profile.reading.clone());
    reading(before) != reading(now)
}

/// A layer's tiles by the manifest.
fn tiles_of<'m>(manifest: &'m Manifest, layer: &str) -> Vec<&'m ManifestFile> {
    let data = tile::base(layer).join("data");
    manifest.files.iter().filter(|file| Path::new(&file.path).starts_with(&data)).collect()
}

fn compare(
    context: &Context<'_>,
    plan: &LayerPlan,
    outcome: &LayerOutcome,
    before: &[&ManifestFile],
    earlier: &Path,
) -> Result<(FileRecord, LayerChanges), TileError> {
    // An id stands once in a release: the same bytes are the same facilities, wherever they lie.
    let old: BTreeSet<&str> = before.iter().map(|file| file.sha256.as_str()).collect();
    let new: BTreeSet<&str> = outcome.tiles.iter().map(|tile| tile.sha256.as_str()).collect();
    let same = outcome.tiles.iter().filter(|tile| old.contains(tile.sha256.as_str()));
    let same_rows = same.map(|tile| tile.rows).sum();
    let before = before.iter().filter(|file| !new.contains(file.sha256.as_str()));
    let before: Vec<PathBuf> = before.map(|file| earlier.join(&file.path)).collect();
    let after = outcome.tiles.iter().filter(|tile| !old.contains(tile.sha256.as_str()));
    let after: Vec<PathBuf> = after.map(|tile| context.staging.path_of(&tile.path)).collect();
    let tiles = Tiles { before: &before, after: &after, same_rows };
    write_pieces(context, &path(plan.id.as_str()), changes::schema(), |emit| {
        changes::compare(&plan.schema, tiles, emit)
    })
}

fn tell(layer: &str, changes: &LayerChanges) {
    if changes.is_some() {
        info!(stage = "derive", layer, against = changes.against, "{}", changes.words());
    }
    for remark in changes.remarks() {
        info!(stage = "derive", layer, "{remark}");
    }
}

/// What is wrong with a layer's table of changes in a release: its rows are those that the report counts.
pub(super) fn problems(release: &Path, layer: &LayerReport) -> Vec<String> {
    let file = release.join(path(&layer.id));
    let Some(changes) = &layer.changes else {
        let is_foreign = file.exists();
        return is_foreign
            .then(|| "a table of changes that report.json doesn't know".to_owned())
            .into_iter()
            .collect();
    };
    let mut wrong = Vec::new();
    let kept = changes.changed + changes.recomputed + changes.unchanged;
    if kept + changes.added != layer.rows_written {
        let (added, written) = (changes.added, layer.rows_written);
        wrong.push(format!("{added} added and {kept} that were there before, {written} rows written"));
    }
    let expected = counts(changes);
    match geoparquet::read(&file, Some(&["change", "field"])) {
        Ok(rows) if counted(&rows) == expected => {}
        Ok(_) => wrong.push("the table of changes has other rows than report.json counts".to_owned()),
        Err(error) => wrong.push(format!("the table of changes: {}", chain(&error))),
    }
    wrong
}

/// Rows by column, or by what became of a facility where they name no column.
fn counts(changes: &LayerChanges) -> BTreeMap<String, u64> {
    let whole = [("added".to_owned(), changes.added), ("removed".to_owned(), changes.removed)];
    let every = changes.every_row.iter().map(|column| (column.field.clone(), 1));
    let fields = changes.fields.clone().into_iter();
    whole.into_iter().chain(every).chain(fields).filter(|(_, rows)| *rows > 0).collect()
}

fn counted(rows: &RecordBatch) -> BTreeMap<String, u64> {
    let [changes, fields] = [0, 1].map(|column| rows.column(column).as_string_opt::<i32>());
    let mut counts = BTreeMap::new();
    for (change, field) in changes.into_iter().flatten().zip(fields.into_iter().flatten()) {
        *counts.entry(field.or(change).unwrap_or_default().to_owned()).or_default() += 1;
    }
    counts
}
