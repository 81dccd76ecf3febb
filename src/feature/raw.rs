//! Rows as they came from a source, and what reading them has met.
//!
//! LEAF.

use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, UInt64Array};
use serde::{Deserialize, Serialize};

use super::crs::Crs;
use super::reject::RejectReason;

/// Rows as they came from a source: columns under their source names, and geometry.
///
/// A column is nullable text as the source spelled it, or of one of the types that [`spelling`](super::spelling) lists, where the
/// source has types. A value is spelled only where text is asked for: in a text field, a key, a comparison with
/// text, a reject, a flag. Two batches of one layer may differ in their columns (GeoJSON properties vary) and in
/// the types of these (a column with values of several types is text).
#[derive(Debug, Clone)]
pub struct RawBatch {
    /// Source columns, in source order.
    pub columns: Vec<(String, ArrayRef)>,
    /// WKB in `crs`, null where the source has none or `defects` says why not.
    pub geometry: BinaryArray,
    /// Row in the source, for `Origin`.
    pub rows: UInt64Array,
    /// Rows that are present but can't be used, by index into this batch: (index, field, value, reason).
    pub defects: Vec<Defect>,
    /// CRS of `geometry`.
    pub crs: Crs,
    /// The source as the pipeline names it.
    pub source: Arc<str>,
    /// What reading has left out or repaired.
    pub repairs: Repairs,
}

/// What reading has left out or repaired, in rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repairs {
    /// Geometries that had heights (Z); tiles are two-dimensional.
    pub dropped_z: u64,
    /// Geometries that had measures (M).
    pub dropped_m: u64,
    /// Rows whose text was no UTF-8 and was read as Windows-1252.
    pub recoded: u64,
    /// Rows of text whose quotes were not as they should be, but could be understood.
    pub requoted: u64,
    /// Rows with a text written as a formula (`="0100"`).
    pub unwrapped: u64,
    /// Numbers that are none (`NaN`, `Infinity`), left null.
    pub not_numbers: u64,
    /// Holes, rings, lines and points of geometries that were degenerate and left out.
    pub dropped_parts: u64,
    /// Geometries with rings that were left open, or parts that couldn't be used and were left out.
    pub mended_parts: u64,
    /// Geometries whose curves became straight segments.
    pub straightened: u64,
    /// Geometries that came with fewer vertices than the service has.
    pub generalised: u64,
}

impl Repairs {
    /// Adds those of a further batch.
    pub fn add(&mut self, more: Self) {
        self.dropped_z += more.dropped_z;
        self.dropped_m += more.dropped_m;
        self.recoded += more.recoded;
        self.requoted += more.requoted;
        self.unwrapped += more.unwrapped;
        self.not_numbers += more.not_numbers;
        self.dropped_parts += more.dropped_parts;
        self.mended_parts += more.mended_parts;
        self.straightened += more.straightened;
        self.generalised += more.generalised;
    }
}

impl RawBatch {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.values().len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A row of a `RawBatch` that can't be used, found while reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defect {
    /// Index of the row in its batch.
    pub index: usize,
    /// Source field, or `geometry`, or `record` for the whole row.
    pub field: String,
    /// The offending value, shortened.
    pub value: String,
    /// Why.
    pub reason: RejectReason,
}
