//! Writes a plain table piece by piece: one that need not be in memory as a whole.
//!
//! Writes into what it is handed; creates no file and reads no clock.

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::errors::ParquetError;

use super::writer::{TABLE_GROUP_ROWS, append_entries, arrow_writer, base_properties};
use super::{FooterEntry, GeoparquetError, WriteOptions};

/// A table in the making: no `geo` key, row groups of at most 50,000 rows.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::{ArrayRef, RecordBatch, UInt64Array};
/// use cikr::geoparquet::{TableWriter, WriteOptions, read_footer};
///
/// let counts: ArrayRef = Arc::new(UInt64Array::from(vec![3, 5]));
/// let piece = RecordBatch::try_from_iter([("rows", counts)])?;
/// let mut file = tempfile::NamedTempFile::new()?;
/// let mut table = TableWriter::new(piece.schema(), &WriteOptions::default(), &mut file)?;
/// table.write(&piece)?;
/// table.write(&piece)?;
/// assert_eq!(table.close(&[])?, 4);
/// assert_eq!(read_footer(file.path())?.row_groups, [4], "pieces join a row group");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TableWriter<W: Write + Send> {
    writer: ArrowWriter<W>,
    rows: u64,
}

impl<W: Write + Send> TableWriter<W> {
    /// Begins a table.
    ///
    /// # Errors
    /// If the columns can't be encoded.
    pub fn new(schema: SchemaRef, options: &WriteOptions, out: W) -> Result<Self, GeoparquetError> {
        // The pieces come in any lengths, so that the writer itself cuts the row groups here.
        let writer = base_properties(options)
            .map(|builder| builder.set_max_row_group_row_count(Some(TABLE_GROUP_ROWS)))
            .and_then(|builder| arrow_writer(builder.build(), schema, out))
            .map_err(table_error)?;
        Ok(Self { writer, rows: 0 })
    }

    /// Adds rows.
    ///
    /// # Errors
    /// If encoding or the file fails.
    pub fn write(&mut self, rows: &RecordBatch) -> Result<(), GeoparquetError> {
        self.rows += rows.num_rows() as u64;
        self.writer.write(rows).map_err(table_error)
    }

    /// Ends the table with what its footer is to hold. Returns its rows.
    ///
    /// # Errors
    /// If encoding or the file fails.
    pub fn close(mut self, footer: &[FooterEntry]) -> Result<u64, GeoparquetError> {
        append_entries(&mut self.writer, footer);
        self.writer.close().map_err(table_error)?;
        Ok(self.rows)
    }
}

fn table_error(source: ParquetError) -> GeoparquetError {
    GeoparquetError::write_error("a table", source)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, UInt64Array};

    use super::super::{read, read_footer};
    use super::*;

    fn numbers(from: u64, to: u64) -> RecordBatch {
        let column: ArrayRef = Arc::new(UInt64Array::from_iter_values(from..to));
        RecordBatch::try_from_iter([("n", column)]).unwrap()
    }

    fn written(pieces: &[RecordBatch]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut table =
            TableWriter::new(numbers(0, 0).schema(), &WriteOptions::default(), &mut file).unwrap();
        for piece in pieces {
            table.write(piece).unwrap();
        }
        let rows = table.close(&[]).unwrap();
        assert_eq!(
            rows,
            pieces.iter().map(|piece| piece.num_rows() as u64).sum::<u64>()
        );
        file
    }

    #[test]
    fn pieces_become_one_table_in_row_groups() {
        let file = written(&[
            numbers(0, 49_999),
            numbers(49_999, 50_003),
            numbers(50_003, 50_004),
        ]);
        assert_eq!(read_footer(file.path()).unwrap().row_groups, [50_000, 4]);
        assert_eq!(
            read(file.path(), None).unwrap().column(0),
            numbers(0, 50_004).column(0)
        );
    }

    #[test]
    fn a_table_without_rows_keeps_its_columns() {
        let file = written(&[]);
        let footer = read_footer(file.path()).unwrap();
        assert_eq!((footer.rows, footer.schema.field(0).name().as_str()), (0, "n"));
        assert_eq!(read(file.path(), None).unwrap().num_rows(), 0);
    }
}
