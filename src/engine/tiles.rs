//! A layer's own tiles, and the file of all its rows: rows with their full geometry and their own attributes.

use std::collections::BTreeSet;
use std::io;
use std::ops::Range;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_schema::Schema;
use geo::Coord;

use super::EngineError;
use super::layer::LayerRows;
use super::pack::{Gathered, Packable};
use super::rows::{POSITION, RowStore, SpotPlace};
use super::shared::{SharedPoints, SharingRow};
use crate::feature::{FacilityRows, Flag, RegionId, Texts};
use crate::kernel::geometry;
use crate::kernel::pack::Spot;
use crate::kernel::publish::{Published, publish, publish_columns};
use crate::plan::{GeometryKind, LayerPlan};

/// Columns that a row which may share its point is told by: the id settles ties, whatever the layer.
const TIED_COLUMNS: [&str; 3] = ["facility_id", "geometry", POSITION];

/// A layer's rows, to be packed by region.
#[derive(Debug)]
pub struct LayerTiles<'a> {
    layer: &'a LayerPlan,
    store: &'a dyn RowStore,
    schema: &'a Schema,
    shared: SharedPoints,
}

impl<'a> LayerTiles<'a> {
    /// Of rows as they were read.
    pub fn new(layer: &'a LayerPlan, store: &'a dyn RowStore, schema: &'a Schema) -> Self {
        Self {
            layer,
            store,
            schema,
            shared: SharedPoints::default(),
        }
    }
}

impl LayerTiles<'_> {
    /// Some columns of rows, as they are published.
    ///
    /// # Errors
    /// When rows can't be had back.
    pub fn publish_columns(&self, spots: &[Spot], names: &[&str]) -> Result<FacilityRows, EngineError> {
        // The id is in every store: rows without a column of their own can't be counted.
        let asked: Vec<&str> = names.iter().copied().chain(["facility_id"]).collect();
        let rows = self
            .store
            .take_rows(spots, Some(&asked))
            .map_err(|source| EngineError::Rows { source })?;
        let columns = publish_columns(&rows, self.schema, self.layer, names);
        columns.map_err(|source| EngineError::Kernel { source })
    }

    /// Rows that share their point with others, as packing has met them.
    pub fn into_shared(self) -> SharedPoints {
        self.shared
    }

    /// Notes rows that share their point; a box with an extent is no point.
    fn note_shared_points(&self, rows: &FacilityRows, ids: &[String], runs: &[Range<usize>]) {
        // Of rows out of an earlier run's tiles nobody knows any more where in the source they stood.
        let positions = rows
            .column(POSITION)
            .and_then(|column| column.as_primitive_opt::<UInt64Type>());
        let Some((geometry, positions)) = rows.geometry().zip(positions) else {
            return;
        };
        for run in runs {
            let points: Vec<(usize, Coord<f64>)> = run
                .clone()
                .filter_map(|row| Some((row, point_of(geometry.value(row))?)))
                .collect();
            if points.len() < 2 {
                continue;
            }
            self.shared.note_rows(points.iter().map(|(row, at)| SharingRow {
                position: positions.value(*row),
                id: ids[*row].clone(),
                point: [at.x, at.y],
                sharing: points.len(),
            }));
        }
    }
}

impl LayerRows {
    /// Flags the rows that share their point with others, once all are packed; gives every flag that is kept, in the
    /// order of the source, or an error when the scratch file can't be read.
    pub fn with_shared_flags(&mut self, shared: SharedPoints) -> impl Iterator<Item = io::Result<Flag>> {
        let shared = shared.into_flags(&mut self.flags, &self.origins);
        self.flags.merged_with(shared)
    }
}

impl Packable for LayerTiles<'_> {
    fn regions(&self) -> BTreeSet<RegionId> {
        self.store.regions()
    }

    fn rows_in(&self, region: &RegionId) -> u64 {
        self.store.rows_in(Some(region))
    }

    fn each_spot(&self, region: &RegionId, see: &mut dyn FnMut(Spot)) -> Result<(), EngineError> {
        let shown = self.store.each_spot(Some(region), SpotPlace::AtCentre, see);
        shown.map_err(|source| EngineError::Rows { source })
    }

    fn tied_ids(&self, spots: &[Spot], runs: &[Range<usize>]) -> Result<Vec<String>, EngineError> {
        let rows = self
            .store
            .take_rows(spots, Some(&TIED_COLUMNS))
            .map_err(|source| EngineError::Rows { source })?;
        let ids = facility_ids(&rows);
        if self.layer.schema.geometry == GeometryKind::Point {
            self.note_shared_points(&rows, &ids, runs);
        }
        Ok(ids)
    }

    fn bytes_away(&self) -> usize {
        self.store.bytes_away()
    }

    fn bring_together<'r>(&'r self, spots: &[Spot]) -> Result<Box<dyn Gathered + 'r>, EngineError> {
        let rows = self
            .store
            .take_rows(spots, None)
            .map_err(|source| EngineError::Rows { source })?;
        Ok(Box::new(GatheredRows { tiles: self, rows }))
    }
}

/// Where a geometry in WKB stands, if its box has no extent.
fn point_of(wkb: &[u8]) -> Option<Coord<f64>> {
    let bounds = geometry::wkb_bounds(wkb)?;
    (bounds.min() == bounds.max()).then_some(bounds.min())
}

/// Rows of a layer that are together.
struct GatheredRows<'a> {
    tiles: &'a LayerTiles<'a>,
    rows: FacilityRows,
}

impl Gathered for GatheredRows<'_> {
    fn publish(&self, rows: Range<usize>) -> Result<Published, EngineError> {
        let rows = self.rows.slice(rows.start, rows.len());
        let published = publish(&rows, self.tiles.schema, self.tiles.layer);
        published.map_err(|source| EngineError::Kernel { source })
    }
}

/// `facility_id` of rows.
pub(super) fn facility_ids(rows: &FacilityRows) -> Vec<String> {
    rows.ids()
        .into_iter()
        .flat_map(Texts::iter)
        .map(|id| id.unwrap_or_default().to_owned())
        .collect()
}

/// All rows of a layer as one region, for a file that holds them all.
#[derive(Debug)]
pub struct WholeLayer<'a>(pub LayerTiles<'a>);

impl Packable for WholeLayer<'_> {
    fn regions(&self) -> BTreeSet<RegionId> {
        BTreeSet::from([RegionId::new(None)])
    }

    fn rows_in(&self, _region: &RegionId) -> u64 {
        self.0.store.rows_in(None)
    }

    fn each_spot(&self, _region: &RegionId, see: &mut dyn FnMut(Spot)) -> Result<(), EngineError> {
        let shown = self.0.store.each_spot(None, SpotPlace::AtCentre, see);
        shown.map_err(|source| EngineError::Rows { source })
    }

    fn tied_ids(&self, spots: &[Spot], _runs: &[Range<usize>]) -> Result<Vec<String>, EngineError> {
        // Ids alone: who shares a point was noted when the layer's tiles were packed.
        let rows = self.0.store.take_rows(spots, Some(&TIED_COLUMNS[..1]));
        Ok(facility_ids(
            &rows.map_err(|source| EngineError::Rows { source })?,
        ))
    }

    fn bytes_away(&self) -> usize {
        self.0.bytes_away()
    }

    fn bring_together<'r>(&'r self, spots: &[Spot]) -> Result<Box<dyn Gathered + 'r>, EngineError> {
        self.0.bring_together(spots)
    }
}
