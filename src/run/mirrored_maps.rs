//! What weighs most of the map of a release that is taken over: archives of vector tiles and the index of the search. Both change
//! wherever a row does; they are made of the rows, as the report says how, and not fetched.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::debug;

use super::map_archive::{MapCollection, write_archive};
use super::map_recipe::MapRecipe;
use super::map_search::{ENTRIES_PATH, SearchFiles, SearchLines, search_made_of, see_tile};
use crate::error::{Error, error_chain};
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
/// Name of an archive in the making.
const ARCHIVE: &str = "archive.pmtiles";

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

/// The same of the page with its search.
#[derive(Deserialize)]
struct ToldPage {
    made_of: String,
    /// Tiles whose rows are found.
    searched: BTreeSet<String>,
}

/// A file that is made, in a folder that goes with it.
type Made = (NewFiles, &'static str);

impl DerivedFiles for MirroredMaps<'_> {
    fn may_make(&self, path: &str) -> bool {
        path == ENTRIES_PATH || collection_of(path).is_some()
    }

    fn make(
        &self,
        staging: &Staging<'_>,
        manifest: &Manifest,
        file: &ManifestFile,
    ) -> Result<bool, StoreError> {
        let made = match collection_of(&file.path) {
            Some(collection) => self.archive(staging, manifest, collection),
            None => self.entries(staging, manifest),
        };
        let (files, name) = match made {
            Ok(Some(made)) => made,
            Ok(None) => {
                debug!(
                    path = file.path,
                    "fetched: another version of this program has made it"
                );
                return Ok(false);
            }
            Err(error) => {
                debug!(
                    path = file.path,
                    reason = error_chain(&error),
                    "fetched: it can't be made"
                );
                return Ok(false);
            }
        };
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

impl MirroredMaps<'_> {
    /// The archive of a collection; none where nothing here makes the same.
    fn archive(
        &self,
        staging: &Staging<'_>,
        manifest: &Manifest,
        collection: &str,
    ) -> Result<Option<Made>, Error> {
        let told: Option<ToldArchive> = told_of_map(staging, |map| map.get("archives")?.get(collection));
        let folder = tile_folder(collection);
        let tiles = manifest.files.iter();
        let tiles: Vec<&ManifestFile> = tiles
            .filter(|tile| Path::new(&tile.path).starts_with(&folder))
            .collect();
        let digests = tiles.iter().map(|tile| tile.sha256.clone()).collect();
        let Some(told) = told.filter(|told| told.recipe.made_of(digests) == told.made_of) else {
            return Ok(None);
        };
        let Some(tiles) = sound_tiles(staging, &tiles) else {
            return Ok(None);
        };
        let _task = self.progress.start("map", collection, None);
        let files = NewFiles::within(staging.scratch())?;
        let archive = MapCollection {
            id: collection,
            recipe: &told.recipe,
            tiles,
        };
        let made = write_archive(&archive, &memory(staging), files.create(ARCHIVE)?);
        made.map_err(|source| Error::Map {
            collection: collection.to_owned(),
            source,
        })?;
        Ok(Some((files, ARCHIVE)))
    }

    /// The entries of the search; none where nothing here makes the same.
    fn entries(&self, staging: &Staging<'_>, manifest: &Manifest) -> Result<Option<Made>, Error> {
        let Some(told): Option<ToldPage> = told_of_map(staging, |map| map.get("page")) else {
            return Ok(None);
        };
        let tiles = manifest.files.iter();
        let tiles: Vec<&ManifestFile> = tiles.filter(|tile| told.searched.contains(&tile.path)).collect();
        let digests = tiles.iter().map(|tile| tile.sha256.as_str()).collect();
        if search_made_of(digests) != told.made_of {
            return Ok(None);
        }
        let Some(tiles) = sound_tiles(staging, &tiles) else {
            return Ok(None);
        };
        let _task = self.progress.start("map", "search", None);
        let lines = SearchLines::new(&memory(staging));
        tiles
            .par_iter()
            .try_for_each(|tile| see_tile(tile, &mut |rows| lines.see_rows(rows)))?;
        let search = lines.write(staging.scratch())?;
        Ok(Some((search.entries, SearchFiles::ENTRIES)))
    }
}

fn memory(staging: &Staging<'_>) -> RecordBudget {
    RecordBudget {
        bytes: ROW_BYTES,
        space: Arc::new(Scratch::new(staging.scratch())),
    }
}

/// Where tiles are staged; none where there is none, or one must not be parsed.
fn sound_tiles(staging: &Staging<'_>, tiles: &[&ManifestFile]) -> Option<Vec<PathBuf>> {
    let paths = tiles.iter().map(|tile| staging.path_of(Path::new(&tile.path)));
    let paths: Vec<PathBuf> = paths.collect();
    let are_sound = !paths.is_empty() && paths.iter().all(|path| has_sound_footer(path));
    are_sound.then_some(paths)
}

/// The collection whose archive a file is.
fn collection_of(path: &str) -> Option<&str> {
    let collection = Path::new(path).file_stem()?.to_str()?;
    (map_path(collection) == Path::new(path)).then_some(collection)
}

/// What the staged report tells of a part of the map.
fn told_of_map<T: DeserializeOwned>(
    staging: &Staging<'_>,
    part: impl Fn(&Value) -> Option<&Value>,
) -> Option<T> {
    let path = staging.path_of(Path::new(REPORT));
    if fs::metadata(&path).ok()?.len() > MOST_REPORT_BYTES {
        return None;
    }
    let report: RunReport = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
    let told = part(report.product(product_names::MAP)?)?;
    T::deserialize(told).ok()
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
            ENTRIES_PATH,
        ] {
            assert_eq!(collection_of(path), None, "{path}");
        }
    }
}
