//! `feed.xml` at the top of a store, written anew whenever what it tells of has changed.

use tracing::warn;

use crate::catalog::feed::{Entry, render_feed};
use crate::error::error_chain;
use crate::feature::RunReport;
use crate::store::{Lock, ReleaseInfo, Store};
use crate::verify::sound_report;

/// Writes the feed of the releases that the store keeps, whole or not at all.
///
/// The releases stand without it: what goes wrong is warned of, and the next run writes it again.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// let store = cikr::store::Store::open(&folder.path().join("store"))?;
/// let lock = store.lock()?;
/// cikr::run::write_feed(&store, &lock);
/// assert!(!store.root().join("feed.xml").exists(), "there is no release to tell of");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_feed(store: &Store, lock: &Lock) {
    let releases = store.releases().unwrap_or_else(|error| {
        warn!(
            reason = error_chain(&error),
            "the releases can't be listed: feed.xml stays as it was"
        );
        vec![]
    });
    let mut reports: Vec<(&ReleaseInfo, RunReport)> = Vec::new();
    for info in &releases {
        match sound_report(store, &info.id) {
            Ok(report) => reports.push((info, report)),
            Err(error) => warn!(
                release = info.id.as_str(),
                reason = error_chain(&error),
                "left out of feed.xml: its report can't be read"
            ),
        }
    }
    let entries: Vec<Entry<'_>> = reports
        .iter()
        .map(|(info, report)| Entry {
            report,
            published: &info.published,
            is_latest: info.is_latest,
        })
        .collect();
    let Some(bytes) = render_feed(&entries) else {
        return;
    };
    if let Err(error) = store.put_feed(lock, &bytes) {
        warn!(reason = error_chain(&error), "feed.xml can't be written");
    }
}
