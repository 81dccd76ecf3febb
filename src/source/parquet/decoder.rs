//! Decodes one file, some rows at a time.
//!
//! Reads an opened file. Text and bytes are decoded as views into pages and dictionaries, which are decoded whole; so
//! many rows cost little before it is known how long they are. Where that isn't so (nested columns, prefixes that many
//! values share) only few are decoded at a time, and put together. Where rows turn out to be long, fewer come next.

use std::fs::File;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, FieldRef, Schema};
use arrow_select::concat::concat_batches;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Encoding;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};

use super::values::decoded_size;

/// Bytes of rows that are aimed at, at a time.
const CHUNK_BYTES: usize = 8 << 20;

/// Rows decoded at a time where a row's size can't be foreseen: so few that long ones do no harm before they are known.
const FEW_ROWS: usize = 64;

/// The rows of a file.
pub(super) struct Decoder {
    file: File,
    metadata: ArrowReaderMetadata,
    /// Positions of the columns to decode.
    columns: Vec<usize>,
    reader: ParquetRecordBatchReader,
    /// Rows decoded at a time.
    rows: usize,
    /// Rows given at a time, at most.
    most: usize,
    /// Rows decoded so far.
    decoded: usize,
}

impl Decoder {
    /// Starts at the first row; gives at most `most` rows at a time.
    pub(super) fn new(
        file: File,
        metadata: &ArrowReaderMetadata,
        columns: Vec<usize>,
        most: usize,
    ) -> Result<Self, ParquetError> {
        let rows = rows_foreseen(metadata, &columns).min(most).max(1);
        let metadata = as_views(metadata)?;
        let reader = build_reader(&file, &metadata, &columns, 0, rows)?;
        Ok(Self {
            file,
            metadata,
            columns,
            reader,
            rows,
            most,
            decoded: 0,
        })
    }

    /// The next rows; none after the last.
    pub(super) fn next_rows(&mut self) -> Option<Result<RecordBatch, ParquetError>> {
        let mut chunks: Vec<RecordBatch> = Vec::new();
        let mut rows = 0;
        let mut bytes = 0;
        while rows + self.rows <= self.most && bytes < CHUNK_BYTES {
            match self.decode_chunk() {
                Some(Ok((chunk, size))) => {
                    rows += chunk.num_rows();
                    bytes += size;
                    chunks.push(chunk);
                }
                Some(Err(error)) => return Some(Err(error)),
                None => break,
            }
        }
        match chunks.as_slice() {
            [] => None,
            [only] => Some(Ok(only.clone())),
            [first, ..] => Some(concat_batches(&first.schema(), &chunks).map_err(ParquetError::from)),
        }
    }

    /// Rows and their bytes.
    fn decode_chunk(&mut self) -> Option<Result<(RecordBatch, usize), ParquetError>> {
        let rows = match self.reader.next()? {
            Ok(rows) => rows,
            Err(error) => return Some(Err(error.into())),
        };
        self.decoded += rows.num_rows();
        let size = decoded_size(&rows);
        // By the rows that have just come: what is behind them in the file is likely to be as long.
        let fitting = (CHUNK_BYTES / (size / rows.num_rows().max(1)).max(1)).clamp(1, self.rows);
        // A new reader decodes the current pages again: only for half the rows or fewer, and never for more.
        if fitting <= self.rows / 2 {
            self.rows = fitting;
            match build_reader(&self.file, &self.metadata, &self.columns, self.decoded, fitting) {
                Ok(reader) => self.reader = reader,
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok((rows, size)))
    }
}

/// How many rows may be decoded at a time, by what the footer says.
fn rows_foreseen(metadata: &ArrowReaderMetadata, columns: &[usize]) -> usize {
    let is_nested = columns
        .iter()
        .any(|column| metadata.schema().field(*column).data_type().is_nested());
    let groups = metadata.metadata().row_groups();
    // Of values with a common prefix a page has the prefix once, and every row gets it.
    let shares_prefixes = groups
        .iter()
        .flat_map(|group| wanted_chunks(group, metadata, columns))
        .any(|chunk| {
            chunk
                .encodings()
                .any(|encoding| encoding == Encoding::DELTA_BYTE_ARRAY)
        });
    if is_nested || shares_prefixes {
        return FEW_ROWS;
    }
    let mut longest = 0;
    for group in groups {
        let bytes = wanted_chunks(group, metadata, columns)
            .map(|chunk| chunk.uncompressed_size().unsigned_abs())
            .fold(0, u64::saturating_add);
        longest = longest.max(bytes / group.num_rows().unsigned_abs().max(1));
    }
    // A dictionary makes a chunk smaller than its rows: decoded, each of them has a view at least, or its fixed width.
    let views = columns
        .iter()
        .map(|column| match metadata.schema().field(*column).data_type() {
            DataType::FixedSizeBinary(width) => usize::try_from(*width).unwrap_or(0),
            _ => size_of::<u128>(),
        })
        .sum();
    CHUNK_BYTES / usize::try_from(longest).unwrap_or(usize::MAX).max(views).max(1)
}

/// The chunks of the columns to decode.
fn wanted_chunks<'a>(
    group: &'a RowGroupMetaData,
    metadata: &'a ArrowReaderMetadata,
    columns: &'a [usize],
) -> impl Iterator<Item = &'a ColumnChunkMetaData> {
    let schema = metadata.parquet_schema();
    let leaves = group.columns().iter().enumerate();
    leaves
        .filter(move |(leaf, _)| columns.contains(&schema.get_column_root_idx(*leaf)))
        .map(|(_, chunk)| chunk)
}

/// The same file, with text and bytes as views.
pub(super) fn as_views(metadata: &ArrowReaderMetadata) -> Result<ArrowReaderMetadata, ParquetError> {
    let fields: Vec<FieldRef> = metadata
        .schema()
        .fields()
        .iter()
        .map(|field| {
            let viewed = match field.data_type() {
                DataType::Utf8 => DataType::Utf8View,
                DataType::Binary => DataType::BinaryView,
                _ => return Arc::clone(field),
            };
            Arc::new(Field::clone(field).with_data_type(viewed))
        })
        .collect();
    let schema = Schema::new(fields);
    let options = ArrowReaderOptions::new()
        .with_skip_arrow_metadata(true)
        .with_schema(Arc::new(schema));
    ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options)
}

fn build_reader(
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

    use arrow_array::builder::{ListBuilder, StringBuilder};
    use arrow_array::cast::AsArray;
    use arrow_array::{ArrayRef, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::file::properties::WriterProperties;

    use super::*;

    /// What the decoder gives of a file with this column, at most `most` rows at a time.
    fn decoded(column: ArrayRef, most: usize, encoding: Option<Encoding>) -> Vec<RecordBatch> {
        let batch = RecordBatch::try_from_iter([("text", column)]).unwrap();
        let mut file = tempfile::tempfile().unwrap();
        let properties = WriterProperties::builder().set_dictionary_enabled(encoding.is_none());
        let properties = match encoding {
            Some(encoding) => properties.set_encoding(encoding).build(),
            None => properties.build(),
        };
        let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        assert!(
            file.metadata().unwrap().len() < 1_000_000,
            "the file holds a long text once"
        );
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let metadata = ArrowReaderMetadata::load(&file, options).unwrap();
        let mut decoder = Decoder::new(file, &metadata, vec![0], most).unwrap();
        std::iter::from_fn(|| decoder.next_rows())
            .map(Result::unwrap)
            .collect()
    }

    /// Short rows, then long ones of one text.
    fn texts() -> StringArray {
        let long = "x".repeat(500_000);
        StringArray::from_iter_values((0..230).map(|row| {
            if row < 100 || row == 229 {
                "short"
            } else {
                long.as_str()
            }
        }))
    }

    #[test]
    fn a_text_that_repeats_is_there_once_and_fewer_rows_come_after_long_ones() {
        let chunks = decoded(Arc::new(texts()), 150, None);
        let counts: Vec<usize> = chunks.iter().map(RecordBatch::num_rows).collect();
        assert_eq!((counts[0], counts.iter().sum::<usize>()), (150, 230));
        assert!(counts[1..].iter().all(|rows| *rows <= 75), "{counts:?}");
        assert!(
            chunks[0].get_array_memory_size() < 2_000_000,
            "50 rows share a text"
        );
        let lengths = chunks
            .iter()
            .flat_map(|rows| rows.column(0).as_string_view().lengths());
        assert!(
            lengths
                .zip(texts().iter().flatten())
                .all(|(length, text)| length as usize == text.len())
        );
    }

    #[test]
    fn where_rows_cannot_be_foreseen_few_are_decoded_and_put_together() {
        let mut lists = ListBuilder::new(StringBuilder::new());
        texts().iter().for_each(|text| lists.append_value([text]));
        let short: StringArray = (0..1_000).map(|row| Some(format!("{row}"))).collect();
        for (column, encoding) in [
            (Arc::new(texts()) as ArrayRef, Some(Encoding::DELTA_BYTE_ARRAY)),
            (Arc::new(lists.finish()), None),
        ] {
            let chunks = decoded(column, 150, encoding);
            let counts: Vec<usize> = chunks.iter().map(RecordBatch::num_rows).collect();
            assert_eq!((counts[0], counts.iter().sum::<usize>()), (128, 230));
            assert!(counts[2..].iter().all(|rows| *rows <= 32), "{counts:?}");
        }
        let chunks = decoded(Arc::new(short.clone()), 400, Some(Encoding::DELTA_BYTE_ARRAY));
        assert_eq!(
            chunks.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(),
            [384, 384, 232]
        );
        let found = chunks
            .iter()
            .flat_map(|rows| rows.column(0).as_string_view().iter().flatten());
        assert!(found.eq(short.iter().flatten()));
    }
}
