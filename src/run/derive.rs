//! The derive stage: products from the tables written so far, written beside them.

use tracing::info;

use super::tile::write_table;
use super::{Context, LayerOutcome};
use crate::derive::{self, LayerTables, Release};
use crate::error::Error;

/// Makes every product and writes its tables.
///
/// # Errors
/// When a tile can't be read back or a table can't be written.
pub(super) fn write(context: &Context<'_>, layers: &[LayerOutcome]) -> Result<(), Error> {
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
    for table in &products {
        write_table(context, &table.path, &table.rows)?;
    }
    info!(stage = "derive", tables = products.len(), "derived");
    Ok(())
}
