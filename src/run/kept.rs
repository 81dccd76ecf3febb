//! What a source has kept of the facilities that the last release has of it: ids, places, and values in their columns.
//!
//! Reads tiles of the last release, of a large layer a part.

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch};
use tracing::warn;

use super::nearby::Sought;
use super::{Context, nearby, past};
use crate::engine::LayerRows;
use crate::engine::rows::RowsError;
use crate::engine::sample::{Facility, digest};
use crate::error::chain;
use crate::feature::RunReport;
use crate::gate::{Continuity, Exchanged, Shifted};
use crate::geoparquet;
use crate::kernel::geometry;
use crate::plan::LayerPlan;

/// Facilities of the last release that are looked at, about.
const ROWS: u64 = 100_000;

/// Facilities whose ids are gone of which the places are looked for, at most.
const SOUGHT: usize = 10_000;

/// What was kept; none where the last release can't be read, or has nothing of the layer.
///
/// # Errors
/// When scratch files can't be read.
pub(super) fn kept(
    context: &Context<'_>,
    layer: &LayerPlan,
    rows: &LayerRows,
    last: &RunReport,
) -> Result<Option<Continuity>, RowsError> {
    let before = past::tiles(context.store, last).and_then(|mut tiles| tiles.remove(layer.id.as_str()));
    let mut looking = Looking::new(layer, rows);
    for (tile, _) in before.unwrap_or_default() {
        if looking.kept.facilities >= ROWS {
            break;
        }
        let read = geoparquet::inspect(&tile).and_then(|footer| {
            let own = ["facility_id", "geometry"].into_iter();
            let columns = own.chain(rows.sample.fields().iter().map(String::as_str));
            let there: Vec<&str> = columns
                .filter(|name| footer.schema.index_of(name).is_ok())
                .collect();
            geoparquet::read_each(&tile, &there, &mut |rows| looking.see(rows))
        });
        if let Err(error) = read {
            // `verify` and `repair` tell of it; here it is one that can't be compared with.
            warn!(tile = %tile.display(), reason = chain(&error), "a tile of the last release can't be read");
        }
    }
    looking.finish()
}

/// Facilities of the last release, held against today's.
struct Looking<'a> {
    layer: &'a LayerPlan,
    rows: &'a LayerRows,
    /// Columns by which a facility is told from its neighbours.
    naming: Vec<String>,
    kept: Continuity,
    /// Those whose id isn't there any more.
    gone: Vec<Sought>,
    /// Those whose id is there, but elsewhere or under another name.
    changed: Vec<Sought>,
    /// Of each two fields, by both their places in the list of fields.
    pairs: Vec<Pair>,
    failed: Option<RowsError>,
}

/// Of two fields the rows in which their values differed.
#[derive(Debug, Clone, Default)]
struct Pair {
    differed: u64,
    exchanged: u64,
    /// Rows in which the second has what the first had, and whether these are several values.
    shifted: u64,
    value: Option<u64>,
    is_varied: bool,
}

impl<'a> Looking<'a> {
    fn new(layer: &'a LayerPlan, rows: &'a LayerRows) -> Self {
        let fields = rows.sample.fields();
        Self {
            layer,
            rows,
            naming: nearby::naming(layer),
            kept: Continuity::default(),
            gone: vec![],
            changed: vec![],
            pairs: vec![Pair::default(); fields.len().pow(2)],
            failed: None,
        }
    }

    fn see(&mut self, before: &RecordBatch) {
        let (Some(ids), Some(shapes)) = (
            before.column_by_name("facility_id"),
            before.column_by_name("geometry"),
        ) else {
            return;
        };
        let columns: Vec<Option<&ArrayRef>> = self
            .rows
            .sample
            .fields()
            .iter()
            .map(|field| before.column_by_name(field))
            .collect();
        let prefix = format!("{}:", self.layer.id);
        let (ids, shapes) = (ids.as_string::<i32>(), shapes.as_binary::<i32>());
        for row in 0..before.num_rows() {
            let key = ids.value(row).strip_prefix(&prefix).unwrap_or_default();
            self.kept.facilities += 1;
            let place = geometry::bounds(shapes.value(row)).map(|bounds| bounds.center().into());
            let sought = |has_moved: bool| {
                let name = nearby::name(before, &self.naming, row);
                place.map(|place| Sought {
                    id: nearby::id(before, row),
                    place,
                    name,
                    has_moved,
                })
            };
            match self.rows.has_key(key) {
                Ok(true) => self.kept.ids += 1,
                Ok(false) => self.gone.extend(sought(true)),
                Err(source) => self.failed = Some(RowsError::Scratch { source }),
            }
            let Some(now) = self.rows.sample.facility(key) else {
                continue;
            };
            let then: Vec<Option<u64>> = columns
                .iter()
                .map(|column| column.and_then(|column| digest(column, row)))
                .collect();
            let has_moved = place.is_some_and(|place| !nearby::is_near(place, now.place));
            let sought = sought(has_moved);
            self.compare(&then, &now.values);
            self.kept.compared += 1;
            if has_moved || self.is_renamed(&then, now) {
                self.changed.extend(sought);
            }
        }
    }

    /// Whether one of the columns that tell a facility from its neighbours has another value.
    fn is_renamed(&self, then: &[Option<u64>], now: &Facility) -> bool {
        let fields = self.rows.sample.fields().iter().zip(then).zip(&now.values);
        fields
            .into_iter()
            .any(|((field, then), now)| then != now && self.naming.contains(field))
    }

    fn compare(&mut self, then: &[Option<u64>], now: &[Option<u64>]) {
        let fields = then.len();
        for a in 0..fields {
            for b in (0..fields).filter(|b| *b != a) {
                let (Some(then_a), Some(then_b)) = (then[a], then[b]) else {
                    continue;
                };
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
        if self.kept.facilities == 0 {
            return Ok(None);
        }
        if self.kept.are_ids_lost() {
            // Evenly, whatever the order of the tiles.
            let step = self.gone.len().div_ceil(SOUGHT).max(1);
            let gone: Vec<Sought> = self.gone.iter().copied().step_by(step).collect();
            self.kept.sought = gone.len() as u64;
            self.kept.places = nearby::found(&gone, &self.naming, &self.rows.store)?;
        }
        // Looked for only where it would be told.
        if self.changed.len() as u64 * 2 > self.kept.compared {
            let found = nearby::found(&self.changed, &self.naming, &self.rows.store)?;
            let given = nearby::given_away(&self.changed, &self.naming, &self.rows.store)?;
            self.kept.taken = found.max(given);
        }
        self.note_columns();
        Ok(Some(self.kept))
    }

    /// Which fields have the values of which.
    fn note_columns(&mut self) {
        let fields = self.rows.sample.fields();
        for (at, pair) in self.pairs.iter().enumerate() {
            let (one, other) = (at / fields.len(), at % fields.len());
            let [from, to] = [one, other].map(|at| fields[at].clone());
            if pair.exchanged > 0 && one < other {
                self.kept.exchanged.push(Exchanged {
                    one: from.clone(),
                    other: to.clone(),
                    rows: pair.exchanged,
                    of: pair.differed,
                });
            }
            // One value in all rows is in many columns by chance.
            if pair.is_varied {
                self.kept.shifted.push(Shifted {
                    from,
                    to,
                    rows: pair.shifted,
                    of: pair.differed,
                });
            }
        }
    }
}
