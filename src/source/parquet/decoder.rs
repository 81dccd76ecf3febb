//! Decodes one file, some rows at a time.
//!
//! Reads an opened file. Text and bytes are decoded as views into pages and dictionaries, which are decoded whole; so
//! many rows cost little before it is known how long they are. Where that isn't so (nested columns, prefixes that many
//! values share) only few are decoded at a time, and put together. Where rows turn out to be long, fewer come next.

use std::fs::File;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema};
use arrow_select::concat::concat_batches;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Encoding;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};

use super::values::size;

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
        let rows = foreseen(metadata, &columns).min(most).max(1);
        let metadata = as_views(metadata)?;
        let reader = reader(&file, &metadata, &columns, 0, rows)?;
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
    pub(super) fn next(&mut self) -> Option<Result<RecordBatch, ParquetError>> {
        let mut chunks: Vec<RecordBatch> = Vec::new();
        let (mut rows, mut bytes) = (0, 0);
        while rows + self.rows <= self.most && bytes < CHUNK_BYTES {
            match self.decode() {
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
    fn decode(&mut self) -> Option<Result<(RecordBatch, usize), ParquetError>> {
        let rows = match self.reader.next()? {
            Ok(rows) => rows,
            Err(error) => return Some(Err(error.into())),
        };
        self.decoded += rows.num_rows();
        let size = size(&rows);
        let fitting = (CHUNK_BYTES / (size / rows.num_rows().max(1)).max(1)).clamp(1, self.rows);
        // A new reader decodes the current pages again: only for half the rows or fewer, and never for more.
        if fitting <= self.rows / 2 {
            self.rows = fitting;
            match reader(&self.file, &self.metadata, &self.columns, self.decoded, fitting) {
                Ok(reader) => self.reader = reader,
                Err(error) => return Some(Err(error)),
            }
        }
        Some(Ok((rows, size)))
    }
}

/// How many rows may be decoded at a time, by what the footer says.
fn foreseen(metadata: &ArrowReaderMetadata, columns: &[usize]) -> usize {
    let schema = metadata.parquet_schema();
    let is_wanted = |leaf: usize| columns.contains(&schema.get_column_root_idx(leaf));
    let is_nested = columns
        .iter()
        .any(|column| metadata.schema().field(*column).data_type().is_nested());
    // Of values with a common prefix a page has the prefix once, and every row gets it.
    let shares =
        |chunk: &ColumnChunkMetaData| chunk.encodings().any(|kind| kind == Encoding::DELTA_BYTE_ARRAY);
    let wanted = |group: &RowGroupMetaData| -> Vec<ColumnChunkMetaData> {
        let chunks = group
            .columns()
            .iter()
            .enumerate()
            .filter(|(leaf, _)| is_wanted(*leaf));
        chunks.map(|(_, chunk)| chunk.clone()).collect()
    };
    let row_bytes = |group: &RowGroupMetaData| {
        let sizes = wanted(group)
            .into_iter()
            .map(|chunk| chunk.uncompressed_size().unsigned_abs());
        let bytes = sizes.fold(0, u64::saturating_add);
        bytes / group.num_rows().unsigned_abs().max(1)
    };
    let groups = metadata.metadata().row_groups();
    if is_nested || groups.iter().any(|group| wanted(group).iter().any(shares)) {
        return FEW_ROWS;
    }
    let fixed = |column: &usize| match metadata.schema().field(*column).data_type() {
        DataType::FixedSizeBinary(width) => usize::try_from(*width).unwrap_or(0),
        _ => size_of::<u128>(),
    };
    let longest = usize::try_from(groups.iter().map(row_bytes).max().unwrap_or(0)).unwrap_or(usize::MAX);
    CHUNK_BYTES / longest.max(columns.iter().map(fixed).sum()).max(1)
}

/// The same file, with text and bytes as views.
fn as_views(metadata: &ArrowReaderMetadata) -> Result<ArrowReaderMetadata, ParquetError> {
    let viewed = |field: &Field| match field.data_type() {
        DataType::Utf8 => field.clone().with_data_type(DataType::Utf8View),
        DataType::Binary => field.clone().with_data_type(DataType::BinaryView),
        _ => field.clone(),
    };
    let fields = metadata.schema().fields();
    let schema = Schema::new(fields.iter().map(|field| viewed(field)).collect::<Vec<_>>());
    let options = ArrowReaderOptions::new()
        .with_skip_arrow_metadata(true)
        .with_schema(Arc::new(schema));
    ArrowReaderMetadata::try_new(Arc::clone(metadata.metadata()), options)
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
        std::iter::from_fn(|| decoder.next())
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
