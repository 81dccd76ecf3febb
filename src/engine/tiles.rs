//! A layer's own tiles, and the file of all its rows: rows with their full geometry and their own attributes.

use std::collections::BTreeSet;
use std::io;
use std::ops::Range;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_schema::Schema;

use super::EngineError;
use super::layer::LayerRows;
use super::pack::{Brought, Packable};
use super::rows::{POSITION, RowStore, Stands};
use super::shared::{Row, Shared};
use crate::feature::{Flag, RegionId, Texts};
use crate::kernel::assemble::{self, Published};
use crate::kernel::geometry;
use crate::kernel::pack::Spot;
use crate::plan::{GeometryKind, LayerPlan};

/// Columns that a row which may share its point is told by.
const TOLD: [&str; 3] = ["facility_id", "geometry", POSITION];

/// A layer's rows, to be packed by region.
#[derive(Debug)]
pub struct LayerTiles<'a> {
    layer: &'a LayerPlan,
    store: &'a dyn RowStore,
    schema: &'a Schema,
    shared: Shared,
}

impl<'a> LayerTiles<'a> {
    /// Of rows as they were read.
    pub fn new(layer: &'a LayerPlan, store: &'a dyn RowStore, schema: &'a Schema) -> Self {
        Self {
            layer,
            store,
            schema,
            shared: Shared::default(),
        }
    }
}

impl LayerTiles<'_> {
    /// Some columns of rows, as they are published.
    ///
    /// # Errors
    /// When rows can't be had back.
    pub fn columns(&self, spots: &[Spot], names: &[&str]) -> Result<RecordBatch, EngineError> {
        // The id is in every store: rows without a column of their own can't be counted.
        let asked: Vec<&str> = names.iter().copied().chain(["facility_id"]).collect();
        let rows = self
            .store
            .take(spots, Some(&asked))
            .map_err(|source| EngineError::Rows { source })?;
        let columns = assemble::columns(&rows, self.schema, self.layer, names);
        columns.map_err(|source| EngineError::Kernel { source })
    }

    /// Rows that share their point with others, as packing has met them.
    pub fn into_shared(self) -> Shared {
        self.shared
    }

    /// Notes rows that share their point; a box with an extent is no point.
    fn note(&self, rows: &RecordBatch, ids: &[String], runs: &[Range<usize>]) {
        let geometry = rows
            .column_by_name("geometry")
            .and_then(|column| column.as_binary_opt::<i32>());
        let positions = rows
            .column_by_name(POSITION)
            .and_then(|column| column.as_primitive_opt::<UInt64Type>());
        let (Some(geometry), Some(positions)) = (geometry, positions) else {
            return;
        };
        let point = |row: &usize| {
            let bounds = geometry::bounds(geometry.value(*row))?;
            (bounds.min() == bounds.max()).then_some((*row, bounds.min()))
        };
        for run in runs {
            let points: Vec<_> = run.clone().filter_map(|row| point(&row)).collect();
            if points.len() < 2 {
                continue;
            }
            self.shared.note(points.iter().map(|(row, at)| Row {
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
    pub fn flagged(&mut self, shared: Shared) -> impl Iterator<Item = io::Result<Flag>> {
        let shared = shared.flag(&mut self.flags, &self.origins);
        self.flags.and(shared)
    }
}

impl Packable for LayerTiles<'_> {
    fn regions(&self) -> BTreeSet<RegionId> {
        self.store.regions()
    }

    fn rows_in(&self, region: &RegionId) -> u64 {
        self.store.rows_in(Some(region))
    }

    fn each(&self, region: &RegionId, see: &mut dyn FnMut(Spot)) -> Result<(), EngineError> {
        let shown = self.store.each(Some(region), Stands::AtCentre, see);
        shown.map_err(|source| EngineError::Rows { source })
    }

    fn tied(&self, spots: &[Spot], runs: &[Range<usize>]) -> Result<Vec<String>, EngineError> {
        let rows = self
            .store
            .take(spots, Some(&TOLD))
            .map_err(|source| EngineError::Rows { source })?;
        let ids = ids(&rows);
        if self.layer.schema.geometry == GeometryKind::Point {
            self.note(&rows, &ids, runs);
        }
        Ok(ids)
    }

    fn bytes_away(&self) -> usize {
        self.store.bytes_away()
    }

    fn bring<'r>(&'r self, spots: &[Spot]) -> Result<Box<dyn Brought + 'r>, EngineError> {
        let rows = self
            .store
            .take(spots, None)
            .map_err(|source| EngineError::Rows { source })?;
        Ok(Box::new(Together { tiles: self, rows }))
    }
}

/// Rows of a layer that are together.
struct Together<'a> {
    tiles: &'a LayerTiles<'a>,
    rows: RecordBatch,
}

impl Brought for Together<'_> {
    fn publish(&self, rows: Range<usize>) -> Result<Published, EngineError> {
        let rows = self.rows.slice(rows.start, rows.len());
        let published = assemble::publish(&rows, self.tiles.schema, self.tiles.layer);
        published.map_err(|source| EngineError::Kernel { source })
    }
}

/// `facility_id` of rows.
pub(super) fn ids(rows: &RecordBatch) -> Vec<String> {
    let ids = Texts::named(rows, "facility_id");
    ids.into_iter()
        .flat_map(Texts::iter)
        .map(|id| id.unwrap_or_default().to_owned())
        .collect()
}

/// All rows of a layer as one region, for a file that holds them all.
#[derive(Debug)]
pub struct OneFile<'a>(pub LayerTiles<'a>);

impl Packable for OneFile<'_> {
    fn regions(&self) -> BTreeSet<RegionId> {
        BTreeSet::from([RegionId::new(None)])
    }

    fn rows_in(&self, _region: &RegionId) -> u64 {
        self.0.store.rows_in(None)
    }

    fn each(&self, _region: &RegionId, see: &mut dyn FnMut(Spot)) -> Result<(), EngineError> {
        let shown = self.0.store.each(None, Stands::AtCentre, see);
        shown.map_err(|source| EngineError::Rows { source })
    }

    fn tied(&self, spots: &[Spot], _runs: &[Range<usize>]) -> Result<Vec<String>, EngineError> {
        let rows = self.0.store.take(spots, Some(&TOLD[..1]));
        Ok(ids(&rows.map_err(|source| EngineError::Rows { source })?))
    }

    fn bytes_away(&self) -> usize {
        self.0.bytes_away()
    }

    fn bring<'r>(&'r self, spots: &[Spot]) -> Result<Box<dyn Brought + 'r>, EngineError> {
        self.0.bring(spots)
    }
}
