//! The fetch stage: lands every source, wherever its bytes are, several at a time.
//!
//! All of it before anything is read: whether a layer must be made again follows from what has landed.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use tracing::{error_span, info, warn};

use super::now;
use crate::error::chain;
use crate::feature::{Landed, Progress};
use crate::fetch::http::{Client, ClientSettings, HttpError};
use crate::fetch::{FetchError, Landing, arcgis, file};
use crate::plan::{Location, Plan, SourcePlan};
use crate::store::{Store, StoreError};

/// Sources at work at the same time: most of their time is spent waiting for servers and disks.
const AT_ONCE: usize = 8;

/// What the fetch stage needs to know.
#[derive(Clone, Copy)]
pub(super) struct Fetching<'a> {
    pub(super) plan: &'a Plan,
    pub(super) store: &'a Store,
    pub(super) progress: &'a dyn Progress,
    /// How servers are asked.
    pub(super) settings: &'a ClientSettings,
    /// Whether only what was landed before is used.
    pub(super) is_offline: bool,
}

/// Why a source isn't landed.
#[derive(Debug, thiserror::Error)]
pub(super) enum LandError {
    #[error(transparent)]
    Store { source: StoreError },
    #[error(transparent)]
    Fetch { source: FetchError },
    #[error(transparent)]
    Client { source: HttpError },
}

impl LandError {
    /// What is wrong with the source; or the store's own failure.
    pub(super) fn told(self) -> Result<String, StoreError> {
        let store = match self {
            Self::Store { source } => Ok(source),
            Self::Fetch { source } => source.into_store().map_err(|source| Self::Fetch { source }),
            client @ Self::Client { .. } => Err(client),
        };
        match store {
            Ok(source) if !source.is_source() => Err(source),
            Ok(source) => Ok(chain(&source)),
            Err(error) => Ok(chain(&error)),
        }
    }
}

/// How landing a source went; the outer error is a panic, which is the layer's failure alone.
pub(super) type Tried = Result<Result<Landed, LandError>, Box<dyn Any + Send>>;

/// Every source of a plan, in its order.
pub(super) struct Landings {
    pub(super) sets: Vec<Tried>,
    pub(super) layers: Vec<Tried>,
}

/// Lands every source of a plan; one that fails stops no other.
pub(super) fn land_all(fetching: Fetching<'_>) -> Landings {
    let plan = fetching.plan;
    let sets = plan.jurisdictions.iter().map(|set| (set_folder(&set.id), &set.source));
    let layers = plan.layers.iter().map(|layer| (layer.id.to_string(), &layer.source));
    let sources: Vec<(String, &SourcePlan)> = sets.chain(layers).collect();
    let client = OnceLock::new();
    let all: Vec<usize> = (0..sources.len()).collect();
    let mut tried = land_some(fetching, &client, &sources, &all);
    // A server that could not be reached may be back when all others are done.
    let unreached: Vec<usize> =
        tried.iter().filter(|(_, tried)| is_unreachable(tried)).map(|(at, _)| *at).collect();
    if !unreached.is_empty() {
        info!(
            stage = "fetch",
            sources = unreached.len(),
            "trying again those whose servers were not reached"
        );
        tried.extend(land_some(fetching, &client, &sources, &unreached));
    }
    let mut tried: Vec<Tried> = tried.into_values().collect();
    let layers = tried.split_off(plan.jurisdictions.len());
    Landings { sets: tried, layers }
}

/// Lands the sources at these places, a few at a time.
fn land_some(
    fetching: Fetching<'_>,
    client: &Shared,
    sources: &[(String, &SourcePlan)],
    places: &[usize],
) -> BTreeMap<usize, Tried> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    let work = || {
        while let Some(at) = places.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (id, source) = &sources[*at];
            let tried = catch_unwind(AssertUnwindSafe(|| land_one(fetching, client, id, source)));
            done.lock().unwrap_or_else(PoisonError::into_inner).insert(*at, tried);
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(places.len()) {
            scope.spawn(work);
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn is_unreachable(tried: &Tried) -> bool {
    matches!(tried, Ok(Err(LandError::Fetch { source })) if source.is_unreachable())
}

/// Sets and layers share the landing: a set's folder can't be taken for a layer's.
pub(super) fn set_folder(set: &str) -> String {
    format!("jurisdiction-{set}")
}

/// The one client of a run, made when the first server is to be asked.
type Shared = OnceLock<Result<Client, HttpError>>;

fn land_one(
    fetching: Fetching<'_>,
    client: &Shared,
    id: &str,
    source: &SourcePlan,
) -> Result<Landed, LandError> {
    let _span = error_span!("source", id).entered();
    let _task = fetching.progress.start("fetch", id, None);
    let landed = if fetching.is_offline {
        held(fetching, id).map_err(|source| LandError::Store { source })
    } else {
        land(fetching, client, id, source)
    };
    landed.inspect(|landed| info!(stage = "fetch", bytes = landed.bytes, "landed"))
}

/// What was landed last, untouched by anything that happened to the source since.
fn held(fetching: Fetching<'_>, id: &str) -> Result<Landed, StoreError> {
    let held = fetching.store.held(id)?;
    held.map(|held| held.landed).ok_or_else(|| StoreError::NeverLanded { id: id.to_owned() })
}

/// Lands `source` in the folder `id` of the landing.
fn land(fetching: Fetching<'_>, client: &Shared, id: &str, source: &SourcePlan) -> Result<Landed, LandError> {
    let Fetching { plan, store, progress, settings, .. } = fetching;
    let allowed = Duration::from_secs(plan.fetch_s);
    let client = || {
        let made = client.get_or_init(|| Client::new(settings));
        made.as_ref().map_err(|source| LandError::Client { source: source.clone() })
    };
    if source.is_insecure() {
        warn!("the server's certificate is not verified: `insecure-tls = true`");
    }
    match &source.location {
        Location::Path(path) => {
            store.land(id, path, &source.shown, &now()).map_err(|source| LandError::Store { source })
        }
        Location::Http(file) => {
            let time = client()?.time_of(id, allowed);
            let landing = Landing { store, id, progress, now: &now, until: time.until };
            file::land(source, file, client()?, &landing).map_err(|source| LandError::Fetch { source })
        }
        Location::Arcgis(layer) => {
            let time = client()?.time_of(id, allowed);
            let landing = Landing { store, id, progress, now: &now, until: time.until };
            let pulled = arcgis::fetch(client()?, layer, &source.shown, &landing);
            pulled.map_err(|source| LandError::Fetch { source })
        }
    }
}
