//! Inventory: every facility of every layer as a point, with the columns that all layers share.
//!
//! What it is and how it is checked; its rows are packed by `run`, which has them.

use std::collections::BTreeMap;

use super::DeriveError;
use super::product::{About, Carried, Night, Problem, Product, ProductWork, ReleaseReadBack, Scope};
use crate::feature::ProductDoc;
use crate::feature::release::paths::{FACILITIES, REPORT};
use crate::feature::release::product_names;

/// The product.
pub(super) struct Inventory;

impl Product for Inventory {
    fn describe(&self) -> About {
        About {
            doc: ProductDoc {
                name: product_names::INVENTORY,
                places: &[(
                    "facilities/",
                    "every facility of every layer as a point, with the columns all layers share",
                )],
                tables: &[],
            },
            is_default: true,
            scope: Scope::Release,
            reads: &[],
            carried: Carried::Whole(&["facilities/data"]),
        }
    }

    fn begin<'a>(&self, _: Night<'a>) -> Result<ProductWork<'a>, DeriveError> {
        Ok(ProductWork::Packed)
    }

    /// All rows of a layer are there, or none; and as many as the report says.
    fn verify(&self, held: &ReleaseReadBack<'_>) -> Vec<Problem> {
        let mut wrong = Vec::new();
        // The sum, and each layer by itself: in the sum, a layer that is there twice would make up for one that
        // lacks.
        let rows: u64 = held.tiles_of(FACILITIES).map(|tile| tile.rows).sum();
        if rows != held.report.inventory_rows {
            wrong.push(format!(
                "{} inventory rows, {rows} in tiles",
                held.report.inventory_rows
            ));
        }
        let mut layers: BTreeMap<&str, u64> = BTreeMap::new();
        for id in held.tiles_of(FACILITIES).flat_map(|tile| &tile.ids) {
            let layer = id.split_once(':').map_or("", |(layer, _)| layer);
            *layers.entry(layer).or_default() += 1;
        }
        // A layer may stay out of the inventory, as its pipeline says: none of its rows are there then.
        for layer in &held.report.layers {
            let rows = layers.get(layer.id.as_str()).copied();
            if let Some(rows) = rows.filter(|rows| *rows != layer.rows_written) {
                wrong.push(format!(
                    "layer {}: {} rows written, {rows} in the inventory",
                    layer.id, layer.rows_written
                ));
            }
        }
        wrong.into_iter().map(|what| Problem::new(REPORT, what)).collect()
    }
}
