//! Where the files of a release are, relative to its folder.
//!
//! ```text
//! README.md  CITATION.cff  datapackage.json  catalog.json  report.json  report.html  urls.txt  manifest.json
//! facilities/        the inventory: collection.json, items.parquet, stac/, data/region=R06/part-000.parquet
//! layers/<layer>/    the same of a layer, crossing/region=R06/…, national.parquet, and <layer>.gpkg and the like
//! links/facility_jurisdiction/kind=<kind>/<layer>.<set>.parquet
//! rejects/<layer>.parquet   changes/<layer>.parquet   quality/flags/<layer>.parquet
//! map/<collection>.pmtiles   deltas/<path of a file>.delta
//! jurisdictions/<set>.parquet   scorecard/   quality/   links/   reference/
//! ```

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::feature::{ExportFormat, RegionId};

/// Every file and its digest.
pub const MANIFEST: &str = "manifest.json";
/// What became of the run.
pub const REPORT: &str = "report.json";
/// The same for people.
pub const REPORT_PAGE: &str = "report.html";
/// What is in the release, its columns, and queries.
pub const README: &str = "README.md";
/// How to cite it, for programs.
pub const CITATION: &str = "CITATION.cff";
/// Every table and column, as a Frictionless Data Package.
pub const DATAPACKAGE: &str = "datapackage.json";
/// The STAC catalog.
pub const CATALOG: &str = "catalog.json";
/// Addresses of all tiles.
pub const URLS: &str = "urls.txt";

/// Beside the releases: which of them is the latest.
pub const LATEST: &str = "latest.json";
/// Beside the releases: all of them as an Atom feed.
pub const FEED: &str = "feed.xml";

/// Id of the collection that the inventory is, and its folder.
pub const FACILITIES: &str = "facilities";
/// Folder of the layers.
pub const LAYERS: &str = "layers";
/// In the folder of a collection: what it is, for STAC.
pub const COLLECTION: &str = "collection.json";
/// In the folder of a collection: its items as a table.
pub const ITEMS: &str = "items.parquet";
/// In the folder of a layer: all its rows as one file.
pub const NATIONAL: &str = "national.parquet";

/// The tables that codes lead to.
pub const REFERENCE: &str = "reference";
/// The sectors of today, among them.
pub const SECTORS: &str = "reference/sectors.parquet";
/// The sector schemes, among them.
pub const SECTOR_SCHEMES: &str = "reference/sector_schemes.parquet";
/// Tables that link rows to others.
pub const LINKS: &str = "links";
/// Sector classes and their codes.
pub const SECTOR_MEMBERSHIP: &str = "links/sector_membership.parquet";
/// Facilities and jurisdictions, where no column of a tile has them.
pub const FACILITY_LINKS: &str = "links/facility_jurisdiction";
/// Facilities by layer, scheme and code.
pub const SECTOR_TOTALS: &str = "links/sector_totals.parquet";

/// What makes files of this release of those of the one before, each below this folder under its own path.
pub const DELTAS: &str = "deltas";
const DELTA_ENDING: &str = ".delta";

/// Scores of the layers.
pub const QUALITY_SCORES: &str = "quality/scores.parquet";
/// Counts of the layers.
pub const QUALITY_LAYERS: &str = "quality/layers.parquet";
/// Rows by layer and state.
pub const QUALITY_COVERAGE: &str = "quality/coverage.parquet";
/// Claims that disagree.
pub const QUALITY_CLAIMS: &str = "quality/claims.parquet";
/// Counts held against what agencies publish.
pub const QUALITY_EXPECTED: &str = "quality/expected.parquet";
/// Values by field.
pub const QUALITY_FIELDS: &str = "quality/fields.parquet";
/// Rejects by layer and reason.
pub const QUALITY_REJECTS: &str = "quality/rejects.parquet";
/// Flags by layer, code and field.
pub const QUALITY_FLAGS: &str = "quality/flags.parquet";

/// What maps in a browser are made of.
pub const MAP: &str = "map";

/// The jurisdictions of the polygon sets.
pub const JURISDICTIONS: &str = "jurisdictions";
/// Governments and polygons by kind, among them; the hyphen keeps it from being a set's, whose ids have none.
pub const JURISDICTION_KINDS: &str = "jurisdictions/by-kind.parquet";
/// Facilities by jurisdiction, sector and lifeline.
pub const SCORECARD_CELLS: &str = "scorecard/cells.parquet";
/// Capacities by the same.
pub const SCORECARD_CAPACITY: &str = "scorecard/capacity.parquet";
/// The same cells in the releases before.
pub const SCORECARD_HISTORY: &str = "scorecard/history.parquet";

/// Rows of other regions that reach into one lie here, beside [`DATA`].
pub const CROSSING: &str = "crossing";
const DATA: &str = "data";
/// Hive's form, which DuckDB, pyarrow, Polars and GeoPandas read as a column. No column of a tile has the same name:
/// GeoPandas and SedonaDB fail where both are there.
const REGION: &str = "region=";

/// The delta of a file of a release: Parquet by another name, so that it is no tile to whoever takes all that end with `.parquet`.
///
/// ```
/// use std::path::Path;
/// use cikr::feature::release::paths::delta_path;
///
/// let path = delta_path("layers/dams/data/region=R06/part-000.parquet");
/// assert_eq!(path, Path::new("deltas/layers/dams/data/region=R06/part-000.parquet.delta"));
/// ```
pub fn delta_path(file: &str) -> PathBuf {
    Path::new(DELTAS).join(format!("{file}{DELTA_ENDING}"))
}

/// The file that a delta is of; none of a path that is no delta's.
///
/// ```
/// use cikr::feature::release::paths::file_of_delta;
///
/// assert_eq!(file_of_delta("deltas/links/sector_totals.parquet.delta"), Some("links/sector_totals.parquet"));
/// assert_eq!(file_of_delta("links/sector_totals.parquet"), None);
/// ```
pub fn file_of_delta(path: &str) -> Option<&str> {
    path.strip_prefix(DELTAS)?
        .strip_prefix('/')?
        .strip_suffix(DELTA_ENDING)
}

/// Folder of a layer.
pub fn layer_folder(layer: &str) -> PathBuf {
    Path::new(LAYERS).join(layer)
}

/// Folder of a collection: a layer, or the inventory.
///
/// ```
/// use std::path::Path;
/// use cikr::feature::release::paths::{FACILITIES, collection_folder};
///
/// assert_eq!(collection_folder("dams"), Path::new("layers/dams"));
/// assert_eq!(collection_folder(FACILITIES), Path::new("facilities"));
/// ```
pub fn collection_folder(collection: &str) -> PathBuf {
    if collection == FACILITIES {
        PathBuf::from(collection)
    } else {
        layer_folder(collection)
    }
}

/// Folder of a collection's tiles.
pub fn tile_folder(collection: &str) -> PathBuf {
    collection_folder(collection).join(DATA)
}

/// Folder of the rows of a collection that reach into further regions: each stands there again for every one of them.
pub fn crossing_folder(collection: &str) -> PathBuf {
    collection_folder(collection).join(CROSSING)
}

/// Whether a file holds rows of other regions.
///
/// ```
/// use cikr::feature::release::paths::is_crossing;
///
/// assert!(is_crossing("layers/lines/crossing/region=R06/part-000.parquet".as_ref()));
/// assert!(!is_crossing("layers/crossing/data/region=R06/part-000.parquet".as_ref()));
/// ```
pub fn is_crossing(path: &Path) -> bool {
    let folder = path.parent().and_then(Path::parent).and_then(Path::file_name);
    region_of(path).is_some() && folder == Some(OsStr::new(CROSSING))
}

/// Links of a layer's facilities to the jurisdictions of a set.
///
/// ```
/// use std::path::Path;
/// use cikr::feature::release::paths::facility_links_path;
///
/// let path = facility_links_path("county", "dams", "counties");
/// assert_eq!(path, Path::new("links/facility_jurisdiction/kind=county/dams.counties.parquet"));
/// ```
pub fn facility_links_path(kind: &str, layer: &str, set: &str) -> PathBuf {
    let folder = Path::new(FACILITY_LINKS).join(format!("kind={kind}"));
    folder.join(parquet(&format!("{layer}.{set}")))
}

/// Tile of a region, below [`tile_folder`].
///
/// ```
/// use std::path::Path;
/// use cikr::feature::RegionId;
/// use cikr::feature::release::paths::{ordinal_of, region_of, tile_file};
///
/// let path = tile_file(&RegionId::new(Some("R06")), 2);
/// assert_eq!(path, Path::new("region=R06/part-002.parquet"));
/// assert_eq!((region_of(&path).as_deref(), ordinal_of(&path)), (Some("R06"), Some(2)));
/// ```
pub fn tile_file(region: &RegionId, ordinal: u32) -> PathBuf {
    PathBuf::from(format!("{REGION}{region}")).join(format!("part-{ordinal:03}.parquet"))
}

/// Whether a file of a release is a tile.
///
/// ```
/// use cikr::feature::release::paths::is_tile;
///
/// assert!(is_tile("layers/dams/data/region=R06/part-000.parquet".as_ref()));
/// assert!(!is_tile("layers/dams/national.parquet".as_ref()));
/// ```
pub fn is_tile(path: &Path) -> bool {
    let is_below_data = path.components().any(|part| part.as_os_str() == DATA);
    is_below_data && path.extension() == Some(OsStr::new("parquet"))
}

/// Whether a file is the inventory's.
pub fn is_of_inventory(path: &Path) -> bool {
    path.starts_with(FACILITIES)
}

/// The collection that a file is of: `facilities`, or a layer's id.
///
/// ```
/// use cikr::feature::release::paths::collection_of;
///
/// assert_eq!(collection_of("layers/dams/data/region=R06/part-000.parquet".as_ref()), Some("dams".to_owned()));
/// assert_eq!(collection_of("facilities/items.parquet".as_ref()), Some("facilities".to_owned()));
/// ```
pub fn collection_of(path: &Path) -> Option<String> {
    let mut parts = path.components().map(|part| part.as_os_str().to_string_lossy());
    let first = parts.next()?;
    if first == FACILITIES {
        return Some(first.into_owned());
    }
    parts.next().map(std::borrow::Cow::into_owned)
}

/// Code of the region that a tile is for.
pub fn region_of(tile: &Path) -> Option<String> {
    let folder = tile.parent()?.file_name()?.to_str()?;
    folder.strip_prefix(REGION).map(str::to_owned)
}

/// Number of a tile within its region.
pub fn ordinal_of(tile: &Path) -> Option<u32> {
    tile.file_stem()?.to_str()?.strip_prefix("part-")?.parse().ok()
}

/// A layer as one file.
pub fn national_path(layer: &str) -> PathBuf {
    layer_folder(layer).join(NATIONAL)
}

/// A layer in a format of other tools.
///
/// ```
/// use std::path::Path;
/// use cikr::feature::ExportFormat;
/// use cikr::feature::release::paths::format_path;
///
/// let path = format_path("dams", ExportFormat::Shapefile);
/// assert_eq!(path, Path::new("layers/dams/dams.shp.zip"));
/// ```
pub fn format_path(layer: &str, format: ExportFormat) -> PathBuf {
    layer_folder(layer).join(format!("{layer}.{}", format.extension()))
}

/// How QGIS draws the files of a layer that don't say so within: beside them, by their name.
pub fn style_path(layer: &str) -> PathBuf {
    layer_folder(layer).join(format!("{layer}.qml"))
}

/// A collection as vector tiles.
///
/// ```
/// use std::path::Path;
/// use cikr::feature::release::paths::map_path;
///
/// assert_eq!(map_path("dams"), Path::new("map/dams.pmtiles"));
/// ```
pub fn map_path(collection: &str) -> PathBuf {
    Path::new(MAP).join(format!("{collection}.pmtiles"))
}

/// A layer's rejects.
pub fn rejects_path(layer: &str) -> PathBuf {
    Path::new("rejects").join(parquet(layer))
}

/// A layer's flags.
pub fn flags_path(layer: &str) -> PathBuf {
    Path::new("quality").join("flags").join(parquet(layer))
}

/// What differs in a layer from the release before.
pub fn changes_path(layer: &str) -> PathBuf {
    Path::new("changes").join(parquet(layer))
}

/// The jurisdictions of a polygon set.
///
/// ```
/// use std::path::Path;
/// use cikr::feature::release::paths::jurisdictions_path;
///
/// assert_eq!(jurisdictions_path("county"), Path::new("jurisdictions/county.parquet"));
/// ```
pub fn jurisdictions_path(set: &str) -> PathBuf {
    Path::new(JURISDICTIONS).join(parquet(set))
}

/// A reference table.
pub fn reference_path(table: &str) -> PathBuf {
    Path::new(REFERENCE).join(parquet(table))
}

fn parquet(name: &str) -> String {
    format!("{name}.parquet")
}
