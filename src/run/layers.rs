//! Layers of a run: each linked or made as soon as its source has landed, several at a
//! time, none in another's way.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::arrival::Arrival;
use super::context::{Context, LAYERS_AT_ONCE};
use super::fetch::Landings;
use super::fingerprint::Fingerprints;
use super::jurisdictions::{self, JoinedSets};
use super::layer::{self, LayerInputs};
use super::layer_outcome::LayerOutcome;
use super::takeover;
use super::unchanged::{self, LandedLayer};
use crate::derive::Products;
use crate::derive::product::Night;
use crate::engine::Room;
use crate::error::Error;
use crate::feature::TileRecord;
use crate::kernel::profile;
use crate::plan::LayerPlan;

/// All that is made while sources land.
pub(super) struct Layers {
    /// What every row is joined to.
    pub(super) joined: JoinedSets,
    /// The layers in plan order.
    pub(super) outcomes: Vec<LayerOutcome>,
    /// The inventory's tiles, where all is linked.
    pub(super) linked_inventory: Option<Vec<TileRecord>>,
}

/// Links or makes each layer as soon as its source has landed; what products there are is settled by the
/// first that has to be made.
///
/// # Errors
/// When a polygon set fails, or the store: a layer's own failure is part of its outcome.
pub(super) fn link_or_make<'a>(
    context: &mut Context<'a>,
    night: Night<'a>,
    room: &Room,
    landings: &Landings<'_>,
) -> Result<Layers, Error> {
    let sets = jurisdictions::sources_of_sets(context, landings.landed_sets())?;
    let fingerprints = Fingerprints::new(context.plan, &sets);
    let linked = unchanged::link_if_all_same(context, landings, &fingerprints)?;
    // Products look at tiles while these are in memory, so that they have to be at work before the first
    // layer is made; and which of them are depends on whether any is made at all.
    context.products =
        Products::begin(night, linked.inventory.is_some()).map_err(|source| Error::Derive { source })?;
    let joined = match (&linked.inventory, context.last) {
        (Some(_), Some(last)) => jurisdictions::describe_as_before(context, &sets, last)?,
        _ => jurisdictions::index_and_check_sets(context, &sets)?,
    };
    let queue = LayerQueue {
        landed: Mutex::new(linked.layers),
        landings,
        fingerprints,
    };
    let outcomes = make_layers(context, &joined, room, &queue)?;
    Ok(Layers {
        joined,
        outcomes,
        linked_inventory: linked.inventory,
    })
}

/// Layers that have landed, and those that are still on their way.
struct LayerQueue<'a> {
    landed: Mutex<Vec<LandedLayer>>,
    landings: &'a Landings<'a>,
    fingerprints: Fingerprints<'a>,
}

impl LayerQueue<'_> {
    /// Waits for the next layer; none after the last.
    fn next_layer(&self) -> Option<LandedLayer> {
        let landed = self.landed.lock().unwrap_or_else(PoisonError::into_inner).pop();
        landed.or_else(|| {
            let (index, arrival) = self.landings.next_layer()?;
            Some(LandedLayer {
                index,
                arrival,
                linked: None,
            })
        })
    }
}

/// Makes every layer that is not linked, as it comes; the outcomes are in pipeline order.
fn make_layers(
    context: &Context<'_>,
    joined: &JoinedSets,
    room: &Room,
    queue: &LayerQueue<'_>,
) -> Result<Vec<LayerOutcome>, Error> {
    let inputs = LayerInputs {
        join: &joined.context,
        places: profile::boxes_near(&joined.outlines),
        room,
    };
    let outcomes = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..LAYERS_AT_ONCE.min(rayon::current_num_threads()) {
            scope.spawn(|| {
                while let Some(landed) = queue.next_layer() {
                    let index = landed.index;
                    let outcome = finish_layer(context, &inputs, &queue.fingerprints, landed);
                    outcomes
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .insert(index, outcome);
                }
            });
        }
    });
    let outcomes: BTreeMap<usize, Result<LayerOutcome, Error>> =
        outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    // Of several that end the run, the first of the pipeline is told, whichever thread came first.
    outcomes.into_values().collect()
}

/// A layer as it is linked already, as the last release has it, or made.
fn finish_layer(
    context: &Context<'_>,
    inputs: &LayerInputs<'_>,
    fingerprints: &Fingerprints<'_>,
    landed: LandedLayer,
) -> Result<LayerOutcome, Error> {
    if let Some(linked) = landed.linked {
        return Ok(linked);
    }
    // What costs least is tried first: to link compares digests, to take over decodes the tiles as well, and
    // to make reads the source.
    let fingerprint = fingerprints.of_layer(landed.index, &landed.arrival);
    let linked = unchanged::link_one(context, landed.index, &landed.arrival, fingerprint.as_deref())?;
    if let Some(linked) = linked {
        return Ok(linked);
    }
    let layer = &context.plan.layers[landed.index];
    take_over_or_make(context, inputs, layer, landed.arrival, fingerprint.as_deref())
}

/// A layer as a run that died has finished it, or made here.
fn take_over_or_make(
    context: &Context<'_>,
    inputs: &LayerInputs<'_>,
    layer: &LayerPlan,
    arrival: Arrival,
    fingerprint: Option<&str>,
) -> Result<LayerOutcome, Error> {
    let left = match fingerprint.filter(|_| !context.mode.rebuild) {
        Some(fingerprint) => takeover::take_over(context, inputs.room, layer, fingerprint)?,
        None => None,
    };
    let mut outcome = match left {
        Some(left) => left,
        None => layer::make_or_carry(context, inputs, layer, arrival)?,
    };
    // Before it is noted: the run that takes it over publishes it as it stands there.
    outcome.report = context.mask_secrets(&outcome.report)?;
    if outcome.report.is_published() {
        outcome.report.fingerprint = fingerprint.map(str::to_owned);
        takeover::note_finished(context, layer, &outcome.report)?;
    }
    Ok(outcome)
}
