//! The derive stage: products from the tables written so far, written beside them.

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use tracing::{info, warn};

use super::tile::{write_links, write_table};
use super::{Context, LayerOutcome};
use crate::derive::sectors::Sectors;
use crate::derive::{self, LayerTables, Release};
use crate::error::Error;
use crate::feature::{LayerQuality, LayerStatus, QualityReport, Verdict};

/// Makes every product and writes its tables; tells what the report says of the release's quality.
///
/// `is_linked` says that the links stand in the release already.
///
/// # Errors
/// When a tile can't be read back or a table can't be written.
pub(super) fn write(
    context: &Context<'_>,
    layers: &[LayerOutcome],
    is_linked: bool,
) -> Result<QualityReport, Error> {
    let _task = context.progress.start("derive", "products", None);
    let tables: Vec<LayerTables<'_>> = context
        .plan
        .layers
        .iter()
        .zip(layers)
        .map(|(plan, outcome)| LayerTables {
            plan,
            report: &outcome.report,
            tiles: outcome.tiles.iter().map(|tile| context.staging.path_of(&tile.path)).collect(),
        })
        .collect();
    let release =
        Release { plan: context.plan, layers: &tables, history: &context.history, started: &context.started };
    let products = derive::products(&release).map_err(|source| Error::Derive { source })?;
    products.tables.par_iter().try_for_each(|table| write_table(context, &table.path, &table.rows))?;
    let linked = if is_linked { 0 } else { write_sectors(context, &tables)? };
    info!(stage = "derive", tables = products.tables.len() + linked, "derived");
    products.quality.layers.iter().for_each(tell);
    Ok(products.quality)
}

/// Links of facilities to sector schemes, a layer at a time: memory holds no more than one layer's.
fn write_sectors(context: &Context<'_>, layers: &[LayerTables<'_>]) -> Result<usize, Error> {
    let derived = |source| Error::Derive { source };
    let mut sectors = Sectors::new(&context.plan.reference);
    let present: Vec<_> = layers.iter().filter(|layer| layer.report.status != LayerStatus::Absent).collect();
    for layer in &present {
        let links = sectors.of_layer(layer).map_err(derived)?;
        write_links(context, &links.path, &links.rows)?;
    }
    let totals = sectors.totals().map_err(derived)?;
    write_table(context, &totals.path, &totals.rows)?;
    Ok(present.len() + 1)
}

/// Warns of a layer that isn't as expected: of what is missing as of what is too much.
fn tell(layer: &LayerQuality) {
    if layer.unmet.is_empty() {
        return;
    }
    let states = |verdict: Verdict| {
        let of = layer.unmet.iter().filter(|unmet| unmet.verdict == verdict);
        of.map(|unmet| unmet.state_code.as_str()).collect::<Vec<_>>().join(" ")
    };
    warn!(
        layer = layer.id,
        missing = states(Verdict::Missing),
        unexpected = states(Verdict::Unexpected),
        short = states(Verdict::Short),
        excess = states(Verdict::Excess),
        "rows are not as expected"
    );
}
