//! The report of a run, before what is derived from its layers stands in it. Writes nothing.

use std::collections::BTreeMap;

use super::context::Context;
use super::jurisdictions::JoinedSets;
use super::layer_outcome::LayerOutcome;
use crate::error::Error;
use crate::feature::release::product_names;
use crate::feature::{RunReport, TileRecord};
use crate::plan::Plan;

/// The report, as far as layers and inventory tell.
pub(super) fn report_of_run(
    context: &Context<'_>,
    joined: &JoinedSets,
    layers: &[LayerOutcome],
    facilities: &[TileRecord],
) -> RunReport {
    RunReport {
        version: 1,
        release: context.release.clone(),
        pipeline: context.plan.id.clone(),
        title: context.plan.title.clone(),
        base_url: context.plan.output.base_url.clone(),
        cikr_version: env!("CARGO_PKG_VERSION").to_owned(),
        started: context.started.to_owned(),
        seconds: 0.0,
        peak_memory_bytes: None,
        layers: layers.iter().map(|layer| layer.report.clone()).collect(),
        jurisdictions: joined.reports.clone(),
        inventory_rows: facilities.iter().map(|tile| tile.rows).sum(),
        inventory_bytes: facilities.iter().map(|tile| tile.bytes).sum(),
        frozen: context.store.frozen(),
        quality: None,
        products: Some(BTreeMap::new()),
    }
}

/// Refuses a release of which no layer is of this run: `latest` would lead from good data
/// to the same, only older.
///
/// # Errors
/// When no layer succeeded, with the reason of each.
pub(super) fn refuse_without_layers(layers: &[LayerOutcome]) -> Result<(), Error> {
    let mut reasons = Vec::new();
    for layer in layers.iter().map(|layer| &layer.report) {
        // What has failed has a reason, and what is published has none.
        let Some(reason) = layer.reason() else {
            return Ok(());
        };
        reasons.push(format!("{}: {reason}", layer.id));
    }
    Err(Error::NothingPublished { reasons })
}

/// Facilities of a release: those of its inventory, else of its layers.
pub(super) fn facilities_of(plan: &Plan, report: &RunReport) -> u64 {
    if plan.makes_product(product_names::INVENTORY) {
        return report.inventory_rows;
    }
    report.layers.iter().map(|layer| layer.rows_written).sum()
}
