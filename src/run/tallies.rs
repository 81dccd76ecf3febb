//! What was counted of tiles, kept for nights on which they are the same: their rows aren't read again.
//!
//! A tally that is not there, of other tiles or of another version of this program costs
//! a reading, nothing else.

use std::collections::BTreeMap;

use serde_json::value::to_raw_value;
use tracing::debug;

use super::context::Context;
use super::fingerprint::digest_of;
use super::layer_outcome::LayerOutcome;
use crate::derive::product::Scope;
use crate::derive::{Tally, products_wanted};
use crate::error::Error;
use crate::feature::TileRecord;
use crate::feature::release::paths::FACILITIES;
use crate::page::Facilities;
use crate::store::Lock;

/// What stands for tiles, whatever they lie in: their digests in the order of their paths,
/// and this program's version.
fn digest_of_tiles(tiles: &[TileRecord]) -> String {
    // With the version of this program: another may count otherwise.
    let mut digests: Vec<(&str, &str)> = vec![("", env!("CARGO_PKG_VERSION"))];
    let files = tiles
        .iter()
        .map(|tile| (tile.path.to_str().unwrap_or_default(), tile.sha256.as_str()));
    digests.extend(files);
    digests.sort_unstable();
    digest_of(&digests)
}

/// Whether what products want to see of a layer of an earlier run is known without its tiles.
pub(super) fn recall_layer(context: &Context<'_>, outcome: &LayerOutcome) -> bool {
    let layer = &outcome.report;
    let told = context
        .store
        .tally(layer.id.as_str(), &digest_of_tiles(&outcome.tiles));
    let is_known = told.is_some_and(|told| context.products.recall(layer, &told));
    debug!(layer = layer.id.as_str(), is_known, "tally");
    is_known
}

/// Whether what products want to see of a layer's tiles is likely known without them:
/// a tally of each was kept.
pub(super) fn are_kept(context: &Context<'_>, layer: &str, tiles: &[TileRecord]) -> bool {
    let told = context.store.tally(layer, &digest_of_tiles(tiles));
    let names = products_wanted(context.plan).filter(|product| product.describe().scope == Scope::Tile);
    let mut names = names.map(|product| product.describe().doc.name);
    told.is_some_and(|told| names.all(|name| told.contains_key(name)))
}

/// Keeps what products have seen of the layers that were looked at, before anything is made of it.
///
/// # Errors
/// When the store can't take it.
pub(super) fn keep_layers(context: &Context<'_>, lock: &Lock, layers: &[&LayerOutcome]) -> Result<(), Error> {
    for outcome in layers.iter().filter(|outcome| !outcome.tiles.is_empty()) {
        let layer = outcome.report.id.as_str();
        if let Some(told) = context.products.tally(layer) {
            put_tally(context, lock, layer, &outcome.tiles, told)?;
        }
    }
    Ok(())
}

/// Name of the page's part among what is told of the inventory.
const PAGE: &str = "page";

/// The inventory's facilities as they were counted of the same tiles.
pub(super) fn recall_facilities(context: &Context<'_>, tiles: &[TileRecord]) -> Option<Facilities> {
    let told = context.store.tally(FACILITIES, &digest_of_tiles(tiles))?;
    serde_json::from_str(told.get(PAGE)?.get()).ok()
}

/// Keeps what was counted of the inventory.
///
/// # Errors
/// When the store can't take it.
pub(super) fn keep_facilities(
    context: &Context<'_>,
    lock: &Lock,
    tiles: &[TileRecord],
    counted: &Facilities,
) -> Result<(), Error> {
    let Ok(told) = to_raw_value(counted) else {
        return Ok(());
    };
    put_tally(
        context,
        lock,
        FACILITIES,
        tiles,
        BTreeMap::from([(PAGE.to_owned(), told)]),
    )
}

fn put_tally(
    context: &Context<'_>,
    lock: &Lock,
    collection: &str,
    tiles: &[TileRecord],
    told: Tally,
) -> Result<(), Error> {
    context
        .store
        .put_tally(lock, collection, &digest_of_tiles(tiles), told)?;
    Ok(())
}
