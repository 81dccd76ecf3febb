//! The fetch stage: lands every source, wherever its bytes are, several at a time.
//!
//! A layer is made as soon as its source is there, while others are on their way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;
use std::{iter, mem};

use tracing::{error_span, info, warn};

use super::arrival::{Arrival, LandError};
use super::clock::now;
use crate::feature::{Landed, Progress};
use crate::fetch::http::{Client, ClientSettings, HttpError};
use crate::fetch::{FetchError, Landing, arcgis, file};
use crate::plan::{Location, Plan, SourcePlan};
use crate::store::{LandingError, Store, StoreError};

/// Sources at work at the same time: most of their time is spent waiting for servers and disks.
const SOURCES_AT_ONCE: usize = 8;

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

/// The sources of a plan on their way: each can be had as soon as it has landed, or failed.
pub(super) struct Landings<'a> {
    fetching: Fetching<'a>,
    /// Polygon sets, then layers, each in plan order.
    sources: Vec<(String, &'a SourcePlan)>,
    /// The first so many are polygon sets.
    sets: usize,
    client: SharedClient,
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
    arrived: BTreeMap<usize, Arrival>,
    /// Layers that are to come.
    layers_left: usize,
}

// All sources once landed before any was read, and one slow server kept every layer waiting. So whoever makes
// layers asks for the next that has come, and nobody asks for one by its name.
impl<'a> Landings<'a> {
    pub(super) fn new(fetching: Fetching<'a>) -> Self {
        let plan = fetching.plan;
        let sources: Vec<(String, &SourcePlan)> = set_sources(plan).chain(layer_sources(plan)).collect();
        let board = Board {
            waiting: (0..sources.len()).collect(),
            unreached: VecDeque::new(),
            at_work: 0,
            arrived: BTreeMap::new(),
            layers_left: plan.layers.len(),
        };
        Self {
            fetching,
            sources,
            sets: plan.jurisdictions.len(),
            client: OnceLock::new(),
            board: Mutex::new(board),
            changed: Condvar::new(),
        }
    }

    /// Does `work` while the sources land, a few at a time; one that fails stops no other.
    pub(super) fn land_while<T>(&self, work: impl FnOnce() -> T) -> T {
        thread::scope(|scope| {
            for _ in 0..SOURCES_AT_ONCE.min(self.sources.len()) {
                scope.spawn(|| self.land_waiting());
            }
            let done = work();
            // Where the work has failed, nothing more need land; where it hasn't, nothing is left to.
            self.cancel_waiting();
            done
        })
    }

    /// The polygon sets, in plan order, once the last of them has landed.
    pub(super) fn landed_sets(&self) -> Vec<Arrival> {
        let mut board = self.lock_board();
        while (0..self.sets).any(|place| !board.arrived.contains_key(&place)) {
            board = self.wait_for_change(board);
        }
        let layers = board.arrived.split_off(&self.sets);
        mem::replace(&mut board.arrived, layers).into_values().collect()
    }

    /// The next layer that has landed or failed, by its number in the plan; none after the last.
    pub(super) fn next_layer(&self) -> Option<(usize, Arrival)> {
        let mut board = self.lock_board();
        while board.layers_left > 0 {
            let first = board.arrived.range(self.sets..).next().map(|(place, _)| *place);
            if let Some((place, arrival)) = first.and_then(|place| board.arrived.remove_entry(&place)) {
                board.layers_left -= 1;
                // Whoever else waits here has to see that no layer is left.
                self.changed.notify_all();
                return Some((place - self.sets, arrival));
            }
            board = self.wait_for_change(board);
        }
        None
    }

    /// Waits until a layer has landed of which this is true, or until all have, and it is true of none.
    pub(super) fn any_layer(&self, is_such: impl Fn(usize, &Arrival) -> bool) -> bool {
        let mut looked_at = BTreeSet::new();
        let mut board = self.lock_board();
        loop {
            for (place, arrival) in board.arrived.range(self.sets..) {
                if looked_at.insert(*place) && is_such(*place - self.sets, arrival) {
                    return true;
                }
            }
            if looked_at.len() == self.sources.len() - self.sets {
                return false;
            }
            board = self.wait_for_change(board);
        }
    }

    /// Begins no source that nobody has begun: the run is over.
    fn cancel_waiting(&self) {
        let mut board = self.lock_board();
        board.waiting.clear();
        board.unreached.clear();
        self.changed.notify_all();
    }

    fn lock_board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_for_change<'b>(&self, board: MutexGuard<'b, Board>) -> MutexGuard<'b, Board> {
        self.changed.wait(board).unwrap_or_else(PoisonError::into_inner)
    }

    /// One thread's share of the work.
    fn land_waiting(&self) {
        while let Some((place, is_first_try)) = self.next_source() {
            let (id, source) = &self.sources[place];
            // A panic that ended the thread would leave those waiting for ever who wait for this source.
            let arrival = catch_unwind(AssertUnwindSafe(|| {
                land_one(self.fetching, &self.client, id, source)
            }));
            let arrival = match arrival {
                Ok(Ok(landed)) => Arrival::Landed(landed),
                Ok(Err(error)) => Arrival::Failed(error),
                Err(panic) => Arrival::Panicked(panic),
            };
            let mut board = self.lock_board();
            board.at_work -= usize::from(is_first_try);
            // A hundred layers on one dead host would each be patient with it for minutes. The
            // client leaves such a host alone for a while; what was to come from it is tried once
            // more when all else is done.
            if is_first_try && arrival.is_unreachable() {
                board.unreached.push_back(place);
            } else {
                board.arrived.insert(place, arrival);
            }
            self.changed.notify_all();
        }
    }

    /// A source to land, and whether it is for the first time.
    fn next_source(&self) -> Option<(usize, bool)> {
        let mut board = self.lock_board();
        if let Some(place) = board.waiting.pop_front() {
            board.at_work += 1;
            return Some((place, true));
        }
        // A server that was not reached gets all the time that the others take to come back: it is tried
        // again last, and whoever is at work may yet find another such.
        while board.at_work > 0 {
            board = self.wait_for_change(board);
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

/// What has come of every source of a plan: of polygon sets and of layers, each in plan order.
pub(super) struct Arrivals {
    pub(super) sets: Vec<Arrival>,
    pub(super) layers: Vec<Arrival>,
}

/// Lands every source of a plan.
pub(super) fn land_all(fetching: Fetching<'_>) -> Arrivals {
    let landings = Landings::new(fetching);
    landings.land_while(|| {
        let sets = landings.landed_sets();
        let layers: BTreeMap<usize, Arrival> = iter::from_fn(|| landings.next_layer()).collect();
        Arrivals {
            sets,
            layers: layers.into_values().collect(),
        }
    })
}

/// Polygon sets of a plan: folder in the landing, and source.
pub(super) fn set_sources(plan: &Plan) -> impl Iterator<Item = (String, &SourcePlan)> {
    plan.jurisdictions
        .iter()
        .map(|set| (set_folder(&set.id), &set.source))
}

/// Layers of a plan: folder in the landing, and source.
pub(super) fn layer_sources(plan: &Plan) -> impl Iterator<Item = (String, &SourcePlan)> {
    plan.layers
        .iter()
        .map(|layer| (layer.id.to_string(), &layer.source))
}

/// Sets and layers share the landing: a set's folder can't be taken for a layer's.
pub(super) fn set_folder(set: &str) -> String {
    format!("jurisdiction-{set}")
}

/// The one client of a run, made when the first server is to be asked: a run of local files needs none, and
/// isn't failed by settings that no client can be made with.
type SharedClient = OnceLock<Result<Client, HttpError>>;

fn land_one(
    fetching: Fetching<'_>,
    client: &SharedClient,
    id: &str,
    source: &SourcePlan,
) -> Result<Landed, LandError> {
    let _span = error_span!("source", id).entered();
    let _task = fetching.progress.start("fetch", id, None);
    let landed = if fetching.is_offline {
        last_landed(fetching.store, id)?
    } else {
        land_source(fetching, client, id, source)?
    };
    info!(stage = "fetch", bytes = landed.bytes, "landed");
    Ok(landed)
}

/// What was landed last, untouched by anything that happened to the source since.
fn last_landed(store: &Store, id: &str) -> Result<Landed, StoreError> {
    match store.held_copy(id)? {
        Some(held) => Ok(held.landed),
        None => Err(LandingError::NeverLanded { id: id.to_owned() }.into()),
    }
}

/// Lands `source` in the folder `id` of the landing.
fn land_source(
    fetching: Fetching<'_>,
    client: &SharedClient,
    id: &str,
    source: &SourcePlan,
) -> Result<Landed, LandError> {
    if source.is_insecure() {
        warn!("the server's certificate is not verified: `insecure-tls = true`");
    }
    match &source.location {
        Location::Path(path) => Ok(fetching.store.land(id, path, &source.shown, &now())?),
        Location::Http(file) => land_remote(fetching, client, id, |client, landing| {
            file::land_file(source, file, client, landing)
        }),
        Location::Arcgis(layer) => land_remote(fetching, client, id, |client, landing| {
            arcgis::land_layer(client, layer, &source.shown, landing)
        }),
    }
}

/// Lands what `pull` gets of a server, within the time that the plan allows a source.
fn land_remote(
    fetching: Fetching<'_>,
    client: &SharedClient,
    id: &str,
    pull: impl FnOnce(&Client, &Landing<'_>) -> Result<Landed, FetchError>,
) -> Result<Landed, LandError> {
    let client = client.get_or_init(|| Client::new(fetching.settings));
    let client = client.as_ref().map_err(|source| LandError::Client {
        source: source.clone(),
    })?;
    // It counts until it is dropped: a source that is tried again has what is left of its time.
    let time = client.time_of(id, Duration::from_secs(fetching.plan.fetch_s));
    let landing = Landing {
        store: fetching.store,
        id,
        progress: fetching.progress,
        now: &now,
        until: time.until,
    };
    pull(client, &landing).map_err(|source| LandError::Fetch { source })
}
