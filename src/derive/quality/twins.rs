//! Rows that repeat another's name and box: a record of each named row, in memory that is bounded.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::feature::FacilityRows;
use crate::feature::records::{RecordBudget, Records};

/// Number of the layer, name as a number, west, south, east, north.
const BYTES: usize = 28;

/// The records of a night.
#[derive(Debug)]
pub(super) struct TwinRecords<'a> {
    room: &'a RecordBudget,
    seen: Mutex<TwinState>,
}

#[derive(Debug)]
struct TwinState {
    /// An error is told when they are asked for.
    // `see_rows` has nobody to tell an error to.
    records: io::Result<Records<BYTES>>,
    /// Numbers of the layers; one that was forgotten gets another.
    layers: BTreeMap<String, u32>,
    met: u32,
}

impl<'a> TwinRecords<'a> {
    pub(super) fn new(room: &'a RecordBudget) -> Self {
        let seen = TwinState {
            records: Ok(Records::new(room)),
            layers: BTreeMap::new(),
            met: 0,
        };
        Self {
            room,
            seen: Mutex::new(seen),
        }
    }

    /// Takes rows of a layer, where they have the columns.
    pub(super) fn see_rows(&self, layer: &str, rows: &FacilityRows) {
        // The covering stands for the geometry: it is exact to about a metre, and far cheaper to read than lines and
        // polygons.
        let Some((names, boxes)) = rows.names().zip(rows.covering()) else {
            return;
        };
        let number = self.locked().number_of(layer).to_be_bytes();
        let mut new = Vec::with_capacity(rows.num_rows());
        for (row, name) in names.iter().enumerate() {
            let Some(name) = name else { continue };
            let mut record = [0; BYTES];
            record[..4].copy_from_slice(&number);
            record[4..12].copy_from_slice(&hash_name(name).to_be_bytes());
            // As bits, whose order is not that of the numbers: whether two boxes are the same is all that is asked.
            let sides = boxes.map(|side| side.value(row).to_bits().to_be_bytes());
            record[12..].copy_from_slice(sides.as_flattened());
            new.push(record);
        }
        // The lock is taken again: hashing the names is the work here, and other threads do theirs meanwhile.
        let mut seen = self.locked();
        if let Ok(records) = seen.records.as_mut()
            && let Err(error) = records.extend(new)
        {
            seen.records = Err(error);
        }
    }

    /// Forgets a layer. Its records stay, under a number that no layer has any more: to take them out would be to sort.
    pub(super) fn forget_layer(&self, layer: &str) {
        self.locked().layers.remove(layer);
    }

    /// How many rows of each layer repeat another's name and box.
    ///
    /// # Errors
    /// When records couldn't be put away, or can't be had back.
    pub(super) fn count_repeats(&self) -> io::Result<BTreeMap<String, u64>> {
        let mut seen = self.locked();
        let sorted = std::mem::replace(&mut seen.records, Ok(Records::new(self.room)))?.sorted()?;
        let mut counts = BTreeMap::new();
        for (layer, number) in &seen.layers {
            let mut before = None;
            let mut repeated = 0;
            // Of n rows that are alike n - 1 repeat another.
            sorted.visit_range(
                sorted.range_starting_with(&number.to_be_bytes())?,
                &mut |_, record| {
                    repeated += u64::from(before.replace(*record) == Some(*record));
                },
            )?;
            counts.insert(layer.clone(), repeated);
        }
        Ok(counts)
    }

    fn locked(&self) -> MutexGuard<'_, TwinState> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TwinState {
    fn number_of(&mut self, layer: &str) -> u32 {
        if let Some(number) = self.layers.get(layer) {
            return *number;
        }
        self.met += 1;
        self.layers.insert(layer.to_owned(), self.met);
        self.met
    }
}

fn hash_name(name: &str) -> u64 {
    // With keys that are the same in every thread, as those of a `RandomState` are not. Two names of one number would
    // have to share a box, too, to be taken for one.
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}
