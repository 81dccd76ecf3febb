//! Map: one batch of a layer through normalise, classify, locate and assemble.
//!
//! Pure, and ignorant of the layer's other rows: many batches at once, on any thread or machine. What needs the order or
//! the total of a layer is the fold's.

use std::sync::Arc;

use arrow_array::{Array, BooleanArray, StringArray, UInt32Array};
use arrow_schema::Schema;
use arrow_select::filter::{filter, filter_record_batch};
use arrow_select::take::take_record_batch;
use geo::{Point, Rect};
use sha2::{Digest, Sha256};

use super::again::Again;
use super::assemble::{self, Sources, StageRows};
use super::claims::{self, Placed};
use super::cluster::along_curve;
use super::locate::{self, JoinContext};
use super::normalise::{self, shortened};
use super::profile::Profiler;
use super::tally::{LayerTally, RowTally};
use super::{KernelError, flags, geometry, sector};
use crate::feature::{Origin, RawBatch, Reject, RejectReason, Reproject, RowFlag};
use crate::plan::{LayerPlan, Reference};

/// What every batch of a layer is mapped with.
#[derive(Debug, Clone, Copy)]
pub struct MapContext<'a> {
    /// The layer.
    pub layer: &'a LayerPlan,
    /// Its published columns.
    pub schema: &'a Schema,
    /// States, sectors, NAICS rules.
    pub reference: &'a Reference,
    /// The polygon sets.
    pub join: &'a JoinContext,
    /// Ids of the further polygon sets, in pipeline order.
    pub further: &'a [String],
    /// Boxes around everything that is not far from a state.
    pub places: &'a [Rect<f64>],
    /// What an earlier reading has shown.
    pub again: &'a Again,
}

/// A batch as the fold takes it.
#[derive(Debug, Clone)]
pub struct StageBatch {
    /// Rows, and where they stand.
    pub stage: StageRows,
    /// Which row of the batch each of them is, where they are not in its order; all else is.
    pub order: Option<Vec<u32>>,
    /// Key of every row, for messages.
    pub keys: StringArray,
    /// Key of every row as a number: equal where the keys are; see [`key_number`].
    pub numbers: Vec<u128>,
    /// The source of the rows, as the pipeline names it.
    pub source: Arc<str>,
    /// Row in the source of every row.
    pub origins: Vec<u64>,
    /// Rows that can't be used.
    pub rejects: Vec<Reject>,
    /// What is doubtful about the others, by their index.
    pub flags: Vec<RowFlag>,
    /// What they count.
    pub tally: LayerTally,
}

/// Takes a batch, whose first row is row `first` of the layer from 0 up, through the stages.
///
/// # Errors
/// When the batch lacks a required field, or columns don't fit together.
pub fn map(
    raw: &RawBatch,
    first: u64,
    context: &MapContext<'_>,
    transform: Option<&dyn Reproject>,
) -> Result<StageBatch, KernelError> {
    let MapContext {
        layer,
        reference,
        join,
        ..
    } = *context;
    let schema = &layer.schema;
    let mut normalised = normalise::normalise(raw, schema, &reference.states, context.again, transform)?;
    let text = |name: &str| -> Option<&StringArray> {
        normalised.columns.column_by_name(name)?.as_any().downcast_ref()
    };
    let sectors = sector::classify(normalised.rows.len(), text, layer, reference)?;
    let points: Vec<Point<f64>> = normalised.geometries.iter().map(stands_at).collect();
    let located = locate::locate(&points, schema.geometry, join);
    let placed = Placed {
        columns: &normalised.columns,
        geometries: &normalised.geometries,
        points: &points,
        located: &located,
    };
    let claims = claims::compare(&placed, join);
    let sources = Sources {
        layer,
        normalised: &normalised,
        sectors: &sectors,
        located: &located,
        claims: &claims,
        further: context.further,
        points: &points,
    };
    let stage = assemble::stage(context.schema, &sources)?;
    let doubtful = flags::places(&located);
    let mut doubts = std::mem::take(&mut normalised.flags);
    doubts.extend(sectors.flags);
    doubts.extend(claims.flags);
    doubts.extend(doubtful);
    doubts.sort_by_key(|flag| flag.index);
    let mut repairs = raw.repairs;
    repairs.add(normalised.repairs);
    let tally = LayerTally {
        read: raw.len() as u64,
        good: normalised.rows.len() as u64,
        repairs,
        fields: std::mem::take(&mut normalised.fields),
        mangled: std::mem::take(&mut normalised.mangled),
        missing: Some(normalise::missing(raw, schema).into_iter().collect()),
        profile: Profiler::of(raw, first),
        rows: RowTally::of(&stage, context.places)?,
    };
    Ok(StageBatch {
        stage,
        order: None,
        numbers: normalised
            .keys
            .iter()
            .map(|key| key_number(key.unwrap_or_default()))
            .collect(),
        keys: normalised.keys,
        source: Arc::clone(&raw.source),
        origins: normalised.rows,
        rejects: normalised.rejects,
        flags: doubts,
        tally,
    })
}

fn stands_at(shape: &geo::Geometry<f64>) -> Point<f64> {
    geometry::representative_point(shape).expect("a checked geometry has a point")
}

/// Longest key that is its own number, bytes.
const WHOLE: usize = 15;

/// A key as a number, such that two keys are the same if and only if their numbers are.
///
/// A key of at most 15 bytes is its length and its bytes: exact, and in the order that counted ids have. A longer one is the first 120 bits of its
/// SHA-256, with a mark that no length is. Two of a hundred million such keys meet by chance in one of 10²⁰ layers, and
/// nobody knows how to make two that do.
pub fn key_number(key: &str) -> u128 {
    let mut number = [0; 16];
    if key.len() <= WHOLE {
        // At most 15, so that nothing is cut off.
        number[0] = key.len().to_le_bytes()[0];
        number[1..=key.len()].copy_from_slice(key.as_bytes());
    } else {
        number[0] = u8::MAX;
        number[1..].copy_from_slice(&Sha256::digest(key)[..WHOLE]);
    }
    u128::from_be_bytes(number)
}

impl StageBatch {
    /// Puts its rows in an order in which neighbours lie side by side.
    ///
    /// # Errors
    /// When Arrow can't take rows, which would be a mistake of this program.
    pub fn clustered(mut self) -> Result<Self, KernelError> {
        let order = along_curve(&self.stage.centres);
        let StageRows {
            rows,
            centres,
            points,
        } = self.stage;
        let taken = take_record_batch(&rows, &UInt32Array::from(order.clone()));
        let at = |places: &Vec<[f64; 2]>| order.iter().map(|row| places[*row as usize]).collect();
        self.stage = StageRows {
            rows: taken.map_err(|source| KernelError::Arrow { source })?,
            centres: at(&centres),
            points: points.as_ref().map(at),
        };
        self.order = Some(order);
        Ok(self)
    }

    /// Where among `stage` rows of the batch are.
    pub fn places_of(&self, rows: impl Iterator<Item = usize>) -> Vec<usize> {
        let rows: Vec<usize> = rows.collect();
        let Some(order) = self.order.as_ref().filter(|_| !rows.is_empty()) else {
            return rows;
        };
        let mut places = vec![0; order.len()];
        for (place, row) in order.iter().enumerate() {
            places[*row as usize] = place;
        }
        rows.into_iter().map(|row| places[row]).collect()
    }

    /// Leaves out the rows that are not `fresh`, each a reject: an earlier row has their key.
    ///
    /// # Errors
    /// When Arrow can't filter, which would be a mistake of this program.
    pub fn without_duplicates(
        mut self,
        fresh: &[bool],
        context: &MapContext<'_>,
    ) -> Result<Self, KernelError> {
        let arrow = |source| KernelError::Arrow { source };
        for row in (0..fresh.len()).filter(|row| !fresh[*row]) {
            self.rejects.push(Reject {
                origin: Origin {
                    source: Arc::clone(&self.source),
                    row: self.origins[row],
                },
                field: context.layer.schema.key.join("/"),
                value: shortened(self.keys.value(row)),
                reason: RejectReason::DuplicateKey,
            });
        }
        let mask = BooleanArray::from(fresh.to_vec());
        self.keys = filter(&self.keys, &mask).map_err(arrow)?.to_data().into();
        let ordered = self
            .order
            .as_ref()
            .map(|order| order.iter().map(|row| fresh[*row as usize]).collect());
        let are_kept: Vec<bool> = ordered.unwrap_or_else(|| fresh.to_vec());
        let mask = BooleanArray::from(are_kept.clone());
        self.stage.rows = filter_record_batch(&self.stage.rows, &mask).map_err(arrow)?;
        self.stage.centres = kept(self.stage.centres, &are_kept);
        self.stage.points = self.stage.points.map(|points| kept(points, &are_kept));
        self.order = self.order.map(|order| renumbered(&order, fresh));
        self.numbers = kept(self.numbers, fresh);
        self.origins = kept(self.origins, fresh);
        self.flags = normalise::moved(self.flags, fresh);
        self.tally.good = self.origins.len() as u64;
        self.tally.rows = RowTally::of(&self.stage, context.places)?;
        Ok(self)
    }
}

/// Numbers of rows, once those that aren't kept are gone.
fn renumbered(order: &[u32], keep: &[bool]) -> Vec<u32> {
    let mut next = 0;
    let number = |keep: &bool| {
        let number = next;
        next += u32::from(*keep);
        number
    };
    let numbers: Vec<u32> = keep.iter().map(number).collect();
    let is_kept = |row: &&u32| keep[**row as usize];
    order
        .iter()
        .filter(is_kept)
        .map(|row| numbers[*row as usize])
        .collect()
}

/// The values whose rows are kept.
fn kept<T>(values: Vec<T>, keep: &[bool]) -> Vec<T> {
    values
        .into_iter()
        .zip(keep)
        .filter_map(|(value, keep)| keep.then_some(value))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::key_number;

    #[test]
    fn different_keys_have_different_numbers() {
        let long = "x".repeat(16);
        let keys = [
            "",
            "\0",
            "\0\0",
            "a",
            "a\0",
            "123456789012345",
            "1234567890123456",
            &long,
            "é",
        ];
        for (at, key) in keys.iter().enumerate() {
            for other in &keys[at + 1..] {
                assert_ne!(key_number(key), key_number(other), "{key:?} {other:?}");
            }
        }
    }

    #[test]
    fn numbers_of_counted_keys_are_in_their_order() {
        let keys = ["7", "9", "10", "11", "100", "a10", "b09"];
        assert!(keys.is_sorted_by_key(|key| key_number(key)));
    }
}
