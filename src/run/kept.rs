//! What a source has kept of the facilities that the last release has of it: ids, places, and values in their columns.
//!
//! Reads tiles of the last release, of a large layer a part.

use arrow_array::ArrayRef;
use tracing::warn;

use super::nearby::SoughtFacility;
use super::{Context, nearby, past};
use crate::engine::LayerRows;
use crate::engine::rows::RowsError;
use crate::engine::sample::{Facility, value_digest};
use crate::error::error_chain;
use crate::feature::{FacilityRows, RunReport};
use crate::gate::{Continuity, Exchanged, Shifted};
use crate::geoparquet;
use crate::kernel::geometry;
use crate::plan::LayerPlan;

/// Facilities of the last release that are looked at, about.
const ROWS: u64 = 100_000;

/// Facilities whose ids are gone of which the places are looked for, at most.
const SOUGHT: usize = 10_000;

/// What the source has kept; none where the last release can't be read, or has nothing of the layer.
///
/// # Errors
/// When scratch files can't be read.
pub(super) fn measure_continuity(
    context: &Context<'_>,
    layer: &LayerPlan,
    rows: &LayerRows,
    last: &RunReport,
) -> Result<Option<Continuity>, RowsError> {
    let before =
        past::tiles_of_release(context.store, last).and_then(|mut tiles| tiles.remove(layer.id.as_str()));
    let mut comparison = Comparison::new(layer, rows);
    for (tile, _) in before.unwrap_or_default() {
        // Only shares are judged, for which a part of a large layer is enough.
        if comparison.continuity.facilities >= ROWS {
            break;
        }
        let read = geoparquet::read_footer(&tile).and_then(|footer| {
            let own = ["facility_id", "geometry"].into_iter();
            let columns = own.chain(rows.sample.fields().iter().map(String::as_str));
            let there: Vec<&str> = columns
                .filter(|name| footer.schema.index_of(name).is_ok())
                .collect();
            geoparquet::read_each(&tile, &there, &mut |rows| comparison.compare_batch(rows))
        });
        if let Err(error) = read {
            // `verify` and `repair` tell of it; here it is one that can't be compared with.
            warn!(tile = %tile.display(), reason = error_chain(&error), "a tile of the last release can't be read");
        }
    }
    comparison.finish()
}

/// Facilities of the last release, held against today's.
struct Comparison<'a> {
    layer: &'a LayerPlan,
    rows: &'a LayerRows,
    /// Columns by which a facility is told from its neighbours.
    naming: Vec<String>,
    continuity: Continuity,
    /// Those whose id isn't there any more.
    gone: Vec<SoughtFacility>,
    /// Those whose id is there, but elsewhere or under another name.
    changed: Vec<SoughtFacility>,
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
            continuity: Continuity::default(),
            gone: vec![],
            changed: vec![],
            pairs: vec![FieldPair::default(); fields.len().pow(2)],
            failed: None,
        }
    }

    fn compare_batch(&mut self, before: &FacilityRows) {
        let Some((ids, shapes)) = before.ids().zip(before.geometry()) else {
            return;
        };
        let fields = self.rows.sample.fields();
        let columns: Vec<Option<&ArrayRef>> = fields.iter().map(|field| before.column(field)).collect();
        let prefix = format!("{}:", self.layer.id);
        for row in 0..before.num_rows() {
            let id = ids.value(row).unwrap_or_default();
            let key = id.strip_prefix(&prefix).unwrap_or_default();
            self.continuity.facilities += 1;
            let place = geometry::wkb_bounds(shapes.value(row)).map(|bounds| bounds.center().into());
            match self.rows.has_key(key) {
                Ok(true) => self.continuity.ids += 1,
                Ok(false) => self.gone.extend(self.sought_facility(before, row, place, true)),
                Err(source) => self.failed = Some(RowsError::Scratch { source }),
            }
            // Values are held against those of the facilities that the sample has: they are few, and the same every night.
            let Some(now) = self.rows.sample.facility(key) else {
                continue;
            };
            let then: Vec<Option<u64>> = columns
                .iter()
                .map(|column| value_digest((*column)?, row))
                .collect();
            let has_moved = place.is_some_and(|place| !nearby::is_near(place, now.place));
            self.compare_fields(&then, &now.values);
            self.continuity.compared += 1;
            if has_moved || self.is_renamed(&then, now) {
                self.changed
                    .extend(self.sought_facility(before, row, place, has_moved));
            }
        }
    }

    /// A facility to be looked for by its place; none without one.
    fn sought_facility(
        &self,
        before: &FacilityRows,
        row: usize,
        place: Option<[f64; 2]>,
        has_moved: bool,
    ) -> Option<SoughtFacility> {
        Some(SoughtFacility {
            id: nearby::id_digest(before, row),
            place: place?,
            name: nearby::name_digest(before, &self.naming, row),
            has_moved,
        })
    }

    /// Whether one of the columns that tell a facility from its neighbours has another value.
    fn is_renamed(&self, then: &[Option<u64>], now: &Facility) -> bool {
        let fields = self.rows.sample.fields().iter().zip(then).zip(&now.values);
        fields
            .into_iter()
            .any(|((field, then), now)| then != now && self.naming.contains(field))
    }

    fn compare_fields(&mut self, then: &[Option<u64>], now: &[Option<u64>]) {
        let fields = then.len();
        for a in 0..fields {
            for b in (0..fields).filter(|b| *b != a) {
                let Some(then_a) = then[a] else { continue };
                let Some(then_b) = then[b] else { continue };
                // Two that were the same can't be told apart once they are exchanged.
                if then_a == then_b {
                    continue;
                }
                let pair = &mut self.pairs[a * fields + b];
                pair.differed += 1;
                if now[b] != Some(then_a) {
                    continue;
                }
                pair.exchanged += u64::from(now[a] == Some(then_b));
                pair.shifted += 1;
                pair.is_varied |= pair.value.is_some_and(|value| value != then_a);
                pair.value = Some(then_a);
            }
        }
    }

    fn finish(mut self) -> Result<Option<Continuity>, RowsError> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        if self.continuity.facilities == 0 {
            return Ok(None);
        }
        if self.continuity.are_ids_lost() {
            // Evenly, whatever the order of the tiles.
            let step = self.gone.len().div_ceil(SOUGHT).max(1);
            let gone: Vec<SoughtFacility> = self.gone.iter().copied().step_by(step).collect();
            self.continuity.sought = gone.len() as u64;
            self.continuity.places = nearby::count_places_taken(&gone, &self.naming, &self.rows.store)?;
        }
        // Looked for only where it would be told.
        if self.changed.len() as u64 * 2 > self.continuity.compared {
            // By place or by name: sorted apart, the names move and the places stay, or the other way round.
            let found = nearby::count_places_taken(&self.changed, &self.naming, &self.rows.store)?;
            let given = nearby::count_names_given_away(&self.changed, &self.naming, &self.rows.store)?;
            self.continuity.taken = found.max(given);
        }
        self.note_columns();
        Ok(Some(self.continuity))
    }

    /// Which fields have the values of which.
    fn note_columns(&mut self) {
        let fields = self.rows.sample.fields();
        for (at, pair) in self.pairs.iter().enumerate() {
            let one = at / fields.len();
            let other = at % fields.len();
            let from = fields[one].clone();
            let to = fields[other].clone();
            if pair.exchanged > 0 && one < other {
                self.continuity.exchanged.push(Exchanged {
                    one: from.clone(),
                    other: to.clone(),
                    rows: pair.exchanged,
                    of: pair.differed,
                });
            }
            // One value in all rows is in many columns by chance.
            if pair.is_varied {
                self.continuity.shifted.push(Shifted {
                    from,
                    to,
                    rows: pair.shifted,
                    of: pair.differed,
                });
            }
        }
    }
}
