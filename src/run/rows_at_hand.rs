//! Rows of a layer that still wait in their store, for products that want some of them again.

use arrow_array::UInt64Array;
use arrow_schema::SchemaRef;
use rayon::prelude::*;

use super::layer_outcome::LayerOutcome;
use crate::derive::product::{BoxError, RowPlace, Rows};
use crate::engine::LayerTiles;
use crate::engine::rows::LocalRows;
use crate::feature::FacilityRows;
use crate::kernel::pack::Spot;
use crate::plan::LayerPlan;

/// Parts whose rows are taken at a time: those in a scratch file are in memory whole meanwhile.
const PARTS_AT_ONCE: usize = 16;

/// A layer's rows in their store.
#[derive(Debug)]
pub(super) struct RowsAtHand<'a> {
    layer: &'a LayerPlan,
    store: &'a LocalRows,
    schema: &'a SchemaRef,
}

impl<'a> RowsAtHand<'a> {
    /// Those of a layer that this run made and something else is to be made of.
    pub(super) fn of_outcome(layer: &'a LayerPlan, outcome: &'a LayerOutcome) -> Option<Self> {
        Some(Self {
            layer,
            store: outcome.rows.as_ref()?,
            schema: outcome.schema.as_ref()?,
        })
    }
}

impl Rows for RowsAtHand<'_> {
    fn take(&self, places: &[RowPlace], columns: &[&str]) -> Result<FacilityRows, BoxError> {
        let unpacked = LayerTiles::new(self.layer, self.store, self.schema);
        // Part by part, so that each part of a scratch file is read once, wherever its rows are wanted.
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.par_sort_unstable_by_key(|at| (places[*at].part, places[*at].row));
        let parts: Vec<&[usize]> = order
            .chunk_by(|a, b| places[*a].part == places[*b].part)
            .collect();
        // A few parts at a time: rows that outgrew memory must not all come back into it at once.
        let mut pieces = Vec::new();
        for parts in parts.chunks(PARTS_AT_ONCE) {
            let spots: Vec<Spot> = parts.concat().into_iter().map(|at| spot_of(places[at])).collect();
            pieces.push(unpacked.publish_columns(&spots, columns)?);
        }
        if pieces.is_empty() {
            return Ok(unpacked.publish_columns(&[], columns)?);
        }
        // Back into the order that was asked for.
        let mut back = vec![0u64; order.len()];
        for (to, at) in (0u64..).zip(&order) {
            back[*at] = to;
        }
        Ok(FacilityRows::concat(&pieces)?.take(&UInt64Array::from(back))?)
    }
}

/// A spot to take a row by: where it stands on the map doesn't matter once it is packed.
fn spot_of(place: RowPlace) -> Spot {
    Spot {
        x: 0.0,
        y: 0.0,
        tie: 0,
        part: place.part,
        row: place.row,
    }
}
