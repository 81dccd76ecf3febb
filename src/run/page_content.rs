//! What `report.html` shows beyond plan and report, gathered from the release to be.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::sync::PoisonError;

use arrow_array::{StringArray, UInt64Array};
use geo::Geometry;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::context::Context;
use super::layer_outcome::LayerOutcome;
use super::layer_report::origin_as_written;
use super::tallies;
use super::tile_error::TileError;
use crate::error::Error;
use crate::feature::release::paths::rejects_path;
use crate::feature::{
    FacilityRows, LayerId, RegionId, RejectReason, Rejects, Tile, TileRecord, typed_column, visible,
};
use crate::geoparquet;
use crate::kernel::geometry;
use crate::page::{Facilities, RejectSample, SAMPLES};
use crate::plan::LayerPlan;
use crate::store::Lock;

/// A row that isn't as this program writes it: told, and nothing is decided by its kind.
type BoxError = Box<dyn StdError + Send + Sync>;

/// Counts facilities of a tile of the inventory, a row group at a time, as they are about to be written.
///
/// # Errors
/// When they are more than points.
pub(super) fn count_row_group(
    context: &Context<'_>,
    tile: &Tile,
    rows: &FacilityRows,
) -> Result<(), TileError> {
    // Counted without the lock, and added up under it: tiles of several regions are written side by side.
    let counted = count_facilities(&tile.region, rows).map_err(|source| TileError::Shown { source })?;
    let mut seen = context.facilities.lock().unwrap_or_else(PoisonError::into_inner);
    *seen = Some(seen.take().unwrap_or_default().merged_with(counted));
    Ok(())
}

/// The inventory's facilities by place, region and sector: as they were seen, else as they were counted of
/// the same tiles, else (a tile per thread) as they lie there.
///
/// # Errors
/// When a tile can't be read back, or the store can't take what was counted.
pub(super) fn facility_counts(
    context: &Context<'_>,
    lock: &Lock,
    tiles: &[TileRecord],
) -> Result<Facilities, Error> {
    let seen = context
        .facilities
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    // None were seen where the inventory is linked. To read it all for a few sums would be
    // most of such a night's work.
    if seen.is_none()
        && let Some(known) = tallies::recall_facilities(context, tiles)
    {
        return Ok(known);
    }
    let counted = seen.map_or_else(|| count_tiles(context, tiles), Ok)?;
    tallies::keep_facilities(context, lock, tiles, &counted)?;
    Ok(counted)
}

fn count_tiles(context: &Context<'_>, tiles: &[TileRecord]) -> Result<Facilities, Error> {
    let counted = tiles.par_iter().map(|tile| {
        let rows = geoparquet::read_facilities(
            &context.staging.path_of(&tile.path),
            Some(&["sector_code", "geometry"]),
        );
        count_facilities(&tile.region, &rows?)
    });
    let counted = counted.try_reduce(Facilities::default, |all, more| Ok(all.merged_with(more)));
    counted.map_err(|source: BoxError| Error::Table { source })
}

fn count_facilities(region: &RegionId, rows: &FacilityRows) -> Result<Facilities, BoxError> {
    let mut counted = Facilities::default();
    let sectors = rows.texts("sector_code").ok_or("no `sector_code`")?;
    let points = rows.geometry().ok_or("no `geometry`")?;
    let by_sector = counted.by_region.entry(region.as_str().to_owned()).or_default();
    let mut places = Vec::with_capacity(rows.num_rows());
    for (sector, point) in sectors.iter().zip(points) {
        let sector = sector.unwrap_or_default();
        match by_sector.get_mut(sector) {
            Some(n) => *n += 1,
            None => drop(by_sector.insert(sector.to_owned(), 1)),
        }
        let shape = geometry::decode(point.unwrap_or_default()).map_err(RejectReason::code)?;
        let Geometry::Point(point) = shape else {
            return Err("the inventory holds more than points".into());
        };
        places.push((point.x(), point.y()));
    }
    counted.cells.extend(places);
    Ok(counted)
}

/// The first of a layer's rejects, as [`first_rejects`] finds them in its file.
///
/// # Errors
/// When those that outgrew memory can't be read back.
pub(super) fn reject_samples(
    context: &Context<'_>,
    layer: &LayerPlan,
    rejects: &Rejects,
) -> Result<Vec<RejectSample>, TileError> {
    let mut samples = Vec::new();
    for reject in rejects.rows().take(SAMPLES) {
        let reject = reject.map_err(TileError::from_scratch)?;
        samples.push(RejectSample {
            origin: origin_as_written(layer, &reject.origin).to_string(),
            field: visible_value(context, &reject.field),
            value: visible_value(context, &reject.value),
            reason: reject.reason.code().to_owned(),
        });
    }
    Ok(samples)
}

/// Text of a source as a page may have it.
fn visible_value(context: &Context<'_>, text: &str) -> String {
    visible(&context.veil.mask_value(text)).into_owned()
}

/// The first rejects of every layer that has any: those that this run found, else as they lie
/// in an earlier run's file.
///
/// # Errors
/// When a rejects file can't be read back.
pub(super) fn first_rejects(
    context: &Context<'_>,
    layers: &[LayerOutcome],
) -> Result<BTreeMap<LayerId, Vec<RejectSample>>, Error> {
    let mut first = BTreeMap::new();
    for layer in layers {
        if layer.report.rows_rejected == 0 || layer.schema.is_none() {
            continue;
        }
        let samples = match &layer.rejects {
            Some(found) => found.clone(),
            None => {
                read_samples(context, layer.report.id.as_str()).map_err(|source| Error::Table { source })?
            }
        };
        first.insert(layer.report.id.clone(), samples);
    }
    Ok(first)
}

fn read_samples(context: &Context<'_>, layer: &str) -> Result<Vec<RejectSample>, BoxError> {
    let path = context.staging.path_of(&rejects_path(layer));
    let rows = geoparquet::read_first(&path, SAMPLES)?;
    let sources: &StringArray = typed_column(&rows, "source")?;
    let numbers: &UInt64Array = typed_column(&rows, "row")?;
    let fields: &StringArray = typed_column(&rows, "field")?;
    let values: &StringArray = typed_column(&rows, "value")?;
    let reasons: &StringArray = typed_column(&rows, "reason")?;
    let samples = (0..rows.num_rows()).map(|row| RejectSample {
        origin: format!("{}:{}", sources.value(row), numbers.value(row)),
        field: visible_value(context, fields.value(row)),
        value: visible_value(context, values.value(row)),
        reason: reasons.value(row).to_owned(),
    });
    Ok(samples.collect())
}
