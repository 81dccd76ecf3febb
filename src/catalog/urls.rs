//! `urls.txt`: where every tile is, one a line, so that a reader needs no listing of folders.
//!
//! Pure. Paths relative to the release, or URLs below the address that the pipeline gives.

use std::fmt::Write;

use super::collection::Collection;
use super::item::items_of;
use crate::feature::RunReport;
use crate::feature::release::ReleaseId;
use crate::plan::Plan;

/// The lines, sorted; tiles below `data/` alone, where every feature stands once.
pub(super) fn list_tiles(plan: &Plan, report: &RunReport, collections: &[Collection<'_>]) -> String {
    let items = collections.iter().flat_map(items_of);
    let paths: Vec<String> = items
        .filter(|item| !item.is_crossing())
        .map(|item| format!("{}/{}", item.collection.base(), item.href))
        .collect();
    let base = plan.output.base_url.as_deref();
    let urls = tile_urls(base, &report.release, paths.iter().map(String::as_str));
    urls.into_iter()
        .fold(String::new(), |lines, url| lines + &url + "\n")
}

/// Addresses of tiles by their paths within a release, sorted: URLs below `base`, where `public` of the store is served, else
/// the paths.
///
/// ```
/// use cikr::catalog::tile_urls;
/// use cikr::feature::release::ReleaseId;
///
/// let release = ReleaseId::parse("v1")?;
/// let tile = "layers/dams/data/region=R 6/part-000.parquet";
/// let urls = tile_urls(Some("https://data.example.gov"), &release, [tile]);
/// let path = "layers/dams/data/region=R%206/part-000.parquet";
/// assert_eq!(urls, [format!("https://data.example.gov/releases/v1/{path}")]);
/// assert_eq!(tile_urls(None, &release, [tile]), [tile]);
/// # Ok::<(), cikr::feature::release::BadReleaseId>(())
/// ```
pub fn tile_urls<'a>(
    base: Option<&str>,
    release: &ReleaseId,
    tiles: impl IntoIterator<Item = &'a str>,
) -> Vec<String> {
    let tiles = tiles.into_iter();
    let mut urls: Vec<String> = match base {
        // A path is for the file system, which takes any character as it is; a URL isn't.
        Some(base) => tiles
            .map(|path| format!("{base}/releases/{release}/{}", percent_encoded(path)))
            .collect(),
        None => tiles.map(str::to_owned).collect(),
    };
    urls.sort();
    urls
}

/// A path as it stands in a URL (RFC 3986, `pchar` and `/`).
fn percent_encoded(path: &str) -> String {
    path.bytes().fold(String::new(), |mut url, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => url.push(char::from(byte)),
            // `=` may stand in a path (RFC 3986), and must here: readers look for `region=R06`.
            _ if b"/-._~=".contains(&byte) => url.push(char::from(byte)),
            _ => write!(url, "%{byte:02X}").expect("a string takes any text"),
        }
        url
    })
}
