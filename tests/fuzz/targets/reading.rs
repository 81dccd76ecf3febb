//! Shared by the targets that read a source: bytes → file → every row through the public door.

use std::path::Path;
use std::time::Duration;

use cikr::feature::{Crs, Landed, RawBatch};
use cikr::kernel::geometry;
use cikr::plan::{Format, Limits, SourcePlan};
use cikr::source;

use crate::in_file::with_file;

/// Smaller limits than a run's, so that a few hundred bytes reach them.
const LIMITS: Limits = Limits {
    record_bytes: 1 << 10,
    batch_rows: 7,
    rows: None,
    archive_bytes: 1 << 20,
    isolate: false,
    read: Duration::MAX,
};

/// Reads `data` to its end or first error; every promise of `RawBatch` must hold.
pub fn read_all(data: &[u8], format: &Format) {
    with_file(data, |path| read_path(path, data.len(), format));
}

/// The same for a file of `bytes` bytes.
pub fn read_path(path: &Path, bytes: usize, format: &Format) {
    let plan = SourcePlan::for_file(path.to_owned(), "fuzzed".into(), format.clone(), None);
    let landed = Landed { bytes: bytes as u64, ..Landed::in_place(path.to_owned()) };
    let Ok(reader) = source::open(&landed, &plan, &LIMITS, Some(&Crs::Crs84)) else { return };
    let mut last = 0;
    for batch in reader {
        let Ok(batch) = batch else { return };
        last = check(&batch, last, format);
    }
}

/// Columns are as long as the batch, rows ascend, defects point into the batch, geometry is WKB.
fn check(batch: &RawBatch, mut last: u64, format: &Format) -> u64 {
    let rows = batch.len();
    assert!(rows > 0 && batch.geometry.iter().count() == rows);
    assert!(batch.columns.iter().all(|(_, values)| values.iter().count() == rows));
    assert!(batch.defects.iter().all(|defect| defect.index < rows && defect.value.chars().count() <= 200));
    // Record separators may put several records on one line.
    let shared = matches!(format, Format::Geojsonl);
    for row in batch.rows.values() {
        assert!(*row > last || (shared && *row == last), "row {row} after row {last}");
        last = *row;
    }
    for wkb in batch.geometry.iter().flatten() {
        // A reader may pass on a geometry that the kernel refuses, never one that makes it panic.
        let _ = geometry::decode(wkb);
    }
    last
}
