//! Registry: every jurisdiction of the polygon sets, with its parent, area, outline and facilities; and how many governments
//! there are of each kind beside the polygons that the release has.
//!
//! Of a tile no more is kept than a count for each code and sector. May use: `plan`, `feature`, `kernel`, `geoparquet` (to
//! verify).

mod counts;
mod kinds;
mod parents;
mod rows;
mod tables;
mod verify;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use self::counts::{LayerCounts, SECTOR};
use self::rows::SetRows;
use self::tables::{KINDS, SET};
use super::product::{
    About, Carried, Night, Observer, Problem, Product, ProductWork, ReleaseReadBack, Scope, Seen, TableStore,
    Tables,
};
use super::{DeriveError, Release};
use crate::feature::release::paths;
use crate::feature::release::product_names;
use crate::feature::{LayerReport, ProductDoc, RunReport};
use crate::plan::JurisdictionPlan;

/// The product.
pub(super) struct Registry;

impl Product for Registry {
    fn describe(&self) -> About {
        About {
            doc: ProductDoc {
                name: product_names::REGISTRY,
                places: &[
                    (
                        SET.path,
                        "every jurisdiction of a polygon set: parent, area, facilities by sector, a simplified outline",
                    ),
                    (
                        KINDS.path,
                        "governments by census and polygons by set, kind by kind; kinds without polygons are told",
                    ),
                ],
                tables: &[KINDS, SET],
            },
            is_default: true,
            scope: Scope::Tile,
            // And the columns of codes, which are the pipeline's.
            reads: &[SECTOR],
            carried: Carried::Whole(&[paths::JURISDICTIONS]),
        }
    }

    fn begin<'a>(&self, night: Night<'a>) -> Result<ProductWork<'a>, DeriveError> {
        let columns = night
            .plan
            .jurisdictions
            .iter()
            .filter_map(JurisdictionPlan::code_column);
        Ok(ProductWork::Tables(Box::new(Making {
            columns: columns.collect(),
            layers: Mutex::default(),
        })))
    }

    fn verify(&self, held: &ReleaseReadBack<'_>) -> Vec<Problem> {
        verify::find_problems(held)
    }
}

/// The counts of a night.
struct Making {
    /// Columns of codes, of the sets that fill one.
    columns: Vec<String>,
    layers: Mutex<BTreeMap<String, LayerCounts>>,
}

impl Observer for Making {
    fn columns_to_read(&self, _: &LayerReport) -> Vec<&str> {
        let columns = self.columns.iter().map(String::as_str);
        columns.chain([SECTOR]).collect()
    }

    fn see_rows(&self, seen: &Seen<'_>) {
        let counts = LayerCounts::of_rows(seen, &self.columns);
        let mut layers = self.layers.lock().unwrap_or_else(PoisonError::into_inner);
        layers
            .entry(seen.layer.to_owned())
            .or_default()
            .add_counts(&counts);
    }

    fn forget_layer(&self, layer: &str) {
        let mut layers = self.layers.lock().unwrap_or_else(PoisonError::into_inner);
        layers.remove(layer);
    }

    fn tally_layer(&self, layer: &str) -> Option<Box<RawValue>> {
        let layers = self.layers.lock().unwrap_or_else(PoisonError::into_inner);
        to_raw_value(layers.get(layer)?).ok()
    }

    fn recall_layer(&self, layer: &LayerReport, told: &RawValue) -> bool {
        let counts = serde_json::from_str::<LayerCounts>(told.get()).ok();
        // The pipeline may have a set more than on the night of the tally.
        let Some(counts) = counts.filter(|counts| counts.has_columns(&self.columns)) else {
            return false;
        };
        let mut layers = self.layers.lock().unwrap_or_else(PoisonError::into_inner);
        layers.insert(layer.id.to_string(), counts);
        true
    }
}

impl Tables for Making {
    fn observer(&self) -> Option<&dyn Observer> {
        Some(self)
    }

    fn make_tables(
        &self,
        release: &Release<'_>,
        out: &dyn TableStore,
        _: &mut RunReport,
    ) -> Result<Value, DeriveError> {
        let inventory = self.count_inventory(release);
        let plan = release.plan;
        let mut sets = Vec::with_capacity(plan.jurisdictions.len());
        for (set, listed) in plan.jurisdictions.iter().zip(release.jurisdictions) {
            let nothing = BTreeMap::new();
            let counts = set
                .code_column()
                .map(|column| inventory.of_column(&column).unwrap_or(&nothing));
            let rows = SetRows::new(set, listed, counts, &plan.reference);
            let table = rows.table()?;
            out.write_features(&table)
                .map_err(|source| DeriveError::write_error(&table.path, source))?;
            sets.push(rows.count());
        }
        out.write_table(&kinds::kinds_table(&plan.reference, &plan.jurisdictions, &sets)?)
            .map_err(|source| DeriveError::write_error(KINDS.path, source))?;
        let report = kinds::registry_report(&plan.reference, sets);
        Ok(serde_json::to_value(report).unwrap_or_default())
    }
}

impl Making {
    /// Facilities of the layers that take part in the inventory.
    fn count_inventory(&self, release: &Release<'_>) -> LayerCounts {
        let layers = self.layers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = LayerCounts::default();
        for layer in release.layers.iter().filter(|layer| layer.plan.inventory) {
            if let Some(counts) = layers.get(layer.plan.id.as_str()) {
                all.add_counts(counts);
            }
        }
        all
    }
}
