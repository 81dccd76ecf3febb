//! `[limits]`: what a run may take, and what of it is a part of the plan.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::check::{Bounds, Check};
use crate::config::PipelineConfig;

/// Bounds on what comes from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Longest record or feature, bytes.
    pub record_bytes: usize,
    /// Rows read, normalised and located at a time.
    pub batch_rows: usize,
    /// Rows to read per layer (`--limit`); none means all.
    pub rows: Option<u64>,
    /// Largest unpacked size of an archive, bytes.
    pub archive_bytes: u64,
    /// Whether a source that isn't read by this project's own code is read in a process of its own.
    pub isolate: bool,
    /// Longest that reading a source in a process of its own may take.
    pub read: Duration,
}

/// Least memory that a run can be given, bytes.
pub const LEAST_MEMORY: u64 = 128 << 20;

// Text columns of a batch have 32-bit offsets, so a record of 2 GiB could never be held.
pub(super) const RECORD: Bounds<u64> = Bounds {
    key: "record",
    range: 1 << 10..=1 << 30,
    default: 16 << 20,
};

pub(super) const BATCH_ROWS: Bounds<i64> = Bounds {
    key: "batch-rows",
    range: 1..=1 << 20,
    default: 16_384,
};

/// Seconds that reading a source in a process of its own may take.
pub(super) const READ_S: Bounds<u64> = Bounds {
    key: "read",
    range: 1..=7 * 86_400,
    default: 2 * 3_600,
};

/// Seconds that a source behind a server may take: a week at most.
pub(super) const FETCH_S: Bounds<u64> = Bounds {
    key: "fetch",
    range: 1..=7 * 86_400,
    default: 2 * 3_600,
};

/// Largest content of an archive.
pub(super) const ARCHIVE: Bounds<u64> = Bounds {
    key: "archive",
    range: 1 << 10..=1 << 50,
    default: 16 << 30,
};

/// The least is what a run of points needs on two threads, measured.
pub(super) const MEMORY: Bounds<u64> = Bounds {
    key: "memory",
    range: LEAST_MEMORY..=1 << 50,
    default: LEAST_MEMORY,
};

/// The limits that the pipeline writes, with every default applied; `rows` is the command line's.
pub(super) fn resolve(check: &mut Check<'_>, config: &PipelineConfig, rows: Option<u64>) -> Limits {
    let limits = &config.limits;
    let record = check.in_range_or_default(limits.record.as_ref(), &RECORD);
    Limits {
        record_bytes: usize::try_from(record).unwrap_or(usize::MAX),
        batch_rows: check.count_in_range(limits.batch_rows.as_ref(), &BATCH_ROWS),
        rows,
        archive_bytes: check.in_range_or_default(limits.archive.as_ref(), &ARCHIVE),
        // On unless it is turned off: a file that breaks GDAL, Parquet or a workbook's reader shall end one
        // layer.
        isolate: limits.isolate.as_ref().is_none_or(|written| written.value),
        read: Duration::from_secs(check.in_range_or_default(limits.read.as_ref(), &READ_S)),
    }
}
