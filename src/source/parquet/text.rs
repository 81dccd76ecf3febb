//! Arrow columns as text, spelled as a text format would.
//!
//! Pure. What a batch holds typed is spelled by `feature::spelling`; the rest here: other integers and decimals in
//! digits, other dates and times in ISO 8601, binary in hexadecimal, lists, structs and maps as JSON.

use std::fmt::Write as _;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Decimal128Type, Decimal256Type, Float16Type, Int8Type, Int16Type, Int32Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, MapArray, StringArray, StructArray};
use arrow_schema::DataType;

use super::leaves::{BytesKind, Spelling};
use super::times;
use crate::feature::spelling;

/// Whether `text` can spell values of this type.
pub(super) fn can_spell(kind: &DataType) -> bool {
    use DataType as D;
    match kind {
        D::List(item) | D::LargeList(item) | D::FixedSizeList(item, _) | D::Map(item, _) => {
            can_spell(item.data_type())
        }
        D::Struct(fields) => fields.iter().all(|field| can_spell(field.data_type())),
        D::Null
        | D::Boolean
        | D::Int8
        | D::Int16
        | D::Int32
        | D::Int64
        | D::UInt8
        | D::UInt16
        | D::UInt32
        | D::UInt64
        | D::Float16
        | D::Float32
        | D::Float64
        | D::Decimal128(..)
        | D::Decimal256(..)
        | D::Date32
        | D::Date64
        | D::Time32(_)
        | D::Time64(_)
        | D::Timestamp(..)
        | D::Utf8
        | D::LargeUtf8
        | D::Binary
        | D::LargeBinary
        | D::FixedSizeBinary(_) => true,
        // An interval's months don't survive the way into Arrow; the rest Parquet doesn't have.
        _ => false,
    }
}

/// The column as text; nulls stay.
pub(super) fn spell_column(column: &ArrayRef, spelling: &Spelling) -> StringArray {
    if let Some(texts) = column.as_string_opt::<i32>() {
        return texts.clone();
    }
    let mut text = String::new();
    let spelled = (0..column.len()).map(|row| {
        if is_null(column, row) {
            return None;
        }
        text.clear();
        put_value(column, row, spelling, &mut text);
        Some(text.clone())
    });
    spelled.collect()
}

/// Whether a value is null; those of a column without a type all are, and have no bits that say so.
fn is_null(column: &dyn Array, row: usize) -> bool {
    column.is_null(row) || *column.data_type() == DataType::Null
}

/// Appends one value that is not null.
fn put_value(column: &dyn Array, row: usize, spelling: &Spelling, out: &mut String) {
    use DataType as D;
    // Writing to a string can't fail.
    macro_rules! digits {
        ($kind:ty) => {{
            let _ = write!(out, "{}", column.as_primitive::<$kind>().value(row));
        }};
    }
    match column.data_type() {
        D::Int8 => digits!(Int8Type),
        D::Int16 => digits!(Int16Type),
        D::Int32 => digits!(Int32Type),
        D::UInt8 => digits!(UInt8Type),
        D::UInt16 => digits!(UInt16Type),
        D::UInt32 => digits!(UInt32Type),
        D::UInt64 => digits!(UInt64Type),
        D::Float16 => digits!(Float16Type),
        D::Decimal128(..) => out.push_str(&column.as_primitive::<Decimal128Type>().value_as_string(row)),
        D::Decimal256(..) => out.push_str(&column.as_primitive::<Decimal256Type>().value_as_string(row)),
        D::LargeUtf8 => out.push_str(column.as_string::<i64>().value(row)),
        D::Binary | D::LargeBinary | D::FixedSizeBinary(_) => {
            put_bytes(binary_value(column, row), spelling.bytes_kind(), out);
        }
        D::Date64 | D::Time32(_) | D::Time64(_) => times::put_time_value(column, row, out),
        D::Struct(_) => put_struct(column.as_struct(), row, spelling, out),
        D::Map(..) => put_map(column.as_map(), row, spelling.part(0), out),
        D::List(_) => put_list(&column.as_list::<i32>().value(row), spelling.part(0), out),
        D::LargeList(_) => put_list(&column.as_list::<i64>().value(row), spelling.part(0), out),
        D::FixedSizeList(..) => put_list(&column.as_fixed_size_list().value(row), spelling.part(0), out),
        _ => spelling::write_value(column, row, out),
    }
}

/// The bytes of a binary value.
pub(super) fn binary_value(column: &dyn Array, row: usize) -> &[u8] {
    match column.data_type() {
        DataType::Binary => column.as_binary::<i32>().value(row),
        DataType::LargeBinary => column.as_binary::<i64>().value(row),
        DataType::FixedSizeBinary(_) => column.as_fixed_size_binary().value(row),
        _ => &[],
    }
}

/// Appends a value of a list or struct, as JSON.
fn put_json(column: &dyn Array, row: usize, spelling: &Spelling, out: &mut String) {
    use DataType as D;
    if is_null(column, row) {
        out.push_str("null");
        return;
    }
    let mut text = String::new();
    put_value(column, row, spelling, &mut text);
    let is_bare = match column.data_type() {
        D::Struct(_) | D::Map(..) | D::List(_) | D::LargeList(_) | D::FixedSizeList(..) | D::Boolean => true,
        // NaN and inf are no JSON.
        D::Float16 | D::Float32 | D::Float64 => !text.ends_with(['N', 'f']),
        kind => kind.is_numeric(),
    };
    if is_bare {
        out.push_str(&text);
    } else {
        put_quoted(&text, out);
    }
}

fn put_quoted(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

fn put_list(items: &ArrayRef, spelling: &Spelling, out: &mut String) {
    out.push('[');
    for row in 0..items.len() {
        if row > 0 {
            out.push(',');
        }
        put_json(items, row, spelling, out);
    }
    out.push(']');
}

fn put_struct(column: &StructArray, row: usize, spelling: &Spelling, out: &mut String) {
    out.push('{');
    for (position, (name, values)) in column.column_names().iter().zip(column.columns()).enumerate() {
        if position > 0 {
            out.push(',');
        }
        put_quoted(name, out);
        out.push(':');
        put_json(values, row, spelling.part(position), out);
    }
    out.push('}');
}

fn put_map(column: &MapArray, row: usize, spelling: &Spelling, out: &mut String) {
    let entries = column.value(row);
    let [keys, values] = entries.columns() else { return };
    out.push('{');
    for entry in 0..entries.len() {
        if entry > 0 {
            out.push(',');
        }
        let mut key = String::new();
        put_value(keys, entry, spelling.part(0), &mut key);
        put_quoted(&key, out);
        out.push(':');
        put_json(values, entry, spelling.part(1), out);
    }
    out.push('}');
}

fn put_bytes(bytes: &[u8], are: BytesKind, out: &mut String) {
    match are {
        BytesKind::Plain => put_hex(bytes, out),
        BytesKind::Text => out.push_str(&String::from_utf8_lossy(bytes)),
        BytesKind::Uuid => put_uuid(bytes, out),
    }
}

fn put_hex(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        let _ = write!(out, "{byte:02x}");
    }
}

fn put_uuid(bytes: &[u8], out: &mut String) {
    for (position, byte) in bytes.iter().enumerate() {
        if matches!(position, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        let _ = write!(out, "{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::builder::{Int64Builder, ListBuilder, MapBuilder, StringBuilder};
    use arrow_array::{
        BinaryArray, BooleanArray, Date32Array, Decimal128Array, FixedSizeBinaryArray, Float32Array,
        Float64Array, Int64Array, NullArray, Time64MicrosecondArray, TimestampMicrosecondArray,
        TimestampMillisecondArray, UInt8Array,
    };
    use arrow_schema::Field;

    use super::*;

    fn spelled(column: impl Array + 'static) -> Vec<Option<String>> {
        let column: ArrayRef = Arc::new(column);
        assert!(can_spell(column.data_type()));
        spell_column(&column, &Spelling::leaf(BytesKind::Plain))
            .iter()
            .map(|text| text.map(str::to_owned))
            .collect()
    }

    #[track_caller]
    fn check(column: impl Array + 'static, expected: &[Option<&str>]) {
        assert_eq!(
            spelled(column).iter().map(Option::as_deref).collect::<Vec<_>>(),
            expected
        );
    }

    #[test]
    fn scalars_are_spelled_as_text_formats_do() {
        check(Int64Array::from(vec![Some(-7), None]), &[Some("-7"), None]);
        check(UInt8Array::from(vec![255]), &[Some("255")]);
        check(
            Float64Array::from(vec![12.0, 0.1, -0.5e-3, f64::NAN]),
            &["12", "0.1", "-0.0005", "NaN"].map(Some),
        );
        check(
            Float32Array::from(vec![0.1, 16_777_216.0]),
            &["0.1", "16777216"].map(Some),
        );
        check(
            BooleanArray::from(vec![true, false]),
            &["true", "false"].map(Some),
        );
        let decimals = Decimal128Array::from(vec![12_345, -50])
            .with_precision_and_scale(9, 2)
            .unwrap();
        check(decimals, &["123.45", "-0.50"].map(Some));
        check(BinaryArray::from(vec![&b"\x00\xFFa"[..]]), &[Some("00ff61")]);
        check(StringArray::from(vec!["007", ""]), &["007", ""].map(Some));
    }

    #[test]
    fn dates_and_times_are_iso() {
        check(
            Date32Array::from(vec![0, 18_321, -25_509]),
            &["1970-01-01", "2020-02-29", "1900-02-28"].map(Some),
        );
        check(
            Time64MicrosecondArray::from(vec![45_000_250_000]),
            &[Some("12:30:00.250")],
        );
        let plain = TimestampMillisecondArray::from(vec![1_454_590_800_000]);
        check(plain.clone(), &[Some("2016-02-04T13:00:00")]);
        check(plain.with_timezone("UTC"), &[Some("2016-02-04T13:00:00Z")]);
        check(
            TimestampMicrosecondArray::from(vec![1_454_590_800_000_001]),
            &[Some("2016-02-04T13:00:00.000001")],
        );
    }

    #[test]
    fn what_is_outside_the_calendar_is_its_number() {
        check(Date32Array::from(vec![i32::MAX]), &[Some("2147483647 d")]);
        check(
            Time64MicrosecondArray::from(vec![90_000_000_000]),
            &[Some("90000000000 us")],
        );
        let far = TimestampMillisecondArray::from(vec![90_000_000_000_000_000]);
        check(far.clone(), &[Some("90000000000000000 ms")]);
        check(far.with_timezone("UTC"), &[Some("90000000000000000 ms")]);
    }

    #[test]
    fn what_is_nested_is_json() {
        let mut list = ListBuilder::new(StringBuilder::new());
        list.append_value([Some("a\"b"), None]);
        list.append_value([] as [Option<&str>; 0]);
        check(list.finish(), &["[\"a\\\"b\",null]", "[]"].map(Some));
        let field = |name: &str, kind| Arc::new(Field::new(name, kind, true));
        let pair = StructArray::from(vec![
            (
                field("n", DataType::Float64),
                Arc::new(Float64Array::from(vec![1.5, f64::INFINITY])) as ArrayRef,
            ),
            (
                field("d", DataType::Date32),
                Arc::new(Date32Array::from(vec![Some(0), None])) as ArrayRef,
            ),
        ]);
        check(
            pair,
            &["{\"n\":1.5,\"d\":\"1970-01-01\"}", "{\"n\":\"inf\",\"d\":null}"].map(Some),
        );
        let mut map = MapBuilder::new(None, StringBuilder::new(), Int64Builder::new());
        map.keys().append_value("k");
        map.values().append_value(1);
        map.append(true).unwrap();
        check(map.finish(), &[Some("{\"k\":1}")]);
    }

    #[test]
    fn values_without_a_type_are_null() {
        check(NullArray::new(1), &[None]);
        let nothing = Arc::new(Field::new("a", DataType::Null, true));
        check(
            StructArray::from(vec![(nothing, Arc::new(NullArray::new(1)) as ArrayRef)]),
            &[Some("{\"a\":null}")],
        );
    }

    #[test]
    fn bytes_are_what_parquet_says() {
        let uuid = FixedSizeBinaryArray::try_from_iter([[0x12_u8; 16]].into_iter()).unwrap();
        let uuid: ArrayRef = Arc::new(uuid);
        assert_eq!(
            spell_column(&uuid, &Spelling::leaf(BytesKind::Uuid)).value(0),
            "12121212-1212-1212-1212-121212121212"
        );
        let text: ArrayRef = Arc::new(BinaryArray::from(vec![&b"OPEN"[..]]));
        assert_eq!(
            spell_column(&text, &Spelling::leaf(BytesKind::Text)).value(0),
            "OPEN"
        );
    }
}
