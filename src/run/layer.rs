//! One layer: read, judged by the gate, written. What fails it is carried from an earlier
//! release, or leaves it absent.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Instant;

use geo::Rect;
use tracing::{error_span, info, warn};

use super::arrival::{Arrival, LandFault};
use super::carry::carry_or_absent;
use super::context::Context;
use super::layer_error::{LayerError, LayerFailure};
use super::layer_outcome::LayerOutcome;
use super::layer_report::{origin_as_written, published_report};
use super::tile::TileColumns;
use super::{beside, gate, page_content, tables, tile};
use crate::engine::{self, LayerRows, LayerTiles, LayerWork, Room};
use crate::error::{Error, error_chain};
use crate::feature::release::product_names;
use crate::feature::{Flag, Landed, LayerReport, Reject, TileRecord, visible};
use crate::kernel::locate::JoinContext;
use crate::plan::LayerPlan;

/// What every layer is made with, whatever its source.
pub(super) struct LayerInputs<'a> {
    /// The polygon sets.
    pub(super) join: &'a JoinContext,
    /// Boxes around everything that is not far from a state.
    pub(super) places: Vec<Rect<f64>>,
    pub(super) room: &'a Room,
}

/// A layer as its source has it now; as an earlier release has it, or absent, where that fails.
///
/// # Errors
/// Only when the store fails.
pub(super) fn make_or_carry(
    context: &Context<'_>,
    inputs: &LayerInputs<'_>,
    layer: &LayerPlan,
    arrival: Arrival,
) -> Result<LayerOutcome, Error> {
    // Of the highest level, so that a warning names its layer whatever else is quiet.
    let _span = error_span!("layer", id = %layer.id).entered();
    let timer = Instant::now();
    let made = catch_unwind(AssertUnwindSafe(|| make_layer(context, inputs, layer, arrival)));
    let made = made.unwrap_or_else(|panic| Err(LayerError::from_panic(panic.as_ref()).into()));
    let mut outcome = match made {
        Ok(outcome) => outcome,
        Err(LayerFailure::EndsRun { source }) => return Err(source.into()),
        Err(LayerFailure::EndsLayer { source }) => {
            warn!(reason = error_chain(&source), "layer failed");
            carry_or_absent(context, layer, &source)?
        }
    };
    outcome.report.seconds = timer.elapsed().as_secs_f64();
    Ok(outcome)
}

fn make_layer(
    context: &Context<'_>,
    inputs: &LayerInputs<'_>,
    layer: &LayerPlan,
    arrival: Arrival,
) -> Result<LayerOutcome, LayerFailure> {
    let landed = landed_source(layer, arrival)?;
    let mut rows = read_rows(context, inputs, layer, &landed)?;
    let gate = gate::judge_layer(context, layer, &landed, &mut rows)?;
    // The gate was the last that looked keys up, and what they take is better given to tiles.
    rows.forget_keys();
    if let Some(gate) = gate.as_ref().filter(|gate| gate.held.is_some()) {
        let gate = Box::new(gate.clone());
        return Err(LayerError::Withheld { gate }.into());
    }
    let mut outcome = write_layer(context, inputs.room, layer, &landed, rows)?;
    outcome.report.gate = gate;
    let report = &outcome.report;
    info!(
        stage = "write",
        tiles = report.tiles,
        bytes = report.bytes_out,
        "written"
    );
    if report.is_conserved() {
        return Ok(outcome);
    }
    // Law 1, looked at on every night and not in tests alone: a layer that loses rows is not published.
    Err(LayerError::Conservation {
        read: report.rows_read,
        written: report.rows_written,
        rejected: report.rows_rejected,
    }
    .into())
}

/// What a layer is read from.
fn landed_source(layer: &LayerPlan, arrival: Arrival) -> Result<Landed, LayerFailure> {
    match arrival {
        Arrival::Landed(landed) => Ok(landed),
        Arrival::Failed(error) => match error.into_fault() {
            LandFault::Store { source } => Err(source.into()),
            LandFault::Source { reason } => Err(LayerError::Source {
                what: layer.source.as_shown(&reason),
            }
            .into()),
        },
        // A panic of the fetch stage is this layer's failure alone: it goes on here, where
        // panics of a layer are caught.
        Arrival::Panicked(panic) => resume_unwind(panic),
    }
}

/// The layer's rows, normalised and located.
fn read_rows(
    context: &Context<'_>,
    inputs: &LayerInputs<'_>,
    layer: &LayerPlan,
    landed: &Landed,
) -> Result<LayerRows, LayerFailure> {
    let task = context.progress.start("read", layer.id.as_str(), None);
    let work = LayerWork {
        plan: context.plan,
        layer,
        join: inputs.join,
        places: &inputs.places,
        room: inputs.room,
        readers: &context.readers,
    };
    let mut rows = engine::read_layer(work, landed, &*task)?;
    drop(task);
    // Before it is compared with what the last report has, which shows no secret either.
    for column in &mut rows.profile.columns {
        column.name = visible(&context.veil.mask_own_text(&column.name)).into_owned();
    }
    info!(
        stage = "locate",
        rows = rows.tally.read,
        rejected = rows.rejects.count(),
        "read, normalised, located"
    );
    Ok(rows)
}

/// Writes a layer's tiles, rejects and flags.
fn write_layer(
    context: &Context<'_>,
    room: &Room,
    layer: &LayerPlan,
    landed: &Landed,
    mut rows: LayerRows,
) -> Result<LayerOutcome, LayerFailure> {
    let id = layer.id.as_str();
    let task = context.progress.start("write", id, None);
    let unpacked = LayerTiles::new(layer, &rows.store, &rows.schema);
    let packing = context.packing_shared(id, room);
    let columns = TileColumns::new(context, Some(layer), &rows.schema);
    let tiles = engine::pack(&unpacked, &packing, |tile, groups| {
        let record = tile::write_tile(context, &columns, tile, groups, &mut |group| {
            context.show_group(tile, group);
            Ok(())
        })?;
        task.advance(record.rows);
        Ok(record)
    })?;
    let shared = unpacked.into_shared();
    // Origins as the pipeline writes them: another working folder gives the same bytes.
    let rejects = rows.rejects.rows().map(|reject| {
        reject.map(|reject| Reject {
            origin: origin_as_written(layer, &reject.origin),
            ..reject
        })
    });
    tables::write_rejects(context, id, rejects)?;
    let flags = rows.with_shared_flags(shared).map(|flag| {
        flag.map(|flag| Flag {
            origin: origin_as_written(layer, &flag.origin),
            ..flag
        })
    });
    tables::write_flags(context, id, flags)?;
    let beside = beside::write_beside(context, room, layer, &rows)?;
    let mut report = published_report(layer, landed, &rows, &tiles);
    report.rows_crossing = beside.crossing.iter().map(|tile| tile.rows).sum();
    report.links = beside.links;
    let outcome = outcome_of(context, layer, report, tiles, rows)?;
    Ok(LayerOutcome {
        crossing: beside.crossing,
        ..outcome
    })
}

fn outcome_of(
    context: &Context<'_>,
    layer: &LayerPlan,
    report: LayerReport,
    tiles: Vec<TileRecord>,
    rows: LayerRows,
) -> Result<LayerOutcome, LayerFailure> {
    let schema = Some(Arc::clone(&rows.schema));
    let rejects = page_content::reject_samples(context, layer, &rows.rejects)?;
    // Rows of a layer of which nothing else is made need no memory any more.
    let are_rows_wanted = layer.inventory && context.plan.makes_product(product_names::INVENTORY)
        || context.plan.makes_product(product_names::NATIONAL)
        || context.is_compared(layer);
    Ok(LayerOutcome {
        rejects: Some(rejects),
        rows: are_rows_wanted.then_some(rows.store),
        ..LayerOutcome::of_tiles(report, tiles, schema)
    })
}
