//! Typed columns come out as their spelling does, value by value: every type against every kind of field.

use arrow_array::{
    BooleanArray, Date32Array, Float32Array, Float64Array, Int64Array, TimestampMicrosecondArray,
    TimestampMillisecondArray, TimestampNanosecondArray,
};

use super::*;
use crate::feature::spelling;

const DAY: i64 = 86_400_000;

const INTEGERS: [i64; 14] = [
    0,
    1,
    -1,
    7,
    48,
    -999,
    6_037,
    41_000,
    99_999,
    123_456,
    1_580_515_200_000,
    9_007_199_254_740_993,
    i64::MAX,
    i64::MIN,
];

const FLOATS: [f64; 15] = [
    0.0,
    -0.0,
    1.0,
    12.5,
    -999.0,
    0.1,
    6_037.0,
    41_000.75,
    1.5e12,
    9_007_199_254_740_994.0,
    4.611_686_018_427_388e18,
    -9.223_372_036_854_776e18,
    9.3e18,
    1e300,
    5e-324,
];

const DAYS: [i32; 11] = [
    0,
    -25_569,
    18_321,
    -98_615,
    -98_616,
    47_846,
    47_847,
    345_519,
    2_932_897,
    i32::MAX,
    i32::MIN,
];

/// A column of every type, with what may go wrong in it.
fn columns() -> Vec<(&'static str, ArrayRef)> {
    let mut columns = number_columns();
    columns.extend(date_columns());
    columns.extend(text_columns());
    columns
}

/// Values and a null behind them.
fn and_null<T: Copy>(values: &[T]) -> impl Iterator<Item = Option<T>> {
    values.iter().copied().map(Some).chain([None])
}

fn number_columns() -> Vec<(&'static str, ArrayRef)> {
    let short = vec![0.1, -999.0, 16_777_216.0, 12.5, 1e20, f32::MIN_POSITIVE];
    vec![
        ("integers", Arc::new(and_null(&INTEGERS).collect::<Int64Array>())),
        ("floats", Arc::new(and_null(&FLOATS).collect::<Float64Array>())),
        ("short floats", Arc::new(Float32Array::from(short))),
        (
            "truths",
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        ),
    ]
}

fn date_columns() -> Vec<(&'static str, ArrayRef)> {
    let moments: Vec<i64> = DAYS[..9]
        .iter()
        .map(|day| i64::from(*day) * DAY + 46_800_000)
        .chain([0, -1, 250, 90_000_000_000_000_000])
        .collect();
    let fine = |scale: i64| moments.iter().map(move |moment| moment.saturating_mul(scale));
    vec![
        ("days", Arc::new(and_null(&DAYS).collect::<Date32Array>())),
        (
            "moments",
            Arc::new(TimestampMillisecondArray::from(moments.clone()).with_timezone("UTC")),
        ),
        (
            "local moments",
            Arc::new(TimestampMillisecondArray::from(moments.clone())),
        ),
        (
            "fine moments",
            Arc::new(TimestampMicrosecondArray::from_iter_values(fine(1_000))),
        ),
        (
            "finest moments",
            Arc::new(TimestampNanosecondArray::from_iter_values(fine(1_000_000))),
        ),
    ]
}

fn text_columns() -> Vec<(&'static str, ArrayRef)> {
    let texts = [
        "2020-02-29",
        "soon ",
        "02/29/2020",
        "-999",
        "1899-12-30",
        "1970-01-01T12:00:00",
        "",
        "7",
    ];
    let days = vec![Some(18_321), None, None, None, Some(-25_569), Some(0), None, None];
    let mixed = spelling::mixed_column(StringArray::from_iter_values(texts), Date32Array::from(days));
    let text = StringArray::from(vec![Some("48 "), None, Some("-999.00"), Some("a\u{1}b")]);
    vec![("mixed", mixed), ("text", Arc::new(text))]
}

/// Date patterns that read every spelling of a date that a typed column has.
const ISO: [&str; 4] = [
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S%.fZ",
    "%Y-%m-%dT%H:%M:%S%.f",
    "epoch-ms",
];

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// A field of every kind, with and without sentinels.
fn fields() -> Vec<(String, Field)> {
    let fields = fields_without_sentinels();
    let sentinels = words(&[
        "-999",
        "-999.00",
        "0",
        "-0",
        "true",
        "NaN",
        "12.50",
        "7",
        "1970-01-01",
        "1970-01-01T00:00:00",
        "1970-01-01T00:00:00Z",
        "soon",
    ]);
    let mut all = Vec::new();
    for (name, field) in &fields {
        let field = Field {
            null: sentinels.clone(),
            ..field.clone()
        };
        all.push((format!("{name} with sentinels"), field));
    }
    all.extend(fields.into_iter().map(|(name, field)| (name.to_owned(), field)));
    all
}

fn fields_without_sentinels() -> Vec<(&'static str, Field)> {
    let boolean = |truth: &[&str], falsity: &[&str]| FieldKind::Boolean {
        truth: words(truth),
        falsity: words(falsity),
    };
    let date = |formats: &[&str]| FieldKind::Date {
        formats: words(formats),
    };
    let of = |kind| field("v", &["V", "W"], kind);
    let codes = vec![
        ("1".to_owned(), "One".to_owned()),
        ("-999".to_owned(), "None".to_owned()),
    ];
    let with_codes = |kind| Field {
        codes: codes.clone(),
        decoded: Some("v_name".to_owned()),
        ..of(kind)
    };
    let padded = |width, field: Field| Field {
        pad: Some(width),
        ..field
    };
    vec![
        ("text", of(FieldKind::Text)),
        ("padded", padded(5, of(FieldKind::Text))),
        ("coded text", with_codes(FieldKind::Text)),
        ("coded and padded", padded(2, with_codes(FieldKind::Text))),
        ("integer", of(FieldKind::Integer)),
        ("coded integer", with_codes(FieldKind::Integer)),
        ("number", of(FieldKind::Number)),
        ("boolean", of(boolean(&["Y", "TRUE", "1"], &["N", "false", "0"]))),
        ("boolean of few words", of(boolean(&["False", "1"], &["-999"]))),
        ("date", of(date(&ISO))),
        (
            "date of other numbers",
            of(date(&[&ISO[..3], &["excel-serial", "%m/%d/%Y"]].concat())),
        ),
        ("state", of(FieldKind::State)),
    ]
}

fn as_text(columns: &[(String, ArrayRef)]) -> Vec<(String, ArrayRef)> {
    let text = |column: &ArrayRef| Arc::new(spelling::spell_column(column)) as ArrayRef;
    columns
        .iter()
        .map(|(name, column)| (name.clone(), text(column)))
        .collect()
}

/// Everything that comes out.
fn told(columns: Vec<(String, ArrayRef)>, schema: &LayerSchema) -> String {
    let done = run(&raw(columns), schema);
    let Normalised {
        columns,
        keys,
        geometries,
        rows,
        rejects,
        fields,
        flags,
        repairs,
        mangled,
    } = done;
    format!(
        "{columns:#?} {keys:?} {} {rows:?} {rejects:#?} {fields:?} {flags:#?} {repairs:?} {mangled:?}",
        geometries.len()
    )
}

/// A key, and the columns of the field.
fn with_key(columns: &[(&str, &ArrayRef)]) -> Vec<(String, ArrayRef)> {
    let keys: ArrayRef = Arc::new(StringArray::from_iter_values(
        (0..columns[0].1.len()).map(|n| n.to_string()),
    ));
    let columns = columns
        .iter()
        .map(|(name, column)| ((*name).to_owned(), Arc::clone(column)));
    [("ID".to_owned(), keys)].into_iter().chain(columns).collect()
}

#[test]
fn a_typed_column_comes_out_as_its_spelling() {
    for (kind, field) in fields() {
        let by_id = schema(vec![super::field("id", &["ID"], FieldKind::Text), field.clone()]);
        let by_value = LayerSchema {
            key: vec!["v".into()],
            ..by_id.clone()
        };
        for (name, column) in columns() {
            let columns = with_key(&[("V", &column)]);
            for schema in [&by_id, &by_value] {
                let (typed, text) = (told(columns.clone(), schema), told(as_text(&columns), schema));
                assert_eq!(typed, text, "{name} in a field of {kind}");
            }
        }
    }
}

#[test]
fn columns_of_one_field_need_not_be_of_one_type() {
    for (kind, field) in fields() {
        let schema = schema(vec![super::field("id", &["ID"], FieldKind::Text), field]);
        for (first, one) in columns() {
            for (second, other) in columns() {
                let rows = one.len().min(other.len());
                // The first rows of the first column are missing, so that the second serves.
                let marks: BooleanArray = (0..rows).map(|row| Some(row < rows / 2)).collect();
                let nulled = arrow_select::nullif::nullif(&one.slice(0, rows), &marks).unwrap();
                let columns = with_key(&[("V", &nulled), ("W", &other.slice(0, rows))]);
                let (typed, text) = (told(columns.clone(), &schema), told(as_text(&columns), &schema));
                assert_eq!(typed, text, "{first}, then {second} in a field of {kind}");
            }
        }
    }
}

#[test]
fn a_date_by_the_sources_own_word_needs_no_pattern() {
    let formats = FieldKind::Date {
        formats: words(&["%m/%d/%Y"]),
    };
    let schema = schema(vec![
        field("id", &["ID"], FieldKind::Text),
        Field {
            null: words(&["1970-01-01T12:00:00"]),
            ..field("v", &["V"], formats)
        },
    ]);
    let mixed = columns()
        .into_iter()
        .find(|(name, _)| *name == "mixed")
        .unwrap()
        .1;
    let done = run(&raw(with_key(&[("V", &mixed)])), &schema);
    let days: Vec<Option<i32>> = done
        .columns
        .column("v")
        .unwrap()
        .as_any()
        .downcast_ref::<Date32Array>()
        .unwrap()
        .iter()
        .collect();
    assert_eq!(
        days,
        [Some(18_321), None, Some(18_321), None, None, None, None, None]
    );
    let told: Vec<String> = done
        .flags
        .iter()
        .map(|flag| format!("{} {} {}", flag.value, flag.code.code(), flag.detail))
        .collect();
    assert_eq!(
        told,
        [
            "soon unparsed date",
            "-999 unparsed date",
            "1899-12-30 zero_date no date",
            "7 unparsed date"
        ]
    );
    let counts = done.fields["v"];
    assert_eq!((counts.sentinel, counts.unparsed), (1, 4));
    // The same rows one by one: a value's worth does not depend on its neighbours.
    for (row, day) in days.into_iter().enumerate() {
        let alone = run(&raw(with_key(&[("V", &mixed.slice(row, 1))])), &schema);
        let found = alone
            .columns
            .column("v")
            .unwrap()
            .as_any()
            .downcast_ref::<Date32Array>()
            .unwrap();
        assert_eq!(found.iter().next().unwrap(), day);
    }
}

/// A number that is none is none in every field, and is counted.
#[test]
fn numbers_that_are_none_are_null() {
    let numbers: [ArrayRef; 2] = [
        Arc::new(Float64Array::from(vec![1.5, f64::NAN, f64::NEG_INFINITY])),
        Arc::new(Float32Array::from(vec![1.5, f32::NAN, f32::NEG_INFINITY])),
    ];
    for numbers in &numbers {
        assert_eq!(crate::kernel::fields::not_numbers(numbers), 2);
        let repaired = crate::kernel::fields::repair_column(numbers);
        assert_eq!(
            (repaired.null_count(), repaired.data_type()),
            (2, numbers.data_type())
        );
    }
}
