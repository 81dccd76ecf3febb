//! What stands beside a layer's tiles: its rows again in every further region that they reach into, and their links to
//! jurisdictions.
//!
//! Written, linked, taken over and discarded with the layer, whose report says what there is of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, Float64Array, StringArray, UInt32Array};

use super::context::Context;
use super::tables;
use super::tile::{self, TileColumns};
use super::tile_error::TileError;
use crate::engine::{self, LayerRows, LayerTiles, PackError, Room};
use crate::feature::release::ReleaseId;
use crate::feature::release::paths::{crossing_folder, facility_links_path};
use crate::feature::{FacilityLink, LayerReport, LinkCount, TileRecord};
use crate::plan::{JurisdictionPlan, LayerPlan};
use crate::store::{Care, ReleaseFile, StoreError};

/// What stands beside the tiles of a layer that was made.
pub(super) struct Beside {
    pub(super) crossing: Vec<TileRecord>,
    pub(super) links: Vec<LinkCount>,
}

/// Writes what stands beside a layer's tiles.
pub(super) fn write_beside(
    context: &Context<'_>,
    room: &Room,
    layer: &LayerPlan,
    rows: &LayerRows,
) -> Result<Beside, PackError<TileError>> {
    let crossing = write_crossing(context, room, layer, rows)?;
    let links = write_links(context, layer, rows).map_err(|source| PackError::Sink {
        region: layer.id.to_string(),
        source,
    })?;
    Ok(Beside { crossing, links })
}

fn write_crossing(
    context: &Context<'_>,
    room: &Room,
    layer: &LayerPlan,
    rows: &LayerRows,
) -> Result<Vec<TileRecord>, PackError<TileError>> {
    let unpacked = LayerTiles::new(layer, &rows.crossing, &rows.schema);
    let packing = context.packing_shared(layer.id.as_str(), room);
    let columns = TileColumns::new(context, Some(layer), &rows.schema);
    // Shown to no product: each of these rows stands in a tile of its own region, and is seen there.
    engine::pack(&unpacked, &packing, |tile, groups| {
        tile::write_crossing_tile(context, &columns, tile, groups)
    })
}

fn write_links(
    context: &Context<'_>,
    layer: &LayerPlan,
    rows: &LayerRows,
) -> Result<Vec<LinkCount>, TileError> {
    // Counted first: a set that no row has links to gets no file.
    let mut counts: BTreeMap<usize, u64> = BTreeMap::new();
    for link in rows.links.rows() {
        *counts
            .entry(link.map_err(TileError::from_scratch)?.set)
            .or_default() += 1;
    }
    let mut written = Vec::with_capacity(counts.len());
    for (place, count) in counts {
        let set = &context.plan.jurisdictions[place];
        let path = facility_links_path(&set.kind.id, layer.id.as_str(), &set.id);
        let links = rows
            .links
            .rows()
            .filter(|link| link.as_ref().is_ok_and(|link| link.set == place) || link.is_err());
        tables::write_rows(context, &path, links, |links| link_columns(set, links))?;
        written.push(LinkCount {
            kind: set.kind.id.clone(),
            set: set.id.clone(),
            rows: count,
        });
    }
    Ok(written)
}

fn link_columns(set: &JurisdictionPlan, links: &[FacilityLink]) -> Vec<(&'static str, ArrayRef)> {
    let ranks = links.iter().map(|link| link.rank);
    let shares: Float64Array = links.iter().map(|link| link.share).collect();
    let distances: Float64Array = links.iter().map(|link| link.distance_m).collect();
    let primary: BooleanArray = links.iter().map(|link| Some(link.is_primary)).collect();
    vec![
        (
            "facility_id",
            tables::text_column(links, |link| &link.facility_id),
        ),
        ("set", repeated_text(&set.id, links.len())),
        (
            "jurisdiction_id",
            tables::text_column(links, |link| &link.jurisdiction_id),
        ),
        ("vintage", repeated_text(&set.vintage, links.len())),
        ("method", tables::text_column(links, |link| link.method.code())),
        ("share", Arc::new(shares)),
        ("distance_m", Arc::new(distances)),
        ("rank", Arc::new(UInt32Array::from_iter_values(ranks))),
        ("is_primary", Arc::new(primary)),
    ]
}

fn repeated_text(text: &str, rows: usize) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(std::iter::repeat_n(text, rows)))
}

/// Where what stands beside a layer's tiles is, by its report.
pub(super) fn beside_paths(report: &LayerReport) -> Vec<PathBuf> {
    let layer = report.id.as_str();
    let crossing = (report.rows_crossing > 0).then(|| crossing_folder(layer));
    let links = report.links.iter();
    crossing
        .into_iter()
        .chain(links.map(|count| facility_links_path(&count.kind, layer, &count.set)))
        .collect()
}

/// Where it may be, by the plan: of a layer that failed before it had a report.
pub(super) fn possible_paths(context: &Context<'_>, layer: &str) -> Vec<PathBuf> {
    let sets = context.plan.jurisdictions.iter();
    let links = sets.map(|set| facility_links_path(&set.kind.id, layer, &set.id));
    links.chain([crossing_folder(layer)]).collect()
}

/// Links what stands beside a layer's tiles as an earlier release has it; gives the tiles of other regions.
pub(super) fn link_beside(
    context: &Context<'_>,
    from: &ReleaseId,
    report: &LayerReport,
    care: Care,
) -> Result<Vec<TileRecord>, TileError> {
    let mut files = Vec::new();
    for path in beside_paths(report) {
        let linked: Result<Vec<ReleaseFile>, StoreError> = context.staging.carry(from, &path, care);
        files.extend(linked?);
    }
    read_beside(context, report, files)
}

/// The tiles of other regions among files of a layer, whose other tables' rows are noted by its report.
pub(super) fn read_beside(
    context: &Context<'_>,
    report: &LayerReport,
    files: Vec<ReleaseFile>,
) -> Result<Vec<TileRecord>, TileError> {
    let layer = report.id.as_str();
    for count in &report.links {
        context.note_rows(&facility_links_path(&count.kind, layer, &count.set), count.rows);
    }
    let folder = crossing_folder(layer);
    files
        .into_iter()
        .filter(|file| file.path.starts_with(&folder))
        .map(|file| tile::read_record(context, layer, file))
        .collect()
}
