//! What files are by their names, for whoever lands, reads or packs them.
//!
//! LEAF.

use std::path::Path;

/// Extensions of Parquet files, lower case.
const PARQUET: [&str; 3] = ["parquet", "geoparquet", "pq"];

/// Extensions of what GDAL opens as a dataset.
const DATASETS: [&str; 4] = ["shp", "gdb", "gpkg", "fgb"];

/// What `SQLite` has beside a database in which changes are under way: a copy of the database alone would lack them, or
/// have half of them (<https://www.sqlite.org/wal.html>, <https://www.sqlite.org/fileformat2.html>).
pub const SQLITE_CHANGES: [&str; 2] = ["-wal", "-journal"];

/// Whether a name is that of a Parquet file.
///
/// ```
/// use cikr::feature::extensions::is_parquet;
///
/// assert!(is_parquet("state=TX/PART-0.PARQUET".as_ref()));
/// assert!(!is_parquet("_SUCCESS".as_ref()));
/// ```
pub fn is_parquet(path: &Path) -> bool {
    known_extension(path, &PARQUET).is_some()
}

/// The kind of dataset that a name's extension stands for, lower case.
///
/// ```
/// use cikr::feature::extensions::dataset_extension;
///
/// assert_eq!(dataset_extension("Dams.GPKG".as_ref()), Some("gpkg"));
/// assert_eq!(dataset_extension("dams.csv".as_ref()), None);
/// ```
pub fn dataset_extension(path: &Path) -> Option<&'static str> {
    known_extension(path, &DATASETS)
}

fn known_extension(path: &Path, known: &[&'static str]) -> Option<&'static str> {
    let extension = path.extension()?;
    known
        .iter()
        .copied()
        .find(|known| extension.eq_ignore_ascii_case(known))
}
