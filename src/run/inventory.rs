//! The inventory `facilities`: every facility of every layer, core columns, a point.
//!
//! Made of the rows as they wait for it; those of layers that this run did not make are read from their tiles once.

use tracing::info;

use super::tile::TileError;
use super::{Context, LayerOutcome, again, page, tile};
use crate::derive::inventory::FACILITIES;
use crate::engine::rows::LocalRows;
use crate::engine::{self, EngineError, Facilities, Member, Room};
use crate::error::Error;
use crate::feature::TileRecord;
use crate::kernel::assemble::inventory_schema;
use crate::kernel::locate::JoinContext;
use crate::plan::LayerPlan;

/// Writes the inventory of the layers that take part in it.
///
/// # Errors
/// When a tile of an earlier release can't be read, or one can't be written.
pub(super) fn write(
    context: &Context<'_>,
    join: &JoinContext,
    room: &Room,
    layers: &[LayerOutcome],
) -> Result<Vec<TileRecord>, Error> {
    let task = context.progress.start("pack", FACILITIES, None);
    let schema = inventory_schema(join.further_sets());
    let taking_part = || {
        context
            .plan
            .layers
            .iter()
            .zip(layers)
            .filter(|(layer, _)| layer.inventory)
    };
    let names = schema.fields().iter().map(|field| field.name().as_str());
    let names: Vec<&str> = names
        .filter(|name| !matches!(*name, "bbox" | "geometry"))
        .collect();
    let mut earlier: Vec<(&LayerPlan, LocalRows)> = Vec::new();
    for (layer, outcome) in taking_part().filter(|(_, outcome)| outcome.rows.is_none()) {
        let rows = again::rows(context, room, &outcome.tiles, Some(&names));
        earlier.push((layer, rows.map_err(|source| Error::Inventory { source })?));
    }
    let made = taking_part().filter_map(|(layer, outcome)| Some((layer, outcome.rows.as_ref()?)));
    let all = made.chain(earlier.iter().map(|(layer, rows)| (*layer, rows)));
    let members: Vec<Member<'_>> = all.map(|(layer, store)| Member { layer, store }).collect();
    let unpacked = Facilities::new(&members, &schema);
    let tiles = engine::pack(
        &unpacked,
        &context.packing(FACILITIES, room, 1),
        |tile, groups| {
            let record = tile::write(context, &schema, tile, groups, &mut |group| {
                page::see(context, tile, &group.published.rows.0)
            })?;
            task.advance(record.rows);
            Ok(record)
        },
    );
    let tiles = tiles.map_err(failure)?;
    let rows: u64 = tiles.iter().map(|tile| tile.rows).sum();
    info!(
        stage = "write",
        collection = FACILITIES,
        rows,
        tiles = tiles.len(),
        "inventory written"
    );
    Ok(tiles)
}

/// A store that can't take a tile is the store's failure.
fn failure(error: EngineError) -> Error {
    let EngineError::Sink { region, source } = error else {
        return Error::Inventory {
            source: Box::new(error),
        };
    };
    match source.downcast::<TileError>() {
        Ok(error) => Error::from(*error),
        Err(source) => Error::Inventory {
            source: Box::new(EngineError::Sink { region, source }),
        },
    }
}
