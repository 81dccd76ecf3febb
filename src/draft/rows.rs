//! The rows of the file that is looked at, in batches.
//!
//! The only file of the room that reads rows, and it reads them through `source`.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::request::Request;
use crate::feature::{Crs, Landed, RawBatch};
use crate::plan::{Format, Limits, SourcePlan};
use crate::source::{self, Reader, SourceError};

/// Bounds while a file is looked at, but for the rows.
const LIMITS: Limits = Limits {
    record_bytes: 16 << 20,
    batch_rows: 4096,
    rows: None,
    archive_bytes: 16 << 30,
    // A reader that breaks ends one layer of a run, which is why a run reads apart. A draft has one file, and
    // somebody who waits for it.
    isolate: false,
    read: Duration::MAX,
};

/// The rows of the table, in batches.
pub(super) fn read_batches(
    format: &Format,
    wanted: &Request,
    crs: Option<Crs>,
) -> Result<Reader, SourceError> {
    let shown: Arc<str> = wanted.path.display().to_string().into();
    let plan = SourcePlan::for_file(wanted.path.clone(), shown, format.clone(), crs);
    let landed = Landed::in_place(wanted.path.clone());
    let limits = Limits {
        rows: wanted.rows,
        ..LIMITS
    };
    // Which CRS it is doesn't matter to the values; the draft asks where the file is silent.
    source::open(&landed, &plan, &limits, Some(&Crs::Crs84))
}

/// Rows whose values stand in the wrong columns, if in any.
pub(super) fn broken_rows(batch: &RawBatch) -> HashSet<usize> {
    batch
        .defects
        .iter()
        .filter(|defect| defect.field == "record")
        .map(|defect| defect.index)
        .collect()
}
