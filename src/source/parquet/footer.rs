//! A Parquet file's footer: its columns, its key-value pairs, its size.
//!
//! Opens files. The columns are those of the Parquet schema itself: the Arrow schema that some
//! writers keep beside it is not looked at, so a file reads the same whoever wrote it.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use arrow_schema::DataType;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use parquet::basic::{LogicalType, TimeType, TimeUnit};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics;

use super::super::batch::MAX_COLUMNS;
use super::super::error::SourceError;
use super::super::{header, sniff};
use super::leaves::Spelling;
use super::{footer_skim, leaves};

/// Bytes of a footer, at most; a real one of 4096 columns and a hundred row groups has fewer.
const MAX_BYTES: u64 = 64 << 20;

/// A footer.
pub(super) struct Footer {
    pub(super) metadata: ArrowReaderMetadata,
    /// Column names, each once.
    pub(super) names: Vec<String>,
}

/// Opens the Parquet file at `path`, shown as `shown`.
pub(super) fn open_footer(path: &Path, shown: &str) -> Result<(File, Footer), SourceError> {
    let mut file = File::open(path).map_err(|source| SourceError::Open {
        shown: shown.to_owned(),
        source,
    })?;
    // Marks and footer are looked at before a parser sees them, which trusts what a file says of its own sizes.
    check_ends(&mut file, shown).map_err(|source| read_error(shown, source))??;
    check_footer(&mut file, shown).map_err(|source| read_error(shown, source))??;
    let metadata = parse_footer(&file).map_err(|error| footer_error(shown, &error))?;
    check_counts(&metadata).map_err(|reason| footer_error(shown, &reason))?;
    check_places(&metadata).map_err(|reason| footer_error(shown, &reason))?;
    check_overlaps(&metadata).map_err(|reason| footer_error(shown, &reason))?;
    let fields = metadata.schema().fields();
    if fields.len() > MAX_COLUMNS {
        return Err(SourceError::TooManyColumns {
            shown: shown.to_owned(),
            row: 1,
            limit: MAX_COLUMNS,
        });
    }
    let names = header::unique_names(fields.iter().map(|field| field.name().as_str()));
    Ok((file, Footer { metadata, names }))
}

/// The footer, with the columns' types as they are to be read.
fn parse_footer(file: &File) -> Result<ArrowReaderMetadata, ParquetError> {
    // The Arrow schema that Arrow's own writers leave in a file gives other types to the same bytes: dictionaries,
    // large texts, time zones by name.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let inferred = ArrowReaderMetadata::load(file, options.clone())?;
    match leaves::in_micros(inferred.schema(), inferred.parquet_schema()) {
        None => Ok(inferred),
        Some(schema) => {
            ArrowReaderMetadata::try_new(Arc::clone(inferred.metadata()), options.with_schema(schema))
        }
    }
}

/// A file and its row groups count the same rows.
fn check_counts(metadata: &ArrowReaderMetadata) -> Result<(), String> {
    let stated = metadata.metadata().file_metadata().num_rows();
    let counts = metadata
        .metadata()
        .row_groups()
        .iter()
        .map(RowGroupMetaData::num_rows);
    let mut rows = 0_i64;
    let mut is_sound = true;
    for count in counts {
        is_sound &= count >= 0;
        rows = rows.saturating_add(count);
    }
    // Readers differ in which of the counts they believe, so a file that has two loses rows in one of them.
    if is_sound && rows == stated {
        Ok(())
    } else {
        Err(format!("the file counts {stated} rows, its row groups {rows}"))
    }
}

/// Pages lie in the file: a place or a length below zero would end the reader in a panic.
fn check_places(metadata: &ArrowReaderMetadata) -> Result<(), String> {
    for column in metadata
        .metadata()
        .row_groups()
        .iter()
        .flat_map(RowGroupMetaData::columns)
    {
        let places = [
            Some(column.data_page_offset()),
            column.dictionary_page_offset(),
            column.index_page_offset(),
            column.bloom_filter_offset(),
            column.column_index_offset(),
            column.offset_index_offset(),
            Some(column.compressed_size()),
            Some(column.uncompressed_size()),
            Some(column.num_values()),
            column.column_index_length().map(i64::from),
            column.offset_index_length().map(i64::from),
        ];
        if let Some(place) = places.into_iter().flatten().find(|place| *place < 0) {
            return Err(format!(
                "it claims that column `{}` is at or of {place} bytes",
                column.column_path()
            ));
        }
    }
    Ok(())
}

/// No two column chunks lie in the same bytes: a file of kilobytes could name its pages again and again, and have the
/// same rows counted as many times.
fn check_overlaps(metadata: &ArrowReaderMetadata) -> Result<(), String> {
    let columns = metadata
        .metadata()
        .row_groups()
        .iter()
        .flat_map(RowGroupMetaData::columns);
    let mut places: Vec<Range<i64>> = columns.map(data_of).filter(|place| !place.is_empty()).collect();
    places.sort_unstable_by_key(|place| (place.start, place.end));
    match places.windows(2).find(|pair| pair[1].start < pair[0].end) {
        None => Ok(()),
        Some(pair) => Err(format!(
            "two of its columns lie in the same bytes, from {} on",
            pair[1].start
        )),
    }
}

/// Where the data pages of a column chunk lie. Some writers say of a dictionary that isn't there that it is at 0.
fn data_of(column: &ColumnChunkMetaData) -> Range<i64> {
    let first = column.data_page_offset();
    let dictionary = column
        .dictionary_page_offset()
        .filter(|at| (1..first).contains(at));
    first
        ..dictionary
            .unwrap_or(first)
            .saturating_add(column.compressed_size())
}

/// Looks at the marks at both ends of a file, which say more than a parser's complaint.
fn check_ends(file: &mut File, shown: &str) -> io::Result<Result<(), SourceError>> {
    const LEAST: u64 = 12;
    let mut head = Vec::new();
    file.take(512).read_to_end(&mut head)?;
    let bytes = file.metadata()?.len();
    if bytes == 0 {
        return Ok(Err(SourceError::Empty {
            shown: shown.to_owned(),
        }));
    }
    let mut tail = [0; 4];
    if bytes >= LEAST {
        file.seek(SeekFrom::End(-4))?;
        file.read_exact(&mut tail)?;
    }
    let reason = match (head.as_slice(), &tail) {
        ([b'P', b'A', b'R', b'1', ..], b"PAR1") => return Ok(Ok(())),
        ([b'P', b'A', b'R', b'E', ..], _) | (_, b"PARE") => {
            "it is encrypted; ask its publisher for the plain file"
        }
        ([b'P', b'A', b'R', b'1', ..], _) => "it is cut off: the footer is missing; fetch it again",
        _ => {
            return Ok(Err(SourceError::Unexpected {
                shown: shown.to_owned(),
                expected: "a Parquet file",
                found: sniff::recognise_kind(&head).unwrap_or("something else"),
            }));
        }
    };
    Ok(Err(SourceError::Dataset {
        shown: shown.to_owned(),
        reason: reason.to_owned(),
    }))
}

/// Looks at the footer itself, before it is parsed.
fn check_footer(file: &mut File, shown: &str) -> io::Result<Result<(), SourceError>> {
    const MARKS: u64 = 8;
    let mut length = [0; 4];
    let end = file.seek(SeekFrom::End(-8))?;
    file.read_exact(&mut length)?;
    let length = u64::from(u32::from_le_bytes(length));
    if length > MAX_BYTES {
        let reason = format!("it claims {length} bytes, more than the {MAX_BYTES} that are read");
        return Ok(Err(footer_error(shown, &reason)));
    }
    let Some(start) = end.checked_sub(length) else {
        let reason = format!("it claims {length} bytes, and the file has {}", end + MARKS);
        return Ok(Err(footer_error(shown, &reason)));
    };
    let mut footer = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.take(length).read_to_end(&mut footer)?;
    Ok(footer_skim::check_footer(&footer).map_err(|fault| footer_error(shown, &fault)))
}

fn read_error(shown: &str, source: io::Error) -> SourceError {
    SourceError::Read {
        shown: shown.to_owned(),
        row: 0,
        source,
    }
}

fn footer_error(shown: &str, why: &impl Display) -> SourceError {
    let reason = format!("its footer can't be read ({why}); fetch it again");
    SourceError::Dataset {
        shown: shown.to_owned(),
        reason,
    }
}

impl Footer {
    /// Value of a key of the footer.
    pub(super) fn key_value(&self, key: &str) -> Option<&str> {
        let pairs = self.metadata.metadata().file_metadata().key_value_metadata()?;
        pairs.iter().find(|pair| pair.key == key)?.value.as_deref()
    }

    /// Rows of all row groups.
    pub(super) fn row_count(&self) -> u64 {
        let groups = self.metadata.metadata().row_groups();
        groups.iter().map(|group| group.num_rows().unsigned_abs()).sum()
    }

    /// Type of a column.
    pub(super) fn data_type(&self, position: usize) -> &DataType {
        self.metadata.schema().field(position).data_type()
    }

    /// Type of a column, in Parquet's words where it has some.
    pub(super) fn type_name(&self, position: usize) -> String {
        let logical = self.logical_type(position);
        logical.map_or_else(|| self.data_type(position).to_string(), logical_type_name)
    }

    /// Whether a column holds bytes.
    pub(super) fn is_binary(&self, position: usize) -> bool {
        matches!(
            self.data_type(position),
            DataType::Binary | DataType::FixedSizeBinary(_)
        )
    }

    /// Parquet's own type of a column.
    pub(super) fn logical_type(&self, position: usize) -> Option<&LogicalType> {
        let field = self
            .metadata
            .parquet_schema()
            .root_schema()
            .get_fields()
            .get(position)?;
        field.get_basic_info().logical_type_ref()
    }

    /// Whether every value of a column is null, by the counts of all row groups.
    pub(super) fn is_all_null(&self, position: usize) -> bool {
        let schema = self.metadata.parquet_schema();
        let leaf = (0..schema.num_columns()).find(|leaf| schema.get_column_root_idx(*leaf) == position);
        let groups = self.metadata.metadata().row_groups();
        groups.iter().all(|group| {
            let statistics = leaf.and_then(|leaf| group.column(leaf).statistics());
            let nulls = statistics.and_then(Statistics::null_count_opt);
            nulls == Some(group.num_rows().unsigned_abs())
        })
    }

    /// How to spell the values of a column.
    pub(super) fn spelling_of(&self, position: usize) -> Spelling {
        let schema = self.metadata.parquet_schema();
        let mut leaves = (0..schema.num_columns())
            .filter(|leaf| schema.get_column_root_idx(*leaf) == position)
            .map(|leaf| schema.columns()[leaf].as_ref());
        leaves::leaf_spelling(self.data_type(position), &mut leaves)
    }
}

/// A logical type as people say it: its name, and of a time what its numbers count.
fn logical_type_name(kind: &LogicalType) -> String {
    match kind {
        LogicalType::Timestamp(time) => time_type_name("Timestamp", time),
        LogicalType::Time(time) => time_type_name("Time", time),
        LogicalType::Decimal(decimal) => format!("Decimal({}, {})", decimal.precision, decimal.scale),
        kind => {
            let debug = format!("{kind:?}");
            debug.split(['(', ' ', '{']).next().unwrap_or_default().to_owned()
        }
    }
}

fn time_type_name(name: &str, time: &TimeType) -> String {
    let unit = match time.unit {
        TimeUnit::MILLIS => "milliseconds",
        TimeUnit::MICROS => "microseconds",
        TimeUnit::NANOS => "nanoseconds",
    };
    let zone = if time.is_adjusted_to_u_t_c {
        "UTC"
    } else {
        "no time zone"
    };
    format!("{name} in {unit}, {zone}")
}

#[cfg(test)]
mod tests {
    use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::basic::{IntType, TimestampType};

    use super::*;

    /// The lowest bit of a number in a footer is its sign: whichever is turned, what is opened can be read on.
    #[test]
    fn a_place_below_zero_is_an_error_and_no_panic() {
        let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..100));
        let names: ArrayRef = Arc::new(StringArray::from_iter_values(
            (0..100).map(|id| format!("N{}", id % 3)),
        ));
        let rows = RecordBatch::try_from_iter([("id", ids), ("name", names)]).unwrap();
        let mut writer = ArrowWriter::try_new(Vec::new(), rows.schema(), None).unwrap();
        writer.write(&rows).unwrap();
        let whole = writer.into_inner().unwrap();
        let length = u32::from_le_bytes(whole[whole.len() - 8..whole.len() - 4].try_into().unwrap()) as usize;
        let path = tempfile::NamedTempFile::new().unwrap();
        let mut below_zero = 0;
        for at in whole.len() - 8 - length..whole.len() - 8 {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(path.path(), bytes).unwrap();
            match open_footer(path.path(), "a.parquet") {
                Ok((_, footer)) => {
                    let groups = footer.metadata.metadata().row_groups();
                    for column in groups.iter().flat_map(RowGroupMetaData::columns) {
                        column.byte_range();
                    }
                }
                Err(error) => {
                    below_zero += usize::from(crate::feature::error_chain(&error).contains("is at or of -"));
                }
            }
        }
        assert!(below_zero >= 6, "{below_zero}");
    }

    #[test]
    fn types_are_told_in_words() {
        let micros = TimestampType {
            is_adjusted_to_u_t_c: false,
            unit: TimeUnit::MICROS,
        };
        assert_eq!(
            logical_type_name(&LogicalType::Timestamp(micros)),
            "Timestamp in microseconds, no time zone"
        );
        let integer = LogicalType::Integer(IntType {
            bit_width: 32,
            is_signed: true,
        });
        assert_eq!(logical_type_name(&integer), "Integer");
        assert_eq!(logical_type_name(&LogicalType::String), "String");
    }
}
