//! The fetch stage alone, and what the landing holds.

use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat, TimeDelta};
use serde::Serialize;
use tracing::warn;

use super::fetch::{self, Fetching, Tried, set_folder};
use super::{clock, now, past};
use crate::error::{Error, chain};
use crate::feature::Progress;
use crate::fetch::http::ClientSettings;
use crate::plan::{Plan, SourcePlan};
use crate::store::{LandedCopy, Retention, Store};

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
pub struct Fetched {
    /// When it began, RFC 3339 UTC.
    pub started: String,
    /// Polygon sets.
    pub jurisdictions: Vec<FetchedSource>,
    /// Layers.
    pub layers: Vec<FetchedSource>,
}

impl Fetched {
    /// Whether every source landed.
    pub fn is_complete(&self) -> bool {
        self.jurisdictions
            .iter()
            .chain(&self.layers)
            .all(FetchedSource::has_landed)
    }

    /// Whether a run could publish anything: every polygon set landed, and a layer.
    pub fn is_usable(&self) -> bool {
        self.jurisdictions.iter().all(FetchedSource::has_landed)
            && self.layers.iter().any(FetchedSource::has_landed)
    }
}

impl FetchedSource {
    fn has_landed(&self) -> bool {
        self.status != SourceStatus::Failed
    }
}

/// Lands every source of a plan, and makes nothing of them.
///
/// # Errors
/// Only when the store fails: a source's own failure is told of in the outcome.
pub fn fetch(
    plan: &Plan,
    store: &Store,
    settings: &ClientSettings,
    progress: &dyn Progress,
) -> Result<Fetched, Error> {
    let started = now();
    let lock = store.lock().map_err(|source| Error::Store { source })?;
    store.heal(&lock).map_err(|source| Error::Store { source })?;
    let known = known(store)?;
    let (sets_landed, layers_landed) = fetch::land_all(Fetching {
        plan,
        store,
        progress,
        settings,
        is_offline: false,
    });
    let sets = plan
        .jurisdictions
        .iter()
        .map(|set| (set_folder(&set.id), &set.source));
    let layers = plan
        .layers
        .iter()
        .map(|layer| (layer.id.to_string(), &layer.source));
    let tell = |((id, source), tried): ((String, &SourcePlan), Tried)| told(id, source, tried, &known);
    let jurisdictions = sets.zip(sets_landed).map(tell).collect::<Result<_, _>>()?;
    let layers = layers.zip(layers_landed).map(tell).collect::<Result<_, _>>()?;
    Ok(Fetched {
        started,
        jurisdictions,
        layers,
    })
}

/// Folder and digest of what was landed before.
type Known = BTreeSet<(String, String)>;

fn known(store: &Store) -> Result<Known, Error> {
    let copies = store.landings().map_err(|source| Error::Store { source })?;
    Ok(copies.into_iter().map(|copy| (copy.id, copy.sha256)).collect())
}

fn told(id: String, source: &SourcePlan, tried: Tried, known: &Known) -> Result<FetchedSource, Error> {
    let shown = source.shown.to_string();
    let failed = |reason| FetchedSource {
        id: id.clone(),
        source: shown.clone(),
        status: SourceStatus::Failed,
        reason: Some(reason),
        sha256: None,
        bytes: None,
        landed_at: None,
    };
    match tried {
        Err(_panic) => Ok(failed("the fetch stage panicked".to_owned())),
        Ok(Err(error)) => match error.told() {
            Ok(what) => Ok(failed(source.as_shown(&what))),
            Err(source) => Err(Error::Store { source }),
        },
        Ok(Ok(landed)) => {
            let is_known = known.contains(&(id.clone(), landed.sha256.clone()));
            let status = if is_known {
                SourceStatus::Unchanged
            } else {
                SourceStatus::New
            };
            let (sha256, bytes) = (Some(landed.sha256), Some(landed.bytes));
            let landed_at = Some(landed.landed_at);
            Ok(FetchedSource {
                id,
                source: shown,
                status,
                reason: None,
                sha256,
                bytes,
                landed_at,
            })
        }
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
pub fn landings(store: &Store) -> Result<Vec<AgedCopy>, Error> {
    Ok(aged(store.landings().map_err(|source| Error::Store { source })?))
}

fn aged(copies: Vec<LandedCopy>) -> Vec<AgedCopy> {
    let now = clock();
    let since =
        |time: &str| DateTime::parse_from_rfc3339(time).map(|time| (now - time.to_utc()).num_seconds());
    let aged = |copy: LandedCopy| AgedCopy {
        age_s: since(&copy.landed_at).unwrap_or_default(),
        checked_s: copy
            .fetch
            .as_ref()
            .filter(|_| copy.is_held)
            .and_then(|fetch| since(&fetch.fetched_at).ok()),
        copy,
    };
    copies.into_iter().map(aged).collect()
}

/// ISO 8601 day of a time in milliseconds since 1970; none beyond the calendar.
pub fn day_of_ms(ms: i64) -> Option<String> {
    DateTime::from_timestamp_millis(ms).map(|time| time.date_naive().to_string())
}

/// Which landed copies to keep beyond those that releases or the next offline run need.
#[derive(Debug, Clone, Copy, Default)]
pub struct Keep {
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
pub fn prune(store: &Store, keep: Keep) -> Result<Vec<AgedCopy>, Error> {
    let store_error = |source| Error::Store { source };
    let lock = store.lock().map_err(store_error)?;
    if !keep.is_dry {
        store.heal(&lock).map_err(store_error)?;
    }
    let (needed, until) = needed(store)?;
    let since = keep.days.map(|days| {
        let since = clock() - TimeDelta::days(i64::from(days));
        since.to_rfc3339_opts(SecondsFormat::Secs, true)
    });
    let newest = keep.newest.unwrap_or(1);
    let (since, until) = (since.as_deref(), until.as_deref());
    let retention = Retention {
        keep: newest,
        since,
        needed: &needed,
        until,
        is_dry: keep.is_dry,
    };
    Ok(aged(store.prune_landing(&lock, &retention).map_err(store_error)?))
}

/// Digests of all that the releases were made from; and when the newest one was published that can't tell.
fn needed(store: &Store) -> Result<(BTreeSet<String>, Option<String>), Error> {
    let (mut needed, mut until) = (BTreeSet::new(), None);
    for release in store.releases().map_err(|source| Error::Store { source })? {
        match past::sound_report(store, &release.id) {
            Ok(report) => {
                needed.extend(report.layers.into_iter().filter_map(|layer| layer.source_sha256));
                needed.extend(report.jurisdictions.into_iter().map(|set| set.source_sha256));
            }
            Err(error) => {
                let hint = "nothing that was landed before it is pruned";
                warn!(
                    release = release.id,
                    reason = chain(&error),
                    "a release can't tell what it was made from: {hint}"
                );
                until = until.max(Some(release.published));
            }
        }
    }
    Ok((needed, until))
}
