//! The inventory `facilities`: every facility of every layer, core columns, a point.
//!
//! Made of the rows as they wait for it; those of layers that this run did not make are
//! read from their tiles once.

use tracing::info;

use super::context::Context;
use super::layer_outcome::LayerOutcome;
use super::tile::TileColumns;
use super::tile_error::TileError;
use super::{page_content, reread, tile};
use crate::engine::rows::LocalRows;
use crate::engine::{self, InventoryMember, InventoryRows, PackError, Room};
use crate::error::Error;
use crate::feature::TileRecord;
use crate::feature::release::paths::FACILITIES;
use crate::kernel::columns::inventory_schema;
use crate::kernel::locate::JoinContext;
use crate::plan::LayerPlan;

/// Writes the inventory of the layers that take part in it.
///
/// # Errors
/// When a tile of an earlier release can't be read, or one can't be written.
pub(super) fn write_inventory(
    context: &Context<'_>,
    join: &JoinContext,
    room: &Room,
    layers: &[LayerOutcome],
) -> Result<Vec<TileRecord>, Error> {
    let task = context.progress.start("pack", FACILITIES, None);
    let schema = inventory_schema(&join.own_columns());
    let names = schema.fields().iter().map(|field| field.name().as_str());
    // Neither is taken from a tile: the inventory has points, and a covering of these.
    let names: Vec<&str> = names
        .filter(|name| !matches!(*name, "bbox" | "geometry"))
        .collect();
    let earlier = earlier_rows(context, room, layers, &names)?;
    let made = members(context, layers).filter_map(|(layer, outcome)| Some((layer, outcome.rows.as_ref()?)));
    let all = made.chain(earlier.iter().map(|(layer, rows)| (*layer, rows)));
    // Which layers are made varies from night to night, and with it this order. No tile does: rows are packed
    // by where they stand, and by their ids where they stand together.
    let members: Vec<InventoryMember<'_>> = all
        .map(|(layer, store)| InventoryMember { layer, store })
        .collect();
    let unpacked = InventoryRows::new(&members, &schema);
    let packing = context.packing_alone(FACILITIES, room);
    let columns = TileColumns::new(context, None, &schema);
    let tiles = engine::pack(&unpacked, &packing, |tile, groups| {
        let record = tile::write_tile(context, &columns, tile, groups, &mut |group| {
            page_content::count_row_group(context, tile, group.published.rows.facilities())
        })?;
        task.advance(record.rows);
        Ok(record)
    });
    let tiles = tiles.map_err(inventory_error)?;
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

/// The layers that take part.
fn members<'a>(
    context: &'a Context<'_>,
    layers: &'a [LayerOutcome],
) -> impl Iterator<Item = (&'a LayerPlan, &'a LayerOutcome)> {
    let all = context.plan.layers.iter().zip(layers);
    all.filter(|(layer, _)| layer.inventory)
}

/// The rows of layers that this run didn't make, with the columns of the inventory alone.
fn earlier_rows<'a>(
    context: &'a Context<'_>,
    room: &Room,
    layers: &'a [LayerOutcome],
    columns: &[&str],
) -> Result<Vec<(&'a LayerPlan, LocalRows)>, Error> {
    let mut earlier = Vec::new();
    for (layer, outcome) in members(context, layers) {
        if outcome.rows.is_none() {
            let rows = reread::rows_of_tiles(context, room, &outcome.tiles, Some(columns));
            let rows = rows.map_err(|source| Error::Inventory {
                source: Box::new(source),
            })?;
            earlier.push((layer, rows));
        }
    }
    Ok(earlier)
}

/// A store that can't take a tile, or no longer holds its rows, is the store's failure.
fn inventory_error(error: PackError<TileError>) -> Error {
    match error {
        PackError::Sink { source, .. } => source.into(),
        PackError::Engine { source } => Error::Inventory {
            source: Box::new(source),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, ErrorKind};

    use super::*;
    use crate::engine::EngineError;
    use crate::engine::rows::RowsError;
    use crate::error::exit;
    use crate::store::StoreError;

    fn full_disk() -> io::Error {
        let full = StoreError::Full {
            path: "scratch".into(),
            source: ErrorKind::StorageFull.into(),
        };
        io::Error::new(ErrorKind::StorageFull, full)
    }

    #[test]
    fn a_disk_that_fills_while_the_inventory_is_made_is_the_stores_failure() {
        let while_a_tile_is_written = PackError::Sink {
            region: "R06".to_owned(),
            source: TileError::from_scratch(full_disk()),
        };
        let while_rows_are_ordered = PackError::from(EngineError::Rows {
            source: RowsError::Scratch { source: full_disk() },
        });
        for error in [while_a_tile_is_written, while_rows_are_ordered] {
            let error = inventory_error(error);
            assert_eq!(error.exit_code(), exit::STORE, "{error:?}");
            assert!(error.is_out_of_space(), "{error:?}");
        }
    }
}
