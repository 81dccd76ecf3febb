//! What `cikr changes` writes: rows that differ, as CSV, JSON lines or Parquet; whole, or not there.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use serde_json::{Map, Value};

use crate::error::Error;
use crate::feature::spelling::spell_value;
use crate::geoparquet::{TableWriter, WriteOptions};
use crate::store::{NewFiles, StoreError, refuse_taken};

/// Name of the file while it is made.
const MADE: &str = "changes";

/// A file of changes in the making; without `finish` there is none.
pub struct ChangesFile {
    files: NewFiles,
    target: PathBuf,
    replace: bool,
    rows: Writer,
}

/// How rows are written.
enum Writer {
    Csv {
        out: Box<csv::Writer<File>>,
        has_header: bool,
    },
    JsonLines(BufWriter<File>),
    Parquet {
        out: Option<File>,
        table: Option<Box<TableWriter<File>>>,
    },
}

impl ChangesFile {
    /// Begins a file whose extension says how it is written: `.csv`, `.json` or `.parquet`.
    ///
    /// ```
    /// use cikr::run::ChangesFile;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let error = ChangesFile::begin(&folder.path().join("changes.docx"), false).err().expect("no such format");
    /// assert!(error.to_string().contains(".csv, .json or .parquet"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// The extension is another, a file is there and is not to be replaced, or the disk refuses.
    pub fn begin(target: &Path, replace: bool) -> Result<Self, Error> {
        refuse_taken(target, replace)?;
        let extension = target.extension().unwrap_or_default().to_ascii_lowercase();
        let is_known = ["csv", "json", "jsonl", "parquet"]
            .iter()
            .any(|known| extension == *known);
        if !is_known {
            return Err(Error::NoFormat {
                path: target.to_owned(),
                known: ".csv, .json or .parquet",
            });
        }
        let files = NewFiles::beside(target)?;
        let out = files.create(MADE)?;
        let rows = match extension.to_str() {
            Some("csv") => Writer::Csv {
                out: Box::new(csv::Writer::from_writer(out)),
                has_header: false,
            },
            Some("parquet") => Writer::Parquet {
                out: Some(out),
                table: None,
            },
            _ => Writer::JsonLines(BufWriter::new(out)),
        };
        Ok(Self {
            files,
            target: target.to_owned(),
            replace,
            rows,
        })
    }

    /// Writes rows of a layer.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(&mut self, layer: &str, piece: &RecordBatch) -> Result<(), Error> {
        let written = match &mut self.rows {
            Writer::Csv { out, has_header } => write_csv(out, has_header, layer, piece),
            Writer::JsonLines(out) => write_json_lines(out, layer, piece),
            Writer::Parquet { out, table } => {
                let rows = with_layer(layer, piece)?;
                if let Some(out) = out.take() {
                    let opened = TableWriter::new(rows.schema(), &WriteOptions::default(), out);
                    *table = Some(Box::new(opened.map_err(table_error)?));
                }
                let table = table.as_mut().expect("it was opened with the first piece");
                return table.write(&rows).map_err(table_error);
            }
        };
        written.map_err(|source| self.disk_error(source))
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn finish(self) -> Result<(), Error> {
        let ended = match self.rows {
            Writer::Csv { mut out, .. } => out.flush(),
            Writer::JsonLines(mut out) => out.flush(),
            Writer::Parquet { table, .. } => {
                if let Some(table) = table {
                    table.close().map_err(table_error)?;
                }
                Ok(())
            }
        };
        ended.map_err(|source| StoreError::Write {
            path: self.target.clone(),
            source,
        })?;
        self.files
            .name_all(&[(MADE, self.target.as_path())], self.replace)?;
        Ok(())
    }

    fn disk_error(&self, source: std::io::Error) -> Error {
        let path = self.target.clone();
        StoreError::Write { path, source }.into()
    }
}

fn write_csv(
    out: &mut csv::Writer<File>,
    has_header: &mut bool,
    layer: &str,
    piece: &RecordBatch,
) -> std::io::Result<()> {
    if !*has_header {
        let schema = piece.schema();
        let names = schema.fields().iter().map(|field| field.name().as_str());
        out.write_record(std::iter::once("layer").chain(names))?;
        *has_header = true;
    }
    for row in 0..piece.num_rows() {
        let values = piece
            .columns()
            .iter()
            .map(|column| spell_value(column, row).unwrap_or_default());
        out.write_record(std::iter::once(layer.to_owned()).chain(values))?;
    }
    Ok(())
}

fn write_json_lines(out: &mut BufWriter<File>, layer: &str, piece: &RecordBatch) -> std::io::Result<()> {
    for row in 0..piece.num_rows() {
        serde_json::to_writer(&mut *out, &change_json(layer, piece, row))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// A row that differs, as JSON: columns without a value are left out.
pub fn change_json(layer: &str, piece: &RecordBatch, row: usize) -> Value {
    let mut members = Map::from_iter([("layer".to_owned(), Value::from(layer))]);
    for (field, column) in piece.schema().fields().iter().zip(piece.columns()) {
        let Some(text) = spell_value(column, row) else {
            continue;
        };
        // The only column that is no text is a number.
        let value = if field.data_type() == &DataType::Float64 {
            text.parse::<f64>().map_or(Value::Null, Value::from)
        } else {
            Value::from(text)
        };
        members.insert(field.name().clone(), value);
    }
    Value::Object(members)
}

/// Rows with the layer that they are of.
fn with_layer(layer: &str, piece: &RecordBatch) -> Result<RecordBatch, Error> {
    let names: ArrayRef = Arc::new(StringArray::from(vec![layer; piece.num_rows()]));
    let own = Arc::new(Field::new("layer", DataType::Utf8, false));
    let schema = piece.schema();
    let fields: Vec<Arc<Field>> = std::iter::once(own)
        .chain(schema.fields().iter().cloned())
        .collect();
    let columns = std::iter::once(names)
        .chain(piece.columns().iter().cloned())
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(table_error)
}

fn table_error(source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Table {
        source: Box::new(source),
    }
}
