//! Parquet files that ask for far more than they are.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, ListBuilder, StringDictionaryBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{ArrayRef, BinaryArray, RecordBatch, StringArray, new_null_array};
use arrow_schema::DataType;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::{
    FileMetaData, KeyValue, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter,
};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder};

use super::Hostile;

const GEO: &str =
    r#"{"version":"1.1.0","primary_column":"geometry","columns":{"geometry":{"encoding":"WKB"}}}"#;

/// Makes a file.
type Make = fn() -> Vec<u8>;

/// Rows of files that are long in that.
const ROWS: usize = 100_000;

const FILES: [(&str, Make); 15] = [
    ("same_pages", || same_pages(1_000, 20_000)),
    ("same_pages_of_many", || same_pages(ROWS, 1_000)),
    ("claims_a_page", || claiming(0x7FFF_FFFF)),
    ("claims_a_small_page", || claiming(0x0800_0000)),
    ("claims_rows", || with_rows(i64::MAX / 2)),
    ("negative_rows", || with_rows(-1)),
    ("nulls", || {
        file(
            &[("ID", new_null_array(&DataType::Utf8, ROWS))],
            ROWS,
            properties(),
        )
    }),
    ("columns_of_nulls", || columns_of_nulls(4_000, 20_000)),
    ("too_many_columns", || columns_of_nulls(5_000, 10)),
    ("one_long_text", || {
        file(&[("ID", dictionary(&long_text(), 2_000))], 2_000, properties())
    }),
    ("many_long_texts", || many_long_texts(&long_text(), 100, 500)),
    ("prefixes", || file(&[("ID", prefixes(3_000))], 3_000, deltas())),
    ("lists", || {
        file(&[("ID", lists(500, 100_000))], 500, properties())
    }),
    ("long_geometry", || long_geometry(8)),
    ("wide_pages", || wide_pages(60, 1 << 20)),
];

/// Long enough for a file of kilobytes to hold a hundred megabytes, and short enough to be written.
fn long_text() -> String {
    "x".repeat(1 << 16)
}

/// Writes those whose names are wanted.
pub(super) fn write(folder: &Path, is_wanted: impl Fn(&str) -> bool) -> Vec<Hostile> {
    let write = |(name, make): (&str, Make)| {
        let (file, bytes) = (format!("{name}.parquet"), make());
        assert!(
            bytes.len() < 50_000_000,
            "{name} is no small file: {} bytes",
            bytes.len()
        );
        fs::write(folder.join(&file), bytes).unwrap();
        Hostile {
            source: format!("parquet = {{ path = \"{file}\" }}"),
            file,
        }
    };
    FILES
        .into_iter()
        .filter(|(name, _)| is_wanted(name))
        .map(write)
        .collect()
}

fn properties() -> WriterPropertiesBuilder {
    let zstd = Compression::ZSTD(ZstdLevel::try_new(1).unwrap());
    WriterProperties::builder().set_compression(zstd)
}

fn deltas() -> WriterPropertiesBuilder {
    properties()
        .set_dictionary_enabled(false)
        .set_encoding(Encoding::DELTA_BYTE_ARRAY)
}

fn points(rows: usize) -> ArrayRef {
    let wkb = [
        &[1, 1, 0, 0, 0][..],
        &(-95_f64).to_le_bytes(),
        &35_f64.to_le_bytes(),
    ]
    .concat();
    Arc::new(BinaryArray::from_iter_values((0..rows).map(|_| wkb.as_slice())))
}

/// A file with these columns and points.
fn file(columns: &[(&str, ArrayRef)], rows: usize, properties: WriterPropertiesBuilder) -> Vec<u8> {
    let points = [("geometry", points(rows))];
    let columns = columns
        .iter()
        .chain(&points)
        .map(|(name, column)| (*name, Arc::clone(column), true));
    written(
        &RecordBatch::try_from_iter_with_nullable(columns).unwrap(),
        properties,
    )
}

fn written(rows: &RecordBatch, properties: WriterPropertiesBuilder) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, rows.schema(), Some(properties.build())).unwrap();
    writer.write(rows).unwrap();
    writer.append_key_value_metadata(KeyValue::new("geo".to_owned(), GEO.to_owned()));
    writer.close().unwrap();
    bytes
}

fn dictionary(text: &str, rows: usize) -> ArrayRef {
    let mut column = StringDictionaryBuilder::<Int32Type>::new();
    for _ in 0..rows {
        column.append(text).unwrap();
    }
    Arc::new(column.finish())
}

fn columns_of_nulls(columns: usize, rows: usize) -> Vec<u8> {
    let names: Vec<String> = (0..columns).map(|column| format!("C{column}")).collect();
    let column = |name| (name, new_null_array(&DataType::Utf8, rows));
    let columns: Vec<(&str, ArrayRef)> = names.iter().map(String::as_str).map(column).collect();
    file(&columns, rows, properties())
}

/// Columns whose dictionaries have one long text each.
fn many_long_texts(text: &str, columns: usize, rows: usize) -> Vec<u8> {
    let names: Vec<String> = (0..columns).map(|column| format!("C{column}")).collect();
    let column = |name| (name, dictionary(text, rows));
    let columns: Vec<(&str, ArrayRef)> = names.iter().map(String::as_str).map(column).collect();
    file(&columns, rows, properties())
}

/// Texts each of which begins with the one before it.
fn prefixes(rows: usize) -> ArrayRef {
    let whole = "x".repeat(rows * 20);
    Arc::new(StringArray::from_iter_values(
        (1..=rows).map(|row| &whole[..row * 20]),
    ))
}

/// Lists of so many nulls.
fn lists(rows: usize, items: usize) -> ArrayRef {
    let mut lists = ListBuilder::new(BooleanBuilder::new());
    for _ in 0..rows {
        lists.values().append_nulls(items);
        lists.append(true);
    }
    Arc::new(lists.finish())
}

/// Lines of many vertices, all of them at one place.
fn long_geometry(rows: usize) -> Vec<u8> {
    let vertices: u32 = 500_000;
    let mut line = [&[1, 2, 0, 0, 0][..], &vertices.to_le_bytes()].concat();
    let vertex = [(-95_f64).to_le_bytes(), 35_f64.to_le_bytes()].concat();
    (0..vertices).for_each(|_| line.extend_from_slice(&vertex));
    let lines: ArrayRef = Arc::new(BinaryArray::from_iter_values((0..rows).map(|_| line.as_slice())));
    let ids: ArrayRef = Arc::new(StringArray::from_iter_values(
        (0..rows).map(|row| row.to_string()),
    ));
    written(
        &RecordBatch::try_from_iter([("ID", ids), ("geometry", lines)]).unwrap(),
        properties(),
    )
}

/// Columns each of which has a page that unpacks to so many bytes.
fn wide_pages(columns: usize, bytes: usize) -> Vec<u8> {
    let text = "x".repeat(bytes);
    let names: Vec<String> = (0..columns).map(|column| format!("C{column}")).collect();
    let column = |name| {
        (
            name,
            Arc::new(StringArray::from(vec![text.as_str(); 3])) as ArrayRef,
        )
    };
    let columns: Vec<(&str, ArrayRef)> = names.iter().map(String::as_str).map(column).collect();
    file(&columns, 3, properties().set_dictionary_enabled(false))
}

fn small(rows: usize) -> Vec<u8> {
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["7"; rows]));
    file(&[("ID", ids)], rows, properties())
}

fn metadata(file: &[u8]) -> ParquetMetaData {
    let mut copy = tempfile::tempfile().unwrap();
    copy.write_all(file).unwrap();
    ParquetMetaDataReader::new().parse_and_finish(&copy).unwrap()
}

/// The file's pages under another footer.
fn refooted(file: &[u8], metadata: &ParquetMetaData) -> Vec<u8> {
    let length = u32::from_le_bytes(file[file.len() - 8..file.len() - 4].try_into().unwrap()) as usize;
    let mut bytes = file[..file.len() - 8 - length].to_vec();
    ParquetMetaDataWriter::new(&mut bytes, metadata).finish().unwrap();
    bytes
}

/// So many row groups that are all the same one.
fn same_pages(rows: usize, groups: usize) -> Vec<u8> {
    let file = small(rows);
    let found = metadata(&file);
    let group = found.row_group(0).clone();
    let about = about(&found, (rows * groups) as i64);
    refooted(&file, &ParquetMetaData::new(about, vec![group; groups]))
}

/// A footer that counts other rows, in its row group too.
fn with_rows(rows: i64) -> Vec<u8> {
    let file = small(3);
    let found = metadata(&file);
    let group = found
        .row_group(0)
        .clone()
        .into_builder()
        .set_num_rows(rows)
        .build()
        .unwrap();
    refooted(&file, &ParquetMetaData::new(about(&found, rows), vec![group]))
}

fn about(found: &ParquetMetaData, rows: i64) -> FileMetaData {
    let old = found.file_metadata();
    FileMetaData::new(
        old.version(),
        rows,
        None,
        old.key_value_metadata().cloned(),
        old.schema_descr_ptr(),
        None,
    )
}

/// A file whose first page says that it unpacks to so many bytes: the second field of its header, a zigzag varint.
fn claiming(bytes: u64) -> Vec<u8> {
    let file = small(3);
    let mut claim = Vec::new();
    let mut left = bytes << 1;
    while left >= 0x80 {
        claim.push((left & 0x7F) as u8 | 0x80);
        left >>= 7;
    }
    claim.push(left as u8);
    // Behind the mark of the file: field 1 and its value of one byte, then the head of field 2.
    assert_eq!(
        (file[4], file[6]),
        (0x15, 0x15),
        "the header of a page begins with two numbers"
    );
    let end = 7 + file[7..].iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    let mut changed = file.clone();
    // Of the same length, so that nothing else moves: what is lost is the end of the page.
    let tail = changed.split_off(end);
    changed.truncate(7);
    let grown = claim.len() - (end - 7);
    changed.extend(&claim);
    changed.extend(&tail);
    let cut = 200.min(changed.len() / 4);
    drop(changed.drain(cut..cut + grown));
    changed
}
