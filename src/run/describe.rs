//! The catalog stage: STAC, items, README and report of the release to be.

use std::path::Path;

use tracing::info;

use super::context::Context;
use super::jurisdictions::JoinedSets;
use super::layer_outcome::LayerOutcome;
use super::page_content;
use crate::catalog::{self, Collection};
use crate::derive;
use crate::error::Error;
use crate::feature::release::paths::{REPORT, REPORT_PAGE};
use crate::feature::release::product_names;
use crate::feature::{RunReport, TileRecord};
use crate::kernel::columns::inventory_schema;
use crate::page::{self, Page};
use crate::store::Lock;

/// Writes everything that describes the tiles, `report.html` and `report.json`.
///
/// # Errors
/// When the catalog can't be made or the store can't take it.
pub(super) fn write_catalog(
    context: &Context<'_>,
    lock: &Lock,
    report: &RunReport,
    joined: &JoinedSets,
    layers: &[LayerOutcome],
    facilities: &[TileRecord],
) -> Result<(), Error> {
    let _task = context.progress.start("catalog", report.release.as_str(), None);
    let plan = context.plan;
    let inventory = Collection::inventory(plan, inventory_schema(joined.context.further_sets()), facilities);
    let present = plan.layers.iter().zip(layers).filter_map(|(layer, outcome)| {
        let schema = outcome.schema.clone()?;
        let collection = Collection::of_layer(plan, layer, &outcome.report, schema, &outcome.tiles);
        let collection = collection.with_files(outcome.national.as_ref(), outcome.changes.as_ref());
        Some(collection.with_formats(&outcome.formats))
    });
    let inventory = Some(inventory).filter(|_| plan.makes_product(product_names::INVENTORY));
    let collections: Vec<Collection<'_>> = inventory.into_iter().chain(present).collect();
    let products = derive::product_docs(plan);
    let files = catalog::describe_release(plan, report, &collections, &products)
        .map_err(|source| Error::Catalog { source })?;
    context.staging.write_all(&files)?;
    for (path, rows) in collections.iter().filter_map(Collection::index) {
        context.note_rows(&path, rows);
    }
    let shown = Page {
        plan,
        report,
        last: context.last,
        history: context.history,
        facilities: &page_content::facility_counts(context, lock, facilities)?,
        outlines: &joined.outlines,
        rejects: &page_content::first_rejects(context, layers)?,
        collections: &collections,
        products: &products,
    };
    let html = page::render_page(&shown);
    context.staging.write(Path::new(REPORT_PAGE), &html)?;
    let text = serde_json::to_vec_pretty(report).map_err(|source| Error::Law {
        what: source.to_string(),
    })?;
    context.staging.write(Path::new(REPORT), &text)?;
    info!(
        stage = "catalog",
        collections = collections.len(),
        files = files.len(),
        "described"
    );
    Ok(())
}
