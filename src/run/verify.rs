//! Re-checks a release: its manifest, and the laws its tables must keep.
//!
//! Reads everything again; trusts nothing but the files.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use arrow_array::{Array, BinaryArray, Float32Array, RecordBatch, StringArray, StructArray};
use arrow_schema::SchemaRef;
use geo::BoundingRect;
use rayon::prelude::*;

use super::layer::{flags_path, rejects_path};
use super::layer_report::{flags_kept, is_conserved};
use super::{past, tile};
use crate::derive::PRODUCTS;
use crate::derive::inventory::FACILITIES;
use crate::derive::product::{Held, HeldTile, Problem, Product};
use crate::error::{Error, chain};
use crate::feature::{LayerReport, LayerStatus, RegionId, RunReport};
use crate::geoparquet;
use crate::kernel::geometry;
use crate::kernel::sector::class;
use crate::store::{self, Store, StoreError};

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

/// Checks the latest release of a store, and `latest.json`; the newest release that is listed where that leads nowhere.
///
/// # Errors
/// When there is no release, or the store can't be read.
pub fn verify_store(store: &Store) -> Result<Verified, Error> {
    let store_error = |source| Error::Store { source };
    let wrong = store.check_latest().map_err(store_error)?;
    let latest = store.latest().ok().flatten().map(|latest| latest.release);
    let newest = store
        .releases()
        .map_err(store_error)?
        .into_iter()
        .next()
        .map(|release| release.id);
    let release = latest.or(newest);
    let mut verified = match release {
        Some(release) => verify(&store.release_dir(&release))?,
        None if wrong.is_empty() => {
            return Err(store_error(StoreError::Empty {
                store: store.root().to_owned(),
            }));
        }
        None => Verified {
            release: String::new(),
            tiles: 0,
            rows: 0,
            problems: vec![],
        },
    };
    verified
        .problems
        .extend(wrong.into_iter().map(|what| Problem::new("latest.json", what)));
    Ok(verified)
}

impl Verified {
    /// Checks what is landed, too: every copy against the digests in its record.
    ///
    /// # Errors
    /// When the landing can't be listed.
    pub fn with_landing(mut self, store: &Store) -> Result<Self, Error> {
        let wrong = store.check_landing().map_err(|source| Error::Store { source })?;
        self.problems
            .extend(wrong.into_iter().map(|(path, what)| Problem::new(path, what)));
        Ok(self)
    }
}

/// Checks the release in a folder.
///
/// # Errors
/// When there is no such folder, or the store can't be read. A release without a readable manifest or
/// report is a release with a problem.
pub fn verify(release: &Path) -> Result<Verified, Error> {
    let store_error = |source| Error::Store { source };
    let broken = |file: &str, error: &dyn std::error::Error| {
        let id = release
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Verified {
            release: id,
            tiles: 0,
            rows: 0,
            problems: vec![Problem::new(file, chain(error))],
        }
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
    let mut problems: Vec<Problem> = found
        .into_iter()
        .map(|found| Problem::new(&found.path, found.kind.to_string()))
        .collect();
    let report = match past::report_of(release) {
        Ok(report) => report,
        Err(error) => {
            let mut broken = broken("report.json", &error);
            broken.problems.extend(problems);
            return Ok(broken);
        }
    };
    let tiles: Vec<&Path> = manifest
        .files
        .iter()
        .map(|file| Path::new(&file.path))
        .filter(|path| is_tile(path))
        .collect();
    let checked: Vec<TileCheck> = tiles.par_iter().map(|path| check_tile(release, path)).collect();
    problems.extend(checked.iter().flat_map(|tile| tile.problems.iter().cloned()));
    problems.extend(rows_differ(release, &manifest));
    problems.extend(schemas_differ(&checked));
    problems.extend(laws(release, &report, &checked));
    let files = manifest.files.iter().map(|file| file.path.as_str()).collect();
    let tiles: Vec<HeldTile> = checked.into_iter().map(|checked| checked.tile).collect();
    let held = Held {
        folder: release,
        report: &report,
        files: &files,
        tiles: &tiles,
    };
    problems.extend(held_products(&report).flat_map(|product| product.verify(&held)));
    problems.sort();
    problems.dedup();
    let rows = tiles.iter().map(|tile| tile.rows).sum();
    Ok(Verified {
        release: report.release,
        tiles: tiles.len(),
        rows,
        problems,
    })
}

/// Products that a release claims to hold; one of an earlier version doesn't say.
fn held_products(report: &RunReport) -> impl Iterator<Item = &'static dyn Product> {
    PRODUCTS
        .iter()
        .copied()
        .filter(|product| report.may_hold(product.about().doc.name))
}

/// The store a release lies in, and its id there; a copy elsewhere has none.
fn home(release: &Path) -> Option<(Store, String)> {
    let folder = release.canonicalize().ok()?;
    let store = Store::existing(folder.parent()?.parent()?).ok()?;
    let id = folder.file_name()?.to_str()?.to_owned();
    store.has(&id).then_some((store, id))
}

fn is_tile(path: &Path) -> bool {
    let below_data = path.components().any(|part| part.as_os_str() == "data");
    below_data && path.extension().is_some_and(|extension| extension == "parquet")
}

/// A tile as read back, and what is wrong with it alone.
struct TileCheck {
    tile: HeldTile,
    problems: Vec<Problem>,
}

fn check_tile(release: &Path, path: &Path) -> TileCheck {
    let mut tile = HeldTile {
        path: path.to_owned(),
        collection: collection(path),
        ..HeldTile::default()
    };
    let file = release.join(path);
    let read = geoparquet::inspect(&file).and_then(|footer| Ok((footer, geoparquet::read(&file, None)?)));
    let problems = match read {
        Ok((footer, rows)) => {
            tile.rows = footer.rows;
            tile.schema = Some(footer.schema);
            tile.ids = column(&rows, "facility_id")
                .iter()
                .flatten()
                .map(str::to_owned)
                .collect();
            let classes = class::classes(&tile.collection, &rows);
            tile.classes = classes.into_iter().map(|class| class.name).collect();
            let found = [
                region_differs(path, &rows),
                uncovered(&rows),
                class::misnamed(&rows),
            ];
            found
                .into_iter()
                .flatten()
                .map(|what| Problem::new(path, what))
                .collect()
        }
        Err(error) => vec![Problem::new(path, chain(&error))],
    };
    TileCheck { tile, problems }
}

/// `facilities`, or the layer's id.
fn collection(path: &Path) -> String {
    let mut parts = path.components().map(|part| part.as_os_str().to_string_lossy());
    let first = parts.next().unwrap_or_default();
    if first == FACILITIES {
        first.into_owned()
    } else {
        parts.next().unwrap_or_default().into_owned()
    }
}

fn column<'a>(rows: &'a RecordBatch, name: &str) -> StringArray {
    let column: Option<&'a StringArray> = rows.column_by_name(name).and_then(|c| c.as_any().downcast_ref());
    column
        .cloned()
        .unwrap_or_else(|| StringArray::new_null(rows.num_rows()))
}

/// The path's region is that of every row.
fn region_differs(path: &Path, rows: &RecordBatch) -> Option<String> {
    let folder = path.parent()?.file_name()?.to_str()?.strip_prefix("region=")?;
    let codes = column(rows, "region_code");
    let other = codes
        .iter()
        .find(|code| RegionId::new(*code).as_str() != folder)?;
    Some(format!("holds a row of region {}", RegionId::new(other)))
}

/// Every geometry decodes and stands inside its `bbox`.
fn uncovered(rows: &RecordBatch) -> Option<String> {
    let shapes: &BinaryArray = rows.column_by_name("geometry")?.as_any().downcast_ref()?;
    let boxes: &StructArray = rows.column_by_name("bbox")?.as_any().downcast_ref()?;
    let sides: Vec<&Float32Array> = boxes
        .columns()
        .iter()
        .filter_map(|side| side.as_any().downcast_ref())
        .collect();
    let bad = (0..rows.num_rows()).find(|row| {
        let bounds = geometry::decode(shapes.value(*row))
            .ok()
            .and_then(|shape| shape.bounding_rect());
        bounds.is_none_or(|bounds| {
            let [xmin, ymin, xmax, ymax] = [0, 1, 2, 3].map(|side| f64::from(sides[side].value(*row)));
            xmin > bounds.min().x || ymin > bounds.min().y || xmax < bounds.max().x || ymax < bounds.max().y
        })
    })?;
    Some(format!("row {bad}: bbox doesn't cover the geometry"))
}

/// Every Parquet file has the rows that the manifest says.
fn rows_differ(release: &Path, manifest: &store::Manifest) -> Vec<Problem> {
    let tables = manifest
        .files
        .iter()
        .filter(|file| file.path.ends_with(".parquet"));
    let differs = |file: &store::ManifestFile| {
        let found = geoparquet::inspect(&release.join(&file.path))
            .map(|footer| footer.rows)
            .ok()?;
        let told = || Problem::new(&file.path, format!("{found} rows, not as the manifest says"));
        (file.rows != Some(found)).then(told)
    };
    tables.filter_map(differs).collect()
}

/// One schema per collection.
fn schemas_differ(checked: &[TileCheck]) -> Vec<Problem> {
    let mut first: BTreeMap<&str, &SchemaRef> = BTreeMap::new();
    let mut problems = Vec::new();
    for TileCheck { tile, .. } in checked {
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

fn laws(release: &Path, report: &RunReport, checked: &[TileCheck]) -> Vec<Problem> {
    let present = report
        .layers
        .iter()
        .filter(|layer| layer.status != LayerStatus::Absent);
    present
        .flat_map(|layer| layer_laws(release, layer, checked))
        .collect()
}

fn layer_laws(release: &Path, layer: &LayerReport, checked: &[TileCheck]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut tell = |what: String| problems.push(Problem::new(tile::base(&layer.id), what));
    let tiles = checked.iter().map(|checked| &checked.tile);
    let tiles: Vec<&HeldTile> = tiles.filter(|tile| tile.collection == layer.id).collect();
    let rows: u64 = tiles.iter().map(|tile| tile.rows).sum();
    if rows != layer.rows_written {
        tell(format!("{} rows written, {rows} in tiles", layer.rows_written));
    }
    if !is_conserved(layer) {
        let (read, written, rejected) = (layer.rows_read, layer.rows_written, layer.rows_rejected);
        tell(format!(
            "{read} rows read, but {written} written and {rejected} rejected"
        ));
    }
    let mut seen = HashSet::new();
    if let Some(id) = tiles
        .iter()
        .flat_map(|tile| &tile.ids)
        .find(|id| !seen.insert(id.as_str()))
    {
        tell(format!("facility `{id}` stands twice"));
    }
    let rejects = geoparquet::inspect(&release.join(rejects_path(&layer.id)))
        .map(|footer| footer.rows)
        .ok();
    if rejects != Some(layer.rows_rejected) {
        let found = rejects.map_or_else(
            || "no readable rejects file".to_owned(),
            |rows| format!("{rows} in the file"),
        );
        tell(format!("{} rows rejected, {found}", layer.rows_rejected));
    }
    // Releases from before there were flags have no file of them, and none in their report.
    let flags = geoparquet::inspect(&release.join(flags_path(&layer.id)))
        .map(|footer| footer.rows)
        .ok();
    if flags.unwrap_or(0) != flags_kept(layer) {
        let found = flags.map_or_else(
            || "no readable flags file".to_owned(),
            |rows| format!("{rows} in the file"),
        );
        tell(format!("{} flags to be kept, {found}", flags_kept(layer)));
    }
    problems
}
