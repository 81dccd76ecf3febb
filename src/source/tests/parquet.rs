//! Parquet: which column is the geometry, which CRS it is in, and where rows are from.

use std::io::Cursor;
use std::sync::Arc;

use ::parquet::arrow::ArrowWriter;
use ::parquet::arrow::arrow_writer::ArrowWriterOptions;
use ::parquet::basic::{LogicalType, Repetition, Type as Physical};
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, FixedLenByteArrayType, Int96, Int96Type};
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::parser::parse_message_type;
use ::parquet::schema::types::{SchemaDescriptor, Type};
use arrow_array::{ArrayRef, BinaryArray, Int64Array, RecordBatch};

use super::*;

/// What to write: names and native types of the geometry columns, key-value pairs, rows.
struct Written<'a> {
    geometries: &'a [(&'a str, Option<LogicalType>)],
    pairs: &'a [(&'a str, &'a str)],
    rows: i64,
}

const PLAIN: Written<'_> = Written {
    geometries: &[("shape", None)],
    pairs: &[],
    rows: 1,
};

/// A file with a column `n` of the row numbers and a point `(n, n)` in each geometry column.
fn bytes(written: &Written<'_>) -> Vec<u8> {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(1..=written.rows));
    let point = |n: i64| {
        let ordinate = (n as f64).to_le_bytes();
        [&[1, 1, 0, 0, 0][..], &ordinate, &ordinate].concat()
    };
    let points: ArrayRef = Arc::new(BinaryArray::from_iter_values((1..=written.rows).map(point)));
    let geometries = written
        .geometries
        .iter()
        .map(|(name, _)| (*name, Arc::clone(&points)));
    let batch = RecordBatch::try_from_iter([("n", numbers)].into_iter().chain(geometries)).unwrap();
    let field = |name: &str, physical, logical| {
        let builder = Type::primitive_type_builder(name, physical).with_repetition(Repetition::REQUIRED);
        Arc::new(builder.with_logical_type(logical).build().unwrap())
    };
    let mut fields = vec![field("n", Physical::INT64, None)];
    fields.extend(
        written
            .geometries
            .iter()
            .map(|(name, kind)| field(name, Physical::BYTE_ARRAY, kind.clone())),
    );
    let schema = Type::group_type_builder("schema")
        .with_fields(fields)
        .build()
        .unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(10))
        .build();
    let options = ArrowWriterOptions::new()
        .with_parquet_schema(SchemaDescriptor::new(Arc::new(schema)))
        .with_skip_arrow_metadata(true)
        .with_properties(properties);
    let mut writer =
        ArrowWriter::try_new_with_options(Cursor::new(Vec::new()), batch.schema(), options).unwrap();
    writer.write(&batch).unwrap();
    for (key, value) in written.pairs {
        writer.append_key_value_metadata(KeyValue::new((*key).to_owned(), (*value).to_owned()));
    }
    writer.into_inner().unwrap().into_inner()
}

fn parquet(geometry: Option<&str>) -> Format {
    Format::Parquet {
        geometry: geometry.map(str::to_owned),
    }
}

/// Opens a file, which is there as long as the folder is.
fn opened(
    written: &Written<'_>,
    geometry: Option<&str>,
    crs: Option<Crs>,
) -> Result<(Reader, TempDir), String> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("0123456789abcdef.parquet");
    fs::write(&path, bytes(written)).unwrap();
    let reader = open_as(&path, parquet(geometry), &LIMITS, crs);
    reader.map(|reader| (reader, folder)).map_err(|error| {
        let text = error.to_string();
        assert!(
            text.contains("in/shown.parquet") && !text.contains("0123"),
            "{text}"
        );
        text
    })
}

/// The CRS of a file with one native geometry column, or why there is none.
fn native(kind: LogicalType, pairs: &[(&str, &str)]) -> Result<String, String> {
    let written = Written {
        geometries: &[("shape", Some(kind))],
        pairs,
        rows: 1,
    };
    opened(&written, None, None).map(|(reader, _)| reader.crs().to_string())
}

#[test]
fn native_types_say_their_crs() {
    let geometry = |crs: &str| LogicalType::geometry(Some(crs.to_owned()));
    let utm = r#"{"type":"ProjectedCRS","name":"x","id":{"authority":"EPSG","code":26914}}"#;
    let crs84 = || Ok("OGC:CRS84".to_owned());
    assert_eq!(native(LogicalType::geometry(None), &[]), crs84());
    assert_eq!(native(LogicalType::geography(None, None), &[]), crs84());
    assert_eq!(native(geometry("OGC:CRS84"), &[]), crs84());
    assert_eq!(native(geometry("EPSG:26914"), &[]), Ok("EPSG:26914".to_owned()));
    assert_eq!(native(geometry(utm), &[]), Ok("EPSG:26914".to_owned()));
    assert_eq!(
        native(geometry("projjson:my_crs"), &[("my_crs", utm)]),
        Ok("EPSG:26914".to_owned())
    );
    for (crs, said) in [
        ("srid:0", "its CRS and"),
        ("srid:4326", "`srid:4326`"),
        ("projjson:gone", "`projjson:gone`"),
    ] {
        let error = native(geometry(crs), &[]).unwrap_err();
        assert!(
            error.contains("doesn't say its CRS") && error.contains(said),
            "{error}"
        );
    }
}

#[test]
fn a_definition_without_a_code_is_read_by_what_it_says() {
    let wgs84 = r#"{"type":"GeographicCRS","name":"my own","datum":{"type":"GeodeticReferenceFrame","name":"World Geodetic System 1984","ellipsoid":{"name":"WGS 84","semi_major_axis":6378137,"inverse_flattening":298.257223563}},"coordinate_system":{"subtype":"ellipsoidal","axis":[{"name":"Longitude","abbreviation":"lon","direction":"east","unit":"degree"},{"name":"Latitude","abbreviation":"lat","direction":"north","unit":"degree"}]}}"#;
    let found = native(LogicalType::geometry(Some(wgs84.to_owned())), &[]).unwrap();
    assert!(["my own", "OGC:CRS84"].contains(&found.as_str()), "{found}");
}

#[test]
fn the_pipeline_names_a_column_that_nothing_else_does() {
    let error = opened(&PLAIN, None, Some(Crs::Crs84)).err().unwrap();
    assert!(
        error.contains("`n`, `shape`") && error.contains("geometry = "),
        "{error}"
    );
    let error = opened(&PLAIN, Some("shape"), None).err().unwrap();
    assert!(error.contains("doesn't say its CRS"), "{error}");
    let error = opened(&PLAIN, Some("n"), Some(Crs::Crs84)).err().unwrap();
    assert!(error.contains("`n` is Int64, not WKB"), "{error}");
    let (mut reader, _folder) = opened(&PLAIN, Some("SHAPE"), Some(Crs::Crs84)).unwrap();
    let batch = reader.next().unwrap().unwrap();
    assert_eq!(geometries(&batch), [Some("POINT(1 1)".to_owned())]);
    assert_eq!(batch.columns.len(), 1, "the geometry is no column of text");
}

#[test]
fn of_several_geometries_one_must_be_chosen() {
    let kind = Some(LogicalType::geometry(None));
    let utm = Some(LogicalType::geometry(Some("EPSG:26914".to_owned())));
    let two = Written {
        geometries: &[("shape", kind), ("footprint", utm)],
        ..PLAIN
    };
    let error = opened(&two, None, None).err().unwrap();
    assert!(error.contains("`shape`, `footprint`"), "{error}");
    let (reader, _) = opened(&two, Some("footprint"), None).unwrap();
    assert_eq!(
        (reader.crs().to_string().as_str(), reader.fixed_columns().unwrap()),
        ("EPSG:26914", &["n".to_owned()][..])
    );
    let geo = r#"{"version":"1.1.0","primary_column":"shape","columns":{"shape":{"encoding":"WKB"}}}"#;
    let (reader, _) = opened(
        &Written {
            pairs: &[("geo", geo)],
            ..two
        },
        None,
        None,
    )
    .unwrap();
    assert_eq!(
        (reader.crs(), reader.fixed_columns().unwrap().len()),
        (&Crs::Crs84, 1)
    );
}

#[test]
fn a_file_that_contradicts_itself_is_refused() {
    let geo = r#"{"version":"2.0.0","primary_column":"shape","columns":{"shape":{"encoding":"WKB"}}}"#;
    let file = |crs: &str| {
        let geometries = &[("shape", Some(LogicalType::geometry(Some(crs.to_owned()))))];
        opened(
            &Written {
                geometries,
                pairs: &[("geo", geo)],
                rows: 1,
            },
            None,
            None,
        )
        .map(|(reader, _)| reader.crs().clone())
    };
    assert_eq!(file("EPSG:4326"), Ok(Crs::Crs84));
    let error = file("EPSG:3857").unwrap_err();
    assert!(
        error.contains("contradicts itself") && error.contains("EPSG:3857"),
        "{error}"
    );
}

#[test]
fn rows_are_numbered_within_their_file_and_batches_end_with_it() {
    let folder = TempDir::new().unwrap();
    let kind = LogicalType::geometry(None);
    for (name, rows) in [("a.parquet", 25), ("b=1/x.parquet", 0), ("b=2/x.parquet", 3)] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let geometries = &[("shape", Some(kind.clone()))];
        fs::write(
            path,
            bytes(&Written {
                geometries,
                pairs: &[],
                rows,
            }),
        )
        .unwrap();
    }
    let read = |limits: &Limits, path: &Path| -> Vec<(String, Vec<u64>)> {
        let reader = open_as(path, parquet(None), limits, None).unwrap();
        let batch = |batch: Result<RawBatch, SourceError>| {
            let batch = batch.unwrap();
            (batch.source.to_string(), batch.rows.values().to_vec())
        };
        reader.map(batch).collect()
    };
    let error = open_as(folder.path(), parquet(None), &LIMITS, None)
        .err()
        .unwrap()
        .to_string();
    assert!(
        error.contains("b=1/x.parquet") && error.contains("`b`"),
        "{error}"
    );
    fs::remove_file(folder.path().join("a.parquet")).unwrap();
    let found = read(&LIMITS, folder.path());
    assert_eq!(found, [("in/shown./b=2/x.parquet".to_owned(), vec![1, 2, 3])]);
    let limits = Limits {
        batch_rows: 2,
        rows: Some(3),
        ..LIMITS
    };
    let counted: Vec<usize> = read(&limits, folder.path())
        .iter()
        .map(|(_, rows)| rows.len())
        .collect();
    assert_eq!(counted, [2, 1]);
}

#[test]
fn a_row_over_the_limit_is_rejected_alone() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.parquet");
    let geometries = &[("shape", Some(LogicalType::geometry(None)))];
    fs::write(
        &path,
        bytes(&Written {
            geometries,
            pairs: &[],
            rows: 120,
        }),
    )
    .unwrap();
    // A point is 21 bytes; the number of the hundredth row is the first with three digits.
    let limits = Limits {
        record_bytes: 23,
        ..LIMITS
    };
    let batches: Vec<_> = open_as(&path, parquet(None), &limits, None)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let found = defects(&batches[0]);
    assert_eq!(
        (found.len(), found[0]),
        (21, (100, "record", RejectReason::RecordTooLong))
    );
}

/// INT96 and annotated bytes, at the top and nested, as no Arrow writer writes them.
fn low_level() -> Vec<u8> {
    fn put<T: DataType>(
        group: &mut ::parquet::file::writer::SerializedRowGroupWriter<'_, Cursor<Vec<u8>>>,
        values: &[T::T],
        levels: [Option<&[i16]>; 2],
    ) {
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<T>()
            .write_batch(values, levels[0], levels[1])
            .unwrap();
        column.close().unwrap();
    }
    let schema = "message m {
        REQUIRED BYTE_ARRAY shape;
        REQUIRED INT96 at;
        REQUIRED GROUP days (LIST) { REPEATED GROUP list { REQUIRED INT96 element; } }
        REQUIRED GROUP who { REQUIRED FIXED_LEN_BYTE_ARRAY(16) id (UUID); REQUIRED BYTE_ARRAY kind (ENUM); }
    }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(Cursor::new(Vec::new()), schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let day = |days: u32| {
        let mut value = Int96::new();
        value.set_data(1_000_000_000, 0, 2_440_588 + days);
        value
    };
    let (ordinary, never) = (day(18_321), day(2_932_896));
    let point = [&[1, 1, 0, 0, 0][..], &[0; 16]].concat();
    put::<ByteArrayType>(&mut group, &[point.into()], [None; 2]);
    put::<Int96Type>(&mut group, &[never], [None; 2]);
    put::<Int96Type>(&mut group, &[ordinary, never], [Some(&[1, 1]), Some(&[0, 1])]);
    put::<FixedLenByteArrayType>(&mut group, &[ByteArray::from(vec![0x12; 16]).into()], [None; 2]);
    put::<ByteArrayType>(&mut group, &["OPEN".into()], [None; 2]);
    group.close().unwrap();
    writer.into_inner().unwrap().into_inner()
}

#[test]
fn instants_of_96_bits_and_nested_bytes_are_spelled_like_others() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.parquet");
    fs::write(&path, low_level()).unwrap();
    let mut reader = open_as(&path, parquet(Some("shape")), &LIMITS, Some(Crs::Crs84)).unwrap();
    let batch = reader.next().unwrap().unwrap();
    let values: Vec<String> = batch
        .columns
        .iter()
        .map(|(_, values)| spelling::spell_value(values, 0).unwrap())
        .collect();
    assert_eq!(
        values,
        [
            "9999-12-31T00:00:01",
            r#"["2020-02-29T00:00:01","9999-12-31T00:00:01"]"#,
            r#"{"id":"12121212-1212-1212-1212-121212121212","kind":"OPEN"}"#,
        ]
    );
}
