//! Scorecard: facilities, capacities and quality by jurisdiction, sector and lifeline, and the same of the releases before.
//!
//! Of a tile no more is kept than counts by cell. May use: `plan`, `feature`, `geoparquet` (to read earlier scorecards). No
//! clock: what is current is so at the start of the run.

mod cells;
mod expected;
mod history;
mod scan;
mod standing;
mod tables;
mod totals;
mod verify;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use self::scan::{LayerScan, LayerScope};
use self::tables::{CAPACITY, CELLS, HISTORY};
use self::totals::{Capacities, Totals};
use super::day::day_of_start;
use super::product::{
    About, Carried, Night, Observer, Problem, Product, ProductWork, ReleaseReadBack, Scope, Seen, TableStore,
    Tables,
};
use super::{DeriveError, Release};
use crate::feature::release::product_names;
use crate::feature::{LayerReport, ProductDoc, RunReport};
use crate::plan::Plan;

/// The product.
pub(super) struct Scorecard;

impl Product for Scorecard {
    fn describe(&self) -> About {
        About {
            doc: ProductDoc {
                name: product_names::SCORECARD,
                places: &[
                    (
                        CELLS.path,
                        "facilities and quality scores by state, county and region, sector and lifeline",
                    ),
                    (CAPACITY.path, "capacities (beds, MW …) by the same"),
                    (
                        HISTORY.path,
                        "the same cells in every earlier release that is kept",
                    ),
                ],
                tables: &[CELLS, CAPACITY, HISTORY],
            },
            is_default: true,
            scope: Scope::Tile,
            reads: &scan::READS,
            // Currency is of the day, and history grows by a release.
            carried: Carried::Never,
        }
    }

    fn begin<'a>(&self, night: Night<'a>) -> Result<ProductWork<'a>, DeriveError> {
        let today = day_of_start(night.started)?;
        Ok(ProductWork::Tables(Box::new(Making {
            scopes: layer_scopes(night.plan, today),
            today,
            scans: Mutex::default(),
        })))
    }

    fn verify(&self, held: &ReleaseReadBack<'_>) -> Vec<Problem> {
        verify::find_problems(held)
    }
}

/// What is looked for in each layer.
fn layer_scopes(plan: &Plan, today: i32) -> BTreeMap<String, LayerScope> {
    let mut scopes = BTreeMap::new();
    for layer in &plan.layers {
        let summed = layer.schema.fields.iter().filter(|field| field.is_summed);
        let scope = LayerScope {
            first_current: today.saturating_sub_unsigned(layer.current_days),
            fields: summed.map(|field| field.name.clone()).collect(),
        };
        scopes.insert(layer.id.to_string(), scope);
    }
    scopes
}

/// The counts of a night.
struct Making {
    /// By layer.
    scopes: BTreeMap<String, LayerScope>,
    /// Days since 1970 when the run began.
    today: i32,
    /// By layer.
    scans: Mutex<BTreeMap<String, LayerScan>>,
}

impl Observer for Making {
    fn columns_to_read(&self, layer: &LayerReport) -> Vec<&str> {
        let scope = self.scopes.get(layer.id.as_str());
        let fields = scope.into_iter().flat_map(|scope| &scope.fields);
        scan::READS
            .into_iter()
            .chain(fields.map(String::as_str))
            .collect()
    }

    fn see_rows(&self, seen: &Seen<'_>) {
        let Some(scope) = self.scopes.get(seen.layer) else {
            return;
        };
        let scan = scan::scan_rows(seen, scope);
        let mut scans = self.scans.lock().unwrap_or_else(PoisonError::into_inner);
        scans.entry(seen.layer.to_owned()).or_default().add_scan(scan);
    }

    fn forget_layer(&self, layer: &str) {
        let mut scans = self.scans.lock().unwrap_or_else(PoisonError::into_inner);
        scans.remove(layer);
    }

    fn tally_layer(&self, layer: &str) -> Option<Box<RawValue>> {
        let scans = self.scans.lock().unwrap_or_else(PoisonError::into_inner);
        to_raw_value(scans.get(layer)?).ok()
    }

    fn recall_layer(&self, layer: &LayerReport, told: &RawValue) -> bool {
        let scan = serde_json::from_str::<LayerScan>(told.get()).ok();
        let asked = self.scopes.get(layer.id.as_str());
        let Some((scan, asked)) = scan.zip(asked) else {
            return false;
        };
        if !asked.is_answered_by(&scan.scope) {
            return false;
        }
        let mut scans = self.scans.lock().unwrap_or_else(PoisonError::into_inner);
        scans.insert(layer.id.to_string(), scan);
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
        let reference = &release.plan.reference;
        let (mut totals, capacities) = self.add_up(release);
        let unknown = standing::unknown_sectors(reference, release.layers, &totals);
        standing::add_empty_cells(&mut totals, reference, &unknown);
        let tables = [
            cells::cells_table(&totals, &reference.states)?,
            cells::capacity_table(&capacities, &release.plan.layers, &reference.states)?,
        ];
        for table in &tables {
            out.write_table(table)
                .map_err(|source| DeriveError::write_error(&table.path, source))?;
        }
        let schema = history::empty_table()?.rows.schema();
        out.write_pieces(Path::new(HISTORY.path), schema, &mut |emit| {
            history::write_history(release, &totals, emit)
        })
        .map_err(|source| DeriveError::write_error(HISTORY.path, source))?;
        let report = standing::scorecard_report(&totals, reference, &unknown);
        Ok(serde_json::to_value(report).unwrap_or_default())
    }
}

impl Making {
    /// The cells of the layers that take part in the inventory, and what is expected of these.
    fn add_up(&self, release: &Release<'_>) -> (Totals, Capacities) {
        let scans = self.scans.lock().unwrap_or_else(PoisonError::into_inner);
        let mut totals = Totals::new();
        let mut capacities = Capacities::new();
        for layer in release.layers.iter().filter(|layer| layer.plan.inventory) {
            let scan = scans.get(layer.plan.id.as_str());
            if let Some(scan) = scan {
                let first_current = self.today.saturating_sub_unsigned(layer.plan.current_days);
                totals::add_layer(
                    &mut totals,
                    &mut capacities,
                    &release.plan.reference.states,
                    layer.plan.id.as_str(),
                    scan,
                    &(first_current..=self.today),
                );
            }
            expected::add_expected(&mut totals, release.plan, layer, scan);
        }
        (totals, capacities)
    }
}
