//! The stages in order: the only room that sees every other, and the only one that reads the clock.
//!
//! A layer's failure is a result, not the end of the run: it is carried from the last release, or
//! left out, and named. Only when no layer succeeds is nothing published.

mod arrival;
mod beside;
mod carry;
mod changes_file;
mod clock;
mod context;
mod deltas;
mod derive;
mod describe;
mod feed;
mod fetch;
mod fingerprint;
mod formats;
mod gate;
mod inventory;
mod jurisdictions;
mod kept;
mod landing;
mod latest;
mod layer;
mod layer_error;
mod layer_outcome;
mod layer_report;
mod layers;
mod link_docs;
mod map;
mod map_archive;
mod map_page;
mod map_recipe;
mod map_rows;
mod map_search;
mod memory;
mod mirrored_maps;
mod mode;
mod national;
mod nearby;
mod outcome;
mod page_content;
mod past;
mod product_files;
mod publish;
mod reference;
mod reference_docs;
mod report;
mod reread;
mod rows_at_hand;
mod since;
mod sync;
mod table_docs;
mod tables;
mod takeover;
mod tallies;
mod tile;
mod tile_error;
mod unchanged;

use std::time::Instant;

use tracing::warn;

pub use changes_file::{ChangesFile, change_json};
pub use clock::{day_of_ms, release_id};
use context::Context;
pub use feed::write_feed;
use fetch::{Fetching, Landings};
pub use gate::{AcceptRequest, accept_change};
pub use landing::{
    AgedCopy, FetchReport, FetchedSource, LandingRetention, SourceStatus, aged_landings, fetch_sources,
    prune_landing,
};
pub use latest::{RollbackRequest, follow_nights, pin_release, roll_back, unpin_release};
use layers::Layers;
pub use map_archive::{MapCollection, write_archive};
pub use map_recipe::MapRecipe;
pub use mode::Mode;
pub use outcome::Outcome;
use past::Past;
use publish::Counts;
pub use since::{ChangeSink, Compared, ComparedLayerReport, SinceRequest, compare_releases};
pub use sync::{SyncFrom, sync_store};

use crate::derive as products;
use crate::engine::Room;
use crate::error::{Error, error_chain};
use crate::feature::release::ReleaseId;
use crate::feature::release::product_names;
use crate::feature::{Progress, TileRecord};
use crate::fetch::http::ClientSettings;
use crate::plan::{Plan, ProductName};
use crate::store::{Lock, Store};

/// Products that a pipeline may ask for.
///
/// ```
/// let names: Vec<&str> = cikr::run::product_names().iter().map(|product| product.name).collect();
/// assert_eq!(names[..3], ["inventory", "national", "formats"]);
/// assert_eq!(names[3..], ["map", "changes", "sectors", "quality", "registry", "scorecard", "deltas"]);
/// ```
pub fn product_names() -> Vec<ProductName> {
    products::product_names()
}

/// Runs a plan and publishes a release called `id`.
///
/// # Errors
/// When a polygon set fails, no layer succeeds, or the store fails; the last release stays as it was.
pub fn run(
    plan: &Plan,
    store: &Store,
    id: &ReleaseId,
    mode: Mode<'_>,
    settings: &ClientSettings,
    progress: &dyn Progress,
) -> Result<Outcome, Error> {
    let lock = store.lock()?;
    let fetching = Fetching {
        plan,
        store,
        progress,
        settings,
        is_offline: mode.offline,
    };
    run_stages(fetching, &lock, id, mode).inspect_err(|error| {
        if error.is_out_of_space() {
            // What it has made so far would keep the next run from having room.
            store.abandon(&lock, id).unwrap_or_else(|error| {
                warn!(
                    reason = error_chain(&error),
                    "what a run without room has left can't be removed"
                );
            });
        }
    })
}

/// Lands, links what is as it was, makes layers of the rest, derives, describes, publishes.
fn run_stages(fetching: Fetching<'_>, lock: &Lock, id: &ReleaseId, mode: Mode<'_>) -> Result<Outcome, Error> {
    let started = clock::now();
    let timer = Instant::now();
    let staging = fetching.store.begin_release(lock, id)?;
    let past = Past::of_store(fetching.store);
    let room = memory::row_room(fetching.plan, mode, &staging);
    let records = room.for_records();
    let mut context = Context::new(fetching, mode, id, &started, &staging, &past);
    let night = context.night(&records);
    let landings = Landings::new(fetching);
    let mut layers = landings.land_while(|| layers::link_or_make(&mut context, night, &room, &landings))?;
    jurisdictions::drop_unplanned_sets(&context, lock);
    // Whether or not anything is published: else an analyst could not accept what kept it all back.
    gate::record_held_back(&context, lock, &layers.outcomes)?;
    report::refuse_without_layers(&layers.outcomes)?;
    // Before the inventory, after which the rows of most layers are let go.
    national::write_national_files(&context, &room, &mut layers.outcomes)?;
    let facilities = write_or_take_inventory(&context, &room, &mut layers)?;
    let mut report = report::report_of_run(&context, &layers.joined, &layers.outcomes, &facilities);
    derive::write_products(&context, lock, &layers.joined, &mut layers.outcomes, &mut report)?;
    formats::write_format_files(&context, &mut layers.outcomes, &mut report)?;
    map::write_map_files(&context, &room, &layers.outcomes, &facilities, &mut report)?;
    map_page::write_map_page(
        &context,
        &room,
        &layers.joined,
        &layers.outcomes,
        &facilities,
        &mut report,
    )?;
    report.seconds = timer.elapsed().as_secs_f64();
    report.peak_memory_bytes = memory::peak_resident();
    // README, page, feed and catalog are made of the report: what it doesn't show, they can't.
    let report = context.mask_secrets(&report)?;
    describe::write_catalog(
        &context,
        lock,
        &report,
        &layers.joined,
        &layers.outcomes,
        &facilities,
    )?;
    deltas::write_deltas(&context)?;
    let layer_tiles: usize = layers.outcomes.iter().map(|layer| layer.tiles.len()).sum();
    let counts = Counts {
        tiles: (layer_tiles + facilities.len()) as u64,
        rows: context.into_row_counts(),
    };
    publish::publish_release(fetching, lock, &past.counts, staging, report, &counts)
}

/// The inventory's tiles: linked, or written beside the reference tables where the pipeline wants one.
fn write_or_take_inventory(
    context: &Context<'_>,
    room: &Room,
    layers: &mut Layers,
) -> Result<Vec<TileRecord>, Error> {
    if let Some(linked) = layers.linked_inventory.take() {
        return Ok(linked);
    }
    let facilities = if context.plan.makes_product(product_names::INVENTORY) {
        inventory::write_inventory(context, &layers.joined.context, room, &layers.outcomes)?
    } else {
        vec![]
    };
    // The rows of layers that aren't compared are free to go: nothing else is made of them.
    for (layer, outcome) in context.plan.layers.iter().zip(&mut layers.outcomes) {
        outcome.rows = outcome.rows.take().filter(|_| context.is_compared(layer));
    }
    reference::write_reference_tables(context, &layers.joined)?;
    Ok(facilities)
}
