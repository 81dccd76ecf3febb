//! Decodes one file, a few rows at a time.
//!
//! Reads an opened file. How much memory rows take up is known only when they are decoded: where they are
//! long, fewer come next. A page and a dictionary are decoded whole, whatever the number of rows.

use std::fs::File;

use arrow_array::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;

/// Decoded bytes that are aimed at, at a time.
const CHUNK_BYTES: usize = 8 << 20;

/// Rows decoded at a time, at most: so few that long ones do no harm before they are known.
const CHUNK_ROWS: usize = 64;

/// The rows of a file.
pub(super) struct Decoder {
    file: File,
    metadata: ArrowReaderMetadata,
    /// Positions of the columns to decode.
    columns: Vec<usize>,
    reader: ParquetRecordBatchReader,
    /// Rows decoded at a time.
    rows: usize,
    /// Rows decoded so far.
    decoded: usize,
}

impl Decoder {
    /// Starts at the first row.
    pub(super) fn new(
        file: File,
        metadata: ArrowReaderMetadata,
        columns: Vec<usize>,
    ) -> Result<Self, ParquetError> {
        let reader = reader(&file, &metadata, &columns, 0, CHUNK_ROWS)?;
        Ok(Self { file, metadata, columns, reader, rows: CHUNK_ROWS, decoded: 0 })
    }

    /// The next rows; none after the last.
    pub(super) fn next(&mut self) -> Option<Result<RecordBatch, ParquetError>> {
        let rows = match self.reader.next()? {
            Ok(rows) => rows,
            Err(error) => return Some(Err(error.into())),
        };
        self.decoded += rows.num_rows();
        let fitting = fitting(rows.num_rows(), rows.get_array_memory_size());
        // A new reader decodes the current pages again: only for half the rows or fewer, and never for more.
        if fitting <= self.rows / 2 {
            self.rows = fitting;
            match reader(&self.file, &self.metadata, &self.columns, self.decoded, fitting) {
                Ok(reader) => self.reader = reader,
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok(rows))
    }
}

/// How many rows to decode at a time, if the last ones took up so many bytes.
fn fitting(rows: usize, bytes: usize) -> usize {
    (CHUNK_BYTES / (bytes / rows.max(1)).max(1)).clamp(1, CHUNK_ROWS)
}

fn reader(
    file: &File,
    metadata: &ArrowReaderMetadata,
    columns: &[usize],
    from: usize,
    rows: usize,
) -> Result<ParquetRecordBatchReader, ParquetError> {
    let mask = ProjectionMask::roots(metadata.parquet_schema(), columns.iter().copied());
    ParquetRecordBatchReaderBuilder::new_with_metadata(file.try_clone()?, metadata.clone())
        .with_projection(mask)
        .with_offset(from)
        .with_batch_size(rows)
        .build()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::ArrowReaderOptions;

    use super::*;

    /// Short rows, then long ones of one dictionary entry: fewer at a time, each once and in order.
    #[test]
    fn long_rows_are_decoded_few_at_a_time() {
        let long = "x".repeat(500_000);
        let texts: ArrayRef = Arc::new(StringArray::from_iter_values(
            (0..230).map(|row| if row < 100 || row == 229 { "short" } else { long.as_str() }),
        ));
        let batch = RecordBatch::try_from_iter([("text", texts)]).unwrap();
        let mut file = tempfile::tempfile().unwrap();
        let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        assert!(file.metadata().unwrap().len() < 1_000_000, "the dictionary holds it once");
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).unwrap();
        let mut decoder = Decoder::new(file, metadata, vec![0]).unwrap();
        let chunks: Vec<RecordBatch> = std::iter::from_fn(|| decoder.next()).map(Result::unwrap).collect();
        let counts: Vec<usize> = chunks.iter().map(RecordBatch::num_rows).collect();
        assert_eq!((&counts[..3], counts.iter().sum::<usize>()), (&[64; 3][..], 230));
        assert!(counts[3..].iter().all(|rows| *rows <= 16), "{counts:?}");
        let lengths = |rows: &RecordBatch| -> Vec<usize> {
            let texts = rows.column(0).as_any().downcast_ref::<StringArray>().unwrap();
            texts.iter().flatten().map(str::len).collect()
        };
        let lengths: Vec<usize> = chunks.iter().flat_map(lengths).collect();
        assert!((lengths[99], lengths[100], lengths[228], lengths[229]) == (5, 500_000, 500_000, 5));
    }
}
