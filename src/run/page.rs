//! What `report.html` shows beyond plan and report, gathered from the release to be.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::sync::PoisonError;

use arrow_array::{Array, BinaryArray, RecordBatch, StringArray, UInt64Array};
use geo::Geometry;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::layer::{as_written, rejects_path};
use super::tile::TileError;
use super::{Context, LayerOutcome, tallies};
use crate::catalog::page::{Facilities, RejectSample, SAMPLES};
use crate::error::Error;
use crate::feature::{RegionId, Reject, RejectReason, Rejects, Texts, Tile, TileRecord, visible};
use crate::geoparquet;
use crate::kernel::geometry;
use crate::plan::LayerPlan;
use crate::store::Lock;

type BoxError = Box<dyn StdError + Send + Sync>;

/// Counts facilities of a tile of the inventory, a row group at a time, as they are about to be written.
///
/// # Errors
/// When they are more than points.
pub(super) fn see(context: &Context<'_>, tile: &Tile, rows: &RecordBatch) -> Result<(), TileError> {
    let counted = count(&tile.region, rows).map_err(|source| TileError::Shown { source })?;
    let mut seen = context.facilities.lock().unwrap_or_else(PoisonError::into_inner);
    *seen = Some(seen.take().unwrap_or_default().and(counted));
    Ok(())
}

/// The inventory's facilities by place, region and sector: as they were seen, else as they were counted of the same tiles,
/// else (a tile per thread) as they lie there.
///
/// # Errors
/// When a tile can't be read back, or the store can't take what was counted.
pub(super) fn facilities(
    context: &Context<'_>,
    lock: &Lock,
    tiles: &[TileRecord],
) -> Result<Facilities, Error> {
    let seen = context
        .facilities
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    if seen.is_none()
        && let Some(known) = tallies::facilities(context, tiles)
    {
        return Ok(known);
    }
    let counted = seen.map_or_else(|| counted(context, tiles), Ok)?;
    tallies::keep_facilities(context, lock, tiles, &counted)?;
    Ok(counted)
}

fn counted(context: &Context<'_>, tiles: &[TileRecord]) -> Result<Facilities, Error> {
    let counted = tiles.par_iter().map(|tile| {
        let rows = geoparquet::read(
            &context.staging.path_of(&tile.path),
            Some(&["sector_code", "geometry"]),
        );
        count(&tile.region, &rows?)
    });
    let counted = counted.try_reduce(Facilities::default, |all, more| Ok(all.and(more)));
    counted.map_err(|source: BoxError| Error::Table { source })
}

fn count(region: &RegionId, rows: &RecordBatch) -> Result<Facilities, BoxError> {
    let mut counted = Facilities::default();
    let sectors = Texts::named(rows, "sector_code").ok_or("no `sector_code` of the expected type")?;
    let points: &BinaryArray = column(rows, "geometry")?;
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

/// The first of a layer's rejects, as `rejects` finds them in its file.
///
/// # Errors
/// When those that outgrew memory can't be read back.
pub(super) fn samples_of(
    context: &Context<'_>,
    layer: &LayerPlan,
    rejects: &Rejects,
) -> Result<Vec<RejectSample>, TileError> {
    let sample = |reject: Reject| RejectSample {
        origin: as_written(layer, &reject.origin).to_string(),
        field: shown(context, &reject.field),
        value: shown(context, &reject.value),
        reason: reject.reason.code().to_owned(),
    };
    let first = rejects.rows().take(SAMPLES).map(|reject| reject.map(sample));
    first.collect::<Result<_, _>>().map_err(TileError::from_scratch)
}

/// Text of a source as a page may have it.
fn shown(context: &Context<'_>, text: &str) -> String {
    visible(&context.veil.value(text)).into_owned()
}

/// The first rejects of every layer that has any: those that this run found, else as they lie in an earlier run's file.
///
/// # Errors
/// When a rejects file can't be read back.
pub(super) fn rejects(
    context: &Context<'_>,
    layers: &[LayerOutcome],
) -> Result<BTreeMap<String, Vec<RejectSample>>, Error> {
    let rejected = layers
        .iter()
        .filter(|layer| layer.report.rows_rejected > 0 && layer.schema.is_some());
    let first = |layer: &LayerOutcome| -> Result<(String, Vec<RejectSample>), BoxError> {
        if let Some(found) = &layer.rejects {
            return Ok((layer.report.id.clone(), found.clone()));
        }
        let path = context.staging.path_of(&rejects_path(&layer.report.id));
        Ok((
            layer.report.id.clone(),
            samples(context, &geoparquet::read_first(&path, SAMPLES)?)?,
        ))
    };
    rejected
        .map(|layer| first(layer).map_err(|source| Error::Table { source }))
        .collect()
}

fn samples(context: &Context<'_>, rows: &RecordBatch) -> Result<Vec<RejectSample>, BoxError> {
    let text = |name: &str| column::<StringArray>(rows, name);
    let (sources, fields, values, reasons) =
        (text("source")?, text("field")?, text("value")?, text("reason")?);
    let numbers: &UInt64Array = column(rows, "row")?;
    let sample = |row: usize| RejectSample {
        origin: format!("{}:{}", sources.value(row), numbers.value(row)),
        field: shown(context, fields.value(row)),
        value: shown(context, values.value(row)),
        reason: reasons.value(row).to_owned(),
    };
    Ok((0..rows.num_rows()).map(sample).collect())
}

fn column<'a, T: Array + 'static>(rows: &'a RecordBatch, name: &str) -> Result<&'a T, BoxError> {
    let found = rows
        .column_by_name(name)
        .and_then(|column| column.as_any().downcast_ref());
    found.ok_or_else(|| format!("no `{name}` of the expected type").into())
}
