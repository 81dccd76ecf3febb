//! `urls.txt`: where every tile is, one a line, so that a reader needs no listing of folders.
//!
//! Pure. Paths relative to the release, or URLs below the address that the pipeline gives.

use super::collection::Collection;
use super::item::items_of;
use crate::feature::RunReport;
use crate::feature::release::tile_urls;
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

/// Where the folder of the release is served, with a slash at the end; none where the pipeline doesn't say.
pub(super) fn release_url(plan: &Plan, report: &RunReport) -> Option<String> {
    let base = plan.output.base_url.as_ref()?;
    Some(format!("{base}/releases/{}/", report.release))
}
