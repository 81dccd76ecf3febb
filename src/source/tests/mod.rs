//! Small files of every format, and of every way they go wrong.

mod csv;
mod datasets;
mod json;
mod parquet;
mod shapefile;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow_schema::DataType;
use tempfile::TempDir;
use wkb::reader::read_wkb;
use wkt::to_wkt::write_geometry;

use super::{Reader, SourceError, open};
use crate::feature::{Crs, Landed, RawBatch, RejectReason, spelling};
use crate::plan::{CsvGeometry, Dialect, Format, Limits, SourcePlan};

pub(super) const LIMITS: Limits = Limits {
    record_bytes: 1 << 20,
    batch_rows: 1000,
    rows: None,
    archive_bytes: 1 << 20,
    isolate: false,
    read: Duration::MAX,
};

fn lon_lat() -> Format {
    Format::Csv {
        dialect: Dialect::USUAL,
        geometry: CsvGeometry::of_columns("lon", "lat"),
    }
}

fn ogr(layer: Option<&str>) -> Format {
    Format::Ogr {
        layer: layer.map(str::to_owned),
        allow_views: false,
    }
}

/// Opens `path`, shown as `shown.ext`, as the pipeline would.
pub(super) fn open_as(
    path: &Path,
    format: Format,
    limits: &Limits,
    crs: Option<Crs>,
) -> Result<Reader, SourceError> {
    let extension = path
        .extension()
        .map(|extension| extension.to_string_lossy().into_owned());
    let shown: Arc<str> = format!("in/shown.{}", extension.unwrap_or_default()).into();
    let plan = SourcePlan::for_file(path.to_owned(), shown, format, crs);
    open(&Landed::in_place(path.to_owned()), &plan, limits, None)
}

/// All rows of a file with this text.
fn read_text(text: impl AsRef<[u8]>, format: Format, limits: &Limits) -> Result<Vec<RawBatch>, SourceError> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("0123456789abcdef.text");
    fs::write(&path, text).unwrap();
    let crs = matches!(format, Format::Csv { .. }).then_some(Crs::Crs84);
    open_as(&path, format, limits, crs)?.collect()
}

fn one(text: impl AsRef<[u8]>, format: Format) -> RawBatch {
    let mut batches = read_text(text, format, &LIMITS).unwrap();
    assert_eq!(batches.len(), 1);
    batches.remove(0)
}

fn fault(text: impl AsRef<[u8]>, format: Format) -> String {
    let error = read_text(text, format, &LIMITS).unwrap_err().to_string();
    assert!(
        error.contains("in/shown.text") && !error.contains("0123"),
        "{error}"
    );
    error
}

/// A column as text.
pub(super) fn column(batch: &RawBatch, name: &str) -> Vec<Option<&'static str>> {
    let (_, values) = batch.columns.iter().find(|(column, _)| column == name).unwrap();
    // A test's few texts may as well stay, and read like literals.
    spelling::spell_column(values)
        .iter()
        .map(|text| text.map(|text| &*text.to_owned().leak()))
        .collect()
}

/// Type of a column.
pub(super) fn kind(batch: &RawBatch, name: &str) -> DataType {
    batch
        .columns
        .iter()
        .find(|(column, _)| column == name)
        .unwrap()
        .1
        .data_type()
        .clone()
}

pub(super) fn geometries(batch: &RawBatch) -> Vec<Option<String>> {
    let shown = |wkb| {
        let mut text = String::new();
        write_geometry(&mut text, &read_wkb(wkb).unwrap()).unwrap();
        text
    };
    batch.geometry.iter().map(|wkb| wkb.map(shown)).collect()
}

pub(super) fn defects(batch: &RawBatch) -> Vec<(u64, &str, RejectReason)> {
    let row = |index: usize| batch.rows.value(index);
    batch
        .defects
        .iter()
        .map(|defect| (row(defect.index), defect.field.as_str(), defect.reason))
        .collect()
}
