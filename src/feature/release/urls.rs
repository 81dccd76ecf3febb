//! Where the tiles of a release are, for those who can't list folders.
//!
//! Pure.

use std::fmt::Write;

use super::ReleaseId;

/// Addresses of tiles by their paths within a release, sorted: URLs below `base`, where `public` of the store is served, else
/// the paths.
///
/// ```
/// use cikr::feature::release::{ReleaseId, tile_urls};
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
pub fn percent_encoded(path: &str) -> String {
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
