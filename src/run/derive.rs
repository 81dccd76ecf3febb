//! The derive stage: products from the tables written so far, written beside them.

use std::path::Path;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use tracing::{info, warn};

use super::tile::{write_pieces, write_table};
use super::{Context, LayerOutcome};
use crate::derive::sectors::{self, Classes};
use crate::derive::{self, LayerTables, Release};
use crate::error::Error;
use crate::feature::{LayerQuality, QualityReport, Verdict};

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

/// What every class of facilities belongs to, and how many facilities that are.
fn write_sectors(context: &Context<'_>, layers: &[LayerTables<'_>]) -> Result<usize, Error> {
    let derived = |source| Error::Derive { source };
    let tiles =
        layers.par_iter().flat_map(|layer| layer.tiles.par_iter().map(|tile| (layer.plan.id.as_str(), tile)));
    let counted = tiles.map(|(layer, tile)| {
        let mut classes = Classes::default();
        classes.see_tile(layer, tile).map(|()| classes)
    });
    let classes = counted.try_reduce(Classes::default, |mut all, more| {
        all.merge(more);
        Ok(all)
    });
    let (classes, reference) = (classes.map_err(derived)?, &context.plan.reference);
    write_pieces(context, Path::new(sectors::MEMBERSHIP), sectors::schema(), |emit| {
        classes.memberships(reference, emit)
    })?;
    let totals = classes.totals(reference).map_err(derived)?;
    write_table(context, &totals.path, &totals.rows)?;
    Ok(2)
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
