//! What `cikr changes` writes: rows that differ, as CSV, JSON lines or Parquet; whole, or not there.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef};
use serde_json::{Map, Value};

use crate::derive::changes::table_schema;
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
    Csv(Box<csv::Writer<File>>),
    JsonLines(BufWriter<File>),
    Parquet(Box<TableWriter<File>>),
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
        // Begun here and not with the first row: a file of no changes has its columns, too.
        let rows = match extension.to_str() {
            Some("csv") => begin_csv(out).map_err(|source| disk_error(target, source))?,
            Some("parquet") => {
                let schema = with_layer_field(&table_schema());
                let table = TableWriter::new(schema, &WriteOptions::default(), out);
                Writer::Parquet(Box::new(table.map_err(table_error)?))
            }
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
            Writer::Csv(out) => write_csv(out, layer, piece),
            Writer::JsonLines(out) => write_json_lines(out, layer, piece),
            Writer::Parquet(table) => return table.write(&with_layer(layer, piece)?).map_err(table_error),
        };
        written.map_err(|source| disk_error(&self.target, source))
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn finish(self) -> Result<(), Error> {
        let ended = match self.rows {
            Writer::Csv(mut out) => out.flush(),
            Writer::JsonLines(mut out) => out.flush(),
            Writer::Parquet(table) => {
                table.close(&[]).map_err(table_error)?;
                Ok(())
            }
        };
        ended.map_err(|source| disk_error(&self.target, source))?;
        self.files
            .name_all(&[(MADE, self.target.as_path())], self.replace)?;
        Ok(())
    }
}

fn disk_error(path: &Path, source: std::io::Error) -> Error {
    let path = path.to_owned();
    StoreError::Write { path, source }.into()
}

fn begin_csv(out: File) -> std::io::Result<Writer> {
    let mut out = csv::Writer::from_writer(out);
    let schema = with_layer_field(&table_schema());
    out.write_record(schema.fields().iter().map(|field| field.name().as_str()))?;
    Ok(Writer::Csv(Box::new(out)))
}

fn write_csv(out: &mut csv::Writer<File>, layer: &str, piece: &RecordBatch) -> std::io::Result<()> {
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
    let columns = std::iter::once(names)
        .chain(piece.columns().iter().cloned())
        .collect();
    RecordBatch::try_new(with_layer_field(&piece.schema()), columns).map_err(table_error)
}

fn with_layer_field(schema: &Schema) -> SchemaRef {
    let own = Arc::new(Field::new("layer", DataType::Utf8, false));
    let fields = std::iter::once(own).chain(schema.fields().iter().cloned());
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn table_error(source: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::Table {
        source: Box::new(source),
    }
}
