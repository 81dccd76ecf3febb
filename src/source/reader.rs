//! A source's rows in batches, however its format hands them out.

use crate::feature::{Crs, RawBatch};
use crate::plan::Limits;

use super::batch::BatchBuilder;
use super::error::SourceError;
use super::{Batches, Records};

/// Streams a source in batches of `Limits::batch_rows` rows, fewer where rows are long.
pub struct Reader {
    batches: Box<dyn Batches>,
    batch_rows: usize,
    rows_left: u64,
    crs: Crs,
    fixed: Option<Vec<String>>,
    rows_at_most: Option<u64>,
    ended: bool,
}

impl Reader {
    /// Reads batches of one CRS; `fixed` are their columns where the format says before reading.
    pub(super) fn new(
        batches: Box<dyn Batches>,
        crs: Crs,
        fixed: Option<Vec<String>>,
        limits: &Limits,
    ) -> Self {
        Self {
            batches,
            batch_rows: limits.batch_rows.max(1),
            rows_left: limits.rows.unwrap_or(u64::MAX),
            crs,
            fixed,
            rows_at_most: None,
            ended: false,
        }
    }

    /// A source that can't have more rows than these.
    pub(super) fn at_most(self, rows: Option<u64>) -> Self {
        Self {
            rows_at_most: rows,
            ..self
        }
    }

    /// The most rows that there can be, asked before the first: where that follows from the source's size, from what it
    /// says of itself, or from how many are wanted.
    ///
    /// ```
    /// use std::path::Path;
    /// use std::time::Duration;
    ///
    /// use cikr::feature::Landed;
    /// use cikr::plan::{Format, Limits, SourcePlan};
    /// use cikr::source;
    ///
    /// let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data/state_capitals.geojson");
    /// let bytes = path.metadata().expect("it is there").len();
    /// let plan = SourcePlan::for_file(path.clone(), "capitals".into(), Format::Geojson, None);
    /// let limits = Limits {
    ///     record_bytes: 1 << 20,
    ///     batch_rows: 1_000,
    ///     rows: None,
    ///     archive_bytes: 0,
    ///     isolate: false,
    ///     read: Duration::MAX,
    /// };
    /// let reader = source::open(&Landed::in_place(path), &plan, &limits, None)?;
    /// // No row of text is shorter than a character and what ends it.
    /// assert_eq!(reader.rows_at_most(), Some(bytes / 2 + 1));
    /// // GeoJSON names its columns row by row.
    /// assert_eq!(reader.fixed_columns(), None);
    /// # Ok::<(), source::SourceError>(())
    /// ```
    pub fn rows_at_most(&self) -> Option<u64> {
        let wanted = (self.rows_left < u64::MAX).then_some(self.rows_left);
        self.rows_at_most.into_iter().chain(wanted).min()
    }

    /// The CRS of every batch.
    pub fn crs(&self) -> &Crs {
        &self.crs
    }

    /// The columns of every batch, where the format says before reading; `None` for GeoJSON,
    /// and for an ArcGIS layer that doesn't name its fields.
    pub fn fixed_columns(&self) -> Option<&[String]> {
        self.fixed.as_deref()
    }
}

impl Iterator for Reader {
    type Item = Result<RawBatch, SourceError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended || self.rows_left == 0 {
            return None;
        }
        let left = usize::try_from(self.rows_left).unwrap_or(usize::MAX);
        let batch = self.batches.next(self.batch_rows.min(left)).transpose()?;
        match &batch {
            Ok(batch) => self.rows_left -= batch.len() as u64,
            // What comes after a failure is not known to be whole, so that nothing may.
            Err(_) => self.ended = true,
        }
        Some(batch)
    }
}

/// Rows that come one at a time, put together.
pub(super) struct RowByRow {
    records: Box<dyn Records>,
    batch: BatchBuilder,
    ended: bool,
}

impl RowByRow {
    /// Puts rows into batches like this empty one.
    pub(super) fn new(records: Box<dyn Records>, batch: BatchBuilder) -> Self {
        Self {
            records,
            batch,
            ended: false,
        }
    }
}

impl Batches for RowByRow {
    fn next(&mut self, rows: usize) -> Result<Option<RawBatch>, SourceError> {
        while !self.ended && self.batch.len() < rows && !self.batch.is_full() {
            self.ended = !self.records.next(&mut self.batch)?;
        }
        Ok((self.batch.len() > 0).then(|| self.batch.finish()))
    }
}
