//! GeoParquet, and Parquet with a column of WKB: one file, or a folder of files with one schema.
//!
//! Streams by columns: what is decoded is passed on, typed where a batch has the type (`values`), else as text
//! (`text` says how). Rows of one file are decoded at a time, fewer where they turn out to be long (`decoder`). The
//! row of an origin is the position in its file. A covering (`bbox`) and further geometries are left out, and the log
//! says so. `files` knows folders, `footer` one file's columns, `geometry` the column and its CRS.

mod columns;
mod decoder;
mod describe;
mod files;
mod footer;
mod footer_shape;
mod footer_skim;
mod geometry;
mod leaves;
pub(super) mod scan;
mod text;
mod times;
mod values;

use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, BinaryArray, RecordBatch, UInt64Array};

use super::Batches;
use super::batch::BATCH_BYTES;
use super::dimensions::wkb_dimensions;
use super::error::SourceError;
use super::stated_crs::StatedCrs;
use crate::feature::{Crs, Defect, RawBatch, RejectReason, Repairs};

use columns::SharedColumns;
use decoder::Decoder;
pub(super) use describe::describe;
use files::DataFile;
pub(super) use files::is_folder_of_parquet;
use footer::Footer;
pub use footer_skim::{FooterFault, check_footer, check_page_index};
use leaves::Spelling;

/// A Parquet source that has been looked at.
pub(super) struct ParquetSource {
    limit: usize,
    files: Vec<DataFile>,
    columns: SharedColumns,
    /// Rows of all files.
    rows: u64,
}

impl ParquetSource {
    /// Opens the file or folder at `path`; every file's footer is looked at.
    pub(super) fn open(
        path: &Path,
        shown: &Arc<str>,
        wanted: Option<&str>,
        limit: usize,
    ) -> Result<Self, SourceError> {
        let files = files::list_files(path, shown)?;
        let (columns, rows) = columns::survey_files(&files, shown, wanted)?;
        columns.warn_repeated_keys(shown);
        Ok(Self {
            limit,
            files,
            columns,
            rows,
        })
    }

    /// Column names, keys of folders last.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns.names
    }

    /// Types of the columns, in the file's words.
    pub(super) fn types(&self) -> &[String] {
        &self.columns.types
    }

    /// What the source says about its CRS.
    pub(super) fn stated_crs(&self) -> StatedCrs {
        self.columns.geometry.stated.clone()
    }

    /// Geometry types that the source lists; empty where it doesn't know.
    pub(super) fn geometry_types(&self) -> &[String] {
        &self.columns.geometry.types
    }

    /// Rows of all files.
    pub(super) fn row_count(&self) -> u64 {
        self.rows
    }

    /// Starts to read, geometries being in `crs`.
    pub(super) fn read(self, crs: Crs) -> ParquetBatches {
        ParquetBatches {
            source: self,
            crs,
            opened: 0,
            current: None,
        }
    }
}

/// Reads the rows of a Parquet source.
pub(super) struct ParquetBatches {
    source: ParquetSource,
    crs: Crs,
    /// Files opened so far.
    opened: usize,
    current: Option<OpenFile>,
}

/// A file being read.
struct OpenFile {
    shown: Arc<str>,
    decoder: Decoder,
    /// What its folders' names say.
    keys: Vec<Option<String>>,
    /// For each column in the file, its place in what `decoder` gives.
    places: Vec<usize>,
    spellings: Vec<Spelling>,
    geometry: usize,
    /// Rows that its footer promises.
    rows: u64,
    /// Rows handed over.
    row: u64,
    /// Rows that are decoded and not handed over.
    waiting: Option<RecordBatch>,
}

impl Batches for ParquetBatches {
    fn next(&mut self, most: usize) -> Result<Option<RawBatch>, SourceError> {
        loop {
            let rows = self
                .current
                .as_mut()
                .map(|file| file.next_rows(most))
                .transpose()?
                .flatten();
            if let Some((file, rows)) = self.current.as_ref().zip(rows) {
                return self.build_batch(file, &rows).map(Some);
            }
            let Some(file) = self.source.files.get(self.opened) else {
                return Ok(None);
            };
            self.opened += 1;
            self.current = Some(OpenFile::open(file, &self.source.columns, most)?);
        }
    }
}

impl ParquetBatches {
    /// The rows of a file that have just been handed over, as a batch.
    fn build_batch(&self, file: &OpenFile, rows: &RecordBatch) -> Result<RawBatch, SourceError> {
        let limit = self.source.limit;
        // What is too long is known of the views alone, before a byte of it is copied.
        let mut decoded: Vec<ArrayRef> = file
            .places
            .iter()
            .map(|place| Arc::clone(rows.column(*place)))
            .collect();
        let columns = decoded.iter().zip(&file.spellings);
        let mut held: Vec<ArrayRef> = columns
            .map(|(column, spelling)| values::batch_column(column, spelling, limit))
            .collect();
        decoded.push(Arc::clone(rows.column(file.geometry)));
        held.push(Arc::new(values::bytes_column(rows.column(file.geometry), limit)));
        let too_long = values::rows_too_long(&decoded, &held, limit);
        held.extend(
            file.keys
                .iter()
                .map(|key| values::constant_column(key.as_deref(), rows.num_rows())),
        );
        let mut held =
            values::null_rows(held, &too_long).map_err(|error| file.damaged_error(error.to_string()))?;
        let geometry = held.remove(file.places.len()).as_binary::<i32>().clone();
        let defects = too_long.into_iter().map(|index| Defect {
            index,
            field: "record".to_owned(),
            value: format!("over {limit} bytes"),
            reason: RejectReason::RecordTooLong,
        });
        let first = file.row - rows.num_rows() as u64 + 1;
        Ok(RawBatch {
            columns: self.source.columns.names.iter().cloned().zip(held).collect(),
            repairs: count_dropped_ordinates(&geometry),
            geometry,
            rows: UInt64Array::from_iter_values(first..=file.row),
            defects: defects.collect(),
            crs: self.crs.clone(),
            source: Arc::clone(&file.shown),
        })
    }
}

/// Heights and measures of the geometries, which tiles leave out.
fn count_dropped_ordinates(geometry: &BinaryArray) -> Repairs {
    let mut repairs = Repairs::default();
    for has in geometry.iter().flatten().map(wkb_dimensions) {
        repairs.dropped_z += u64::from(has.z);
        repairs.dropped_m += u64::from(has.m);
    }
    repairs
}

impl OpenFile {
    /// Opens a file, of which at most `most` rows are decoded at a time.
    fn open(data: &DataFile, columns: &SharedColumns, most: usize) -> Result<Self, SourceError> {
        let (file, footer) = footer::open_footer(&data.path, &data.shown)?;
        let mut positions = Vec::with_capacity(columns.in_file);
        for name in &columns.names[..columns.in_file] {
            positions.push(position_of(name, &footer, data)?);
        }
        let geometry = position_of(&columns.geometry_name, &footer, data)?;
        // Columns are decoded in file order, whatever order they are asked for.
        let mut read = positions.clone();
        read.push(geometry);
        read.sort_unstable();
        log_left_out(&footer, &read, &data.shown);
        let places = positions
            .iter()
            .map(|position| read.binary_search(position).unwrap_or_default());
        let spellings = positions.iter().map(|position| footer.spelling_of(*position));
        Ok(Self {
            shown: Arc::clone(&data.shown),
            keys: data.keys.iter().map(|(_, value)| value.clone()).collect(),
            places: places.collect(),
            spellings: spellings.collect(),
            geometry: read.binary_search(&geometry).unwrap_or_default(),
            rows: footer.row_count(),
            row: 0,
            waiting: None,
            decoder: Decoder::new(file, &footer.metadata, read, most)
                .map_err(|error| damaged_at(&data.shown, 0, error.to_string()))?,
        })
    }

    /// The next rows, at most `most`, fewer where they are long; none after the last.
    fn next_rows(&mut self, most: usize) -> Result<Option<RecordBatch>, SourceError> {
        let rows = match self.waiting.take() {
            Some(rows) => rows,
            None => match self.decoder.next_rows() {
                Some(Ok(rows)) => rows,
                Some(Err(error)) => return Err(self.damaged_error(error.to_string())),
                // A reader may end quietly where pages are missing, so its rows are counted against the footer's.
                None if self.row < self.rows => {
                    return Err(self.damaged_error(format!("its footer promises {} rows", self.rows)));
                }
                None => return Ok(None),
            },
        };
        let taken = values::rows_within(&rows, BATCH_BYTES).min(most);
        let left = rows.num_rows() - taken;
        self.row += taken as u64;
        self.waiting = (left > 0).then(|| rows.slice(taken, left));
        Ok((taken > 0).then(|| rows.slice(0, taken)))
    }

    fn damaged_error(&self, reason: String) -> SourceError {
        damaged_at(&self.shown, self.row, reason)
    }
}

/// Where a column of all files is in this one, whose footer has been looked at before.
fn position_of(name: &str, footer: &Footer, data: &DataFile) -> Result<usize, SourceError> {
    let found = footer.names.iter().position(|found| found == name);
    found.ok_or_else(|| damaged_at(&data.shown, 0, format!("column `{name}` has gone")))
}

fn damaged_at(shown: &str, row: u64, reason: String) -> SourceError {
    SourceError::Damaged {
        shown: shown.to_owned(),
        row,
        reason,
    }
}

/// Tells the log which columns are not read, and so are no columns of the layer.
fn log_left_out(footer: &Footer, read: &[usize], shown: &str) {
    let unread = (0..footer.names.len()).filter(|position| !read.contains(position));
    let names: Vec<&str> = unread.map(|position| footer.names[position].as_str()).collect();
    if !names.is_empty() {
        tracing::info!(
            source = shown,
            columns = names.join(", "),
            "left out: coverings, further geometries, intervals"
        );
    }
}
