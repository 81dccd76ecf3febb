//! Rows in the order of the tiles: lots of units are fetched together, and decoded by as many threads as are free.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use arrow_array::Int64Array;
use arrow_schema::{DataType, Field};
use rayon::prelude::*;

use super::QueryError;
use super::constants::UnitColumns;
use super::descent::{Resolved, Unit};
use super::items::TileItem;
use super::question::ROW_NUMBER;
use super::reader::{parts, parts_of};
use crate::feature::{FacilityRows, FilePart};
use crate::geoparquet::SparseFile;

/// Tiles whose footers are looked at together.
const TILES_AT_ONCE: usize = 8;
/// Bytes of pages that are in memory at a time, about; decoded they are some ten times as many.
const LOT_BYTES: u64 = 8 << 20;
/// The same where requests are counted: each lot takes some.
const LOT_BYTES_OF_REQUESTS: u64 = 32 << 20;

/// What is made of a unit's rows.
type OfUnit<'a> =
    dyn Fn(&Unit, &UnitColumns, Vec<FacilityRows>) -> Result<Vec<FacilityRows>, QueryError> + Sync + 'a;

/// The rows of a layer that are meant.
pub(super) struct Scan {
    asked: Resolved,
    tiles: VecDeque<TileItem>,
    units: VecDeque<Unit>,
    ready: VecDeque<FacilityRows>,
    lot_units: usize,
}

impl Scan {
    pub(super) fn new(asked: Resolved, tiles: Vec<TileItem>) -> Self {
        // Each lot has twice as many units as the one before, so that who wants few rows waits for few.
        let first = if asked.are_few { 1 } else { usize::MAX };
        Self {
            asked,
            tiles: tiles.into(),
            units: VecDeque::new(),
            ready: VecDeque::new(),
            lot_units: first,
        }
    }

    /// The next rows, some thousand or none; nothing once all were given.
    fn next_rows(&mut self) -> Result<Option<FacilityRows>, QueryError> {
        loop {
            if let Some(rows) = self.ready.pop_front() {
                return Ok(Some(rows));
            }
            let reader = &self.asked.reader;
            reader.limits.check(reader.meter.bytes_read())?;
            if self.units.is_empty() {
                let count = self.tiles.len().min(TILES_AT_ONCE);
                let tiles: Vec<TileItem> = self.tiles.drain(..count).collect();
                if tiles.is_empty() {
                    return Ok(None);
                }
                let tiles: Vec<&TileItem> = tiles.iter().collect();
                self.units = self.asked.units(&tiles)?.into();
                continue;
            }
            let lot = self.next_lot()?;
            self.ready = self.asked.rows_of(lot)?.into();
        }
    }

    fn next_lot(&mut self) -> Result<Vec<Unit>, QueryError> {
        let mut lot = Vec::new();
        let mut bytes = 0;
        // A request costs more than the bytes that are asked for too early.
        let (most, most_bytes) = match self.asked.reader.cost().most_requests {
            Some(_) => (usize::MAX, LOT_BYTES_OF_REQUESTS),
            None => (self.lot_units, LOT_BYTES),
        };
        while lot.len() < most && bytes < most_bytes {
            let Some(unit) = self.units.pop_front() else { break };
            let ranges = unit.ranges(&self.asked.columns.read)?;
            bytes += ranges.iter().map(|range| range.end - range.start).sum::<u64>();
            lot.push(unit);
        }
        self.lot_units = self.lot_units.saturating_mul(2);
        Ok(lot)
    }
}

impl Iterator for Scan {
    type Item = Result<FacilityRows, QueryError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_rows().transpose()
    }
}

impl Resolved {
    /// The rows of some units that are meant, with their distances where these are asked for.
    pub(super) fn rows_of(&self, mut units: Vec<Unit>) -> Result<Vec<FacilityRows>, QueryError> {
        for unit in &units {
            self.reader.meter.pages(unit.pages(), unit.rows());
        }
        let is_cheap = self.reader.cost().most_requests.is_none();
        // Only where few rows may be left of many, and a second look costs no request.
        if self.filter.has_conditions() && is_cheap && self.columns.filter != self.columns.read {
            let looked_at = self.decode(&units, &self.columns.filter)?;
            for (unit, rows) in units.iter_mut().zip(looked_at) {
                unit.runs = self.marked_runs(unit, &rows);
            }
            units.retain(|unit| !unit.runs.is_empty());
        }
        let columns: Vec<UnitColumns> = units
            .iter()
            .map(|unit| UnitColumns::of_group(&unit.tile, unit.group.group(), &self.columns))
            .collect();
        let of_units = self.decoded(&units, &columns, &|unit, columns, mut rows| {
            if self.columns.are_numbered() {
                number(unit, &mut rows)?;
            }
            let mut found = Vec::with_capacity(rows.len());
            for rows in rows {
                let rows = self.selected(rows)?;
                if rows.num_rows() > 0 {
                    found.push(self.constants.add_to(&rows, columns)?);
                }
            }
            Ok(found)
        })?;
        Ok(of_units.into_iter().flatten().collect())
    }

    /// Every row of some units, of the columns named; a list for each unit.
    pub(super) fn decode(
        &self,
        units: &[Unit],
        columns: &[String],
    ) -> Result<Vec<Vec<FacilityRows>>, QueryError> {
        let all: Vec<UnitColumns> = units.iter().map(|_unit| UnitColumns::all_read(columns)).collect();
        self.decoded(units, &all, &|_unit, _columns, rows| Ok(rows))
    }

    /// What is made of each unit's rows where they were decoded, before they are out of the core's cache.
    fn decoded(
        &self,
        units: &[Unit],
        columns: &[UnitColumns],
        then: &OfUnit<'_>,
    ) -> Result<Vec<Vec<FacilityRows>>, QueryError> {
        let mut wanted: Vec<FilePart> = Vec::new();
        for (unit, columns) in units.iter().zip(columns) {
            let ranges = unit.ranges(&columns.read)?.into_iter();
            let absent = ranges.filter(|range| unit.tile.held().part(range).is_none());
            wanted.extend(parts(&unit.path, absent.collect()));
        }
        let fetched = self.reader.fetch(wanted)?;
        let mut files: BTreeMap<&str, SparseFile> = BTreeMap::new();
        for unit in units {
            files
                .entry(&unit.path)
                .or_insert_with(|| unit.tile.held_with(parts_of(&fetched, &unit.path)));
        }
        units
            .par_iter()
            .zip(columns)
            // A unit is work enough to be handed over by itself.
            .with_max_len(1)
            .map(|(unit, columns)| {
                let file = files.get(unit.path.as_str()).cloned().unwrap_or_default();
                let roots = unit.tile.roots(&columns.read)?;
                then(unit, columns, unit.group.decode(file, &roots, &unit.runs)?)
            })
            .collect()
    }

    fn selected(&self, rows: FacilityRows) -> Result<FacilityRows, QueryError> {
        let rows = if self.filter.takes_all() {
            rows
        } else {
            rows.filter(&self.filter.marks(&rows))
                .map_err(|source| QueryError::format("rows", source.to_string()))?
        };
        match &self.reach {
            Some(reach) => reach.with_distances(&rows),
            None => Ok(rows),
        }
    }

    /// The runs of a unit's rows that are meant, as its columns tell.
    fn marked_runs(&self, unit: &Unit, rows: &[FacilityRows]) -> Vec<Range<usize>> {
        let marks = rows.iter().flat_map(|rows| {
            let marks = self.filter.marks(rows);
            (0..rows.num_rows())
                .map(move |row| marks.value(row))
                .collect::<Vec<bool>>()
        });
        let places = unit.runs.iter().cloned().flatten();
        let marked: Vec<usize> = places
            .zip(marks)
            .filter_map(|(place, mark)| mark.then_some(place))
            .collect();
        let runs = marked.chunk_by(|one, next| one + 1 == *next);
        runs.map(|run| run[0]..run[0] + run.len()).collect()
    }
}

/// Adds to the rows of a unit which of the layer each is.
fn number(unit: &Unit, batches: &mut [FacilityRows]) -> Result<(), QueryError> {
    let mut numbers = unit.numbers();
    for rows in batches {
        let column: Int64Array = numbers.by_ref().take(rows.num_rows()).map(Some).collect();
        let numbered = rows.with_column(Field::new(ROW_NUMBER, DataType::Int64, true), Arc::new(column));
        *rows = numbered.map_err(|source| QueryError::format(&unit.path, source.to_string()))?;
    }
    Ok(())
}

impl Unit {
    fn ranges(&self, columns: &[String]) -> Result<Vec<Range<u64>>, QueryError> {
        Ok(self.group.byte_ranges(&self.tile.roots(columns)?, &self.runs))
    }
}
