//! Re-checks a release: its manifest, and the laws its tables must keep.
//!
//! Reads everything again, and trusts nothing but the files; writes none. May use: `store`, `derive`, `geoparquet`, `kernel`,
//! `feature`, `error`.

mod beside;
mod citation;
mod report;
mod tile;

use std::collections::{BTreeMap, HashSet};
use std::error::Error as StdError;
use std::path::Path;

use arrow_schema::SchemaRef;
use rayon::prelude::*;

use self::beside::problems_beside;
use self::citation::wrong_citations;
pub use self::report::{last_report, read_report, sound_report};
use self::tile::{CheckedTile, check_tile};
use crate::derive::PRODUCTS;
pub use crate::derive::product::Problem;
use crate::derive::product::{Product, ReleaseReadBack, TileReadBack};
use crate::error::{Error, error_chain};
use crate::feature::release::ReleaseId;
use crate::feature::release::paths::{
    LATEST, MANIFEST, REPORT, collection_folder, flags_path, is_tile, rejects_path,
};
use crate::feature::{LayerReport, RunReport};
use crate::geoparquet;
use crate::store::{self, Manifest, ManifestFile, Store, StoreError};

/// What `verify` found.
#[derive(Debug, serde::Serialize)]
pub struct Verified {
    /// Release id.
    pub release: String,
    /// Tiles read.
    pub tiles: usize,
    /// Rows in them.
    pub rows: u64,
    /// Digest of its data by its manifest, to cite it by; none where that can't be read.
    pub data_sha256: Option<String>,
    /// Everything wrong, sorted by path.
    pub problems: Vec<Problem>,
}

impl Verified {
    /// A release of which nothing could be read.
    fn unread(release: String, problems: Vec<Problem>) -> Self {
        Self {
            release,
            tiles: 0,
            rows: 0,
            data_sha256: None,
            problems,
        }
    }

    /// Checks what is landed, too: every copy against the digests in its record.
    ///
    /// # Errors
    /// When the landing can't be listed.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// let store = cikr::store::Store::open(&folder.path().join("store"))?;
    /// let verified = cikr::verify::Verified {
    ///     release: "20261130T021500123Z".to_owned(),
    ///     tiles: 1,
    ///     rows: 10,
    ///     data_sha256: None,
    ///     problems: vec![],
    /// };
    /// let verified = verified.with_landing(&store)?;
    /// assert!(verified.problems.is_empty(), "nothing is landed, so nothing is damaged");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_landing(mut self, store: &Store) -> Result<Self, Error> {
        let wrong = store.check_landing()?;
        self.problems
            .extend(wrong.into_iter().map(|(path, what)| Problem::new(path, what)));
        Ok(self)
    }
}

/// Checks the latest release of a store, and `latest.json`; the newest release that is listed
/// where that leads nowhere.
///
/// # Errors
/// When there is no release, or the store can't be read.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// let store = cikr::store::Store::open(&folder.path().join("store"))?;
/// let error = cikr::verify::verify_store(&store).unwrap_err();
/// assert!(cikr::error::error_chain(&error).contains("there is no release in"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify_store(store: &Store) -> Result<Verified, Error> {
    // A `latest.json` that leads nowhere is a problem to tell, and no reason to check nothing.
    let wrong = store.check_latest()?;
    let latest = store.latest().ok().flatten().map(|latest| latest.release);
    let frozen = store.frozen().map(|frozen| frozen.release);
    let newest = store.releases()?.into_iter().next().map(|release| release.id);
    let mut verified = match latest.or(frozen).or(newest) {
        Some(release) => verify(&store.release_dir(&release))?,
        None if wrong.is_empty() => {
            let store = store.root().to_owned();
            return Err(StoreError::Empty { store }.into());
        }
        None => Verified::unread(String::new(), vec![]),
    };
    verified
        .problems
        .extend(wrong.into_iter().map(|what| Problem::new(LATEST, what)));
    Ok(verified)
}

/// Checks the release in a folder.
///
/// # Errors
/// When there is no such folder, or the store can't be read. A release without a readable manifest or
/// report is a release with a problem.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// let verified = cikr::verify::verify(folder.path())?;
/// assert_eq!(verified.tiles, 0);
/// assert_eq!(verified.problems[0].path.to_str(), Some("manifest.json"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify(release: &Path) -> Result<Verified, Error> {
    let manifest = match store::read_manifest(release) {
        Ok(manifest) => manifest,
        Err(error) if release.is_dir() => {
            let problems = vec![unreadable(MANIFEST, &error)];
            return Ok(Verified::unread(folder_name(release), problems));
        }
        Err(source) => return Err(source.into()),
    };
    let data_sha256 = manifest.data_sha256();
    let mut problems = file_problems(release)?;
    problems.extend(wrong_citations(release, &manifest, &data_sha256));
    let report = match read_report(release) {
        Ok(report) => report,
        Err(error) => {
            problems.insert(0, unreadable(REPORT, &error));
            return Ok(Verified::unread(folder_name(release), problems));
        }
    };
    let tiles: Vec<&Path> = manifest
        .files
        .iter()
        .map(|file| Path::new(&file.path))
        .filter(|path| is_tile(path))
        .collect();
    let checked: Vec<CheckedTile> = tiles.par_iter().map(|path| check_tile(release, path)).collect();
    problems.extend(checked.iter().flat_map(|tile| tile.problems.iter().cloned()));
    problems.extend(wrong_row_counts(release, &manifest));
    problems.extend(differing_schemas(&checked));
    problems.extend(broken_laws(release, &report, &checked));
    let files = manifest.files.iter().map(|file| file.path.as_str()).collect();
    let tiles: Vec<TileReadBack> = checked.into_iter().map(|checked| checked.tile).collect();
    problems.extend(problems_beside(release, &report, &manifest, &tiles));
    let held = ReleaseReadBack {
        folder: release,
        report: &report,
        files: &files,
        tiles: &tiles,
    };
    problems.extend(held_products(&report).flat_map(|product| product.verify(&held)));
    // One file may be wrong in the eyes of several checks.
    problems.sort();
    problems.dedup();
    Ok(Verified {
        release: report.release.to_string(),
        tiles: tiles.len(),
        rows: tiles.iter().map(|tile| tile.rows).sum(),
        data_sha256: Some(data_sha256),
        problems,
    })
}

fn unreadable(file: &str, error: &dyn StdError) -> Problem {
    Problem::new(file, error_chain(error))
}

fn folder_name(release: &Path) -> String {
    let name = release.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Files that are not as the manifest says; in its store, the manifest itself has a digest to be checked by.
fn file_problems(release: &Path) -> Result<Vec<Problem>, Error> {
    let found = match store_of(release) {
        Some((store, id)) => store.check_release(&id)?,
        None => store::check_manifest(release)?,
    };
    let problems = found
        .into_iter()
        .map(|found| Problem::new(&found.path, found.kind.to_string()));
    Ok(problems.collect())
}

/// Products that a release claims to hold; one of an earlier version doesn't say.
fn held_products(report: &RunReport) -> impl Iterator<Item = &'static dyn Product> {
    PRODUCTS
        .iter()
        .copied()
        .filter(|product| report.may_hold(product.describe().doc.name))
}

/// The store a release lies in, and its id there; a copy elsewhere has none.
fn store_of(release: &Path) -> Option<(Store, ReleaseId)> {
    let folder = release.canonicalize().ok()?;
    let store = Store::existing(folder.parent()?.parent()?).ok()?;
    let id = folder.file_name()?.to_str()?;
    let id = ReleaseId::parse(id).ok()?;
    store.has_release(&id).then_some((store, id))
}

/// Every Parquet file has the rows that the manifest says.
fn wrong_row_counts(release: &Path, manifest: &Manifest) -> Vec<Problem> {
    let tables = manifest
        .files
        .iter()
        .filter(|file| file.path.ends_with(".parquet"));
    tables.filter_map(|file| wrong_row_count(release, file)).collect()
}

/// A file that can't be read is a problem of another check.
fn wrong_row_count(release: &Path, file: &ManifestFile) -> Option<Problem> {
    let found = footer_rows(release, Path::new(&file.path))?;
    if file.rows == Some(found) {
        return None;
    }
    let what = format!("{found} rows, not as the manifest says");
    Some(Problem::new(&file.path, what))
}

/// Rows of a Parquet file; none where it can't be read.
fn footer_rows(release: &Path, file: &Path) -> Option<u64> {
    let footer = geoparquet::read_footer(&release.join(file)).ok()?;
    Some(footer.rows)
}

/// One schema per collection.
fn differing_schemas(checked: &[CheckedTile]) -> Vec<Problem> {
    let mut first: BTreeMap<&str, &SchemaRef> = BTreeMap::new();
    let mut problems = Vec::new();
    for CheckedTile { tile, .. } in checked {
        let Some(schema) = &tile.schema else { continue };
        if *first.entry(&tile.collection).or_insert(schema) != schema {
            problems.push(Problem::new(
                &tile.path,
                "schema differs from the collection's other tiles",
            ));
        }
    }
    problems
}

fn broken_laws(release: &Path, report: &RunReport, checked: &[CheckedTile]) -> Vec<Problem> {
    report
        .layers
        .iter()
        .filter(|layer| !layer.is_absent())
        .flat_map(|layer| broken_layer_laws(release, layer, checked))
        .collect()
}

/// What of a layer's report its files don't bear out.
fn broken_layer_laws(release: &Path, layer: &LayerReport, checked: &[CheckedTile]) -> Vec<Problem> {
    let tiles = checked.iter().map(|checked| &checked.tile);
    let tiles: Vec<&TileReadBack> = tiles
        .filter(|tile| tile.collection == layer.id.as_str())
        .collect();
    let mut broken = Vec::new();
    let rows: u64 = tiles.iter().map(|tile| tile.rows).sum();
    if rows != layer.rows_written {
        broken.push(format!("{} rows written, {rows} in tiles", layer.rows_written));
    }
    if !layer.is_conserved() {
        broken.push(format!(
            "{} rows read, but {} written and {} rejected",
            layer.rows_read, layer.rows_written, layer.rows_rejected
        ));
    }
    broken.extend(repeated_id(&tiles).map(|id| format!("facility `{id}` stands twice")));
    let rejects = footer_rows(release, &rejects_path(layer.id.as_str()));
    if rejects != Some(layer.rows_rejected) {
        let found = found_rows(rejects, "no readable rejects file");
        broken.push(format!("{} rows rejected, {found}", layer.rows_rejected));
    }
    // Releases from before there were flags have no file of them, and none in their report.
    let flags = footer_rows(release, &flags_path(layer.id.as_str()));
    if flags.unwrap_or(0) != layer.kept_flags() {
        let found = found_rows(flags, "no readable flags file");
        broken.push(format!("{} flags to be kept, {found}", layer.kept_flags()));
    }
    let folder = collection_folder(layer.id.as_str());
    broken
        .into_iter()
        .map(|what| Problem::new(&folder, what))
        .collect()
}

/// The first facility that stands in more than one row of a layer, whatever tiles these are in.
fn repeated_id<'a>(tiles: &[&'a TileReadBack]) -> Option<&'a str> {
    // Whole ids, not digests of them: two that collide would be told as damage. It is what no
    // setting of memory bounds here.
    let mut seen = HashSet::new();
    let mut ids = tiles.iter().flat_map(|tile| &tile.ids).map(String::as_str);
    ids.find(|id| !seen.insert(*id))
}

fn found_rows(rows: Option<u64>, without: &str) -> String {
    rows.map_or_else(|| without.to_owned(), |rows| format!("{rows} in the file"))
}
