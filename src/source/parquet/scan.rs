//! The geometries of a Parquet source alone: no other column is decoded, and many row groups at once.
//!
//! For whoever needs places and no attributes. What is handed on are views into decoded pages, nothing of which is copied.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, BinaryArray, BinaryViewArray};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;

use super::super::crs::resolve_crs;
use super::super::error::SourceError;
use super::super::ogr::reprojection_to_crs84;
use super::decoder::as_views;
use super::files::DataFile;
use super::{ParquetSource, damaged_at, footer, position_of};
use crate::feature::Crs;
use crate::plan::{Format, SourcePlan};

/// Rows decoded at a time: so few that their places stay in a core's cache, so many that a call is nothing.
const BATCH_ROWS: usize = 16_384;

/// Most rows of a part: a file of one row group keeps all threads busy, too.
const PART_ROWS: usize = 1 << 18;

/// The geometries of a source that has been looked at.
pub struct GeometryScan {
    files: Vec<ScannedFile>,
    parts: Vec<ScanPart>,
    crs: Crs,
    rows: u64,
}

/// A file, and where its geometries are.
struct ScannedFile {
    data: DataFile,
    metadata: ArrowReaderMetadata,
    position: usize,
}

/// Some rows of a source: of one row group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanPart {
    /// Number of the file.
    file: usize,
    /// Number of the row group in it.
    group: usize,
    /// Rows of the group before these.
    offset: usize,
    /// How many they are.
    rows: usize,
    /// Rows of the file before these.
    first: u64,
}

/// Looks at a Parquet source of which the geometries alone are wanted; none where the source is of another format.
///
/// ```
/// use std::path::Path;
///
/// use arrow_array::Array;
/// use cikr::plan::{Format, SourcePlan};
/// use cikr::source::{SourceError, scan_geometry};
///
/// let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parquet/duckdb_2.parquet");
/// let format = Format::Parquet { geometry: None };
/// let plan = SourcePlan::for_file(path.clone(), "hospitals.parquet".into(), format, None);
/// let scan = scan_geometry(&path, &plan)?.expect("it is Parquet");
/// let mut rows = 0;
/// for part in scan.parts() {
///     scan.read_part(*part, &mut |_source, _first, geometries| rows += geometries.len() as u64)?;
/// }
/// assert_eq!(rows, scan.row_count());
/// # Ok::<(), SourceError>(())
/// ```
///
/// # Errors
/// As [`crate::source::open`].
pub fn scan_geometry(path: &Path, plan: &SourcePlan) -> Result<Option<GeometryScan>, SourceError> {
    let Format::Parquet { geometry } = &plan.format else {
        return Ok(None);
    };
    // Values aren't copied, so that there is no limit to keep.
    let source = ParquetSource::open(path, &plan.shown, geometry.as_deref(), usize::MAX)?;
    let crs = resolve_crs(&plan.shown, source.stated_crs(), plan.crs.as_ref(), None)?;
    reprojection_to_crs84(&crs).map_err(|error| SourceError::UselessCrs {
        shown: plan.shown.to_string(),
        source: Box::new(error),
    })?;
    let rows = source.rows;
    let name = source.columns.geometry_name;
    let mut parts = Vec::new();
    let mut files = Vec::with_capacity(source.files.len());
    for (number, data) in source.files.into_iter().enumerate() {
        let (_, footer) = footer::open_footer(&data.path, &data.shown)?;
        let position = position_of(&name, &footer, &data)?;
        let metadata =
            as_views(&footer.metadata).map_err(|error| damaged_at(&data.shown, 0, error.to_string()))?;
        cut_into_parts(number, metadata.metadata().row_groups(), &mut parts);
        files.push(ScannedFile {
            data,
            metadata,
            position,
        });
    }
    Ok(Some(GeometryScan {
        files,
        parts,
        crs,
        rows,
    }))
}

/// The parts of a file, in order.
fn cut_into_parts(file: usize, groups: &[RowGroupMetaData], parts: &mut Vec<ScanPart>) {
    let mut first = 0;
    for (number, group) in groups.iter().enumerate() {
        let total = usize::try_from(group.num_rows()).unwrap_or(0);
        // Of equal lengths, or the last would be short and a thread idle.
        let length = total.div_ceil(total.div_ceil(PART_ROWS).max(1)).max(1);
        for offset in (0..total).step_by(length) {
            let rows = length.min(total - offset);
            parts.push(ScanPart {
                file,
                group: number,
                offset,
                rows,
                first,
            });
            first += rows as u64;
        }
    }
}

impl GeometryScan {
    /// CRS of the geometries.
    pub fn crs(&self) -> &Crs {
        &self.crs
    }

    /// Rows of all files.
    pub fn row_count(&self) -> u64 {
        self.rows
    }

    /// All parts, in the order of the source: each may be read by a thread of its own.
    pub fn parts(&self) -> &[ScanPart] {
        &self.parts
    }

    /// Hands on the geometries of a part, some thousand at a time: the file's name, the row of the first from 1, and WKB.
    ///
    /// # Errors
    /// Where the file is damaged.
    pub fn read_part(
        &self,
        part: ScanPart,
        take: &mut dyn FnMut(&Arc<str>, u64, &BinaryViewArray),
    ) -> Result<(), SourceError> {
        let file = &self.files[part.file];
        let shown = &file.data.shown;
        // Each part has a handle of its own: clones of one would share their place in the file.
        let handle = File::open(&file.data.path).map_err(|source| SourceError::Open {
            shown: shown.to_string(),
            source,
        })?;
        let mut done = 0;
        let rows = reader_of(handle, file, part)
            .map_err(|error| damaged_at(shown, part.first, error.to_string()))?;
        for decoded in rows {
            let decoded = decoded.map_err(|error| damaged_at(shown, part.first + done, error.to_string()))?;
            let geometries = views_of(decoded.column(0));
            take(shown, part.first + done + 1, &geometries);
            done += decoded.num_rows() as u64;
        }
        // A reader may end quietly where pages are missing, so its rows are counted against the footer's.
        if done < part.rows as u64 {
            let reason = format!("its footer promises {} rows", self.rows);
            return Err(damaged_at(shown, part.first + done, reason));
        }
        Ok(())
    }
}

fn reader_of(
    handle: File,
    file: &ScannedFile,
    part: ScanPart,
) -> Result<ParquetRecordBatchReader, ParquetError> {
    let mask = ProjectionMask::roots(file.metadata.parquet_schema(), [file.position]);
    ParquetRecordBatchReaderBuilder::new_with_metadata(handle, file.metadata.clone())
        .with_projection(mask)
        .with_row_groups(vec![part.group])
        .with_offset(part.offset)
        .with_limit(part.rows)
        .with_batch_size(BATCH_ROWS)
        .build()
}

/// A column of bytes as views; of any other, which no geometry is, nulls.
fn views_of(column: &ArrayRef) -> BinaryViewArray {
    if let Some(views) = column.as_binary_view_opt() {
        return views.clone();
    }
    match column.as_fixed_size_binary_opt() {
        Some(fixed) => fixed.iter().collect(),
        None => BinaryViewArray::from(&BinaryArray::new_null(column.len())),
    }
}
