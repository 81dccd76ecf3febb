//! Fold: what needs the order of a layer's rows or their total. Batches come in the order of the source.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use arrow_array::{ArrayRef, UInt64Array};
use arrow_schema::{DataType, Field};

use super::keys::KeySet;
use super::origins::Origins;
use super::rows::{LocalRows, POSITION, RowStore, RowsError};
use super::sample::Sample;
use super::{EngineError, Room};
use crate::feature::{FacilityLink, Flag, Flags, Origin, Rejects, Spool};
use crate::kernel::KernelError;
use crate::kernel::again::SecondReading;
use crate::kernel::assemble::StageRows;
use crate::kernel::map::{MapContext, StageBatch};
use crate::kernel::tally::LayerTally;
use crate::plan::GeometryKind;

/// One part in so many of the budget may be the keys of a layer before they are sorted away; the budget doesn't count
/// them.
const KEYS_SHARE: usize = 8;
/// Bytes that they may take at least: with many short runs every new key is looked for in each.
const LEAST_KEY_BYTES: usize = 6 << 20;

/// A layer's rows so far.
pub(super) struct Fold<'c> {
    context: MapContext<'c>,
    pub(super) keys: KeySet,
    pub(super) sample: Sample,
    pub(super) store: LocalRows,
    pub(super) tally: LayerTally,
    pub(super) rejects: Rejects,
    pub(super) flags: Flags,
    pub(super) links: Spool<FacilityLink>,
    /// Rows that reach into further regions, once for each.
    pub(super) crossing: LocalRows,
    pub(super) origins: Origins,
    /// Keys of more than one row, where the schema does something about them; of each the last row.
    pub(super) repeated: HashMap<u128, u64>,
    /// Rows with a key so far.
    keyed: u64,
}

impl<'c> Fold<'c> {
    pub(super) fn new(context: MapContext<'c>, room: &Room) -> Self {
        Self {
            context,
            keys: KeySet::new(
                (room.budget.bytes_to_wait() / KEYS_SHARE).max(LEAST_KEY_BYTES),
                Arc::clone(&room.space),
            ),
            sample: Sample::new(
                context
                    .layer
                    .schema
                    .fields
                    .iter()
                    .map(|field| field.name.clone())
                    .collect(),
            ),
            store: LocalRows::new(room),
            tally: LayerTally::default(),
            rejects: Rejects::new(&room.for_tables()),
            flags: Flags::new(&room.for_tables()),
            links: Spool::new(&room.for_tables()),
            crossing: LocalRows::new(room),
            origins: Origins::default(),
            repeated: HashMap::new(),
            keyed: 0,
        }
    }

    /// Takes the next batch in the order of the source. The first row by origin keeps a key, or the last where the schema
    /// says so; the others become rejects.
    pub(super) fn add_batch(&mut self, batch: StageBatch) -> Result<(), EngineError> {
        // Duplicates go before anything else is counted: flags, tally and sample are of rows that are published.
        let mut fresh = self.keys.insert_all(&batch.numbers).map_err(scratch_error)?;
        self.judge_repeated(&batch.numbers, &mut fresh);
        let batch = if fresh.iter().all(|fresh| *fresh) {
            batch
        } else {
            batch
                .without_duplicates(&fresh, &self.context)
                .map_err(|source| EngineError::Kernel { source })?
        };
        self.note_flags(&batch).map_err(scratch_error)?;
        self.note_links(&batch).map_err(scratch_error)?;
        let crossing = batch.crossing_rows();
        if let Some(rows) = crossing.map_err(|source| EngineError::Kernel { source })? {
            let pushed = self.crossing.push(rows);
            pushed.map_err(|source| EngineError::Rows { source })?;
        }
        let places = batch.places_of(0..batch.numbers.len());
        self.sample
            .add_batch(&batch.numbers, |row| places[row], &batch.stage);
        self.rejects.extend(batch.rejects).map_err(scratch_error)?;
        self.tally.merge(batch.tally);
        let first = self.origins.add_batch(&batch.source, &batch.origins);
        let mut rows = batch.stage;
        // Only points are asked where in the source they stood: packing flags those that share their place.
        if self.context.layer.schema.geometry == GeometryKind::Point {
            rows = with_positions(rows, first, batch.order.as_deref())
                .map_err(|source| EngineError::Kernel { source })?;
        }
        self.store
            .push(rows)
            .map_err(|source| EngineError::Rows { source })
    }

    /// Notes keys that repeat, and once they are known lets the right row stay, where the schema says anything of them.
    fn judge_repeated(&mut self, numbers: &[u128], fresh: &mut [bool]) {
        let schema = &self.context.layer.schema;
        let known = &self.context.again.repeated;
        if !schema.keeps_last && schema.key_repeated.is_empty() {
            return;
        }
        for (number, fresh) in numbers.iter().zip(fresh) {
            let row = self.keyed;
            self.keyed += 1;
            match known.get(number).filter(|_| schema.keeps_last) {
                Some(last) => *fresh = *last == row,
                // The first reading: nothing is known yet. The second notes none, or each would ask for another.
                None if !*fresh && known.is_empty() => {
                    let is_known = self.repeated.contains_key(number);
                    if is_known || self.repeated.len() < SecondReading::MOST_REPEATED {
                        self.repeated.insert(*number, row);
                    }
                }
                None => {}
            }
        }
    }

    /// Keeps the flags of a batch, with the id and the origin of their rows; of a code that has had its share it only counts.
    fn note_flags(&mut self, batch: &StageBatch) -> io::Result<()> {
        let ids = batch.stage.ids();
        let places = batch.places_of(batch.flags.iter().map(|doubt| doubt.index));
        let mut flags = Vec::new();
        for (doubt, place) in batch.flags.iter().zip(places) {
            // Counted beyond what is kept: a report tells how many there are.
            if !self.flags.has_room(doubt.code) {
                self.flags.count(doubt.code, &doubt.field, 1);
                continue;
            }
            let doubt = doubt.clone();
            flags.push(Flag {
                origin: Origin {
                    source: Arc::clone(&batch.source),
                    row: batch.origins[doubt.index],
                },
                facility_id: ids.value(place).unwrap_or_default().to_owned(),
                field: doubt.field,
                value: doubt.value,
                code: doubt.code,
                detail: doubt.detail,
            });
        }
        self.flags.extend(flags)
    }
}

impl Fold<'_> {
    /// Keeps the links of a batch, with the ids of their rows.
    fn note_links(&mut self, batch: &StageBatch) -> io::Result<()> {
        let ids = batch.stage.ids();
        let places = batch.places_of(batch.links.iter().map(|link| link.row));
        for (link, place) in batch.links.iter().zip(places) {
            let id = ids.value(place).unwrap_or_default();
            self.links.push(self.context.join.link_of(link.clone(), id))?;
        }
        Ok(())
    }
}

fn scratch_error(source: io::Error) -> EngineError {
    EngineError::Rows {
        source: RowsError::Scratch { source },
    }
}

/// Rows with their positions, the first of which in their batch is `first`.
fn with_positions(rows: StageRows, first: u64, order: Option<&[u32]>) -> Result<StageRows, KernelError> {
    let count = rows.rows().num_rows() as u64;
    let positions: ArrayRef = Arc::new(match order {
        Some(order) => UInt64Array::from_iter_values(order.iter().map(|row| first + u64::from(*row))),
        None => UInt64Array::from_iter_values(first..first + count),
    });
    rows.with_column(Field::new(POSITION, DataType::UInt64, false), positions)
        .map_err(|source| KernelError::Arrow { source })
}
