//! What a process that reads a source sends: a header, batches, and how it ended.
//!
//! A message is a letter and what follows from it: JSON behind its length, or an Arrow IPC stream of one batch, whose
//! columns are the source's, then the geometry and the row numbers; what else a batch has is JSON in its metadata.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::{ArrowError, Field, Schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::question::WholeCrs;
use crate::feature::{Crs, Defect, RawBatch, Repairs};

/// Longest JSON of a message, bytes.
const LONGEST: u64 = 16 << 20;
/// Key of what a batch has besides columns.
const BESIDES: &str = "besides";

/// What a process says.
#[derive(Debug)]
pub(super) enum Message {
    /// The source is open.
    Header(Header),
    /// The next rows; their CRS is the header's.
    Batch(Box<RawBatch>),
    /// All rows are read; the most memory that it took, bytes.
    End(u64),
    /// The source can't be read on: why.
    Failed(String),
}

/// What is known of a source before its first row.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) crs: WholeCrs,
    /// Columns of every batch, where they are known.
    pub(super) fixed: Option<Vec<String>>,
    /// The most rows that it can have, where that is known.
    pub(super) rows_at_most: Option<u64>,
}

/// What a batch has besides columns.
#[derive(Serialize, Deserialize)]
struct Besides {
    source: String,
    defects: Vec<Defect>,
    repairs: Repairs,
}

/// Sends JSON.
pub(super) fn write_json(to: &mut impl Write, kind: u8, value: &impl Serialize) -> io::Result<()> {
    let json = serde_json::to_vec(value)?;
    let length = u32::try_from(json.len()).map_err(io::Error::other)?;
    to.write_all(&[kind])?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(&json)
}

/// Letter of a header.
pub(super) const HEADER: u8 = b'H';
/// Letter of the end.
pub(super) const END: u8 = b'E';
/// Letter of a failure.
pub(super) const FAILED: u8 = b'F';
const BATCH: u8 = b'B';

/// Sends a batch.
pub(super) fn write_batch(to: &mut impl Write, batch: RawBatch) -> Result<(), ArrowError> {
    let besides = Besides {
        source: batch.source.to_string(),
        defects: batch.defects,
        repairs: batch.repairs,
    };
    let besides = serde_json::to_string(&besides).map_err(|error| ArrowError::ExternalError(error.into()))?;
    let (mut names, mut columns): (Vec<String>, Vec<ArrayRef>) = batch.columns.into_iter().unzip();
    names.extend(["geometry".to_owned(), "row".to_owned()]);
    columns.push(Arc::new(batch.geometry));
    columns.push(Arc::new(batch.rows));
    let fields = names.into_iter().zip(&columns);
    let fields: Vec<Field> = fields
        .map(|(name, column)| Field::new(name, column.data_type().clone(), true))
        .collect();
    let schema = Schema::new_with_metadata(fields, HashMap::from([(BESIDES.to_owned(), besides)]));
    let rows = RecordBatch::try_new(Arc::new(schema), columns)?;
    // A stream of Arrow IPC knows its own end. A length before it would mean to write the batch to memory first.
    to.write_all(&[BATCH])?;
    let mut stream = StreamWriter::try_new(to, &rows.schema())?;
    stream.write(&rows)?;
    stream.finish()
}

/// The next message.
pub(super) fn read_message(from: &mut impl Read) -> io::Result<Message> {
    let mut kind = [0];
    from.read_exact(&mut kind)?;
    match kind {
        [HEADER] => read_json(from).map(Message::Header),
        [END] => read_json(from).map(Message::End),
        [FAILED] => read_json(from).map(Message::Failed),
        [BATCH] => read_batch(from)
            .map(|batch| Message::Batch(Box::new(batch)))
            .map_err(io::Error::other),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn read_json<T: DeserializeOwned>(from: &mut impl Read) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    // A process out of its senses must not have room made for what it claims; text that is cut off here is no JSON.
    let length = u64::from(u32::from_le_bytes(length)).min(LONGEST);
    let mut json = Vec::new();
    from.take(length).read_to_end(&mut json)?;
    Ok(serde_json::from_slice(&json)?)
}

fn read_batch(from: &mut impl Read) -> Result<RawBatch, ArrowError> {
    let mut stream = StreamReader::try_new(from, None)?;
    let rows = stream.next().ok_or_else(|| broken_batch("no batch"))??;
    // Asking once more also takes the stream's end off the pipe, so that the next message begins where it should.
    if stream.next().is_some() {
        return Err(broken_batch("two batches in one message"));
    }
    let schema = rows.schema();
    let besides = schema
        .metadata()
        .get(BESIDES)
        .ok_or_else(|| broken_batch("columns alone"))?;
    let besides: Besides =
        serde_json::from_str(besides).map_err(|error| ArrowError::ExternalError(error.into()))?;
    let names = schema.fields().iter().map(|field| field.name().clone());
    let mut columns: Vec<(String, ArrayRef)> = names.zip(rows.columns().iter().cloned()).collect();
    let numbers = columns.pop().ok_or_else(|| broken_batch("no rows"))?.1;
    let geometry = columns.pop().ok_or_else(|| broken_batch("no geometry"))?.1;
    Ok(RawBatch {
        columns,
        geometry: geometry
            .as_binary_opt()
            .ok_or_else(|| broken_batch("geometry of another type"))?
            .clone(),
        rows: numbers
            .as_primitive_opt::<UInt64Type>()
            .ok_or_else(|| broken_batch("rows of another type"))?
            .clone(),
        defects: besides.defects,
        // Whoever asked puts in that of the header.
        crs: Crs::Crs84,
        source: besides.source.into(),
        repairs: besides.repairs,
    })
}

fn broken_batch(what: &str) -> ArrowError {
    ArrowError::IpcError(what.to_owned())
}
