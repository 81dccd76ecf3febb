//! Re-checks a release: its manifest, and the laws its tables must keep.
//!
//! Reads everything again; trusts nothing but the files.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use arrow_array::{Array, BinaryArray, Float32Array, RecordBatch, StringArray, StructArray};
use arrow_schema::SchemaRef;
use geo::BoundingRect;
use rayon::prelude::*;

use super::inventory::FACILITIES;
use super::layer::{flags_kept, flags_path, is_conserved, rejects_path};
use super::resolved::{self, Found};
use super::{assessed, changes, national, past, tile};
use crate::error::Error;
use crate::feature::{LayerReport, LayerStatus, RegionId, RunReport};
use crate::geoparquet;
use crate::kernel::geometry;
use crate::kernel::sector::class;
use crate::store::{self, Store};

/// Something wrong with a release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Problem {
    /// File, relative to the release.
    pub path: PathBuf,
    /// What is wrong with it.
    pub what: String,
}

/// What `verify` found.
#[derive(Debug, serde::Serialize)]
pub struct Verified {
    /// Release id.
    pub release: String,
    /// Tiles read.
    pub tiles: usize,
    /// Rows in them.
    pub rows: u64,
    /// Everything wrong, sorted by path.
    pub problems: Vec<Problem>,
}

/// Checks the release in a folder.
///
/// # Errors
/// When there is no such folder, or the store can't be read. A release without a readable manifest or
/// report is a release with a problem.
pub fn verify(release: &Path) -> Result<Verified, Error> {
    let store_error = |source| Error::Store { source };
    let broken = |file: &str, error: &dyn std::error::Error| {
        let id = release.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Verified { release: id, tiles: 0, rows: 0, problems: vec![problem(file, crate::error::chain(error))] }
    };
    let manifest = match store::read_manifest(release) {
        Ok(manifest) => manifest,
        Err(error) if release.is_dir() => return Ok(broken("manifest.json", &error)),
        Err(source) => return Err(Error::Store { source }),
    };
    let found = match home(release) {
        // In its store, the manifest itself has a digest to be checked by.
        Some((store, id)) => store.check(&id).map_err(store_error)?,
        None => store::check_manifest(release).map_err(store_error)?,
    };
    let mut problems: Vec<Problem> =
        found.into_iter().map(|found| problem(&found.path, found.kind.to_string())).collect();
    let report = match past::report_of(release) {
        Ok(report) => report,
        Err(error) => {
            let mut broken = broken("report.json", &error);
            broken.problems.extend(problems);
            return Ok(broken);
        }
    };
    let tiles: Vec<&Path> =
        manifest.files.iter().map(|file| Path::new(&file.path)).filter(|path| is_tile(path)).collect();
    let checked: Vec<TileCheck> = tiles.par_iter().map(|path| check_tile(release, path)).collect();
    problems.extend(checked.iter().flat_map(|tile| tile.problems.iter().cloned()));
    problems.extend(rows_differ(release, &manifest));
    problems.extend(schemas_differ(&checked));
    problems.extend(laws(release, &report, &manifest, &checked));
    problems.extend(assessed::problems(release, &report));
    problems.sort();
    problems.dedup();
    let rows = checked.iter().map(|tile| tile.rows).sum();
    Ok(Verified { release: report.release, tiles: checked.len(), rows, problems })
}

/// The store a release lies in, and its id there; a copy elsewhere has none.
fn home(release: &Path) -> Option<(Store, String)> {
    let folder = release.canonicalize().ok()?;
    let store = Store::existing(folder.parent()?.parent()?).ok()?;
    let id = folder.file_name()?.to_str()?.to_owned();
    store.has(&id).then_some((store, id))
}

fn problem(path: impl Into<PathBuf>, what: impl Into<String>) -> Problem {
    Problem { path: path.into(), what: what.into() }
}

fn is_tile(path: &Path) -> bool {
    let below_data = path.components().any(|part| part.as_os_str() == "data");
    below_data && path.extension().is_some_and(|extension| extension == "parquet")
}

/// A tile as read back.
#[derive(Default)]
struct TileCheck {
    path: PathBuf,
    collection: String,
    rows: u64,
    schema: Option<SchemaRef>,
    ids: Vec<String>,
    /// Sector classes of its rows, told or, in older tiles, computed.
    classes: BTreeSet<String>,
    problems: Vec<Problem>,
}

fn check_tile(release: &Path, path: &Path) -> TileCheck {
    let mut check = TileCheck { path: path.to_owned(), collection: collection(path), ..TileCheck::default() };
    let file = release.join(path);
    let read = geoparquet::inspect(&file).and_then(|footer| Ok((footer, geoparquet::read(&file, None)?)));
    match read {
        Ok((footer, rows)) => {
            check.rows = footer.rows;
            check.schema = Some(footer.schema);
            check.ids = column(&rows, "facility_id").iter().flatten().map(str::to_owned).collect();
            check.classes =
                class::classes(&check.collection, &rows).into_iter().map(|class| class.name).collect();
            let found = [region_differs(path, &rows), uncovered(&rows), resolved::misnamed(&rows)];
            check.problems = found.into_iter().flatten().map(|what| problem(path, what)).collect();
        }
        Err(error) => check.problems.push(problem(path, crate::error::chain(&error))),
    }
    check
}

/// `facilities`, or the layer's id.
fn collection(path: &Path) -> String {
    let mut parts = path.components().map(|part| part.as_os_str().to_string_lossy());
    let first = parts.next().unwrap_or_default();
    if first == FACILITIES { first.into_owned() } else { parts.next().unwrap_or_default().into_owned() }
}

fn column<'a>(rows: &'a RecordBatch, name: &str) -> StringArray {
    let column: Option<&'a StringArray> = rows.column_by_name(name).and_then(|c| c.as_any().downcast_ref());
    column.cloned().unwrap_or_else(|| StringArray::new_null(rows.num_rows()))
}

/// The path's region is that of every row.
fn region_differs(path: &Path, rows: &RecordBatch) -> Option<String> {
    let folder = path.parent()?.file_name()?.to_str()?.strip_prefix("region=")?;
    let codes = column(rows, "region_code");
    let other = codes.iter().find(|code| RegionId::new(*code).as_str() != folder)?;
    Some(format!("holds a row of region {}", RegionId::new(other)))
}

/// Every geometry decodes and stands inside its `bbox`.
fn uncovered(rows: &RecordBatch) -> Option<String> {
    let shapes: &BinaryArray = rows.column_by_name("geometry")?.as_any().downcast_ref()?;
    let boxes: &StructArray = rows.column_by_name("bbox")?.as_any().downcast_ref()?;
    let sides: Vec<&Float32Array> =
        boxes.columns().iter().filter_map(|side| side.as_any().downcast_ref()).collect();
    let bad = (0..rows.num_rows()).find(|row| {
        let bounds = geometry::decode(shapes.value(*row)).ok().and_then(|shape| shape.bounding_rect());
        bounds.is_none_or(|bounds| {
            let [xmin, ymin, xmax, ymax] = [0, 1, 2, 3].map(|side| f64::from(sides[side].value(*row)));
            xmin > bounds.min().x || ymin > bounds.min().y || xmax < bounds.max().x || ymax < bounds.max().y
        })
    })?;
    Some(format!("row {bad}: bbox doesn't cover the geometry"))
}

/// Every Parquet file has the rows that the manifest says.
fn rows_differ(release: &Path, manifest: &store::Manifest) -> Vec<Problem> {
    let tables = manifest.files.iter().filter(|file| file.path.ends_with(".parquet"));
    let differs = |file: &store::ManifestFile| {
        let found = geoparquet::inspect(&release.join(&file.path)).map(|footer| footer.rows).ok()?;
        let told = || problem(&file.path, format!("{found} rows, not as the manifest says"));
        (file.rows != Some(found)).then(told)
    };
    tables.filter_map(differs).collect()
}

/// One schema per collection.
fn schemas_differ(checked: &[TileCheck]) -> Vec<Problem> {
    let mut first: BTreeMap<&str, &SchemaRef> = BTreeMap::new();
    let mut problems = Vec::new();
    for tile in checked {
        let Some(schema) = &tile.schema else { continue };
        if *first.entry(&tile.collection).or_insert(schema) != schema {
            problems.push(problem(&tile.path, "schema differs from the collection's other tiles"));
        }
    }
    problems
}

fn laws(
    release: &Path,
    report: &RunReport,
    manifest: &store::Manifest,
    checked: &[TileCheck],
) -> Vec<Problem> {
    let report_file = Path::new("report.json");
    let present = || report.layers.iter().filter(|layer| layer.status != LayerStatus::Absent);
    let mut problems: Vec<Problem> =
        present().flat_map(|layer| layer_laws(release, layer, checked)).collect();
    problems.extend(unresolved(release, manifest, present(), checked));
    let inventory: Vec<&TileCheck> = checked.iter().filter(|tile| tile.collection == FACILITIES).collect();
    let rows: u64 = inventory.iter().map(|tile| tile.rows).sum();
    if rows != report.inventory_rows {
        problems
            .push(problem(report_file, format!("{} inventory rows, {rows} in tiles", report.inventory_rows)));
    }
    let layers: BTreeSet<&str> = inventory
        .iter()
        .flat_map(|tile| &tile.ids)
        .filter_map(|id| id.split_once(':'))
        .map(|(layer, _)| layer)
        .collect();
    for layer in report.layers.iter().filter(|layer| layers.contains(layer.id.as_str())) {
        let of_layer = |id: &&String| id.split_once(':').is_some_and(|(of, _)| of == layer.id);
        let rows = inventory.iter().flat_map(|tile| &tile.ids).filter(of_layer).count() as u64;
        if rows != layer.rows_written {
            let what =
                format!("layer {}: {} rows written, {rows} in the inventory", layer.id, layer.rows_written);
            problems.push(problem(report_file, what));
        }
    }
    problems
}

/// Whether every facility of the layers is placed in every sector scheme.
fn unresolved<'a>(
    release: &Path,
    manifest: &store::Manifest,
    layers: impl Iterator<Item = &'a LayerReport>,
    checked: &[TileCheck],
) -> Vec<Problem> {
    let found = |layer: &'a LayerReport| {
        let tiles = || checked.iter().filter(|tile| tile.collection == layer.id);
        Found {
            layer: &layer.id,
            ids: tiles().flat_map(|tile| &tile.ids).map(String::as_str).collect(),
            classes: tiles().flat_map(|tile| &tile.classes).map(String::as_str).collect(),
        }
    };
    resolved::problems(release, manifest, &layers.map(found).collect::<Vec<_>>())
}

fn layer_laws(release: &Path, layer: &LayerReport, checked: &[TileCheck]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut tell = |what: String| problems.push(problem(tile::base(&layer.id), what));
    let tiles: Vec<&TileCheck> = checked.iter().filter(|tile| tile.collection == layer.id).collect();
    let rows: u64 = tiles.iter().map(|tile| tile.rows).sum();
    if rows != layer.rows_written {
        tell(format!("{} rows written, {rows} in tiles", layer.rows_written));
    }
    if !is_conserved(layer) {
        let (read, written, rejected) = (layer.rows_read, layer.rows_written, layer.rows_rejected);
        tell(format!("{read} rows read, but {written} written and {rejected} rejected"));
    }
    let mut seen = HashSet::new();
    if let Some(id) = tiles.iter().flat_map(|tile| &tile.ids).find(|id| !seen.insert(id.as_str())) {
        tell(format!("facility `{id}` stands twice"));
    }
    let files: Vec<PathBuf> = tiles.iter().map(|tile| release.join(&tile.path)).collect();
    for what in national::problems(release, &layer.id, layer.national_bytes, &files) {
        tell(format!("national.parquet: {what}"));
    }
    for what in changes::problems(release, layer) {
        tell(what);
    }
    let rejects = geoparquet::inspect(&release.join(rejects_path(&layer.id))).map(|footer| footer.rows).ok();
    if rejects != Some(layer.rows_rejected) {
        let found = rejects
            .map_or_else(|| "no readable rejects file".to_owned(), |rows| format!("{rows} in the file"));
        tell(format!("{} rows rejected, {found}", layer.rows_rejected));
    }
    // Releases from before there were flags have no file of them, and none in their report.
    let flags = geoparquet::inspect(&release.join(flags_path(&layer.id))).map(|footer| footer.rows).ok();
    if flags.unwrap_or(0) != flags_kept(layer) {
        let found =
            flags.map_or_else(|| "no readable flags file".to_owned(), |rows| format!("{rows} in the file"));
        tell(format!("{} flags to be kept, {found}", flags_kept(layer)));
    }
    problems
}
