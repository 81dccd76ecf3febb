//! What a source has kept of the facilities that the last release has of it: ids, places, and
//! values in their columns.
//!
//! Reads tiles of the last release, of a large layer a part.

use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch};
use tracing::warn;

use super::context::Context;
use super::nearby::{self, Sought};
use super::past;
use crate::engine::LayerRows;
use crate::engine::rows::RowsError;
use crate::engine::sample::{Facility, digest};
use crate::error::chain;
use crate::feature::RunReport;
use crate::gate::{Exchanged, Kept, Shifted};
use crate::geoparquet::{self, GeoparquetError};
use crate::kernel::geometry;
use crate::plan::LayerPlan;

/// Facilities of the last release that are looked at, about.
const MOST_FACILITIES: u64 = 100_000;

/// Facilities whose ids are gone of which the places are looked for, at most.
const MOST_SOUGHT: usize = 10_000;

/// What was kept; none where the last release can't be read, or has nothing of the layer.
///
/// # Errors
/// When scratch files can't be read.
pub(super) fn kept_of_last(
    context: &Context<'_>,
    layer: &LayerPlan,
    rows: &LayerRows,
    last: &RunReport,
) -> Result<Option<Kept>, RowsError> {
    let before =
        past::tiles_of_release(context.store, last).and_then(|mut tiles| tiles.remove(layer.id.as_str()));
    let mut comparison = Comparison::new(layer, rows);
    for (tile, _) in before.unwrap_or_default() {
        if comparison.kept.facilities >= MOST_FACILITIES {
            break;
        }
        if let Err(error) = comparison.compare_tile(&tile) {
            // `verify` and `repair` tell of it; here it is one that can't be compared with.
            warn!(tile = %tile.display(), reason = chain(&error), "a tile of the last release can't be read");
        }
    }
    comparison.into_kept()
}

/// Facilities of the last release, held against today's.
struct Comparison<'a> {
    layer: &'a LayerPlan,
    rows: &'a LayerRows,
    /// Columns by which a facility is told from its neighbours.
    naming: Vec<String>,
    kept: Kept,
    /// Those whose id isn't there any more.
    gone: Vec<Sought>,
    /// Those whose id is there, but elsewhere or under another name.
    changed: Vec<Sought>,
    /// Of each two fields, by both their places in the list of fields.
    pairs: Vec<FieldPair>,
    failed: Option<RowsError>,
}

/// Of two fields the rows in which their values differed.
#[derive(Debug, Clone, Default)]
struct FieldPair {
    differed: u64,
    exchanged: u64,
    /// Rows in which the second has what the first had, and whether these are several values.
    shifted: u64,
    value: Option<u64>,
    is_varied: bool,
}

impl<'a> Comparison<'a> {
    fn new(layer: &'a LayerPlan, rows: &'a LayerRows) -> Self {
        let fields = rows.sample.fields();
        Self {
            layer,
            rows,
            naming: nearby::naming_columns(layer),
            kept: Kept::default(),
            gone: vec![],
            changed: vec![],
            pairs: vec![FieldPair::default(); fields.len().pow(2)],
            failed: None,
        }
    }

    /// Looks at the columns of a tile that are compared, as far as it has them.
    fn compare_tile(&mut self, tile: &Path) -> Result<(), GeoparquetError> {
        let schema = geoparquet::inspect(tile)?.schema;
        let fields = self.rows.sample.fields().iter().map(String::as_str);
        let columns = ["facility_id", "geometry"].into_iter().chain(fields);
        let there: Vec<&str> = columns.filter(|name| schema.index_of(name).is_ok()).collect();
        geoparquet::read_each(tile, &there, &mut |rows| self.compare_rows(rows))
    }

    fn compare_rows(&mut self, before: &RecordBatch) {
        let Some(ids) = before.column_by_name("facility_id") else {
            return;
        };
        let Some(shapes) = before.column_by_name("geometry") else {
            return;
        };
        let ids = ids.as_string::<i32>();
        let shapes = shapes.as_binary::<i32>();
        let fields = self.rows.sample.fields().iter();
        let columns: Vec<Option<&ArrayRef>> = fields.map(|field| before.column_by_name(field)).collect();
        let prefix = format!("{}:", self.layer.id);
        for row in 0..before.num_rows() {
            let key = ids.value(row).strip_prefix(&prefix).unwrap_or_default();
            let bounds = geometry::bounds(shapes.value(row));
            let place = bounds.map(|bounds| bounds.center().into());
            self.compare_facility(before, row, key, place, &columns);
        }
    }

    fn compare_facility(
        &mut self,
        before: &RecordBatch,
        row: usize,
        key: &str,
        place: Option<[f64; 2]>,
        columns: &[Option<&ArrayRef>],
    ) {
        self.kept.facilities += 1;
        match self.rows.has_key(key) {
            Ok(true) => self.kept.ids += 1,
            Ok(false) => self
                .gone
                .extend(place.map(|place| self.sought_facility(before, row, place, true))),
            Err(source) => self.failed = Some(RowsError::Scratch { source }),
        }
        let Some(now) = self.rows.sample.facility(key) else {
            return;
        };
        let then: Vec<Option<u64>> = columns
            .iter()
            .map(|column| column.and_then(|column| digest(column, row)))
            .collect();
        let has_moved = place.is_some_and(|place| !nearby::is_near(place, now.place));
        self.compare_values(&then, &now.values);
        self.kept.compared += 1;
        if has_moved || self.is_renamed(&then, now) {
            self.changed
                .extend(place.map(|place| self.sought_facility(before, row, place, has_moved)));
        }
    }

    fn sought_facility(&self, before: &RecordBatch, row: usize, place: [f64; 2], has_moved: bool) -> Sought {
        Sought {
            id: nearby::id_digest(before, row),
            place,
            name: nearby::name_digest(before, &self.naming, row),
            has_moved,
        }
    }

    /// Whether one of the columns that tell a facility from its neighbours has another value.
    fn is_renamed(&self, then: &[Option<u64>], now: &Facility) -> bool {
        let fields = self.rows.sample.fields().iter().zip(then).zip(&now.values);
        fields
            .into_iter()
            .any(|((field, then), now)| then != now && self.naming.contains(field))
    }

    fn compare_values(&mut self, then: &[Option<u64>], now: &[Option<u64>]) {
        let fields = then.len();
        for (a, then_a) in then.iter().enumerate() {
            for (b, then_b) in then.iter().enumerate() {
                // What was the same before says nothing of who has it now.
                let is_told = a != b && then_a.is_some() && then_b.is_some() && then_a != then_b;
                if !is_told {
                    continue;
                }
                let pair = &mut self.pairs[a * fields + b];
                pair.differed += 1;
                if now[b] != *then_a {
                    continue;
                }
                pair.exchanged += u64::from(now[a] == *then_b);
                pair.shifted += 1;
                pair.is_varied |= pair.value.is_some() && pair.value != *then_a;
                pair.value = *then_a;
            }
        }
    }

    fn into_kept(mut self) -> Result<Option<Kept>, RowsError> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        if self.kept.facilities == 0 {
            return Ok(None);
        }
        if self.kept.are_ids_lost() {
            // Evenly, whatever the order of the tiles.
            let step = self.gone.len().div_ceil(MOST_SOUGHT).max(1);
            let gone: Vec<Sought> = self.gone.iter().copied().step_by(step).collect();
            self.kept.sought = gone.len() as u64;
            self.kept.places = nearby::count_taken_places(&gone, &self.naming, &self.rows.store)?;
        }
        // Looked for only where it would be told.
        if self.changed.len() as u64 * 2 > self.kept.compared {
            let taken = nearby::count_taken_places(&self.changed, &self.naming, &self.rows.store)?;
            let given = nearby::count_given_names(&self.changed, &self.naming, &self.rows.store)?;
            self.kept.taken = taken.max(given);
        }
        self.note_columns();
        Ok(Some(self.kept))
    }

    /// Which fields have the values of which.
    fn note_columns(&mut self) {
        let fields = self.rows.sample.fields();
        for (at, pair) in self.pairs.iter().enumerate() {
            let one = at / fields.len();
            let other = at % fields.len();
            if pair.exchanged > 0 && one < other {
                self.kept.exchanged.push(Exchanged {
                    one: fields[one].clone(),
                    other: fields[other].clone(),
                    rows: pair.exchanged,
                    of: pair.differed,
                });
            }
            // One value in all rows is in many columns by chance.
            if pair.is_varied {
                self.kept.shifted.push(Shifted {
                    from: fields[one].clone(),
                    to: fields[other].clone(),
                    rows: pair.shifted,
                    of: pair.differed,
                });
            }
        }
    }
}
