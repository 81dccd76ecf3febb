//! The derive stage: products from the tables written so far, written beside them.

use tracing::{info, warn};

use super::tile::write_table;
use super::{Context, LayerOutcome};
use crate::derive::{self, LayerTables, Release};
use crate::error::Error;
use crate::feature::{LayerQuality, QualityReport, Verdict};

/// Makes every product and writes its tables; tells what the report says of the release's quality.
///
/// # Errors
/// When a tile can't be read back or a table can't be written.
pub(super) fn write(context: &Context<'_>, layers: &[LayerOutcome]) -> Result<QualityReport, Error> {
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
    for table in &products.tables {
        write_table(context, &table.path, &table.rows)?;
    }
    info!(stage = "derive", tables = products.tables.len(), "derived");
    products.quality.layers.iter().for_each(tell);
    Ok(products.quality)
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
