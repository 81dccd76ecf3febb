//! Builds `RawBatch`es row by row, straight into Arrow.
//!
//! Shared by every reader that goes row by row. Knows nothing of formats; bounds a batch by rows and by bytes.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

use arrow_array::builder::{BinaryBuilder, UInt64Builder};

use super::column::{Column, Value};
use super::dimensions::Dimensions;
use super::geometry_repairs::GeometryRepairs;
use crate::feature::{Crs, Defect, RawBatch, RejectReason, Repairs};

/// A batch ends at this size even if it has fewer rows: Arrow's text columns count in 31 bits,
/// and memory is to be bounded by settings.
pub(super) const BATCH_BYTES: usize = 64 << 20;

/// Characters of an offending value that are kept.
const VALUE_CHARS: usize = 200;

/// Bytes a value costs beside its text: offset and validity, rounded up.
const CELL_BYTES: usize = 5;

/// Columns a batch may have; far above any real layer, low enough to bound memory.
pub(super) const MAX_COLUMNS: usize = 4096;

/// A batch in the making.
pub(super) struct BatchBuilder {
    source: Arc<str>,
    crs: Crs,
    fixed: bool,
    names: Vec<String>,
    index: HashMap<String, usize>,
    values: Vec<Column>,
    geometry: BinaryBuilder,
    rows: UInt64Builder,
    defects: Vec<Defect>,
    repairs: Repairs,
    len: usize,
    bytes: usize,
    is_closed: bool,
}

impl BatchBuilder {
    /// An empty batch; `fixed` columns stand in every batch, others come as rows name them.
    pub(super) fn new(source: Arc<str>, crs: Crs, fixed: Option<&[String]>) -> Self {
        let mut batch = Self {
            source,
            crs,
            fixed: fixed.is_some(),
            names: Vec::new(),
            index: HashMap::new(),
            values: Vec::new(),
            geometry: BinaryBuilder::new(),
            rows: UInt64Builder::new(),
            defects: Vec::new(),
            repairs: Repairs::default(),
            len: 0,
            bytes: 0,
            is_closed: false,
        };
        for name in fixed.unwrap_or_default() {
            batch.add_column(name);
        }
        batch
    }

    /// The position of a column, made if it is new; `None` above the column limit.
    pub(super) fn find_or_add_column(&mut self, name: &str) -> Option<usize> {
        match self.index.get(name) {
            Some(column) => Some(*column),
            None if self.names.len() < MAX_COLUMNS => Some(self.add_column(name)),
            None => None,
        }
    }

    /// Sets a column of the current row to a text; the first value of a row stays.
    pub(super) fn put_text(&mut self, column: usize, value: &str) {
        self.put_value(column, Value::Text(value));
    }

    /// Sets a column of the current row; the first value of a row stays.
    pub(super) fn put_value(&mut self, column: usize, value: Value<'_>) {
        self.bytes += self.values[column].set_value(self.len, value);
    }

    /// Notes why the current row can't be used.
    pub(super) fn note_defect(&mut self, field: &str, value: &str, reason: RejectReason) {
        // A reject is to be recognised, not to be restored: a row of megabytes would be kept whole in each of its
        // defects.
        let value = value.chars().take(VALUE_CHARS).collect();
        self.defects.push(Defect {
            index: self.len,
            field: field.to_owned(),
            value,
            reason,
        });
    }

    /// Counts the ordinates beyond x and y of the current row's geometry, which tiles leave out.
    pub(super) fn count_dropped_ordinates(&mut self, has: Dimensions) {
        self.repairs.dropped_z += u64::from(has.z);
        self.repairs.dropped_m += u64::from(has.m);
    }

    /// Counts what was done to the current row's geometry so that it can be used.
    pub(super) fn count_repairs(&mut self, done: GeometryRepairs) {
        self.repairs.mended_parts += u64::from(done.parts);
        self.repairs.straightened += u64::from(done.curves);
    }

    /// Counts rows whose geometry came with fewer vertices than there are.
    pub(super) fn count_generalised(&mut self, rows: u64) {
        self.repairs.generalised += rows;
    }

    /// Counts the current row among those whose text was no UTF-8.
    pub(super) fn count_recoded(&mut self) {
        self.repairs.recoded += 1;
    }

    /// Counts the current row among those whose quotes were not as they should be.
    pub(super) fn count_requoted(&mut self) {
        self.repairs.requoted += 1;
    }

    /// Counts the current row among those with a text written as a formula.
    pub(super) fn count_formula_row(&mut self) {
        self.repairs.unwrapped += 1;
    }

    /// Counts numbers that are none.
    pub(super) fn count_not_numbers(&mut self, values: u64) {
        self.repairs.not_numbers += values;
    }

    /// Names the file that further rows are from; the batch must be empty.
    pub(super) fn set_source(&mut self, source: Arc<str>) {
        self.source = source;
    }

    /// Ends the batch with the current row: the next one is from another file.
    pub(super) fn close_after_row(&mut self) {
        self.is_closed = true;
    }

    /// Ends the current row: its number in the source and its geometry as WKB. Columns not set are null.
    pub(super) fn end_row(&mut self, row: u64, wkb: Option<&[u8]>) {
        self.geometry.append_option(wkb);
        self.rows.append_value(row);
        self.len += 1;
        self.bytes += wkb.map_or(0, <[u8]>::len) + CELL_BYTES * self.names.len();
    }

    /// Rows so far.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Whether the batch has reached its size in bytes, or takes no more rows.
    pub(super) fn is_full(&self) -> bool {
        self.is_closed || self.bytes >= BATCH_BYTES
    }

    /// The batch so far; the builder starts over.
    pub(super) fn finish(&mut self) -> RawBatch {
        let len = mem::take(&mut self.len);
        self.bytes = 0;
        self.is_closed = false;
        let columns = self
            .names
            .iter()
            .zip(&mut self.values)
            .map(|(name, values)| (name.clone(), values.finish(len)));
        let batch = RawBatch {
            columns: columns.collect(),
            geometry: self.geometry.finish(),
            rows: self.rows.finish(),
            defects: mem::take(&mut self.defects),
            crs: self.crs.clone(),
            source: Arc::clone(&self.source),
            repairs: mem::take(&mut self.repairs),
        };
        // Where no header says what columns there are, those of one batch are of its rows alone: an odd row must not
        // widen everything behind it.
        if !self.fixed {
            self.names.clear();
            self.index.clear();
            self.values.clear();
        }
        batch
    }

    fn add_column(&mut self, name: &str) -> usize {
        self.names.push(name.to_owned());
        self.index.insert(name.to_owned(), self.names.len() - 1);
        self.values.push(Column::default());
        self.names.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::Array;
    use arrow_array::cast::AsArray;

    #[test]
    fn columns_that_come_late_or_stay_away_are_null() {
        let mut batch = BatchBuilder::new("x".into(), Crs::Crs84, None);
        let a = batch.find_or_add_column("a").unwrap();
        batch.put_text(a, "1");
        batch.put_text(a, "a second value of the same row");
        batch.end_row(7, None);
        let b = batch.find_or_add_column("b").unwrap();
        batch.put_text(b, "2");
        batch.note_defect("b", &"é".repeat(300), RejectReason::NotANumber);
        batch.end_row(9, Some(b"wkb"));
        let made = batch.finish();
        assert_eq!(made.len(), 2);
        assert_eq!(
            made.columns[0].1.as_string::<i32>().iter().collect::<Vec<_>>(),
            [Some("1"), None]
        );
        assert_eq!(
            made.columns[1].1.as_string::<i32>().iter().collect::<Vec<_>>(),
            [None, Some("2")]
        );
        assert_eq!(made.rows.values(), &[7, 9]);
        assert!(made.geometry.is_null(0));
        assert_eq!(
            (made.defects[0].index, made.defects[0].value.chars().count()),
            (1, 200)
        );
        assert!(
            batch.finish().columns.is_empty(),
            "columns of one batch don't leak into the next"
        );
    }

    #[test]
    fn fixed_columns_stay() {
        let mut batch = BatchBuilder::new("x".into(), Crs::Crs84, Some(&["a".into()]));
        batch.end_row(1, None);
        assert_eq!(batch.finish().columns.len(), 1);
        assert_eq!(batch.finish().columns.len(), 1);
    }
}
