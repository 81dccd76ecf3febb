//! What a source has kept of the facilities that the last release has of it: ids, places, and values in their columns.
//!
//! Reads tiles of the last release, of a large layer a part.

use std::collections::HashSet;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch};
use tracing::warn;

use super::{Context, past};
use crate::engine::LayerRows;
use crate::engine::rows::{RowStore, RowsError, Stands};
use crate::engine::sample::digest;
use crate::error::chain;
use crate::feature::RunReport;
use crate::gate::{Exchanged, Kept};
use crate::geoparquet;
use crate::kernel::geometry;
use crate::plan::LayerPlan;

/// Facilities of the last release that are looked at, about.
const ROWS: u64 = 100_000;

/// Parts of a degree within which two places are one.
const PLACES: f64 = 1e6;

/// What was kept; none where the last release can't be read, or has nothing of the layer.
///
/// # Errors
/// When scratch files can't be read.
pub(super) fn kept(
    context: &Context<'_>,
    layer: &LayerPlan,
    rows: &LayerRows,
    last: &RunReport,
) -> Result<Option<Kept>, RowsError> {
    let before = past::tiles(context.store, last).and_then(|mut tiles| tiles.remove(layer.id.as_str()));
    let mut looking = Looking {
        layer,
        rows,
        kept: Kept::default(),
        gone: vec![],
        pairs: vec![],
        failed: None,
    };
    looking.pairs = vec![[0; 2]; rows.sample.fields().len().pow(2)];
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
    kept: Kept,
    /// Places of those whose id isn't there any more.
    gone: Vec<[i64; 2]>,
    /// Of each two fields, rows in which the values of both differed, and in which they are exchanged now.
    pairs: Vec<[u64; 2]>,
    failed: Option<RowsError>,
}

impl Looking<'_> {
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
            match self.rows.has_key(key) {
                Ok(true) => self.kept.ids += 1,
                Ok(false) => {
                    self.gone
                        .extend(geometry::bounds(shapes.value(row)).map(|b| place(b.center().into())));
                }
                Err(source) => self.failed = Some(RowsError::Scratch { source }),
            }
            if let Some(now) = self.rows.sample.values(key) {
                let then: Vec<Option<u64>> = columns
                    .iter()
                    .map(|column| column.and_then(|column| digest(column, row)))
                    .collect();
                self.compare(&then, now);
            }
        }
    }

    fn compare(&mut self, then: &[Option<u64>], now: &[Option<u64>]) {
        let fields = then.len();
        for a in 0..fields {
            for b in a + 1..fields {
                let (Some(then_a), Some(then_b)) = (then[a], then[b]) else {
                    continue;
                };
                if then_a == then_b {
                    continue;
                }
                let [differed, exchanged] = &mut self.pairs[a * fields + b];
                *differed += 1;
                *exchanged += u64::from(now[a] == Some(then_b) && now[b] == Some(then_a));
            }
        }
    }

    fn finish(mut self) -> Result<Option<Kept>, RowsError> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        if self.kept.facilities == 0 {
            return Ok(None);
        }
        if self.kept.are_ids_lost() {
            let mut places: HashSet<[i64; 2]> = HashSet::new();
            self.rows.store.each(None, Stands::AtCentre, &mut |spot| {
                places.insert(place([spot.x, spot.y]));
            })?;
            self.kept.places = self.gone.iter().filter(|place| places.contains(*place)).count() as u64;
        }
        let fields = self.rows.sample.fields();
        for (at, [differed, exchanged]) in self.pairs.iter().enumerate().filter(|(_, [_, rows])| *rows > 0) {
            let [one, other] = [at / fields.len(), at % fields.len()].map(|at| fields[at].clone());
            self.kept.exchanged.push(Exchanged {
                one,
                other,
                rows: *exchanged,
                of: *differed,
            });
        }
        Ok(Some(self.kept))
    }
}

/// A place, such that what is written with other digits is the same.
fn place([x, y]: [f64; 2]) -> [i64; 2] {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "degrees by a million are within 64 bits"
    )]
    let parts = |degrees: f64| (degrees * PLACES).round() as i64;
    [parts(x), parts(y)]
}
