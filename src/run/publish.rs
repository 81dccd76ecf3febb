//! The publish stage: the release to be becomes the latest, and what that settles is noted.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tracing::{info, warn};

use super::clock::now;
use super::feed::write_feed;
use super::fetch::Fetching;
use super::gate;
use super::outcome::Outcome;
use super::report::facilities_of;
use crate::error::{Error, error_chain};
use crate::feature::{ReleaseCounts, RunReport};
use crate::store::{Keep, Lock, Publication, Staging, Store};

/// What a release holds, counted while it was made.
pub(super) struct Counts {
    /// Tiles of all collections.
    pub(super) tiles: u64,
    /// Rows of every Parquet file, for the manifest.
    pub(super) rows: BTreeMap<PathBuf, u64>,
}

/// Publishes what is staged.
///
/// # Errors
/// When the store fails.
pub(super) fn publish_release(
    run: Fetching<'_>,
    lock: &Lock,
    remembered: &[ReleaseCounts],
    staging: Staging<'_>,
    report: RunReport,
    counts: &Counts,
) -> Result<Outcome, Error> {
    let task = run.progress.start("publish", report.release.as_str(), None);
    let (linked, digested) = staging.bytes_linked_and_digested();
    info!(
        stage = "publish",
        linked, digested, "bytes of earlier releases linked, and compared with their digests"
    );
    let publication = Publication {
        rows: &counts.rows,
        tiles: counts.tiles,
        facilities: facilities_of(run.plan, &report),
        keep: Keep {
            changed: run.plan.keep,
            days: run.plan.keep_days,
        },
        now: &now(),
    };
    let published = staging.publish(&publication)?;
    drop(task);
    // From here on the release stands: acceptances that it has made use of are used up, and
    // the feed may tell of it.
    gate::note_used_acceptances(run.store, lock, &report)?;
    write_feed(run.store, lock);
    remember_counts(run.store, lock, remembered, &report);
    for release in &published.pruned {
        info!(
            stage = "publish",
            release = release.as_str(),
            "an older release was removed"
        );
    }
    if let Some(frozen) = &published.frozen {
        warn!(stage = "publish", "{frozen}");
    }
    for warning in &published.warnings {
        warn!(stage = "publish", "{warning}");
    }
    info!(
        stage = "publish",
        release = report.release.as_str(),
        bytes = published.latest.bytes,
        "published"
    );
    let expected = run.plan.expected.as_ref();
    Ok(Outcome {
        report,
        release: published.folder,
        unmet: expected.and_then(|expected| expected.unmet),
    })
}

/// Adds a release to those whose counts are remembered. The release stands without it: what goes wrong is warned of, and the
/// next run adds it.
fn remember_counts(store: &Store, lock: &Lock, remembered: &[ReleaseCounts], report: &RunReport) {
    let mut counts = remembered.to_vec();
    counts.push(ReleaseCounts::of_report(report));
    if let Err(error) = store.put_history(lock, counts) {
        warn!(reason = error_chain(&error), "history.json can't be written");
    }
}
