//! `urls.txt`: where every tile is, one a line, so that a reader needs no listing of folders.
//!
//! Pure. Paths relative to the release, or URLs below the address that the pipeline gives.

use std::fmt::Write;

use super::collection::Collection;
use super::item::items_of;
use crate::feature::RunReport;
use crate::plan::Plan;

/// The lines, sorted; tiles below `data/` alone, where every feature stands once.
pub(super) fn list_tiles(plan: &Plan, report: &RunReport, collections: &[Collection<'_>]) -> String {
    let base = release_url(plan, report);
    let mut lines = Vec::new();
    for item in collections.iter().flat_map(items_of) {
        if item.is_crossing() {
            continue;
        }
        let path = format!("{}/{}\n", item.collection.base(), item.href);
        lines.push(match &base {
            // A path is for the file system, which takes any character as it is; a URL isn't.
            Some(base) => base.clone() + &percent_encoded(&path),
            None => path,
        });
    }
    lines.sort();
    lines.concat()
}

/// Where the folder of the release is served, with a slash at the end; none where the pipeline doesn't say.
pub(super) fn release_url(plan: &Plan, report: &RunReport) -> Option<String> {
    let base = plan.output.base_url.as_ref()?;
    Some(format!("{base}/releases/{}/", report.release))
}

/// A path as it stands in a URL (RFC 3986, `pchar` and `/`); the line's end stays.
fn percent_encoded(path: &str) -> String {
    path.bytes().fold(String::new(), |mut url, byte| {
        match byte {
            b'\n' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => url.push(char::from(byte)),
            // `=` may stand in a path (RFC 3986), and must here: readers look for `region=R06`.
            _ if b"/-._~=".contains(&byte) => url.push(char::from(byte)),
            _ => write!(url, "%{byte:02X}").expect("a string takes any text"),
        }
        url
    })
}
