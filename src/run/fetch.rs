//! The fetch stage: lands every source, wherever its bytes are, several at a time.
//!
//! A layer is made as soon as its source is there, while others are on their way.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Scope};
use std::time::Duration;
use std::{iter, mem};

use tracing::{error_span, info, warn};

use super::now;
use crate::error::chain;
use crate::feature::{Landed, Progress};
use crate::fetch::http::{Client, ClientSettings, HttpError};
use crate::fetch::{FetchError, Landing, arcgis, file};
use crate::plan::{Location, Plan, SourcePlan};
use crate::store::{LandingError, Store, StoreError};

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

/// The sources of a plan on their way: each can be had as soon as it has landed, or failed.
pub(super) struct Landings<'a> {
    fetching: Fetching<'a>,
    /// Polygon sets, then layers, each in plan order.
    sources: Vec<(String, &'a SourcePlan)>,
    /// The first so many are polygon sets.
    sets: usize,
    client: Shared,
    board: Mutex<Board>,
    /// Something on the board has changed.
    changed: Condvar,
}

/// How far the sources are.
struct Board {
    /// Places of those that nobody has begun.
    waiting: VecDeque<usize>,
    /// Places of those whose servers were not reached: they may be back when all others are done.
    unreached: VecDeque<usize>,
    /// How many are being landed for the first time.
    at_work: usize,
    /// What has come of each, until somebody takes it.
    done: BTreeMap<usize, Tried>,
    /// Layers that are to come.
    layers_left: usize,
}

impl<'a> Landings<'a> {
    pub(super) fn new(fetching: Fetching<'a>) -> Self {
        let plan = fetching.plan;
        let sets = plan
            .jurisdictions
            .iter()
            .map(|set| (set_folder(&set.id), &set.source));
        let layers = plan
            .layers
            .iter()
            .map(|layer| (layer.id.to_string(), &layer.source));
        let sources: Vec<(String, &SourcePlan)> = sets.chain(layers).collect();
        let board = Board {
            waiting: (0..sources.len()).collect(),
            unreached: VecDeque::new(),
            at_work: 0,
            done: BTreeMap::new(),
            layers_left: plan.layers.len(),
        };
        let (board, changed) = (Mutex::new(board), Condvar::new());
        Self {
            fetching,
            sources,
            sets: plan.jurisdictions.len(),
            client: OnceLock::new(),
            board,
            changed,
        }
    }

    /// Begins to land them, a few at a time; one that fails stops no other.
    pub(super) fn start<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        for _ in 0..AT_ONCE.min(self.sources.len()) {
            scope.spawn(|| self.work());
        }
    }

    /// The polygon sets, in plan order, once the last of them has landed.
    pub(super) fn sets(&self) -> Vec<Tried> {
        let mut board = self.board();
        while (0..self.sets).any(|place| !board.done.contains_key(&place)) {
            board = self.wait(board);
        }
        let layers = board.done.split_off(&self.sets);
        mem::replace(&mut board.done, layers).into_values().collect()
    }

    /// The next layer that has landed or failed, by its number in the plan; none after the last.
    pub(super) fn next_layer(&self) -> Option<(usize, Tried)> {
        let mut board = self.board();
        while board.layers_left > 0 {
            let first = board.done.range(self.sets..).next().map(|(place, _)| *place);
            if let Some((place, tried)) = first.and_then(|place| board.done.remove_entry(&place)) {
                board.layers_left -= 1;
                self.changed.notify_all();
                return Some((place - self.sets, tried));
            }
            board = self.wait(board);
        }
        None
    }

    /// Waits until a layer has landed of which this is true, or until all have, and it is true of none.
    pub(super) fn any_layer(&self, is_such: impl Fn(usize, &Tried) -> bool) -> bool {
        let mut looked_at = BTreeSet::new();
        let mut board = self.board();
        loop {
            for (place, tried) in board.done.range(self.sets..) {
                if looked_at.insert(*place) && is_such(*place - self.sets, tried) {
                    return true;
                }
            }
            if looked_at.len() == self.sources.len() - self.sets {
                return false;
            }
            board = self.wait(board);
        }
    }

    /// Begins no source that nobody has begun: the run is over.
    pub(super) fn stop(&self) {
        let mut board = self.board();
        board.waiting.clear();
        board.unreached.clear();
        self.changed.notify_all();
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'b>(&self, board: MutexGuard<'b, Board>) -> MutexGuard<'b, Board> {
        self.changed.wait(board).unwrap_or_else(PoisonError::into_inner)
    }

    /// One thread's share of the work.
    fn work(&self) {
        while let Some((place, is_first)) = self.take() {
            let (id, source) = &self.sources[place];
            let landed = || land_one(self.fetching, &self.client, id, source);
            let tried = catch_unwind(AssertUnwindSafe(landed));
            let mut board = self.board();
            board.at_work -= usize::from(is_first);
            if is_first && is_unreachable(&tried) {
                board.unreached.push_back(place);
            } else {
                board.done.insert(place, tried);
            }
            self.changed.notify_all();
        }
    }

    /// A source to land, and whether it is for the first time.
    fn take(&self) -> Option<(usize, bool)> {
        let mut board = self.board();
        if let Some(place) = board.waiting.pop_front() {
            board.at_work += 1;
            return Some((place, true));
        }
        while board.at_work > 0 {
            board = self.wait(board);
        }
        let place = board.unreached.pop_front()?;
        info!(
            stage = "fetch",
            source = self.sources[place].0,
            "trying again, since its server was not reached"
        );
        Some((place, false))
    }
}

/// Every source of a plan: polygon sets, then layers, each in plan order.
pub(super) fn land_all(fetching: Fetching<'_>) -> (Vec<Tried>, Vec<Tried>) {
    let landings = Landings::new(fetching);
    thread::scope(|scope| {
        landings.start(scope);
        let sets = landings.sets();
        let layers: BTreeMap<usize, Tried> = iter::from_fn(|| landings.next_layer()).collect();
        (sets, layers.into_values().collect())
    })
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
    held.map(|held| held.landed)
        .ok_or_else(|| LandingError::NeverLanded { id: id.to_owned() }.into())
}

/// Lands `source` in the folder `id` of the landing.
fn land(fetching: Fetching<'_>, client: &Shared, id: &str, source: &SourcePlan) -> Result<Landed, LandError> {
    let Fetching {
        plan,
        store,
        progress,
        settings,
        ..
    } = fetching;
    let allowed = Duration::from_secs(plan.fetch_s);
    let client = || {
        let made = client.get_or_init(|| Client::new(settings));
        made.as_ref().map_err(|source| LandError::Client {
            source: source.clone(),
        })
    };
    if source.is_insecure() {
        warn!("the server's certificate is not verified: `insecure-tls = true`");
    }
    match &source.location {
        Location::Path(path) => store
            .land(id, path, &source.shown, &now())
            .map_err(|source| LandError::Store { source }),
        Location::Http(file) => {
            let time = client()?.time_of(id, allowed);
            let landing = Landing {
                store,
                id,
                progress,
                now: &now,
                until: time.until,
            };
            file::land(source, file, client()?, &landing).map_err(|source| LandError::Fetch { source })
        }
        Location::Arcgis(layer) => {
            let time = client()?.time_of(id, allowed);
            let landing = Landing {
                store,
                id,
                progress,
                now: &now,
                until: time.until,
            };
            let pulled = arcgis::fetch(client()?, layer, &source.shown, &landing);
            pulled.map_err(|source| LandError::Fetch { source })
        }
    }
}
