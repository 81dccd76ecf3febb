//! One digest for the data of a release, to cite it by.
//!
//! Of the data alone: a night on which nothing has changed has a new id, new times and new reports, and the same digest.

use super::super::digest::sha256_hex;
use super::paths;

/// Digest of the data of a release: SHA-256 over the sorted lines `<sha256>  <path>` of the tables below `facilities/`,
/// `layers/`, `links/` and `reference/`, as `sha256sum` prints them. `files` are paths within the release and digests.
///
/// ```
/// use cikr::feature::release::data_digest;
///
/// let tile = ("layers/dams/data/region=R06/part-000.parquet", "ba7816bf");
/// let report = ("report.json", "1f40fc92");
/// assert_eq!(data_digest([tile, report]), data_digest([tile]), "a report is no data");
/// // printf 'ba7816bf  layers/dams/data/region=R06/part-000.parquet\n' | sha256sum
/// assert!(data_digest([tile]).starts_with("76475c859bcb4b7c"));
/// ```
pub fn data_digest<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut lines: Vec<String> = files
        .into_iter()
        .filter(|(path, _)| is_data(path))
        .map(|(path, sha256)| format!("{sha256}  {path}\n"))
        .collect();
    // As `LC_ALL=C sort` does, so that anybody can make the digest again out of the manifest with three tools.
    lines.sort_unstable();
    sha256_hex(lines.concat())
}

/// Whether a file of a release is data. What describes a collection (STAC, its table of items) tells times of the run, and is
/// none.
fn is_data(path: &str) -> bool {
    let is_below = [paths::FACILITIES, paths::LAYERS, paths::LINKS, paths::REFERENCE]
        .iter()
        .any(|folder| {
            path.strip_prefix(folder)
                .is_some_and(|rest| rest.starts_with('/'))
        });
    is_below && path.ends_with(".parquet") && !path.ends_with(paths::ITEMS)
}
