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
mod text;
mod times;
mod values;

use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, BinaryArray, RecordBatch, UInt64Array};

use super::Batches;
use super::batch::BATCH_BYTES;
use super::crs::Stated;
use super::error::SourceError;
use super::shape;
use crate::feature::{Crs, Defect, RawBatch, RejectReason, Repairs};

use columns::Columns;
use decoder::Decoder;
pub(super) use describe::describe;
use files::DataFile;
pub(super) use files::{is_folder_of_parquet, is_parquet};
use footer::Footer;
use leaves::Spelling;

/// A Parquet source that has been looked at.
pub(super) struct ParquetSource {
    limit: usize,
    files: Vec<DataFile>,
    columns: Columns,
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
        let files = files::list(path, shown)?;
        let (columns, rows) = columns::survey(&files, shown, wanted)?;
        columns.tell(shown);
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
    pub(super) fn stated(&self) -> Stated {
        self.columns.geometry.stated.clone()
    }

    /// Geometry types that the source lists; empty where it doesn't know.
    pub(super) fn geometry_types(&self) -> &[String] {
        &self.columns.geometry.types
    }

    /// Rows of all files.
    pub(super) fn rows(&self) -> u64 {
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
                .map(|file| file.next(most))
                .transpose()?
                .flatten();
            if let Some((file, rows)) = self.current.as_ref().zip(rows) {
                return self.batch(file, &rows).map(Some);
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
    fn batch(&self, file: &OpenFile, rows: &RecordBatch) -> Result<RawBatch, SourceError> {
        let limit = self.source.limit;
        let mut decoded: Vec<ArrayRef> = file
            .places
            .iter()
            .map(|place| Arc::clone(rows.column(*place)))
            .collect();
        let columns = decoded.iter().zip(&file.spellings);
        let mut held: Vec<ArrayRef> = columns
            .map(|(column, spelling)| values::held(column, spelling, limit))
            .collect();
        decoded.push(Arc::clone(rows.column(file.geometry)));
        held.push(Arc::new(values::bytes(rows.column(file.geometry), limit)));
        let too_long = values::too_long(&decoded, &held, limit);
        held.extend(
            file.keys
                .iter()
                .map(|key| values::constant(key.as_deref(), rows.num_rows())),
        );
        let mut held = values::without(held, &too_long).map_err(|error| file.damaged(error.to_string()))?;
        let geometry = held.remove(file.places.len()).as_binary::<i32>().clone();
        let defect = |index: usize| Defect {
            index,
            field: "record".to_owned(),
            value: format!("over {limit} bytes"),
            reason: RejectReason::RecordTooLong,
        };
        let first = file.row - rows.num_rows() as u64 + 1;
        Ok(RawBatch {
            columns: self.source.columns.names.iter().cloned().zip(held).collect(),
            repairs: repairs(&geometry),
            geometry,
            rows: UInt64Array::from_iter_values(first..=file.row),
            defects: too_long.into_iter().map(defect).collect(),
            crs: self.crs.clone(),
            source: Arc::clone(&file.shown),
        })
    }
}

/// Heights and measures of the geometries, which tiles leave out.
fn repairs(geometry: &BinaryArray) -> Repairs {
    let mut repairs = Repairs::default();
    for has in geometry.iter().flatten().map(shape::wkb_dimensions) {
        repairs.dropped_z += u64::from(has.z);
        repairs.dropped_m += u64::from(has.m);
    }
    repairs
}

impl OpenFile {
    /// Opens a file, of which at most `most` rows are decoded at a time.
    fn open(data: &DataFile, columns: &Columns, most: usize) -> Result<Self, SourceError> {
        let (file, footer) = footer::open(&data.path, &data.shown)?;
        let damaged = |reason: String| SourceError::Damaged {
            shown: data.shown.to_string(),
            row: 0,
            reason,
        };
        let position = |name: &String| {
            let found = footer.names.iter().position(|found| found == name);
            found.ok_or_else(|| damaged(format!("column `{name}` has gone")))
        };
        let positions = columns.names[..columns.in_file]
            .iter()
            .map(position)
            .collect::<Result<Vec<_>, _>>()?;
        let geometry = position(&columns.geometry_name)?;
        let mut read: Vec<usize> = positions.iter().copied().chain([geometry]).collect();
        read.sort_unstable();
        // Columns are decoded in file order, whatever order they are asked for.
        let place = |position: &usize| read.binary_search(position).unwrap_or_default();
        left_out(&footer, &read, &data.shown);
        Ok(Self {
            shown: Arc::clone(&data.shown),
            keys: data.keys.iter().map(|(_, value)| value.clone()).collect(),
            places: positions.iter().map(place).collect(),
            spellings: positions
                .iter()
                .map(|position| footer.spelling(*position))
                .collect(),
            geometry: place(&geometry),
            rows: footer.rows(),
            row: 0,
            waiting: None,
            decoder: Decoder::new(file, &footer.metadata, read, most)
                .map_err(|error| damaged(error.to_string()))?,
        })
    }

    /// The next rows, at most `most`, fewer where they are long; none after the last.
    fn next(&mut self, most: usize) -> Result<Option<RecordBatch>, SourceError> {
        let rows = match self.waiting.take() {
            Some(rows) => rows,
            None => match self.decoder.next() {
                Some(Ok(rows)) => rows,
                Some(Err(error)) => return Err(self.damaged(error.to_string())),
                None if self.row < self.rows => {
                    return Err(self.damaged(format!("its footer promises {} rows", self.rows)));
                }
                None => return Ok(None),
            },
        };
        let taken = values::fitting(&rows, BATCH_BYTES).min(most);
        let left = rows.num_rows() - taken;
        self.row += taken as u64;
        self.waiting = (left > 0).then(|| rows.slice(taken, left));
        Ok((taken > 0).then(|| rows.slice(0, taken)))
    }

    fn damaged(&self, reason: String) -> SourceError {
        SourceError::Damaged {
            shown: self.shown.to_string(),
            row: self.row,
            reason,
        }
    }
}

/// Tells the log which columns are not read, and so are no columns of the layer.
fn left_out(footer: &Footer, read: &[usize], shown: &str) {
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
