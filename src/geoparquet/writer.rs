//! How files are encoded; writes plain tables.
//!
//! Writes into what it is handed; creates no file and reads no clock.
//!
//! # Why these encodings
//! Measured on one core of two at pages of 1,024 rows: 503,656 substations with 36 columns (A),
//! 7,596 hospitals with 47 (B), 33,538 pipelines with 33 (C). MB at zstd 9, and what changes:
//!
//! | | A | B | C | choice |
//! |---|---|---|---|---|
//! | plain `bbox`, `facility_id`, `geometry`; dictionaries elsewhere | 20.54 | 0.857 | 2.411 | but see below |
//! | `bbox` split by byte (`BYTE_STREAM_SPLIT`) | -8.4 % | -2.9 % | -2.3 % | yes |
//! | dictionary for `bbox` | +17.6 % | +5.6 % | +8.3 % | no |
//! | dictionary for `facility_id` | +4.2 % | +1.5 % | +2.3 % | no |
//! | `DELTA_BYTE_ARRAY` for `facility_id` | +1.1 % | +0.1 % | +0.3 % | no |
//! | dictionary for `geometry` | +3.5 % | +1.4 % | -4.5 % | no: a fold of identical shapes in C only |
//! | float64 split by byte, no dictionary | +4.1 % | -4.7 % | 0 | no: voltages and the like repeat |
//! | int64 as deltas | +0.4 % | +0.1 % | 0 | no |
//! | data pages version 2 | +5.4 % | +1.5 % | +0.6 % | no |
//! | Bloom filters for `facility_id`, `county_fips` | +3.9 % | +1.5 % | +2.2 % | no: above 2 % |
//!
//! What hardly repeats has no dictionary (`repeats`): tiles of generated facilities, whose names, addresses and ids hardly
//! do, are 7 % smaller so at zstd 3.
//!
//! zstd with the choices above, MB and microseconds per row:
//!
//! | level | 3 | 6 | 9 | 12 | 15 | 19 |
//! |---|---|---|---|---|---|---|
//! | A | 19.20, 1.7 | 18.96, 2.4 | 18.80, 3.3 | 18.57, 4.8 | 18.15, 12.5 | 18.07, 33.9 |
//! | B | 0.862, 6.7 | 0.843, 13 | 0.832, 24 | 0.825, 26 | 0.795, 43 | 0.789, 128 |
//! | C | 2.468, 4.7 | 2.376, 6.1 | 2.356, 8.8 | 2.340, 19 | 2.220, 38 | 2.191, 102 |

use std::io::Write;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use super::repeats::nearly_unique_columns;
use super::{FooterEntry, GeoparquetError};
use crate::feature::BBOX_SIDES;

/// Who wrote the file. Readers that judge defects by it want `<name> version <version>`; it changes
/// with a release of the program, never with a run.
const CREATED_BY: &str = concat!("cikr version ", env!("CARGO_PKG_VERSION"));

/// Row ceiling of a row group in a table that brings none of its own.
pub(super) const TABLE_GROUP_ROWS: usize = 50_000;

/// How files are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteOptions {
    /// Rows of a data page; 0 counts as 1.
    pub page_rows: usize,
    /// zstd level, 1 to 22.
    pub zstd_level: i32,
}

impl Default for WriteOptions {
    /// Pages of 1,024 rows and zstd 3: level 12 saves 3 to 4.5 % of real tiles, and takes 4 to 14 times as long.
    fn default() -> Self {
        Self {
            page_rows: 1_024,
            zstd_level: 3,
        }
    }
}

/// Writes a plain table (rejects, reference): no `geo` key, and in the footer what is given. Returns the rows written.
///
/// ```
/// use std::sync::Arc;
/// use arrow_array::{ArrayRef, RecordBatch, StringArray};
/// use cikr::geoparquet::{WriteOptions, read, write_table};
///
/// let codes: ArrayRef = Arc::new(StringArray::from(vec!["R04", "R06"]));
/// let rows = RecordBatch::try_from_iter_with_nullable([("region", codes, true)])?;
/// let mut file = tempfile::NamedTempFile::new()?;
/// assert_eq!(write_table(&rows, &[], &WriteOptions::default(), &mut file)?, 2);
/// assert_eq!(read(file.path(), None)?, rows);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If encoding or `out` fails.
pub fn write_table<W: Write + Send>(
    rows: &RecordBatch,
    footer: &[FooterEntry],
    options: &WriteOptions,
    out: W,
) -> Result<u64, GeoparquetError> {
    let full = rows.num_rows() / TABLE_GROUP_ROWS;
    let mut groups = vec![TABLE_GROUP_ROWS; full];
    groups.push(rows.num_rows() - full * TABLE_GROUP_ROWS);
    base_properties(options)
        .and_then(|builder| write_row_groups(rows, &groups, footer, builder.build(), out))
        .map_err(|source| GeoparquetError::write_error("a table", source))
}

/// What every file shares: page and offset index are on by default, sorting columns are not claimed
/// (STR order is no order by columns).
pub(super) fn base_properties(options: &WriteOptions) -> Result<WriterPropertiesBuilder, ParquetError> {
    // A page of no rows would never fill.
    let page_rows = options.page_rows.max(1);
    Ok(WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(options.zstd_level)?))
        .set_data_page_row_count_limit(page_rows)
        // Limits are checked between batches: pages align across columns only if a batch is a page.
        .set_write_batch_size(page_rows)
        // Row groups are cut by whoever writes them.
        .set_max_row_group_row_count(None))
}

/// What differs for columns whose values hardly repeat, as `first`, the first rows, tell; see the measurements above.
pub(super) fn with_spatial_encodings(
    builder: WriterPropertiesBuilder,
    first: &RecordBatch,
) -> WriterPropertiesBuilder {
    let geometry = ColumnPath::from("geometry");
    let mut builder = builder
        .set_column_dictionary_enabled(ColumnPath::from("facility_id"), false)
        .set_column_dictionary_enabled(geometry.clone(), false)
        // Least and greatest bytes of WKB say nothing about space.
        .set_column_statistics_enabled(geometry, EnabledStatistics::None);
    for (name, is_text) in nearly_unique_columns(first) {
        let path = ColumnPath::from(name);
        if is_text {
            builder = builder.set_column_statistics_enabled(path.clone(), EnabledStatistics::None);
        }
        builder = builder.set_column_dictionary_enabled(path, false);
    }
    BBOX_SIDES.iter().fold(builder, |builder, side| {
        let path = ColumnPath::from(vec!["bbox".to_owned(), (*side).to_owned()]);
        builder
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, Encoding::BYTE_STREAM_SPLIT)
    })
}

fn write_row_groups<W: Write + Send>(
    rows: &RecordBatch,
    row_groups: &[usize],
    footer: &[FooterEntry],
    properties: WriterProperties,
    out: W,
) -> Result<u64, ParquetError> {
    let mut writer = arrow_writer(properties, rows.schema(), out)?;
    let mut start = 0;
    for &len in row_groups {
        writer.write(&rows.slice(start, len))?;
        writer.flush()?;
        start += len;
    }
    append_entries(&mut writer, footer);
    writer.close()?;
    Ok(rows.num_rows() as u64)
}

/// Adds to the footer.
pub(super) fn append_entries<W: Write + Send>(writer: &mut ArrowWriter<W>, entries: &[FooterEntry]) {
    for (key, value) in entries {
        writer.append_key_value_metadata(KeyValue::new(key.clone(), value.clone()));
    }
}

pub(super) fn arrow_writer<W: Write + Send>(
    properties: WriterProperties,
    schema: SchemaRef,
    out: W,
) -> Result<ArrowWriter<W>, ParquetError> {
    // An ARROW:schema key makes older Polars fail on extension types and adds nothing here.
    let options = ArrowWriterOptions::new()
        .with_properties(properties)
        .with_skip_arrow_metadata(true);
    ArrowWriter::try_new_with_options(out, schema, options)
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Arc;

    use arrow_array::{ArrayRef, BinaryArray, Float32Array, Float64Array, StringArray, StructArray};
    use arrow_schema::{DataType, Field, Schema};
    use geo::{Coord, Rect};
    use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
    use parquet::file::reader::FileReader;
    use parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader};

    use super::super::features::{FeatureWriter, Features, write_features};
    use super::*;

    const OPTIONS: WriteOptions = WriteOptions {
        page_rows: 64,
        zstd_level: 3,
    };

    /// Points on a diagonal: row `i` stands at (`i`, `i / 2`), its box one wider on each side.
    pub(in crate::geoparquet) fn rows(rows: u16) -> RecordBatch {
        let at = |i: u16| (f64::from(i), f64::from(i) / 2.0);
        let wkb = |i: u16| {
            let (x, y) = at(i);
            [&[1, 1, 0, 0, 0][..], &x.to_le_bytes(), &y.to_le_bytes()].concat()
        };
        let side = |add: f32, half: bool| -> ArrayRef {
            Arc::new(
                (0..rows)
                    .map(|i| Some(f32::from(i) / if half { 2.0 } else { 1.0 } + add))
                    .collect::<Float32Array>(),
            )
        };
        let boxes = StructArray::new(
            BBOX_SIDES
                .map(|side| Field::new(side, DataType::Float32, false))
                .to_vec()
                .into(),
            vec![
                side(-1.0, false),
                side(-1.0, true),
                side(1.0, false),
                side(1.0, true),
            ],
            None,
        );
        let schema = Schema::new(vec![
            Field::new("facility_id", DataType::Utf8, true),
            Field::new("capacity_mw", DataType::Float64, true),
            Field::new("geometry", DataType::Binary, false),
            Field::new("bbox", DataType::Struct(boxes.fields().clone()), false),
        ]);
        let columns: Vec<ArrayRef> = vec![
            Arc::new(
                (0..rows)
                    .map(|i| Some(format!("dams:{i:05}")))
                    .collect::<StringArray>(),
            ),
            Arc::new(
                (0..rows)
                    .map(|i| (i % 7 != 0).then(|| f64::from(i)))
                    .collect::<Float64Array>(),
            ),
            Arc::new((0..rows).map(|i| Some(wkb(i))).collect::<BinaryArray>()),
            Arc::new(boxes),
        ];
        RecordBatch::try_new(Arc::new(schema), columns).unwrap()
    }

    /// The rows as a tile in so many row groups.
    pub(in crate::geoparquet) fn write_tile(
        rows: &RecordBatch,
        row_groups: &[usize],
        options: &WriteOptions,
        out: impl Write + Send,
    ) -> Result<u64, GeoparquetError> {
        let last = f64::from(u32::try_from(rows.num_rows().saturating_sub(1)).unwrap());
        let features = Features {
            what: "dams/region=R06/part-000.parquet",
            rows,
            row_groups,
            extent: Some(Rect::new(
                Coord { x: 0.0, y: 0.0 },
                Coord {
                    x: last,
                    y: last / 2.0,
                },
            )),
            geometry_types: &["Point".to_owned()],
            footer: &[],
        };
        write_features(&features, options, out)
    }

    fn bytes_of(rows: &RecordBatch, row_groups: &[usize]) -> Vec<u8> {
        let mut out = Vec::new();
        write_tile(rows, row_groups, &OPTIONS, &mut out).unwrap();
        out
    }

    fn footer_of(bytes: &[u8]) -> ParquetMetaData {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let options = ReadOptionsBuilder::new().with_page_index().build();
        SerializedFileReader::new_with_options(file, options)
            .unwrap()
            .metadata()
            .clone()
    }

    #[test]
    fn pages_start_at_the_same_rows_in_every_column() {
        let footer = footer_of(&bytes_of(&rows(300), &[200, 100]));
        let offsets = footer.offset_index().unwrap();
        for (group, starts) in [(0, vec![0, 64, 128, 192]), (1, vec![0, 64])] {
            for column in &offsets[group] {
                let found: Vec<i64> = column
                    .page_locations
                    .iter()
                    .map(|page| page.first_row_index)
                    .collect();
                assert_eq!(found, starts);
            }
        }
    }

    #[test]
    fn row_groups_are_the_tiles() {
        let footer = footer_of(&bytes_of(&rows(300), &[10, 190, 100]));
        let rows: Vec<i64> = footer
            .row_groups()
            .iter()
            .map(RowGroupMetaData::num_rows)
            .collect();
        assert_eq!(rows, [10, 190, 100]);
    }

    #[test]
    fn row_groups_that_lose_a_row_are_refused() {
        let error = write_tile(&rows(300), &[200, 99], &OPTIONS, Vec::new()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the row groups of dams/region=R06/part-000.parquet hold 299 rows, but there are 300"
        );
    }

    #[test]
    fn geometry_and_text_that_hardly_repeats_have_no_statistics_and_everything_else_has() {
        for (count, without) in [(300, &["geometry"][..]), (2_000, &["facility_id", "geometry"])] {
            let footer = footer_of(&bytes_of(&rows(count), &[usize::from(count)]));
            let columns = footer.row_group(0).columns().iter();
            let bare = columns.filter(|column| column.statistics().is_none());
            let bare: Vec<String> = bare.map(|column| column.column_path().string()).collect();
            assert_eq!(bare, without, "{count} rows");
        }
    }

    #[test]
    fn codes_are_written_as_the_text_they_stand_for() {
        use arrow_array::types::Int32Type;
        use arrow_array::{DictionaryArray, Int32Array};

        let names = ["GA", "TX", "GA", "AL"];
        let plain: ArrayRef = Arc::new(StringArray::from_iter_values(names));
        let keys = Int32Array::from(vec![2, 0, 2, 1]);
        let values = StringArray::from_iter_values(["TX", "AL", "GA"]);
        let coded: ArrayRef =
            Arc::new(DictionaryArray::<Int32Type>::try_new(keys, Arc::new(values)).unwrap());
        let plain = RecordBatch::try_from_iter([("state_code", plain)]).unwrap();
        let coded = RecordBatch::try_from_iter([("state_code", coded)]).unwrap();
        let bytes = |rows: &RecordBatch| {
            let mut out = Vec::new();
            let mut writer = FeatureWriter::new("t", plain.schema(), &OPTIONS, &mut out);
            writer.write_row_group(rows).unwrap();
            writer.close(None, &[], &[]).unwrap();
            out
        };
        assert_eq!(bytes(&coded), bytes(&plain));
    }

    #[test]
    fn same_rows_same_bytes() {
        assert_eq!(
            bytes_of(&rows(300), &[200, 100]),
            bytes_of(&rows(300), &[200, 100])
        );
    }

    #[test]
    fn a_table_has_no_geo_key() {
        let rows = rows(10).project(&[0, 1]).unwrap();
        let mut out = Vec::new();
        assert_eq!(write_table(&rows, &[], &OPTIONS, &mut out).unwrap(), 10);
        let footer = footer_of(&out);
        assert!(
            footer
                .file_metadata()
                .key_value_metadata()
                .is_none_or(Vec::is_empty)
        );
    }
}
