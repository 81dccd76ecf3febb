//! Archives of vector tiles in a release that is taken over: made of its rows, as the report says how, and not fetched. They weigh
//! more than all else, and change wherever a row does.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use tracing::debug;

use super::map_archive::{MapCollection, write_archive};
use super::map_recipe::MapRecipe;
use crate::error::error_chain;
use crate::feature::records::RecordBudget;
use crate::feature::release::paths::{REPORT, map_path, tile_folder};
use crate::feature::release::product_names;
use crate::feature::{Progress, RunReport};
use crate::mirror::{DerivedFiles, has_sound_footer};
use crate::store::{Manifest, ManifestFile, NewFiles, Scratch, Staging, StoreError};

/// Memory for rows, bytes: those that don't fit wait in a scratch file.
const ROW_BYTES: usize = 256 << 20;
/// Longest report that is read, bytes.
const MOST_REPORT_BYTES: u64 = 64 << 20;

/// Makes them.
pub(super) struct MirroredMaps<'a> {
    pub(super) progress: &'a dyn Progress,
}

/// What the report tells of an archive, as far as it matters here.
#[derive(Deserialize)]
struct ToldArchive {
    made_of: String,
    recipe: MapRecipe,
}

impl DerivedFiles for MirroredMaps<'_> {
    fn may_make(&self, path: &str) -> bool {
        collection_of(path).is_some()
    }

    fn make(
        &self,
        staging: &Staging<'_>,
        manifest: &Manifest,
        file: &ManifestFile,
    ) -> Result<bool, StoreError> {
        let Some(collection) = collection_of(&file.path) else {
            return Ok(false);
        };
        let folder = tile_folder(collection);
        let tiles = manifest.files.iter();
        let tiles: Vec<&ManifestFile> = tiles
            .filter(|tile| Path::new(&tile.path).starts_with(&folder))
            .collect();
        let Some(told) = told_archive(staging, collection) else {
            return Ok(false);
        };
        let digests = tiles.iter().map(|tile| tile.sha256.clone()).collect();
        if tiles.is_empty() || told.recipe.made_of(digests) != told.made_of {
            debug!(
                path = file.path,
                "fetched: another version of this program has made it"
            );
            return Ok(false);
        }
        let tiles = tiles.iter().map(|tile| staging.path_of(Path::new(&tile.path)));
        let collection = MapCollection {
            id: collection,
            doc: told.recipe.doc,
            columns: told.recipe.columns,
            tiles: tiles.collect(),
        };
        self.make_archive(staging, &collection, file)
    }
}

impl MirroredMaps<'_> {
    fn make_archive(
        &self,
        staging: &Staging<'_>,
        collection: &MapCollection<'_>,
        file: &ManifestFile,
    ) -> Result<bool, StoreError> {
        if !collection.tiles.iter().all(|tile| has_sound_footer(tile)) {
            return Ok(false);
        }
        let _task = self.progress.start("map", collection.id, None);
        let memory = RecordBudget {
            bytes: ROW_BYTES,
            space: Arc::new(Scratch::new(staging.scratch())),
        };
        let files = NewFiles::within(staging.scratch())?;
        let name = "archive.pmtiles";
        if let Err(error) = write_archive(collection, &memory, files.create(name)?) {
            debug!(
                path = file.path,
                reason = error_chain(&error),
                "fetched: it can't be made"
            );
            return Ok(false);
        }
        let path = PathBuf::from(&file.path);
        let written = staging.adopt(&files.path_of(name), &path)?;
        if written.sha256 != file.sha256 {
            debug!(path = file.path, "fetched: what is made has other bytes");
            staging.discard(&path)?;
            return Ok(false);
        }
        Ok(true)
    }
}

/// The collection whose archive a file is.
fn collection_of(path: &str) -> Option<&str> {
    let collection = Path::new(path).file_stem()?.to_str()?;
    (map_path(collection) == Path::new(path)).then_some(collection)
}

fn told_archive(staging: &Staging<'_>, collection: &str) -> Option<ToldArchive> {
    let report = staging.path_of(Path::new(REPORT));
    let is_readable = fs::metadata(&report).is_ok_and(|found| found.len() <= MOST_REPORT_BYTES);
    let text = is_readable.then(|| fs::read(&report).ok()).flatten()?;
    let report: RunReport = serde_json::from_slice(&text).ok()?;
    let told = report
        .product(product_names::MAP)?
        .get("archives")?
        .get(collection)?;
    ToldArchive::deserialize(told).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_told_from_other_files_of_the_map() {
        assert_eq!(collection_of("map/dams.pmtiles"), Some("dams"));
        for path in [
            "map/index.html",
            "map/a/dams.pmtiles",
            "dams.pmtiles",
            "map/search/entries.bin",
        ] {
            assert_eq!(collection_of(path), None, "{path}");
        }
    }
}
