//! `urls.txt`: where every tile is, one a line, so that a reader needs no listing of folders.
//!
//! Pure. Paths relative to the release, or URLs below the address that the pipeline gives.

use std::fmt::Write;

use super::Collection;
use crate::feature::RunReport;
use crate::plan::Plan;

/// Its name, at the root of the release.
pub(super) const FILE: &str = "urls.txt";

/// The lines, sorted; tiles below `data/` alone, where every feature stands once.
pub(super) fn urls(plan: &Plan, report: &RunReport, collections: &[Collection<'_>]) -> String {
    let base = plan
        .output
        .base_url
        .as_ref()
        .map(|url| format!("{url}/releases/{}/", report.release));
    let tile = |path: String| {
        base.as_ref()
            .map_or_else(|| path.clone(), |base| base.clone() + &encoded(&path))
    };
    let mut lines: Vec<String> = collections
        .iter()
        .flat_map(Collection::items)
        .filter(|item| !item.is_crossing())
        .map(|item| tile(format!("{}/{}\n", item.collection.base(), item.href)))
        .collect();
    lines.sort();
    lines.concat()
}

/// A path as it stands in a URL (RFC 3986, `pchar` and `/`); the line's end stays.
fn encoded(path: &str) -> String {
    path.bytes().fold(String::new(), |mut url, byte| {
        match byte {
            b'\n' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => url.push(char::from(byte)),
            _ if b"/-._~=".contains(&byte) => url.push(char::from(byte)),
            _ => write!(url, "%{byte:02X}").expect("a string takes any text"),
        }
        url
    })
}
