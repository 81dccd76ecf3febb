//! The fetch stage alone, and what the landing holds.

use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::Serialize;
use tracing::warn;

use super::arrival::{Arrival, LandFault};
use super::clock;
use super::fetch::{self, Fetching, layer_sources, set_sources};
use crate::error::{Error, error_chain};
use crate::feature::{Landed, Progress};
use crate::fetch::http::ClientSettings;
use crate::plan::{Plan, SourcePlan};
use crate::store::{LandedCopy, Retention, Store};
use crate::verify::sound_report;

/// What became of a source in the fetch stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceStatus {
    /// Bytes that had not been landed before.
    New,
    /// The bytes were landed before.
    Unchanged,
    /// Nothing was landed.
    Failed,
}

/// A source after the fetch stage.
#[derive(Debug, Clone, Serialize)]
pub struct FetchedSource {
    /// Layer id, or a polygon set's after `jurisdiction-`.
    pub id: String,
    /// The source as the pipeline gives it.
    pub source: String,
    /// What became of it.
    pub status: SourceStatus,
    /// Why it failed, where it did.
    pub reason: Option<String>,
    /// SHA-256 of the landed bytes.
    pub sha256: Option<String>,
    /// Their size.
    pub bytes: Option<u64>,
    /// When they were landed first, RFC 3339 UTC.
    pub landed_at: Option<String>,
}

/// The fetch stage of a pipeline.
#[derive(Debug, Clone, Serialize)]
pub struct FetchReport {
    /// When it began, RFC 3339 UTC.
    pub started: String,
    /// Polygon sets.
    pub jurisdictions: Vec<FetchedSource>,
    /// Layers.
    pub layers: Vec<FetchedSource>,
}

impl FetchReport {
    /// Whether every source landed.
    pub fn is_complete(&self) -> bool {
        self.jurisdictions
            .iter()
            .chain(&self.layers)
            .all(FetchedSource::has_landed)
    }

    /// Whether a run could publish anything: every polygon set landed, and a layer.
    ///
    /// ```
    /// use cikr::run::{FetchReport, FetchedSource, SourceStatus};
    ///
    /// let source = |status| FetchedSource {
    ///     id: "hospitals".to_owned(),
    ///     source: "hospitals.csv".to_owned(),
    ///     status,
    ///     reason: None,
    ///     sha256: None,
    ///     bytes: None,
    ///     landed_at: None,
    /// };
    /// let fetched = FetchReport {
    ///     started: "2026-11-30T02:15:00Z".to_owned(),
    ///     jurisdictions: vec![],
    ///     layers: vec![source(SourceStatus::Unchanged), source(SourceStatus::Failed)],
    /// };
    /// assert!(fetched.is_usable() && !fetched.is_complete());
    /// ```
    pub fn is_usable(&self) -> bool {
        self.jurisdictions.iter().all(FetchedSource::has_landed)
            && self.layers.iter().any(FetchedSource::has_landed)
    }
}

/// Lands every source of a plan, and makes nothing of them.
///
/// # Errors
/// Only when the store fails: a source's own failure is told of in the outcome.
pub fn fetch_sources(
    plan: &Plan,
    store: &Store,
    settings: &ClientSettings,
    progress: &dyn Progress,
) -> Result<FetchReport, Error> {
    let started = clock::now();
    let lock = store.lock()?;
    store.heal(&lock)?;
    // Before anything lands: what is new is what wasn't there.
    let before = landed_before(store)?;
    let arrivals = fetch::land_all(Fetching {
        plan,
        store,
        progress,
        settings,
        is_offline: false,
    });
    let sets = set_sources(plan).zip(arrivals.sets);
    let layers = layer_sources(plan).zip(arrivals.layers);
    Ok(FetchReport {
        started,
        jurisdictions: fetched_sources(sets, &before)?,
        layers: fetched_sources(layers, &before)?,
    })
}

/// Folder and digest of what was landed before.
type LandedBefore = BTreeSet<(String, String)>;

fn landed_before(store: &Store) -> Result<LandedBefore, Error> {
    let copies = store.landings()?;
    Ok(copies.into_iter().map(|copy| (copy.id, copy.sha256)).collect())
}

fn fetched_sources<'a>(
    arrived: impl Iterator<Item = ((String, &'a SourcePlan), Arrival)>,
    before: &LandedBefore,
) -> Result<Vec<FetchedSource>, Error> {
    let mut fetched = Vec::new();
    for ((id, source), arrival) in arrived {
        fetched.push(match arrival {
            Arrival::Landed(landed) => FetchedSource::of_landed(id, source, landed, before),
            Arrival::Failed(error) => match error.into_fault() {
                LandFault::Store { source } => return Err(source.into()),
                LandFault::Source { reason } => {
                    FetchedSource::of_failed(id, source, source.as_shown(&reason))
                }
            },
            Arrival::Panicked(_) => {
                FetchedSource::of_failed(id, source, "the fetch stage panicked".to_owned())
            }
        });
    }
    Ok(fetched)
}

impl FetchedSource {
    fn of_landed(id: String, source: &SourcePlan, landed: Landed, before: &LandedBefore) -> Self {
        let key = (id, landed.sha256);
        let status = if before.contains(&key) {
            SourceStatus::Unchanged
        } else {
            SourceStatus::New
        };
        let (id, sha256) = key;
        Self {
            id,
            source: source.shown.to_string(),
            status,
            reason: None,
            sha256: Some(sha256),
            bytes: Some(landed.bytes),
            landed_at: Some(landed.landed_at),
        }
    }

    fn of_failed(id: String, source: &SourcePlan, reason: String) -> Self {
        Self {
            id,
            source: source.shown.to_string(),
            status: SourceStatus::Failed,
            reason: Some(reason),
            sha256: None,
            bytes: None,
            landed_at: None,
        }
    }

    fn has_landed(&self) -> bool {
        self.status != SourceStatus::Failed
    }
}

/// A landed copy, and how old it is.
#[derive(Debug, Clone, Serialize)]
pub struct AgedCopy {
    /// The copy.
    #[serde(flatten)]
    pub copy: LandedCopy,
    /// Seconds since it was landed first.
    pub age_s: i64,
    /// Seconds since its source was looked at last; none for a copy that is not held.
    pub checked_s: Option<i64>,
}

/// Every landed copy with its age.
///
/// # Errors
/// When the landing can't be read.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// let store = cikr::store::Store::open(&folder.path().join("store"))?;
/// assert!(cikr::run::aged_landings(&store)?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn aged_landings(store: &Store) -> Result<Vec<AgedCopy>, Error> {
    Ok(with_ages(store.landings()?))
}

fn with_ages(copies: Vec<LandedCopy>) -> Vec<AgedCopy> {
    // Read once, so that copies of one moment have one age.
    let now = clock::utc();
    let aged = copies.into_iter().map(|copy| AgedCopy {
        age_s: seconds_since(now, &copy.landed_at).unwrap_or_default(),
        checked_s: copy
            .fetch
            .as_ref()
            .filter(|_| copy.is_held)
            .and_then(|fetch| seconds_since(now, &fetch.fetched_at)),
        copy,
    });
    aged.collect()
}

fn seconds_since(now: DateTime<Utc>, time: &str) -> Option<i64> {
    let time = DateTime::parse_from_rfc3339(time).ok()?;
    Some((now - time.to_utc()).num_seconds())
}

/// Which landed copies to keep beyond those that releases or the next offline run need.
#[derive(Debug, Clone, Copy, Default)]
pub struct LandingRetention {
    /// The newest so many of each source.
    pub newest: Option<usize>,
    /// Those landed in the last so many days.
    pub days: Option<u32>,
    /// Whether all is only told.
    pub is_dry: bool,
}

/// Removes landed copies that the rule doesn't keep and nothing needs, and tells of them.
///
/// # Errors
/// When the store fails.
///
/// ```
/// use cikr::run::{LandingRetention, prune_landing};
///
/// # let folder = tempfile::tempdir()?;
/// let store = cikr::store::Store::open(&folder.path().join("store"))?;
/// let keep = LandingRetention { newest: Some(3), is_dry: true, ..LandingRetention::default() };
/// assert!(prune_landing(&store, keep)?.is_empty(), "nothing is landed, so nothing would go");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn prune_landing(store: &Store, keep: LandingRetention) -> Result<Vec<AgedCopy>, Error> {
    let lock = store.lock()?;
    // To heal is to write, and nothing is written where all is only told.
    if !keep.is_dry {
        store.heal(&lock)?;
    }
    // What a kept release was made from stays whatever the rule says: with it, the
    // release can be made once more.
    let needs = landing_needs(store)?;
    let since = keep.days.map(|days| {
        let since = clock::utc() - TimeDelta::days(i64::from(days));
        since.to_rfc3339_opts(SecondsFormat::Secs, true)
    });
    let retention = Retention {
        keep: keep.newest.unwrap_or(1),
        since: since.as_deref(),
        needed: &needs.digests,
        until: needs.unknown_until.as_deref(),
        is_dry: keep.is_dry,
    };
    Ok(with_ages(store.prune_landing(&lock, &retention)?))
}

/// What of the landing releases still need.
#[derive(Default)]
struct LandingNeeds {
    /// Digests of all that they were made from.
    digests: BTreeSet<String>,
    /// When the newest release was published that can't tell: all that was landed
    /// before may be what it needs.
    unknown_until: Option<String>,
}

fn landing_needs(store: &Store) -> Result<LandingNeeds, Error> {
    let mut needs = LandingNeeds::default();
    for release in store.releases()? {
        match sound_report(store, &release.id) {
            Ok(report) => {
                let layers = report.layers.into_iter();
                needs
                    .digests
                    .extend(layers.filter_map(|layer| layer.source_sha256));
                let sets = report.jurisdictions.into_iter();
                needs.digests.extend(sets.map(|set| set.source_sha256));
            }
            Err(error) => {
                let hint = "nothing that was landed before it is pruned";
                warn!(
                    release = release.id.as_str(),
                    reason = error_chain(&error),
                    "a release can't tell what it was made from: {hint}"
                );
                // Better too much is kept than the bytes that some release was made from.
                needs.unknown_until = needs.unknown_until.max(Some(release.published));
            }
        }
    }
    Ok(needs)
}
