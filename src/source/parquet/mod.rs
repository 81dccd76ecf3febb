//! GeoParquet, and Parquet with a column of WKB: one file, or a folder of files with one schema.
//!
//! Streams: a few rows of one file are decoded at a time, fewer where they turn out to be long: what they
//! take up decoded is known only then, since a dictionary gives a row of a million bytes for one in the
//! file. A page and a dictionary are decoded whole, and their size is the file's word: up to 2 GiB. The
//! row of an origin is the position in its file. Every column comes out as text (`text` says how); a
//! covering (`bbox`) and further geometries are left out, and the log says so. `files` knows folders,
//! `footer` one file's columns, `geometry` the column and its CRS.

mod columns;
mod decoder;
mod files;
mod footer;
mod footer_shape;
mod footer_skim;
mod geometry;
mod leaves;
mod text;
mod times;

use std::path::Path;
use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};

use super::Records;
use super::batch::BatchBuilder;
use super::crs::Stated;
use super::error::SourceError;
use super::shape;
use crate::feature::RejectReason;

use columns::Columns;
use decoder::Decoder;
use files::DataFile;
pub(super) use files::{is_folder_of_parquet, is_parquet};
use footer::Footer;
use leaves::Spelling;
use text::{bytes, texts};

/// Reads the rows of a Parquet source.
pub(super) struct ParquetRecords {
    limit: usize,
    files: Vec<DataFile>,
    columns: Columns,
    /// Rows of all files.
    rows: u64,
    /// Files opened so far.
    opened: usize,
    current: Option<OpenFile>,
}

/// A file being read.
struct OpenFile {
    shown: Arc<str>,
    decoder: Decoder,
    /// For each column in the file, its place in what `reader` gives.
    places: Vec<usize>,
    spellings: Vec<Spelling>,
    geometry: usize,
    rows: u64,
    row: u64,
    chunk: Chunk,
}

/// Decoded rows.
#[derive(Default)]
struct Chunk {
    texts: Vec<StringArray>,
    geometry: Option<ArrayRef>,
    rows: usize,
    at: usize,
}

impl ParquetRecords {
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
        Ok(Self { limit, files, columns, rows, opened: 0, current: None })
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

    /// Opens the next file; false after the last.
    fn advance(&mut self) -> Result<bool, SourceError> {
        let Some(file) = self.files.get(self.opened) else { return Ok(false) };
        self.opened += 1;
        self.current = Some(OpenFile::open(file, &self.columns)?);
        Ok(true)
    }

    /// Puts the current row of the current file into the batch.
    fn put(&mut self, batch: &mut BatchBuilder) {
        let Some(file) = &mut self.current else { return };
        let at = file.chunk.at;
        let geometry = file.chunk.geometry.as_ref().filter(|geometry| geometry.is_valid(at));
        let wkb = geometry.map(|geometry| bytes(geometry, at));
        let texts = file.chunk.texts.iter();
        let values: Vec<Option<&str>> =
            texts.map(|texts| texts.is_valid(at).then(|| texts.value(at))).collect();
        let size = wkb.map_or(0, <[u8]>::len) + values.iter().flatten().map(|text| text.len()).sum::<usize>();
        file.row += 1;
        if size > self.limit {
            batch.defect("record", &format!("over {} bytes", self.limit), RejectReason::RecordTooLong);
            batch.end_row(file.row, None);
        } else {
            let keys = self.files[self.opened - 1].keys.iter().map(|(_, value)| value.as_deref());
            for (column, value) in values.into_iter().chain(keys).enumerate() {
                if let Some(value) = value {
                    batch.text(column, value);
                }
            }
            if let Some(wkb) = wkb {
                batch.dimensions(shape::wkb_dimensions(wkb));
            }
            batch.end_row(file.row, wkb);
        }
        file.chunk.at += 1;
        if file.row == file.rows {
            batch.close();
        }
    }
}

impl Records for ParquetRecords {
    fn next(&mut self, batch: &mut BatchBuilder) -> Result<bool, SourceError> {
        loop {
            if let Some(file) = &mut self.current {
                if file.chunk.at < file.chunk.rows || file.decode()? {
                    self.put(batch);
                    return Ok(true);
                }
                self.current = None;
            }
            if !self.advance()? {
                return Ok(false);
            }
            if let Some(file) = &self.current {
                batch.set_source(Arc::clone(&file.shown));
            }
        }
    }
}

impl OpenFile {
    fn open(data: &DataFile, columns: &Columns) -> Result<Self, SourceError> {
        let (file, footer) = footer::open(&data.path, &data.shown)?;
        let position = |name: &String| {
            footer.names.iter().position(|found| found == name).ok_or_else(|| SourceError::Damaged {
                shown: data.shown.to_string(),
                row: 0,
                reason: format!("column `{name}` has gone"),
            })
        };
        let positions =
            columns.names[..columns.in_file].iter().map(position).collect::<Result<Vec<_>, _>>()?;
        let geometry = position(&columns.geometry_name)?;
        let mut read: Vec<usize> = positions.iter().copied().chain([geometry]).collect();
        read.sort_unstable();
        // Columns are decoded in file order, whatever order they are asked for.
        let place = |position: &usize| read.binary_search(position).unwrap_or_default();
        left_out(&footer, &read, &data.shown);
        Ok(Self {
            shown: Arc::clone(&data.shown),
            places: positions.iter().map(place).collect(),
            spellings: positions.iter().map(|position| footer.spelling(*position)).collect(),
            geometry: place(&geometry),
            rows: footer.rows(),
            decoder: Decoder::new(file, footer.metadata, read).map_err(|error| SourceError::Damaged {
                shown: data.shown.to_string(),
                row: 0,
                reason: error.to_string(),
            })?,
            row: 0,
            chunk: Chunk::default(),
        })
    }

    /// Decodes further rows; false after the last.
    fn decode(&mut self) -> Result<bool, SourceError> {
        let damaged =
            |reason: String| SourceError::Damaged { shown: self.shown.to_string(), row: self.row, reason };
        // The rows before go first, so that there are never two chunks.
        self.chunk = Chunk::default();
        match self.decoder.next() {
            Some(Ok(rows)) => {
                self.chunk = self.chunk_of(&rows);
                Ok(rows.num_rows() > 0)
            }
            Some(Err(error)) => Err(damaged(error.to_string())),
            None if self.row < self.rows => Err(damaged(format!("its footer promises {} rows", self.rows))),
            None => Ok(false),
        }
    }

    fn chunk_of(&self, rows: &RecordBatch) -> Chunk {
        let columns = self.places.iter().zip(&self.spellings);
        Chunk {
            texts: columns.map(|(place, spelling)| texts(rows.column(*place), spelling)).collect(),
            geometry: Some(Arc::clone(rows.column(self.geometry))),
            rows: rows.num_rows(),
            at: 0,
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
